/** Acts of demand response, each chosen, checked against the contracts, then confirmed. */
import { Checkbox, NumberInput, Select } from '@mantine/core';
import { useState } from 'react';
import type { DemandEvent, DemandState } from '../../../shared/contract/ledger.ts';
import type { WalletAct } from '../../../shared/wallet-act.ts';
import { money, power } from '../../app/format.ts';
import { useAct } from '../../app/hooks.ts';
import { useCurrency } from '../../app/session.ts';
import { CheckResult } from '../../components/CheckResult.tsx';
import { Confirm } from '../../components/Confirm.tsx';
import { Facts, State } from '../../components/Facts.tsx';
import { useChecked } from '../../components/use-checked.ts';

const whole = (value: number | string, factor: number): number => {
  const n = Math.round(Number(value) * factor);
  return Number.isSafeInteger(n) && n > 0 ? n : 0;
};

export function CallDialog({ state, onClose }: { state: DemandState; onClose: () => void }) {
  const currency = useCurrency();
  const checked = useChecked('demand.check');
  const act = useAct('demand.request');
  const [kw, setKw] = useState<number | string>(2);
  const [minutes, setMinutes] = useState<number | string>(Math.max(15, Math.ceil(state.leastDurationS / 60)));
  const [amount, setAmount] = useState<number | string>(0.25);
  const [answer, setAnswer] = useState<string | null>(null);
  const input = { reductionW: whole(kw, 1000), durationS: whole(minutes, 60), compensation: String(whole(amount, 1e8)) };
  const ready = input.reductionW >= 100 && input.durationS >= 60 && input.compensation !== '0';
  const change = (set: (v: number | string) => void) => (v: number | string) => {
    set(v);
    checked.reset();
    act.reset();
  };
  const confirm = () => {
    if (answer !== null) return onClose();
    if (checked.check?.possible) return void act.run(input).then((done) => done && setAnswer(done.message));
    checked.run(input);
  };
  // What a member gets for a kWh it leaves out, if all is delivered.
  const perKwh = ready ? (Number(input.compensation) / 1e6 / ((input.reductionW / 1000) * (input.durationS / 3600))).toFixed(1) : null;
  return (
    <Confirm
      opened
      title="Call a demand-response event"
      confirmLabel={answer !== null ? 'Done' : checked.check?.possible ? 'Call the event' : 'Check'}
      busy={checked.checking || act.busy}
      fault={checked.fault ?? act.fault}
      disabled={answer === null && !ready}
      onClose={onClose}
      onConfirm={confirm}
    >
      {answer !== null ? (
        <p role="status">{answer}</p>
      ) : (
        <>
          <div className="row">
            <NumberInput className="grow" label="Draw less by, kW" min={0.1} decimalScale={2} value={kw} onChange={change(setKw)} />
            <NumberInput
              className="grow"
              label="For, minutes"
              min={Math.ceil(state.leastDurationS / 60)}
              max={1440}
              decimalScale={0}
              value={minutes}
              onChange={change(setMinutes)}
            />
            <NumberInput
              className="grow"
              label={`Paid in all, ${currency}`}
              min={0.01}
              decimalScale={2}
              value={amount}
              onChange={change(setAmount)}
            />
          </div>
          <Facts
            facts={[
              ['Cost at most', `${money(input.compensation)} ${currency}`],
              ['For a kWh left out', perKwh === null ? '—' : `${perKwh} ct, if all is delivered`],
              ['The console’s account holds', state.account.money === null ? '—' : `${money(state.account.money)} ${currency}`],
            ]}
          />
          {checked.check && <CheckResult check={checked.check} />}
        </>
      )}
    </Confirm>
  );
}

