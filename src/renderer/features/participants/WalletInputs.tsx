/** Inputs that several acts share, each with its unit. */
import { NumberInput } from '@mantine/core';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import type { ActFields } from './wallet-act.ts';

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

/** Accounts of other members; the community's assets share one. */
export const othersOf = (wallet: Pick<CallOutput<'wallet.get'>, 'accounts' | 'address'>): { value: string; label: string }[] =>
  wallet.accounts
    .filter((a, i, all) => a.address !== wallet.address && all.findIndex((b) => b.address === a.address) === i)
    .map((a) => ({ value: a.address, label: a.name }));
