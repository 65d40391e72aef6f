/** An offer: side, amount, price, time, and on request a condition of the grid or a partner. */
import { Checkbox, NumberInput, SegmentedControl, Select } from '@mantine/core';
import { useState } from 'react';
import type { FieldsProps } from './WalletFields.tsx';
import { EnergyInput, MinutesInput, othersOf, PriceInput } from './WalletInputs.tsx';
import { type ActFields, METRICS } from './wallet-act.ts';

export function OfferFields({ wallet, fields, change }: FieldsProps) {
  const [more, setMore] = useState(false);
  const metric = fields.metric ?? 'none';
  const unit = metric === 'none' ? '' : METRICS[metric].unit;
  const close = () => {
    setMore(false);
    change({ gridBalanced: false, metric: 'none', partner: null });
  };
  return (
    <>
      <SegmentedControl
        aria-label="Side"
        fullWidth
        value={fields.side ?? 'buy'}
        onChange={(v) => change({ side: v as 'buy' | 'sell' })}
        data={[
          { value: 'buy', label: 'Buy tokens' },
          { value: 'sell', label: 'Sell tokens' },
        ]}
      />
      <div className="row">
        <EnergyInput fields={fields} change={change} label="Energy in kWh" />
        <PriceInput fields={fields} change={change} label="Price in ct/kWh" />
        <MinutesInput fields={fields} change={change} label="Open for, minutes" />
      </div>
      <Checkbox
        label="With a condition or for one partner"
        checked={more}
        onChange={(e) => (e.currentTarget.checked ? setMore(true) : close())}
      />
      {more && (
        <div className="stack">
          <Checkbox
            label={
              fields.side === 'sell'
                ? 'Only while it helps the grid: demand exceeds supply'
                : 'Only while it helps the grid: supply exceeds demand'
            }
            checked={fields.gridBalanced === true}
            onChange={(e) => change({ gridBalanced: e.currentTarget.checked })}
          />
          <div className="row">
            <Select
              className="grow"
              label="If the grid reports"
              allowDeselect={false}
              value={metric}
              onChange={(v) =>
                change({
                  metric: (v ?? 'none') as ActFields['metric'],
                  threshold: v && v !== 'none' ? METRICS[v as keyof typeof METRICS].typical : '',
                })
              }
              data={[{ value: 'none', label: 'Anything' }, ...Object.entries(METRICS).map(([value, { label }]) => ({ value, label }))]}
            />
            {metric !== 'none' && (
              <>
                <Select
                  className="grow"
                  label="Is"
                  allowDeselect={false}
                  value={fields.atLeast ? 'least' : 'most'}
                  onChange={(v) => change({ atLeast: v === 'least' })}
                  data={[
                    { value: 'most', label: 'At most' },
                    { value: 'least', label: 'At least' },
                  ]}
                />
                <NumberInput
                  className="grow"
                  label={`Threshold in ${unit}`}
                  decimalScale={3}
                  value={fields.threshold ?? ''}
                  onChange={(v) => change({ threshold: v })}
                />
              </>
            )}
          </div>
          <Select
            label="Only for"
            clearable
            searchable
            placeholder="Anybody"
            value={fields.partner ?? null}
            onChange={(v) => change({ partner: v })}
            data={othersOf(wallet)}
          />
        </div>
      )}
    </>
  );
}
