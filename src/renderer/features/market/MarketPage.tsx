/** The auction: the interval's clock, curves with their crossing, the book, past rounds, prices beside the tariff, and own acts. */
import { Button } from '@mantine/core';
import { useMemo, useState } from 'react';
import { countdown, price } from '../../app/format.ts';
import { useLinkState, useNow, useQuery, useTopic } from '../../app/hooks.ts';
import { hrefOf } from '../../app/router.ts';
import { useMay } from '../../app/session.ts';
import { CurvesChart, FlowChart, PriceChart } from '../../charts/market-charts.tsx';
import { Energy, Price } from '../../components/Num.tsx';
import { Answer, Empty, Loading, PageFrame, Panel } from '../../components/Page.tsx';
import { PlantTime } from '../../components/Time.tsx';
import { Book } from './Book.tsx';
import { OfferDialog } from './OfferDialog.tsx';
import { RoundsTable } from './RoundsTable.tsx';

export default function MarketPage() {
  const [offering, setOffering] = useState(false);
  const { may, why } = useMay('market.placeOffer');
  return (
    <PageFrame
      title="Market"
      about="One uniform price per interval; members’ gateways sign their orders, the console may only place the community’s own."
      actions={
        <Button variant="filled" disabled={!may} title={why} onClick={() => setOffering(true)}>
          Place an offer…
        </Button>
      }
    >
      <div className="market-grid">
        <ClockPanel />
        <Panel title="Supply and demand" note="as the book stands now" className="market-curves">
          <Curves />
        </Panel>
        <Panel title="Order book" className="market-book" flush>
          <Book />
        </Panel>
        <Panel title="Price beside the grid tariff" note="plant time" className="market-price">
          <Prices />
        </Panel>
        <Panel title="Who traded with whom, last round" note="pro rata: a call auction has no pairs of its own" className="market-flows">
          <Flows />
        </Panel>
        <Panel title="Last rounds" className="market-rounds" flush>
          <Rounds />
        </Panel>
      </div>
      {offering && <OfferDialog onClose={() => setOffering(false)} />}
    </PageFrame>
  );
}

const CLOCK_TITLE = { open: 'Taking orders for', binding: 'Orders have closed for', closed: 'The gate has closed for' } as const;
function ClockPanel() {
  const gate = useTopic('market', {}, (x) => x.gate);
  return (
    <Panel title={CLOCK_TITLE[gate ?? 'open']} className="market-clock">
      <IntervalClock />
    </Panel>
  );
}

const BINDING = {
  open: 'orders have closed and the book is being frozen',
  frozen: 'orders have closed and their root is being bound',
  bound: 'orders have closed and their root is bound',
} as const;

/** Orders are taken for one interval while another is being delivered; they close, then the gate does, before the traded one begins. */
function IntervalClock() {
  const clock = useTopic('status', {}, (x) => ({
    plantTimeMs: x.market.plantTimeMs,
    speed: x.market.speed,
    paused: x.market.paused,
    timeMs: x.timeMs,
  }));
  const traded = useTopic('market', {}, ({ interval, startMs, endMs, ordersCloseMs, gateClosesMs, gate, bookState, blocked }) => ({
    interval,
    startMs,
    endMs,
    ordersCloseMs,
    gateClosesMs,
    gate,
    bookState,
    blocked,
  }));
  const indicative = useTopic('market', {}, (x) => x.indicative);
  const lost = useLinkState().state === 'lost';
  const now = useNow(1000);
  if (clock === undefined || traded === undefined) return <Loading rows={4} />;
  const drift = lost || clock.paused ? 0 : Math.max(0, Math.min(5000, now - clock.timeMs)) * clock.speed;
  if (traded.blocked !== null) return <Empty what={traded.blocked} />;
  const at = clock.plantTimeMs + drift;
  const ahead = traded.gateClosesMs <= traded.startMs;
  const length = traded.endMs - traded.startMs;
  const from = ahead ? traded.startMs - length : traded.startMs;
  const part = (ms: number) => Math.max(0, Math.min(100, ((ms - from) / length) * 100));
  const { ordersCloseMs, gateClosesMs } = traded;
  const open = at < ordersCloseMs && traded.gate === 'open';
  const binding = !open && at < gateClosesMs && traded.gate !== 'closed';
  const next = open ? ordersCloseMs : binding ? gateClosesMs : from + length;
  const state = open ? 'orders are taken' : binding ? BINDING[traded.bookState] : 'the gate is closed';
  return (
    <div className="stack">
      <div className="big live">
        <PlantTime ms={traded.startMs} />–<PlantTime ms={traded.endMs} />
        <span className="dim small"> plant time, interval {traded.interval}</span>
      </div>
      <div
        className="clockbar freezes"
        role="img"
        aria-label={`${Math.round(part(at))} percent of the time until ${ahead ? 'it begins' : 'it ends'} has passed; ${state}`}
      >
        <span className="clockbar-open" style={{ width: `${part(ordersCloseMs)}%` }} />
        <span
          className="clockbar-binding"
          style={{ left: `${part(ordersCloseMs)}%`, width: `${part(gateClosesMs) - part(ordersCloseMs)}%` }}
        />
        <span className="clockbar-now" style={{ left: `${part(at)}%` }} />
        <span className="clockbar-mark" style={{ left: `${part(ordersCloseMs)}%` }} />
        <span className="clockbar-mark" style={{ left: `${part(gateClosesMs)}%` }} />
      </div>
      <div className="legend">
        <span>
          <span className="swatch clockbar-open-key" />
          orders close <PlantTime ms={ordersCloseMs} />
        </span>
        <span title="The book is frozen; by gate closure its root is on the chain, or receipted by more than half of the members.">
          <span className="swatch clockbar-binding-key" />
          gate closes <PlantTime ms={gateClosesMs} />
        </span>
        <span>
          <span className="swatch clockbar-closed-key" />
          {ahead ? 'delivery begins' : 'ends'} <PlantTime ms={from + length} />
        </span>
      </div>
      <dl className="tiles">
        <div>
          <dt>{open ? 'Orders close in' : binding ? 'Gate closes in' : ahead ? 'Delivery begins in' : 'Interval ends in'}</dt>
          <dd className="live">{clock.paused ? 'paused' : countdown((next - at) / clock.speed)}</dd>
        </div>
        <div>
          <dt>Indicative price</dt>
          <dd>
            <Price value={indicative?.price} />
          </dd>
        </div>
        <div>
          <dt>Would trade</dt>
          <dd>
            <Energy wh={indicative?.quantityWh} />
          </dd>
        </div>
      </dl>
    </div>
  );
}

