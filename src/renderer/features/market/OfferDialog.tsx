/** An offer for the community's own assets. Others' keys are with the members: the console cannot sign for them. */
import { NativeSelect, NumberInput, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { energy, price } from '../../app/format.ts';
import { useAct, useQuery, useTopic } from '../../app/hooks.ts';
import { Confirm } from '../../components/Confirm.tsx';
import { Answer, Empty } from '../../components/Page.tsx';

export function OfferDialog({ onClose }: { onClose: () => void }) {
  const members = useQuery('participants.list', {});
  const act = useAct('market.placeOffer');
  const market = useTopic('market', {}, (m) => ({ gate: m.gate, tariffs: m.tariffs }));
  const [member, setMember] = useState('');
  const [side, setSide] = useState<'buy' | 'sell'>('sell');
  const [kwh, setKwh] = useState<number | string>(1);
  const [cents, setCents] = useState<number | string>(18);
  const own = members.data?.filter((m) => m.operatorOwned) ?? [];
  const chosen = member === '' ? own[0]?.id : member;
  const quantityWh = Math.round(Number(kwh) * 1000);
  const limitPrice = Math.round(Number(cents) * 1000);
  const tariffs = market?.tariffs;
  const outside = tariffs !== undefined && (limitPrice < tariffs.feedInPrice || limitPrice > tariffs.importPrice);
  const valid = chosen !== undefined && quantityWh > 0 && Number.isFinite(limitPrice) && !outside;
  return (
    <Confirm
      opened
      title="Place an offer for the community"
      confirmLabel="Place the offer"
      busy={act.busy}
      fault={act.fault}
      disabled={!valid}
      onClose={onClose}
      onConfirm={() =>
        chosen !== undefined && void act.run({ member: chosen, side, quantityWh, limitPrice }).then((o) => o !== null && onClose())
      }
    >
      <Answer query={members} rows={3}>
        {() =>
          own.length === 0 ? (
            <Empty
              what="The community owns no asset in this plant."
              how="Members marked as operator-owned in the plant file can be offered here."
            />
          ) : (
            <>
              <NativeSelect
                label="For"
                value={chosen}
                onChange={(e) => setMember(e.currentTarget.value)}
                data={own.map((m) => ({ value: m.id, label: m.name }))}
              />
              <SegmentedControl
                aria-label="Side"
                fullWidth
                value={side}
                onChange={(v) => setSide(v as 'buy' | 'sell')}
                data={[
                  { value: 'sell', label: 'Sell' },
                  { value: 'buy', label: 'Buy' },
                ]}
              />
              <div className="row">
                <NumberInput
                  className="grow"
                  label="Energy in kWh"
                  min={0.01}
                  step={0.5}
                  decimalScale={2}
                  value={kwh}
                  onChange={setKwh}
                  data-autofocus
                />
                <NumberInput
                  className="grow"
                  label={side === 'buy' ? 'At most, ct/kWh' : 'At least, ct/kWh'}
                  min={0}
                  step={0.5}
                  decimalScale={2}
                  value={cents}
                  onChange={setCents}
                />
              </div>
              {valid && (
                <p>
                  {side === 'buy' ? 'Buys' : 'Sells'} up to {energy(quantityWh)} at {side === 'buy' ? 'no more' : 'no less'} than{' '}
                  {price(limitPrice)}, for the next interval whose orders are taken
                  {market !== undefined && market.gate !== 'open' ? ' (this one’s have just closed)' : ''}. It can be withdrawn until they
                  close.
                </p>
              )}
              {outside && tariffs !== undefined && (
                <p className="fault-line" role="alert">
                  The price must lie between the feed-in tariff, {price(tariffs.feedInPrice)}, and the grid import tariff,{' '}
                  {price(tariffs.importPrice)}: beyond them the main grid is the better partner.
                </p>
              )}
            </>
          )
        }
      </Answer>
    </Confirm>
  );
}
