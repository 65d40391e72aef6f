/** Demand response: call an event, see who takes part, what their meters show and what is paid. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import type { DemandEvent, DemandState } from '../../../shared/contract/ledger.ts';
import { count, countdown, money, power } from '../../app/format.ts';
import { useNow, useQuery } from '../../app/hooks.ts';
import { useCurrency, useMay } from '../../app/session.ts';
import { Evidence, partyName, SendingState } from '../../components/Evidence.tsx';
import { Facts, State } from '../../components/Facts.tsx';
import { Money, Watts } from '../../components/Num.tsx';
import { Answer, Empty, Panel } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Time } from '../../components/Time.tsx';
import { CallDialog, CollectDialog, EnrolDialog } from './DemandDialogs.tsx';

const STATE = {
  enrolling: ['work', 'Enrolment open'],
  running: ['work', 'Running'],
  measuring: ['wait', 'Being measured'],
  closed: ['off', 'Closed'],
} as const;
const ENROLMENT = {
  enrolled: ['wait', 'Enrolled'],
  running: ['work', 'Running'],
  'readings-missing': ['wait', 'Readings missing'],
  recording: ['work', 'Being recorded'],
  recorded: ['good', 'Paid'],
  lapsed: ['bad', 'Lapsed'],
} as const;
type Open = { kind: 'call' } | { kind: 'enrol'; event: DemandEvent } | { kind: 'collect'; member: string; name: string } | null;

export function DemandResponse() {
  const query = useQuery('demand.get', {}, { refreshMs: 2000 });
  const [open, setOpen] = useState<Open>(null);
  const { may, why } = useMay('demand.request');
  const d = query.data;
  const blocked = d === undefined ? undefined : (d.note ?? (d.chainInStep ? why : 'The chain is away.'));
  return (
    <Panel
      title="Demand response"
      className="span-all"
      note="members draw less for a while and are paid by what their meters show"
      actions={
        <Button disabled={!may || blocked !== undefined} title={blocked} onClick={() => setOpen({ kind: 'call' })}>
          Call an event…
        </Button>
      }
    >
      <Answer query={query} rows={3}>
        {(state) => (
          <div className="stack">
            {state.note !== null && <p className="dim">{state.note}</p>}
            {state.sending
              .filter((s) => s.state !== 'final')
              .slice(0, 3)
              .map((s) => (
                <div key={`${s.createdMs}${s.title}`} className="row wrap">
                  <span>{s.title}</span>
                  <SendingState sending={s} />
                </div>
              ))}
            {state.events.length === 0 && state.note === null && (
              <Empty
                what="No event has been called yet."
                how="An event asks members to draw less for a while and pays those whose meters show it. Members’ gateways decide whether they take part."
              />
            )}
            {state.events.slice(0, 2).map((e) => (
              <Event key={e.id} event={e} state={state} open={setOpen} />
            ))}
            {state.events.length > 2 && <History events={state.events.slice(2)} />}
            {open?.kind === 'call' && <CallDialog state={state} onClose={() => setOpen(null)} />}
            {open?.kind === 'enrol' && <EnrolDialog event={open.event} state={state} onClose={() => setOpen(null)} />}
            {open?.kind === 'collect' && <CollectDialog member={open.member} name={open.name} onClose={() => setOpen(null)} />}
          </div>
        )}
      </Answer>
    </Panel>
  );
}

function Event({ event: e, state, open }: { event: DemandEvent; state: DemandState; open: (o: Open) => void }) {
  const currency = useCurrency();
  const { may, why } = useMay('wallet.act');
  const now = useNow(1000);
  // Blocks may be ahead of this computer's clock on a development chain.
  const [kind, word] = STATE[e.state];
  const left = (untilMs: number) => countdown(untilMs - now);
  const blocked = state.chainInStep ? why : 'The chain is away.';
  return (
    <section className="demand-event" aria-label={`Event ${e.id}`}>
      <div className="row between wrap">
        <div className="row wrap">
          <strong>Event {e.id}</strong>
          <State kind={kind}>{word}</State>
          {e.state === 'enrolling' && <span className="dim">begins in {left(e.startsMs)}</span>}
          {e.state === 'running' && <span className="dim">ends in {left(e.endsMs)}</span>}
        </div>
        {e.state === 'enrolling' && (
          <Button disabled={!may || !state.chainInStep} title={blocked} onClick={() => open({ kind: 'enrol', event: e })}>
            Ask a member to enrol…
          </Button>
        )}
      </div>
      <div className="demand-facts">
        <Facts
          facts={[
            ['Asked for', <Watts key="r" w={e.reductionW} />],
            ['Enrolled', <Watts key="e" w={e.enrolledW} />],
            ['Delivered', <Watts key="d" w={e.state === 'enrolling' || e.state === 'running' ? null : e.deliveredW} />],
          ]}
        />
        <Facts
          facts={[
            ['From', <Time key="f" ms={e.startsMs} kind="dayMinute" />],
            ['Until', <Time key="u" ms={e.endsMs} kind="dayMinute" />],
            ['Called by', partyName(e.requester)],
          ]}
        />
        <Facts
          facts={[
            ['Set aside', <Money key="c" amount={e.compensation} currency={currency} />],
            ['Earned', <Money key="p" amount={e.earned} currency={currency} />],
            [
              'Came back',
              e.returned === null ? (
                <span key="w" className="dim">
                  a day after the event
                </span>
              ) : (
                <Money key="b" amount={e.returned} currency={currency} />
              ),
            ],
          ]}
        />
        <Facts facts={[['On the chain', <Evidence key="v" at={e.called} />]]} />
      </div>
      {e.enrolments.length === 0 ? (
        <p className="dim">{e.state === 'enrolling' ? 'Nobody has enrolled yet.' : 'Nobody enrolled.'}</p>
      ) : (
        <Table
          caption={`Enrolments of event ${e.id}`}
          dense
          rows={e.enrolments}
          keyOf={(n) => String(n.node)}
          columns={[
            { id: 'm', head: 'Member', cell: (n) => n.name },
            { id: 'o', head: 'Offered', align: 'right', cell: (n) => <Watts w={n.offeredW} /> },
            { id: 'b', head: 'Baseline', align: 'right', cell: (n) => <Watts w={n.baselineW} /> },
            { id: 'w', head: 'During', align: 'right', cell: (n) => <Watts w={n.meanW} /> },
            { id: 'd', head: 'Delivered', align: 'right', cell: (n) => <Watts w={n.deliveredW} /> },
            { id: 'e', head: 'Earned', align: 'right', cell: (n) => <Money amount={n.earned} currency={currency} /> },
            {
              id: 's',
              head: 'State',
              cell: (n) => (
                <span title={n.text}>
                  <State kind={ENROLMENT[n.state][0]}>
                    {n.state === 'recorded' && !n.paidOut ? 'Earned, not collected' : ENROLMENT[n.state][1]}
                  </State>
                  {n.state === 'readings-missing' || n.state === 'lapsed' ? <span className="dim small block">{n.text}</span> : null}
                </span>
              ),
            },
            { id: 'v', head: 'Recorded', cell: (n) => <Evidence at={n.recorded} /> },
            {
              id: 'a',
              head: '',
              cell: (n) =>
                n.state === 'recorded' && !n.paidOut && n.member !== null ? (
                  <Button
                    size="compact-sm"
                    disabled={!may || !state.chainInStep}
                    title={blocked}
                    onClick={() => open({ kind: 'collect', member: n.member ?? '', name: n.name })}
                  >
                    Collect…
                  </Button>
                ) : null,
            },
          ]}
        />
      )}
    </section>
  );
}

function History({ events }: { events: readonly DemandEvent[] }) {
  const currency = useCurrency();
  return (
    <section>
      <h3>Earlier events</h3>
      <Table
        caption="Earlier events"
        dense
        maxHeight={240}
        rows={events}
        keyOf={(e) => String(e.id)}
        columns={[
          { id: 'n', head: 'Event', cell: (e) => e.id },
          { id: 't', head: 'From', cell: (e) => <Time ms={e.startsMs} kind="dayMinute" /> },
          { id: 's', head: 'State', cell: (e) => <State kind={STATE[e.state][0]}>{STATE[e.state][1]}</State> },
          { id: 'r', head: 'Asked for', align: 'right', cell: (e) => power(e.reductionW) },
          { id: 'd', head: 'Delivered', align: 'right', cell: (e) => power(e.deliveredW) },
          { id: 'm', head: 'Took part', align: 'right', cell: (e) => count(e.enrolments.length, 'member') },
          { id: 'e', head: 'Earned', align: 'right', cell: (e) => `${money(e.earned)} ${currency}` },
          { id: 'v', head: 'On the chain', cell: (e) => <Evidence at={e.called} /> },
        ]}
      />
    </section>
  );
}
