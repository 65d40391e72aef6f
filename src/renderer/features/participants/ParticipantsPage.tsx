/** Members with category, position, balance and reliability; one member's statement, orders and wallet. */
import { useMemo, useState } from 'react';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { fixed } from '../../app/format.ts';
import { useQuery } from '../../app/hooks.ts';
import { replaceRoute, useRoute } from '../../app/router.ts';
import { useCurrency } from '../../app/session.ts';
import { State } from '../../components/Facts.tsx';
import { Energy, Money, Plain } from '../../components/Num.tsx';
import { Answer, Empty, PageFrame, Panel } from '../../components/Page.tsx';
import { type Column, Table } from '../../components/Table.tsx';
import { OpeningFact } from './OpeningFact.tsx';
import { ParticipantPanel } from './ParticipantPanel.tsx';
import { TradesPage } from './TradesPage.tsx';

type Row = CallOutput<'participants.list'>[number];
export const GATEWAY = { online: ['good', 'Online'], silent: ['bad', 'Silent'], unknown: ['wait', 'Not known'] } as const;

export default function ParticipantsPage() {
  const { target, params } = useRoute();
  return target !== null && params.view === 'trades' ? <TradesPage key={target} member={target} /> : <Members />;
}

function Members() {
  const list = useQuery('participants.list', {}, { refreshMs: 3000 });
  const { target } = useRoute();
  const currency = useCurrency();
  const [text, setText] = useState('');
  const columns = useMemo<Column<Row>[]>(
    () => [
      {
        id: 'name',
        head: 'Member',
        cell: (p) => (
          <>
            {p.name}
            {p.operatorOwned && <span className="dim small"> community</span>}
          </>
        ),
        sort: (p) => p.name,
      },
      { id: 'category', head: 'Category', cell: (p) => p.category, sort: (p) => p.category },
      {
        id: 'position',
        head: 'Position now (+ buys)',
        align: 'right',
        cell: (p) => <Energy wh={p.positionWh} />,
        sort: (p) => p.positionWh ?? 0,
      },
      {
        id: 'metered',
        head: 'Last metered (+ import)',
        align: 'right',
        cell: (p) => <Energy wh={p.lastMeteredWh} />,
        sort: (p) => p.lastMeteredWh ?? 0,
      },
      {
        id: 'balance',
        head: 'Balance',
        align: 'right',
        cell: (p) => <Money amount={p.balance} currency={currency} />,
        sort: (p) => Number(p.balance ?? 0),
      },
      {
        id: 'reliability',
        head: 'Reliability',
        align: 'right',
        cell: (p) =>
          p.reliabilityPercent === null ? (
            '—'
          ) : (
            <Plain
              text={fixed(p.reliabilityPercent, 0)}
              unit="%"
              title="100 less the mean imbalance over the position, last 96 settled rounds"
            />
          ),
        sort: (p) => p.reliabilityPercent ?? 0,
      },
      {
        id: 'gateway',
        head: 'Gateway',
        cell: (p) => <State kind={GATEWAY[p.gateway][0]}>{GATEWAY[p.gateway][1]}</State>,
        sort: (p) => p.gateway,
      },
      {
        id: 'meter',
        head: 'Meter',
        cell: (p) => (
          <a href={`#/devices/${encodeURIComponent(p.meter)}`} onClick={(e) => e.stopPropagation()}>
            {p.meter}
          </a>
        ),
        sort: (p) => p.meter,
      },
      { id: 'opening', head: 'Opening', cell: (p) => <OpeningFact opening={p.opening} />, sort: (p) => p.opening.delivered?.atMs ?? 0 },
    ],
    [currency],
  );
  return (
    <PageFrame
      title="Participants"
      about="Members keep their own keys: the console relays what they signed and cannot sign for them."
      actions={
        <input
          type="search"
          className="search"
          aria-label="Find a member"
          placeholder="Find a member ( / )"
          value={text}
          onChange={(e) => setText(e.target.value)}
        />
      }
    >
      <div className="with-side">
        <Panel flush className="side-main">
          <Answer query={list} rows={10}>
            {(rows) => {
              const shown = rows.filter((p) => `${p.name} ${p.category} ${p.meter}`.toLowerCase().includes(text.trim().toLowerCase()));
              if (shown.length === 0)
                return (
                  <Empty
                    what={rows.length === 0 ? 'The plant file names no members.' : 'No member matches.'}
                    how={rows.length === 0 ? 'Members of the plant file appear here with their meter, position and balance.' : undefined}
                  />
                );
              return (
                <Table
                  caption="Members"
                  columns={target === null ? columns : [0, 2, 4, 6].flatMap((i) => columns[i] ?? [])}
                  rows={shown}
                  keyOf={(p) => p.id}
                  openKey={target}
                  onOpen={(p) => replaceRoute('participants', p.id === target ? null : p.id)}
                  maxHeight="calc(100vh - 210px)"
                />
              );
            }}
          </Answer>
        </Panel>
        {target !== null && <ParticipantPanel key={target} id={target} onClose={() => replaceRoute('participants')} />}
      </div>
    </PageFrame>
  );
}
