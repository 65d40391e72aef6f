/** What the chain keeps of the grid: its nodes, and a report for each market interval. */
import { fixed } from '../../app/format.ts';
import { useQuery } from '../../app/hooks.ts';
import { Evidence, SendingState } from '../../components/Evidence.tsx';
import { Facts, Hash, State } from '../../components/Facts.tsx';
import { Plain, Watts } from '../../components/Num.tsx';
import { Answer, Panel } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Time } from '../../components/Time.tsx';

const TYPE = {
  consumer: 'Consumer',
  producer: 'Producer',
  prosumer: 'Consumer and producer',
  storage: 'Storage',
  'critical-load': 'Critical load',
  interconnection: 'Interconnection',
} as const;

export function GridRecordPanel() {
  const query = useQuery('gridRecord.get', {}, { refreshMs: 5000 });
  return (
    <Panel
      title="Grid record on the chain"
      note="one report for each market interval; a late one is not sent, because it would carry a wrong time"
    >
      <Answer query={query} rows={5}>
        {(r) => (
          <div className="stack">
            {r.paused && <State kind="bad">The contract is paused: nothing is recorded until the council lets it run again.</State>}
            <div className="demand-facts">
              <Facts
                facts={[
                  ['Last report', <Evidence key="e" at={r.latest} />],
                  ['In its bands', r.latest === null ? '—' : r.latest.withinBands ? 'yes' : 'no'],
                  ['Last interval', r.lastInterval === null ? '—' : `${r.lastInterval.interval}: ${r.lastInterval.text}`],
                ]}
              />
              <Facts
                facts={[
                  ['Frequency', r.latest === null ? '—' : <Plain key="f" text={fixed(r.latest.frequencyMHz / 1000, 3)} unit="Hz" />],
                  [
                    'Voltage at the interconnection',
                    r.latest === null ? '—' : <Plain key="v" text={fixed(r.latest.voltageMV / 1000, 1)} unit="V" />,
                  ],
                ]}
              />
              <Facts
                facts={[
                  ['Demand', <Watts key="d" w={r.latest?.demandW} />],
                  ['Supply', <Watts key="s" w={r.latest?.supplyW} />],
                ]}
              />
              <Facts
                facts={[
                  ['Reports', `${fixed(r.reports, 0)}, ${fixed(r.outsideBands, 0)} outside the bands`],
                  ['Highest demand reported', <Watts key="p" w={r.peakDemandW} />],
                ]}
              />
            </div>
            {r.queued && r.queued.state !== 'final' && <SendingState sending={r.queued} />}
            <Table
              caption="Grid nodes on the chain"
              dense
              maxHeight={300}
              rows={r.nodes}
              keyOf={(n) => n.address}
              columns={[
                { id: 'i', head: 'Node', cell: (n) => n.node ?? <span className="dim">waits</span> },
                { id: 'n', head: 'Stands for', cell: (n) => n.name },
                { id: 't', head: 'Type', cell: (n) => TYPE[n.type] },
                { id: 'c', head: 'Capacity', align: 'right', cell: (n) => <Watts w={n.capacityW} /> },
                { id: 'l', head: 'Load it reported last', align: 'right', cell: (n) => <Watts w={n.loadW} /> },
                { id: 'w', head: 'At', cell: (n) => <Time ms={n.loadMs} kind="dayMinute" /> },
                { id: 'a', head: 'Account', cell: (n) => <Hash value={n.address} /> },
              ]}
            />
            <p className="dim small">
              A member’s node reports only the load it offers to leave out in demand response, never what it draws.
              {r.withoutAccount.length > 0 &&
                ` Without a node yet, because their gateways have named no account: ${r.withoutAccount.join(', ')}.`}
            </p>
          </div>
        )}
      </Answer>
    </Panel>
  );
}
