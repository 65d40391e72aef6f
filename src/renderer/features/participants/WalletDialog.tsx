/** An act of a wallet: chosen, then checked against the contracts without a trace, then confirmed by a second press. */
import { useState } from 'react';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { energy, money } from '../../app/format.ts';
import { asFault, useAct, useEngine } from '../../app/hooks.ts';
import type { LinkFault } from '../../app/link.ts';
import { useCurrency } from '../../app/session.ts';
import { Confirm } from '../../components/Confirm.tsx';
import { Facts, Hash, State } from '../../components/Facts.tsx';
import { WalletFields } from './WalletFields.tsx';
import { TransactionState } from './WalletParts.tsx';
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
  const [answer, setAnswer] = useState<CallOutput<'wallet.act'> | null>(null);
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
    if (check?.possible) return void act.run(input).then((done) => done !== null && setAnswer(done));
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
        <Outcome answer={answer} now={wallet.transactions} />
      ) : (
        <>
          <WalletFields wallet={wallet} start={start} fields={fields} change={change} />
          {check && <Checked check={check} />}
        </>
      )}
    </Confirm>
  );
}

/** What became of it: each transaction as it stands now, until the dialog is closed. */
function Outcome({ answer, now }: { answer: CallOutput<'wallet.act'>; now: Wallet['transactions'] }) {
  return (
    <div role="status" className="stack">
      {answer.signed ? <p>{answer.message}</p> : <State kind="bad">{answer.message}</State>}
      {answer.transactions.length > 0 && (
        <ul className="sent-list">
          {answer.transactions.map((sent) => {
            const t = now.find((one) => one.id === sent.id) ?? sent;
            return (
              <li key={t.id}>
                <span className="grow">{t.title}</span>
                <Hash value={t.hash} />
                <TransactionState of={t} />
              </li>
            );
          })}
        </ul>
      )}
    </div>
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