function Curves() {
  const m = useTopic('market', {}, ({ demandCurve, supplyCurve, indicative, tariffs }) => ({
    demandCurve,
    supplyCurve,
    indicative,
    tariffs,
  }));
  if (m === undefined) return <Loading height={300} />;
  if (m.demandCurve.length === 0 && m.supplyCurve.length === 0)
    return (
      <Empty
        what="The book is empty."
        how="Curves appear when the first order of this interval arrives. Members’ gateways renew their standing orders by themselves."
      />
    );
  return <CurvesChart demand={m.demandCurve} supply={m.supplyCurve} crossing={m.indicative} tariffs={m.tariffs} height={300} />;
}

function Prices() {
  const rounds = useTopic('rounds', {}, (r) =>
    r.rounds.filter((x) => x.state !== 'open').map(({ startMs, price: p, tradedWh }) => ({ startMs, price: p, tradedWh })),
  );
  const tariffs = useTopic('market', {}, (m) => m.tariffs);
  if (rounds === undefined) return <Loading height={260} />;
  if (rounds.length === 0)
    return (
      <Empty what="No round has been cleared yet." how="Each interval adds one price here; the tariffs of the main grid stand beside it." />
    );
  return <PriceChart rounds={rounds} tariffs={tariffs} height={280} />;
}

function Flows() {
  const last = useTopic(
    'rounds',
    {},
    (r) => r.rounds.find((x) => x.state !== 'open' && x.state !== 'committed' && x.tradedWh > 0)?.interval ?? null,
  );
  if (last === undefined) return <Loading height={260} />;
  if (last === null) return <Empty what="No trade yet." how="Flows from sellers to buyers appear after the first round with a trade." />;
  return <LastFlows interval={last} />;
}
function LastFlows({ interval }: { interval: number }) {
  const round = useQuery('settlement.round', { interval });
  const flows = useMemo(() => {
    const names = new Map([
      ...(round.data?.orderList ?? []).map((o) => [o.member, o.memberName] as const),
      ...(round.data?.members ?? []).map((m) => [m.member, m.name] as const),
    ]);
    const name = (id: string) => names.get(id) ?? id;
    return (round.data?.flows ?? []).map((f) => ({ ...f, from: name(f.from), to: name(f.to) }));
  }, [round.data]);
  return (
    <Answer query={round} height={280}>
      {(r) => (
        <>
          <p className="dim small">
            <PlantTime ms={r.startMs} />–<PlantTime ms={r.endMs} /> at {r.price === null ? 'no price' : price(r.price)}.{' '}
            <a href={hrefOf('settlement', String(interval))}>Its settlement</a>
          </p>
          {flows.length === 0 ? (
            <Empty what="Nothing was traded in that round." />
          ) : (
            <FlowChart flows={flows} height={300} label={`Energy from sellers to buyers in interval ${interval}`} />
          )}
        </>
      )}
    </Answer>
  );
}

function Rounds() {
  const rounds = useTopic('rounds', {}, (r) => r.rounds);
  if (rounds === undefined) return <Loading rows={5} />;
  if (rounds.length === 0) return <Empty what="No round yet." how="The first round appears when the first market interval ends." />;
  return <RoundsTable rounds={rounds} maxHeight={360} />;
}
