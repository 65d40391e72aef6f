/** Every act and decision: who, when, why, with what outcome. Entries are chained by hash; the chain can be verified and exported. */
import { Button, NativeSelect } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import type { JournalEntry } from '../../../shared/contract/operations.ts';
import { asFault, useAct, useEngine, useNews, useQuery } from '../../app/hooks.ts';
import type { LinkFault } from '../../app/link.ts';
import { useMay } from '../../app/session.ts';
import { download } from '../../components/download.ts';
import { Hash, State } from '../../components/Facts.tsx';
import { Answer, Empty, FaultLine, PageFrame, Panel } from '../../components/Page.tsx';
import { type Column, Table } from '../../components/Table.tsx';
import { Time } from '../../components/Time.tsx';

const KIND: Record<JournalEntry['kind'], string> = { act: 'Act', decision: 'Decision', event: 'Event', fault: 'Fault' };
const OUTCOME = { done: ['good', 'Done'], refused: ['off', 'Refused'], failed: ['bad', 'Failed'], noted: ['wait', 'Noted'] } as const;
const COLUMNS: readonly Column<JournalEntry>[] = [
  { id: 'n', head: 'No.', align: 'right', width: 70, cell: (j) => j.sequence, sort: (j) => j.sequence },
  { id: 't', head: 'Time', width: 165, cell: (j) => <Time ms={j.timeMs} kind="full" />, sort: (j) => j.timeMs },
  { id: 'w', head: 'Who', width: 140, cell: (j) => j.who, sort: (j) => j.who },
  { id: 'k', head: 'Kind', width: 90, cell: (j) => KIND[j.kind], sort: (j) => j.kind },
  { id: 'title', head: 'What', width: 240, cell: (j) => j.title, sort: (j) => j.title },
  {
    id: 'text',
    head: 'Why and how',
    cell: (j) => (
      <span className="journal-text" title={j.text}>
        {j.text}
      </span>
    ),
  },
  {
    id: 'o',
    head: 'Outcome',
    width: 110,
    cell: (j) => <State kind={OUTCOME[j.outcome][0]}>{OUTCOME[j.outcome][1]}</State>,
    sort: (j) => j.outcome,
  },
  { id: 'h', head: 'Hash', width: 130, cell: (j) => <Hash value={j.hash} head={6} /> },
];

export default function JournalPage() {
  const [text, setText] = useState('');
  const [kind, setKind] = useState<'' | JournalEntry['kind']>('');
  const [limit, setLimit] = useState(100);
  const [news, setNews] = useState<readonly JournalEntry[]>([]);
  const [fault, setFault] = useState<LinkFault | null>(null);
  const [verdict, setVerdict] = useState<CallOutput<'journal.verify'> | null>(null);
  const { link } = useEngine();
  const { may, why } = useMay('journal.verify');
  const verify = useAct('journal.verify');
  const query = useQuery('journal.list', {
    limit,
    text: text.trim() === '' ? undefined : text.trim().slice(0, 80),
    kind: kind === '' ? undefined : kind,
  });
  useNews('journal', (entry) => setNews((n) => [entry, ...n].slice(0, 300)));
  const rows = useMemo(() => {
    const listed = query.data?.entries ?? [];
    const newest = listed[0]?.sequence ?? 0;
    const wanted = text.trim().toLowerCase();
    const fresh = news.filter(
      (j) =>
        j.sequence > newest &&
        (kind === '' || j.kind === kind) &&
        (wanted === '' || `${j.title} ${j.text} ${j.who}`.toLowerCase().includes(wanted)),
    );
    return [...fresh.sort((a, b) => b.sequence - a.sequence), ...listed];
  }, [query.data, news, text, kind]);
  const save = async () => {
    setFault(null);
    try {
      const file = await link.call('journal.export', {});
      download(file.fileName, file.jsonl, 'application/x-ndjson');
    } catch (error) {
      setFault(asFault(error));
    }
  };
  return (
    <PageFrame
      title="Journal"
      about={query.data && `${query.data.total} entries, each sealed to the one before it`}
      actions={
        <>
          <input
            type="search"
            className="search"
            aria-label="Find in the journal"
            placeholder="Find ( / )"
            value={text}
            maxLength={80}
            onChange={(e) => setText(e.target.value)}
          />
          <NativeSelect
            aria-label="Kind"
            value={kind}
            onChange={(e) => setKind(e.currentTarget.value as typeof kind)}
            data={[{ value: '', label: 'All kinds' }, ...Object.entries(KIND).map(([value, label]) => ({ value, label: `${label}s` }))]}
          />
          <Button disabled={!may} title={why} loading={verify.busy} onClick={() => void verify.run({}).then(setVerdict)}>
            Verify
          </Button>
          <Button onClick={() => void save()}>Export</Button>
        </>
      }
    >
      <FaultLine fault={fault ?? verify.fault} />
      {verdict !== null && (
        <p className="outcome" role="status">
          <State kind={verdict.valid ? 'good' : 'bad'}>{verdict.valid ? 'Whole' : 'Broken'}</State>
          <span>
            {verdict.entries} entries checked. {verdict.message}
            {verdict.firstBroken !== null && ` First broken entry: ${verdict.firstBroken}.`}
          </span>
        </p>
      )}
      <Panel flush>
        <Answer query={query} rows={10}>
          {({ entries, total }) =>
            rows.length === 0 ? (
              <Empty
                what={text === '' && kind === '' ? 'Nothing has happened yet.' : 'No entry matches.'}
                how="Every act of a person, every decision of a control function and every fault is written here."
              />
            ) : (
              <>
                <Table
                  caption="Journal"
                  columns={COLUMNS}
                  rows={rows}
                  keyOf={(j) => String(j.sequence)}
                  dense
                  maxHeight="calc(100vh - 240px)"
                />
                {entries.length === limit && entries.length < total && limit < 500 && (
                  <div className="row filter-line">
                    <Button onClick={() => setLimit((l) => Math.min(500, l + 200))}>Show more</Button>
                  </div>
                )}
              </>
            )
          }
        </Answer>
      </Panel>
    </PageFrame>
  );
}
