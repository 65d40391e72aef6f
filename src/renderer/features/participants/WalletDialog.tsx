/** An act of a wallet: chosen, then checked against the contracts without a trace, then confirmed by a second press. */
import { NumberInput, SegmentedControl, Select } from '@mantine/core';
import { useState } from 'react';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { energy, money, price } from '../../app/format.ts';
import { asFault, useAct, useEngine } from '../../app/hooks.ts';
import type { LinkFault } from '../../app/link.ts';
import { useCurrency } from '../../app/session.ts';
import { Confirm } from '../../components/Confirm.tsx';
import { Facts, State } from '../../components/Facts.tsx';
import { type ActFields, actOf, firstFields, type Start, TITLE } from './wallet-act.ts';

type Check = CallOutput<'wallet.check'>;
type Wallet = CallOutput<'wallet.get'>;

export function WalletDialog({ wallet, start, onClose }: { wallet: Wallet; start: Start; onClose: () => void }) {
  const { link } = useEngine();
  const act = useAct('wallet.act');
  const [fields, setFields] = useState<ActFields>(() => firstFields(start));
  const [check, setCheck] = useState<Check | null>(null);
  const [checking, setChecking] = useState(false);
  const [fault, setFault] = useState<LinkFault | null>(null);
  const [answer, setAnswer] = useState<string | null>(null);
  const wanted = actOf(start, fields);
  const input = wanted && { member: wallet.member, act: wanted };
  const change = (part: ActFields) => {
    setFields((f) => ({ ...f, ...part }));
    // What was checked is what is confirmed: another number has to be checked again.
    setCheck(null);
    act.reset();
  };
  const confirm = () => {
    if (answer !== null) return onClose();
    if (!input) return;
    if (check?.possible) return void act.run(input).then((done) => done !== null && setAnswer(done.message));
    setChecking(true);
    setFault(null);
    link
      .call('wallet.check', input)
      .then(setCheck, (error: unknown) => setFault(asFault(error)))
      .finally(() => setChecking(false));
  };
  return (
    <Confirm
      opened
      title={`${TITLE[start.kind]}: ${wallet.name}`}
      confirmLabel={answer !== null ? 'Done' : check?.possible ? (wallet.operatorOwned ? 'Confirm' : 'Ask the gateway') : 'Check'}
      busy={checking || act.busy}
      fault={fault ?? act.fault}
      disabled={answer === null && input === null}
      onClose={onClose}
      onConfirm={confirm}
    >
      {answer !== null ? (
        <p role="status">{answer}</p>
      ) : (
        <>
          <Fields wallet={wallet} start={start} fields={fields} change={change} />
          {check && <Checked check={check} />}
        </>
      )}
    </Confirm>
  );
}

function Checked({ check }: { check: Check }) {
  const currency = useCurrency();
  return (
    <div role="status" className="stack">
      <State kind={check.possible ? 'good' : 'bad'}>{check.message}</State>
      {check.possible && (
        <Facts
          facts={[
            ['Costs at most', check.costs.money === '0' ? 'no money' : `${money(check.costs.money, 4)} ${currency}`],
            ['Sets aside', check.costs.energyWh === '0' ? 'no energy' : energy(Number(check.costs.energyWh), 3)],
            ['Transactions', check.steps.join(', then ')],
            ['Signed by', check.signedBy],
          ]}
        />
      )}
    </div>
  );
}

function Fields({ wallet, start, fields, change }: { wallet: Wallet; start: Start; fields: ActFields; change: (part: ActFields) => void }) {
  const currency = useCurrency();
  const kwh = (label: string, max?: number) => (
    <NumberInput
      className="grow"
      label={label}
      min={0.001}
      decimalScale={3}
      value={fields.kwh ?? ''}
      onChange={(v) => change({ kwh: v })}
      {...(max === undefined ? {} : { max })}
    />
  );
  const cents = (label: string, min = 0.001) => (
    <NumberInput
      className="grow"
      label={label}
      min={min}
      decimalScale={3}
      value={fields.cents ?? ''}
      onChange={(v) => change({ cents: v })}
    />
  );
  const minutes = (
    <NumberInput
      className="grow"
      label="Open for, minutes"
      min={1}
      decimalScale={0}
      value={fields.minutes ?? ''}
      onChange={(v) => change({ minutes: v })}
    />
  );
  switch (start.kind) {
    case 'transfer':
      return (
        <>
          <SegmentedControl
            aria-label="What"
            fullWidth
            value={fields.asset ?? 'money'}
            onChange={(v) => change({ asset: v as 'money' | 'energy' })}
            data={[
              { value: 'money', label: 'Money' },
              { value: 'energy', label: 'Energy tokens' },
            ]}
          />
          <Select
            label="To"
            searchable
            value={fields.to ?? null}
            onChange={(v) => change({ to: v })}
            data={wallet.accounts
              .filter((a, i, all) => a.address !== wallet.address && all.findIndex((b) => b.address === a.address) === i)
              .map((a) => ({ value: a.address, label: a.name }))}
          />
          {fields.asset === 'energy' ? (
            kwh('Energy in kWh')
          ) : (
            <NumberInput
              label={`Amount in ${currency}`}
              min={0.0001}
              decimalScale={8}
              value={fields.money ?? ''}
              onChange={(v) => change({ money: v })}
            />
          )}
        </>
      );
    case 'place-offer':
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
            {kwh('Energy in kWh')}
            {cents('Price in ct/kWh')}
            {minutes}
          </div>
        </>
      );
    case 'create-auction':
      return (
        <>
          <p className="dim">The highest bid wins when the time is over. The winner then has a day to draw the energy.</p>
          <div className="row">
            {kwh('Energy in kWh')}
            {cents('Least price in ct/kWh')}
            {minutes}
          </div>
        </>
      );
    case 'take-offer':
      return (
        <>
          <p>
            Offer {start.offer}: {start.side === 'buy' ? 'buy from it' : 'sell to it'} at {price(start.price)}.
          </p>
          {kwh('Energy in kWh', start.mostWh / 1000)}
        </>
      );
    case 'bid':
      return (
        <>
          <p>
            Auction {start.auction}: {energy(start.energyWh, 3)}; the next bid must be at least {price(start.leastPrice)}. The money is set
            aside until somebody bids more.
          </p>
          {cents('Bid in ct/kWh', start.leastPrice / 1000)}
        </>
      );
    case 'draw':
      return kwh('Energy that has arrived, in kWh', start.mostWh / 1000);
    case 'close-offer':
      return <p>Offer {start.offer} is closed, and what was set aside for it comes back.</p>;
    case 'settle-auction':
      return <p>The time of auction {start.auction} is over. The highest bidder gets a connection, or the energy goes back.</p>;
    case 'close-connection':
      return (
        <p>
          Connection {start.connection} ends. What was drawn is paid; for what was not, the seller keeps the published part of the price and
          the rest comes back after a day.
        </p>
      );
    case 'withdraw':
      return <p>All that the contract for {start.venue} owes to this account is paid out to it.</p>;
  }
}
