/** A member's money in the settlement: balance, what waits, what is granted, and the ways in and out. */
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { money } from '../../app/format.ts';
import { useQuery } from '../../app/hooks.ts';
import { useCurrency } from '../../app/session.ts';
import { Facts, State } from '../../components/Facts.tsx';
import { Money } from '../../components/Num.tsx';
import { Answer } from '../../components/Page.tsx';
import { PlantTime, Time } from '../../components/Time.tsx';
import { queueWords, whyNoEntry } from './queue-words.ts';
import type { Start } from './wallet-act.ts';

type Wallet = CallOutput<'wallet.get'>;
type Settlement = NonNullable<Wallet['settlement']>;
interface Props {
  readonly w: Wallet;
  readonly may: boolean;
  readonly why: string | undefined;
  readonly open: (start: Start) => void;
}

export function SettlementMoney(props: Props) {
  const { settlement } = props.w;
  return (
    <section className="stack" aria-labelledby="settlement-money">
      <h3 id="settlement-money">Money in the settlement</h3>
      {settlement === null ? (
        <p className="dim">Balance and queue appear here when the account is known and the contract that settles is deployed.</p>
      ) : (
        <>
          {(!props.w.operatorOwned || settlement.account === 'own') && <Member {...props} s={settlement} />}
          {props.w.operatorOwned && <Community {...props} s={settlement} />}
        </>
      )}
    </section>
  );
}

const isSome = (amount: string | null): amount is string => amount !== null && amount !== '0';

function balanceFacts({ balance, debt, settledStartMs, claimable }: Settlement, currency: string) {
  const sum = (amount: string) => <Money amount={amount} decimals={4} currency={currency} />;
  const facts: [string, ReactNode][] = [
    [
      'Balance',
      balance === null ? (
        <span key="b" className="dim">
          no settled round yet
        </span>
      ) : (
        <span key="b">
          {sum(balance)}
          {settledStartMs !== null && (
            <span className="dim small">
              {' '}
              settled with interval <PlantTime ms={settledStartMs} kind="dayMinute" />
            </span>
          )}
        </span>
      ),
    ],
  ];
  if (isSome(debt)) facts.push(['Debt', <span key="d">{sum(debt)}</span>]);
  facts.push(['Granted', isSome(claimable) ? <span key="g">{sum(claimable)} to be collected</span> : 'nothing to collect']);
  return facts;
}

function Member({ w, s, may, why, open }: Props & { s: Settlement }) {
  const currency = useCurrency();
  const stop = whyNoEntry(s, w.operatorOwned);
  const hasMoney = isSome(w.money);
  const hasBalance = isSome(s.balance);
  return (
    <>
      <Facts
        facts={[
          ...balanceFacts(s, currency),
          [
            'Waiting',
            s.waiting === null ? (
              'nothing'
            ) : (
              <span key="w">
                <State kind="wait">{s.waiting.payout ? 'Payout' : 'Paid in'}</State> {money(s.waiting.amount, 4)} {currency}
                <span className="dim small"> {queueWords(s)}</span>
              </span>
            ),
          ],
        ]}
      />
      {s.notCovered !== null && s.waiting === null && (
        <p className="small">
          The last payout asked for, {money(s.notCovered.amount, 4)} {currency}, was not granted
          {s.notCovered.timeMs !== null && (
            <>
              {' '}
              at <Time ms={s.notCovered.timeMs} kind="dayMinute" />
            </>
          )}
          : the balance did not cover it. The balance keeps the money.
        </p>
      )}
      <div className="row wrap">
        <Button
          disabled={!may || stop !== undefined || !hasMoney}
          title={may ? (stop ?? (hasMoney ? undefined : 'The account holds no money.')) : why}
          onClick={() => open({ kind: 'pay-in', place: s.place, most: w.money ?? '0' })}
        >
          Pay in…
        </Button>
        <Button
          disabled={!may || stop !== undefined || !hasBalance}
          title={may ? (stop ?? (hasBalance ? undefined : 'There is no settled balance to pay out.')) : why}
          onClick={() => open({ kind: 'pay-out', place: s.place, most: s.balance ?? '0' })}
        >
          Ask for a payout…
        </Button>
        <CollectButton {...{ w, s, may, why, open }} />
      </div>
      <p className="dim small">
        {s.account === 'own' && s.state === 'running' ? null : `${whyNoEntry({ ...s, waiting: null }, w.operatorOwned)} `}
        Entries of all members are applied by the next rounds, oldest first, at most {s.entriesARound} a round; each member has one at a
        time.
      </p>
      {!w.operatorOwned && (
        <p className="dim small">
          The gateway signs on request only what its member’s own policy allows. On the simulated plant that is orders, and money up to
          100.00 {currency} at once and 500.00 {currency} in a day, until the member changes it (busbar member policy).
        </p>
      )}
    </>
  );
}

function CollectButton({ s, may, why, open }: Props & { s: Settlement }) {
  const some = isSome(s.claimable);
  return (
    <Button
      disabled={!may || !some}
      title={may ? (some ? undefined : 'Nothing is granted yet: ask for a payout first.') : why}
      onClick={() => open({ kind: 'collect', claimable: s.claimable })}
    >
      Collect…
    </Button>
  );
}

/** The operator's own assets have no place of their own; what the operator pays in is for the grid account. */
function Community(props: Props & { s: Settlement }) {
  const { w, s, may, why, open } = props;
  const query = useQuery('wallet.reserve', {}, { refreshMs: 5000 });
  const currency = useCurrency();
  return (
    <>
      {s.account !== 'own' && <Facts facts={balanceFacts(s, currency)} />}
      {s.account === 'none' && (
        <p className="dim small">
          The community’s own assets have no account in the settlement: what they earn and owe is the operator’s. Members’ payouts come from
          what the contract holds; the operator pays in what is short.
        </p>
      )}
      <Answer query={query} rows={4}>
        {(r) => (
          <>
            <Facts
              columns={2}
              facts={[
                ['Contract holds', <Money key="h" amount={r.held} decimals={4} currency={currency} />],
                ['Members’ balances', <Money key="b" amount={r.balances} decimals={4} currency={currency} />],
                ['Grid account', <Money key="g" amount={r.grid} decimals={4} currency={currency} />],
                ['Paid in, waiting', <Money key="w" amount={r.waiting} decimals={4} currency={currency} />],
                ['Laid out for debts', <Money key="l" amount={r.laidOut} decimals={4} currency={currency} />],
                ['Granted, not collected', <Money key="p" amount={r.granted} decimals={4} currency={currency} />],
              ]}
            />
            {r.short === '0' ? (
              <State kind="good">All that members are owed lies in the contract.</State>
            ) : (
              <p>
                <State kind="wait">Short</State> {money(r.short, 4)} {currency} have to come in before everybody could be paid.
              </p>
            )}
            <div className="row wrap">
              <Button
                disabled={!may || !isSome(w.money)}
                title={may ? (isSome(w.money) ? undefined : 'The operator’s account holds no money.') : why}
                onClick={() => open({ kind: 'pay-in-grid', most: w.money ?? '0', short: r.short })}
              >
                Pay in for the grid…
              </Button>
              {s.account !== 'own' && isSome(s.claimable) && <CollectButton {...props} />}
            </div>
          </>
        )}
      </Answer>
    </>
  );
}
