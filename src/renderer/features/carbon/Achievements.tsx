/** Milestones and who has earned them. A picture comes from the contract and is shown as an image only: nothing in it can run. */
import { Button } from '@mantine/core';
import { fixed } from '../../app/format.ts';
import { State } from '../../components/Facts.tsx';
import { Empty } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Time } from '../../components/Time.tsx';
import { kilograms, type OnChainData, type Start, who } from './OnChain.tsx';

type Metric = OnChainData['milestones'][number]['metric'];
const METRIC: Record<Metric, string> = {
  exported: 'exported by a public meter',
  retired: 'of credits retired',
  claimed: 'of certificates claimed',
  traded: 'bought and sold by offers',
};
const amount = (value: string, metric: Metric): string =>
  metric === 'retired' ? `${kilograms(value)} kg` : `${fixed(Number(value) / 1000, 1)} kWh`;

export function Achievements({
  data,
  act,
  may,
  why,
}: {
  data: OnChainData;
  act: (start: Start) => void;
  may: boolean;
  why: string | undefined;
}) {
  if (data.milestones.length === 0)
    return (
      <Empty what="No milestone is defined." how="The council defines milestones; they appear here with what the community has reached." />
    );
  return (
    <>
      <Table
        caption="Milestones"
        dense
        rows={data.milestones}
        keyOf={(m) => String(m.id)}
        columns={[
          { id: 'title', head: 'Milestone', cell: (m) => m.title },
          { id: 'needs', head: 'Needs', cell: (m) => `${amount(m.threshold, m.metric)} ${METRIC[m.metric]}` },
          {
            id: 'reached',
            head: 'The community has',
            align: 'right',
            cell: (m) => (m.reached === null ? <span className="dim">told when it is claimed</span> : amount(m.reached, m.metric)),
          },
          {
            id: 'state',
            head: 'State',
            cell: (m) =>
              m.earnedByUs ? (
                <State kind="good">Earned</State>
              ) : m.reached !== null && BigInt(m.reached) >= BigInt(m.threshold) ? (
                <State kind="work">Reached</State>
              ) : (
                <State kind="wait">Open</State>
              ),
          },
          {
            id: 'act',
            head: '',
            align: 'right',
            cell: (m) =>
              m.earnedByUs ? null : (
                <Button
                  size="compact-sm"
                  disabled={!may}
                  title={why}
                  aria-label={`Claim ${m.title}`}
                  onClick={() => act({ kind: 'claim-achievement', of: String(m.id) })}
                >
                  Claim…
                </Button>
              ),
          },
        ]}
      />
      {data.achievements.length === 0 ? (
        <Empty what="Nobody has earned an achievement yet." how="Whoever has reached a milestone claims it; nobody grants it." />
      ) : (
        <ul className="achievements">
          {data.achievements.map((a) => (
            <li key={a.token}>
              {a.image === null ? (
                <span className="achievement-picture dim small">The picture comes when the chain is asked.</span>
              ) : (
                <img className="achievement-picture" src={a.image} alt="" />
              )}
              <strong>{a.title}</strong>
              <span>{who(a.account)}</span>
              <span className="dim small">
                {amount(a.value, a.metric)}, block {fixed(a.block, 0)}, <Time ms={a.timeMs} kind="dayMinute" />
              </span>
              {a.description !== null && <span className="dim small">{a.description}</span>}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