/** Consent stands before the check: what a member's gateway is asked to put in the open. */
export function EnrolDialog({ event, state, onClose }: { event: DemandEvent; state: DemandState; onClose: () => void }) {
  const left = event.reductionW - event.enrolledW;
  const checked = useChecked('wallet.check');
  const act = useAct('wallet.act');
  const [member, setMember] = useState<string | null>(null);
  const [kw, setKw] = useState<number | string>('');
  const [informed, setInformed] = useState(false);
  const [answer, setAnswer] = useState<string | null>(null);
  const chosen = state.members.find((m) => m.member === member);
  const offeredW = whole(kw, 1000);
  const wanted: WalletAct | null =
    chosen && chosen.node !== null && offeredW > 0
      ? {
          kind: 'enrol',
          request: event.id,
          node: chosen.node,
          offeredW,
          fromS: Math.round(event.startsMs / 1000),
          untilS: Math.round(event.endsMs / 1000),
        }
      : null;
  const input = wanted && member !== null ? { member, act: wanted } : null;
  const again = () => {
    checked.reset();
    act.reset();
  };
  const choose = (id: string | null) => {
    setMember(id);
    const drawnW = state.members.find((m) => m.member === id)?.drawnW ?? 0;
    // A third of what it draws is a reduction a household can do.
    setKw(Math.max(0.05, Math.round(Math.min(left, drawnW / 3) / 50) / 20));
    setInformed(false);
    again();
  };
  const confirm = () => {
    if (answer !== null) return onClose();
    if (!input) return;
    if (checked.check?.possible) return void act.run(input).then((done) => done && setAnswer(done.message));
    checked.run(input);
  };
  return (
    <Confirm
      opened
      title={`Ask a member to enrol in event ${event.id}`}
      confirmLabel={answer !== null ? 'Done' : checked.check?.possible ? 'Ask the gateway' : 'Check'}
      busy={checked.checking || act.busy}
      fault={checked.fault ?? act.fault}
      disabled={answer === null && (input === null || !informed || offeredW > left)}
      onClose={onClose}
      onConfirm={confirm}
    >
      {answer !== null ? (
        <p role="status">{answer}</p>
      ) : (
        <>
          <Select
            label="Member"
            searchable
            value={member}
            onChange={choose}
            data={state.members.map((m) => ({ value: m.member, label: m.name, disabled: m.why !== null }))}
          />
          <NumberInput
            label="Offer to draw less by, kW"
            description={`${power(left)} of the event ${left === event.reductionW ? 'are' : 'are still'} open${chosen?.drawnW == null ? '' : `; it drew ${power(chosen.drawnW)} in the last hour`}`}
            min={0.05}
            max={left / 1000}
            decimalScale={2}
            value={kw}
            onChange={(v) => {
              setKw(v);
              again();
            }}
          />
          <div className="consent">
            <strong>What this puts in the open, for good</strong>
            <ul className="dots">
              <li>That the member’s account takes part in this event, and how much it offers to leave out.</li>
              <li>After the event: how much of that it delivered, and what it earned.</li>
            </ul>
            <p className="dim small">
              Not what the member draws: the load put on the chain is the offer, and the meter’s readings stay between the member and the
              console. A part delivered still says something of a household.
            </p>
            <Checkbox label="The member knows this and agrees" checked={informed} onChange={(e) => setInformed(e.currentTarget.checked)} />
          </div>
          {checked.check && (
            <div role="status" className="stack">
              <State kind={checked.check.possible ? 'good' : 'bad'}>{checked.check.message}</State>
              {checked.check.possible && (
                <Facts
                  facts={[
                    ['Transactions', checked.check.steps.join(', then ')],
                    ['Signed by', checked.check.signedBy],
                  ]}
                />
              )}
            </div>
          )}
        </>
      )}
    </Confirm>
  );
}

export function CollectDialog({ member, name, onClose }: { member: string; name: string; onClose: () => void }) {
  const checked = useChecked('wallet.check');
  const act = useAct('wallet.act');
  const [answer, setAnswer] = useState<string | null>(null);
  const input = { member, act: { kind: 'collect-response' } as const };
  const confirm = () => {
    if (answer !== null) return onClose();
    if (checked.check?.possible) return void act.run(input).then((done) => done && setAnswer(done.message));
    checked.run(input);
  };
  return (
    <Confirm
      opened
      title={`Collect what ${name} earned`}
      confirmLabel={answer !== null ? 'Done' : checked.check?.possible ? 'Ask the gateway' : 'Check'}
      busy={checked.checking || act.busy}
      fault={checked.fault ?? act.fault}
      onClose={onClose}
      onConfirm={confirm}
    >
      {answer !== null ? (
        <p role="status">{answer}</p>
      ) : (
        <>
          <p>All that the contract for the grid owes to this account is paid out to it. Its gateway signs.</p>
          {checked.check && <State kind={checked.check.possible ? 'good' : 'bad'}>{checked.check.message}</State>}
        </>
      )}
    </Confirm>
  );
}
