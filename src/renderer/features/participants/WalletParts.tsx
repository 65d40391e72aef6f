/** What an account holds, its transactions and what came in and went out. */
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { money } from '../../app/format.ts';
import { useCurrency } from '../../app/session.ts';
import { Facts, Hash, State } from '../../components/Facts.tsx';
import { Energy, Money } from '../../components/Num.tsx';
import { Table } from '../../components/Table.tsx';
import { Ago, Time } from '../../components/Time.tsx';

type Wallet = CallOutput<'wallet.get'>;

const TRANSACTION: Record<Wallet['transactions'][number]['state'], readonly ['good' | 'work' | 'wait' | 'bad', string]> = {
  waiting: ['wait', 'Waits'],
  sending: ['work', 'Is sent'],
  sent: ['work', 'Sent'],
  final: ['good', 'Final'],
  failed: ['bad', 'Failed'],
};
export const TransactionState = ({ of }: { of: Wallet['transactions'][number] }) => (
  <span>
    <State kind={TRANSACTION[of.state][0]}>{TRANSACTION[of.state][1]}</State>
    {of.error && <span className="dim small"> {of.error}</span>}
  </span>
);
const who = (party: { address: string; name: string | null }) => party.name ?? <Hash value={party.address} />;

export function Holdings({ w }: { w: Wallet }) {
  const currency = useCurrency();
  return (
    <>
      <Facts
        facts={[
          ['Address', <Hash key="a" value={w.address} head={20} />],
          ['Signed by', w.signedBy === 'operator' ? 'the operator’s account' : 'the member’s gateway'],
          ['Money', <Money key="m" amount={w.money} currency={currency} />],
          ['Energy tokens', <Energy key="e" wh={w.energyWh} decimals={3} />],
          ['Chain read up to', w.indexedBlock === null ? 'nothing yet' : `block ${w.indexedBlock}${w.chainInStep ? '' : ', chain away'}`],
        ]}
      />
      {w.note && <p className="dim">{w.note}</p>}
      {w.vintages.length > 0 && (
        <Table
          caption="Energy tokens by vintage"
          dense
          rows={w.vintages}
          keyOf={(v) => String(v.vintage)}
          columns={[
            { id: 'v', head: 'Vintage', cell: (v) => `${v.technology} ${v.vintage}` },
            { id: 'e', head: 'Energy', align: 'right', cell: (v) => <Energy wh={v.energyWh} decimals={3} /> },
            { id: 'x', head: 'Expires', cell: (v) => (v.expired ? 'expired' : <Time ms={v.expiresMs} kind="dayMinute" />) },
          ]}
        />
      )}
    </>
  );
}

export function Transactions({ w }: { w: Wallet }) {
  const pending = w.transactions.filter((t) => t.state !== 'final' && t.state !== 'failed').length;
  return (
    <section>
      <h3>Transactions{pending > 0 ? `, ${pending} pending` : ''}</h3>
      {w.transactions.length === 0 ? (
        <p className="dim">None from here yet.</p>
      ) : (
        <Table
          caption="Transactions"
          dense
          maxHeight={220}
          rows={w.transactions}
          keyOf={(t) => t.id}
          columns={[
            { id: 't', head: 'What', cell: (t) => <span title={t.error ?? undefined}>{t.title}</span> },
            { id: 'h', head: 'Hash', cell: (t) => <Hash value={t.hash} /> },
            {
              id: 's',
              head: 'State',
              cell: (t) => <TransactionState of={t} />,
            },
            { id: 'b', head: 'Block', align: 'right', cell: (t) => t.block ?? '—' },
            { id: 'c', head: 'Since', cell: (t) => <Ago ms={t.createdMs} />, sort: (t) => t.createdMs },
          ]}
        />
      )}
    </section>
  );
}

export function Transfers({ w }: { w: Wallet }) {
  const currency = useCurrency();
  return (
    <section>
      <h3>Transfers</h3>
      {w.transfers.length === 0 ? (
        <p className="dim">Nothing has come in or gone out yet.</p>
      ) : (
        <Table
          caption="Transfers"
          dense
          maxHeight={260}
          rows={w.transfers}
          keyOf={(t) => `${t.transaction} ${t.asset} ${t.amount} ${t.other.address}`}
          columns={[
            { id: 't', head: 'When', cell: (t) => (t.timeMs === null ? `block ${t.block}` : <Ago ms={t.timeMs} />), sort: (t) => t.block },
            { id: 'o', head: 'Partner', cell: (t) => who(t.other) },
            {
              id: 'a',
              head: 'Amount',
              align: 'right',
              cell: (t) => (t.asset === 'money' ? `${money(t.amount, 4)} ${currency}` : <Energy wh={Number(t.amount)} decimals={3} />),
            },
            { id: 'h', head: 'Transaction', cell: (t) => <Hash value={t.transaction} /> },
          ]}
        />
      )}
    </section>
  );
}
