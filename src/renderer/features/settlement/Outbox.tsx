/** What waits for the chain: kept on disk, sent in order, exactly once. */
import { Button } from '@mantine/core';
import { useAct, useQuery, useTopic } from '../../app/hooks.ts';
import { useMay } from '../../app/session.ts';
import { Hash, State } from '../../components/Facts.tsx';
import { Answer, Empty, FaultLine, Panel } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Ago } from '../../components/Time.tsx';

const STATE = {
  waiting: ['wait', 'Waiting'],
  sending: ['work', 'Being sent'],
  sent: ['work', 'Sent, not final'],
  final: ['good', 'Final'],
  failed: ['bad', 'Failed'],
} as const;

export function Outbox() {
  const outbox = useQuery('settlement.outbox', { limit: 200 }, { refreshMs: 2000 });
  const chain = useTopic('status', {}, (s) => s.chain);
  const retry = useAct('settlement.retryOutbox');
  const { may, why } = useMay('settlement.retryOutbox');
  return (
    <Panel
      title="Outbox"
      note={chain?.message}
      flush
      actions={
        <Button disabled={!may} title={why} loading={retry.busy} onClick={() => void retry.run({}).then(() => outbox.reload())}>
          Try again now
        </Button>
      }
    >
      <FaultLine fault={retry.fault} />
      <Answer query={outbox} rows={6}>
        {({ entries }) =>
          entries.length === 0 ? (
            <Empty
              what="Nothing has been written to the chain yet."
              how="Settlements, certificates and registrations appear here as soon as they are due."
            />
          ) : (
            <Table
              caption="Outbox"
              dense
              maxHeight="calc(100vh - 290px)"
              rows={entries}
              keyOf={(e) => e.id}
              columns={[
                { id: 'seq', head: 'No.', align: 'right', width: 64, cell: (e) => e.sequence, sort: (e) => e.sequence },
                { id: 'title', head: 'What', cell: (e) => e.title, sort: (e) => e.title },
                {
                  id: 'state',
                  head: 'State',
                  cell: (e) => <State kind={STATE[e.state][0]}>{STATE[e.state][1]}</State>,
                  sort: (e) => e.state,
                },
                { id: 'age', head: 'Since', cell: (e) => <Ago ms={e.createdMs} />, sort: (e) => e.createdMs },
                { id: 'attempts', head: 'Attempts', align: 'right', cell: (e) => e.attempts, sort: (e) => e.attempts },
                { id: 'tx', head: 'Transaction', cell: (e) => <Hash value={e.transaction} /> },
                { id: 'block', head: 'Block', align: 'right', cell: (e) => e.block ?? '—', sort: (e) => e.block ?? 0 },
                { id: 'error', head: 'Last error', cell: (e) => <span className="dim">{e.lastError ?? ''}</span> },
              ]}
            />
          )
        }
      </Answer>
    </Panel>
  );
}
