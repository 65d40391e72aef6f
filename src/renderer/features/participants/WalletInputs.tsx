/** Inputs that several acts share, each with its unit. */
import { NumberInput } from '@mantine/core';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { money } from '../../app/format.ts';
import { useCurrency } from '../../app/session.ts';
import { type ActFields, inMoney } from './wallet-act.ts';

interface InputProps {
  readonly fields: ActFields;
  readonly change: (part: ActFields) => void;
  readonly label: string;
}

export const EnergyInput = ({ fields, change, label, maxWh }: InputProps & { maxWh?: number }) => (
  <NumberInput
    className="grow"
    label={label}
    min={0.001}
    decimalScale={3}
    value={fields.kwh ?? ''}
    onChange={(v) => change({ kwh: v })}
    {...(maxWh === undefined ? {} : { max: maxWh / 1000 })}
  />
);
export const PriceInput = ({ fields, change, label, min = 0.001 }: InputProps & { min?: number }) => (
  <NumberInput
    className="grow"
    label={label}
    min={min}
    decimalScale={3}
    value={fields.cents ?? ''}
    onChange={(v) => change({ cents: v })}
  />
);
export const MinutesInput = ({ fields, change, label }: InputProps) => (
  <NumberInput
    className="grow"
    label={label}
    min={1}
    decimalScale={0}
    value={fields.minutes ?? ''}
    onChange={(v) => change({ minutes: v })}
  />
);

/** `most` in micro-cents, `of` what in words. */
export function MoneyInput({ fields, change, label, most, of }: InputProps & { most: string; of: string }) {
  const currency = useCurrency();
  const tooMuch = Number(fields.money ?? 0) > inMoney(most);
  return (
    <NumberInput
      data-autofocus
      label={label}
      description={`${of}: ${money(most, 4)} ${currency}`}
      error={tooMuch ? 'That is more than there is.' : undefined}
      min={0}
      decimalScale={8}
      allowNegative={false}
      value={fields.money ?? ''}
      onChange={(v) => change({ money: v })}
    />
  );
}

/** Accounts of other members; the community's assets share one. */
export const othersOf = (wallet: Pick<CallOutput<'wallet.get'>, 'accounts' | 'address'>): { value: string; label: string }[] =>
  wallet.accounts
    .filter((a, i, all) => a.address !== wallet.address && all.findIndex((b) => b.address === a.address) === i)
    .map((a) => ({ value: a.address, label: a.name }));
