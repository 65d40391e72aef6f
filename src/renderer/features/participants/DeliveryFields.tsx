/** One delivery or several: when, how much, at what price, and what that comes to. */
import { NumberInput } from '@mantine/core';
import { energy, fixed, money } from '../../app/format.ts';
import { useCurrency } from '../../app/session.ts';
import { Facts } from '../../components/Facts.tsx';
import { Time } from '../../components/Time.tsx';
import type { FieldsProps } from './WalletFields.tsx';
import { EnergyInput, PriceInput } from './WalletInputs.tsx';
import { type ActFields, actOf, type Start } from './wallet-act.ts';

export function DeliveryFields({ start, wallet, fields, change }: FieldsProps & { start: Start & { kind: 'propose-delivery' } }) {
  const currency = useCurrency();
  const act = actOf(start, fields);
  const number = (key: 'inHours' | 'windowMinutes' | 'everyHours' | 'count', label: string, min: number, decimals = 0) => (
    <NumberInput
      className="grow"
      label={label}
      min={min}
      decimalScale={decimals}
      value={fields[key] ?? ''}
      onChange={(v) => change({ [key]: v } as ActFields)}
    />
  );
  return (
    <>
      <p className="dim">
        Energy tokens are delivered within a window each time. The buyer sets the whole price aside; each delivery is paid to the seller a
        day after it was made.
      </p>
      <div className="row">
        {number('count', 'Deliveries', 1)}
        <EnergyInput fields={fields} change={change} label="Each, in kWh" />
        <PriceInput fields={fields} change={change} label="Price in ct/kWh" />
      </div>
      <div className="row">
        {number('inHours', 'First window in, hours', 0.1, 1)}
        {number('windowMinutes', 'Window, minutes', 1)}
        {number('everyHours', 'Then every, hours', 0.1, 1)}
      </div>
      {act?.kind === 'propose-delivery' && (
        <Facts
          facts={[
            ['First window opens', <Time key="f" ms={act.startsAtS * 1000} kind="dayMinute" />],
            [
              'Last window closes',
              <Time key="l" ms={(act.startsAtS + (act.count - 1) * act.periodS + act.windowS) * 1000} kind="dayMinute" />,
            ],
            [
              'The buyer pays',
              `${money(BigInt(act.energyWh * act.count) * BigInt(act.price), 4)} ${currency} for ${energy(act.energyWh * act.count, 3)}`,
            ],
            ['Bond until the last delivery', `${money(act.bond, 4)} ${currency}, lost if one is missed`],
            ['Fee', wallet.fees === null ? 'not known' : `${fixed(wallet.fees.tradeBps / 100, 2)} % of each instalment, fixed now`],
          ]}
        />
      )}
    </>
  );
}
