/** Level 1: is the plant well, what carries it, what deserves attention. */
import type { GateState } from '../../../shared/values.ts';
import { useTopic } from '../../app/hooks.ts';
import { hrefOfPlace } from '../../app/router.ts';
import { DayChart } from '../../charts/DayChart.tsx';
import { SOURCE_LABEL, sourceColour } from '../../charts/tokens.ts';
import { AnalogueBar } from '../../components/AnalogueBar.tsx';
import { Energy, Num, Price, Watts } from '../../components/Num.tsx';
import { Empty, Loading, PageFrame, Panel } from '../../components/Page.tsx';
import { Priority } from '../../components/Priority.tsx';
import { PlantTime } from '../../components/Time.tsx';
import { FlowDiagram } from './FlowDiagram.tsx';

export default function OverviewPage() {
  return (
    <PageFrame title="Overview">
      <Bars />
      <div className="overview-grid">
        <Panel title="Where power comes from and goes" className="overview-flow">
          <Flows />
        </Panel>
        <Panel title="Attention" className="overview-attention">
          <Attention />
        </Panel>
        <Panel title="The day" note="by market interval, plant time" className="overview-day">
          <Day />
        </Panel>
        <Panel title="Market now" className="overview-market">
          <MarketNow />
        </Panel>
        <Panel title="Carbon intensity now" className="overview-carbon">
          <Carbon />
        </Panel>
      </div>
    </PageFrame>
  );
}

function Bars() {
  const bars = useTopic('overview', {}, (o) => o.bars);
  return (
    <section className="panel bars" aria-label="Vital values">
      {bars === undefined ? <Loading rows={3} /> : bars.map((bar) => <AnalogueBar key={bar.id} bar={bar} />)}
    </section>
  );
}
function Flows() {
  const flows = useTopic('overview', {}, (o) => o.flows);
  const mode = useTopic('status', {}, (s) => s.mode);
  if (flows === undefined) return <Loading height={230} />;
  return <FlowDiagram flows={flows} islanded={mode === 'islanded' || mode === 'black-start'} />;
}
function Attention() {
  const items = useTopic('overview', {}, (o) => o.attention);
  if (items === undefined) return <Loading rows={3} />;
  if (items.length === 0)
    return <Empty what="Nothing needs you." how="What deserves attention appears here in words, most urgent first." />;
  return (
    <ul className="attention">
      {items.map((a) => (
        <li key={a.id}>
          <a href={hrefOfPlace(a.page, a.target)}>
            {a.priority === null ? <span className="attention-dot" aria-hidden="true" /> : <Priority priority={a.priority} />}
            <span>{a.text}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
function Day() {
  const day = useTopic('overview', {}, (o) => o.day);
  const start = useTopic('status', {}, (s) => Math.floor(s.market.plantTimeMs / 300_000) * 300_000);
  if (day === undefined) return <Loading height={300} />;
  if (day.length === 0 || day.every((d) => d.loadW === null))
    return (
      <Empty
        what="The day has no finished interval yet."
        how="Load, generation, battery and price appear here after the first market interval."
      />
    );
  return <DayChart day={day} height={290} nowMs={start ?? null} />;
}
const GATE: Record<GateState, string> = { open: 'Orders taken', binding: 'Orders closed', closed: 'Gate closed' };
function MarketNow() {
  const market = useTopic('market', {}, ({ startMs, endMs, gate, blocked, indicative, book, tariffs }) => ({
    startMs,
    endMs,
    gate,
    blocked,
    indicative,
    orders: book.length,
    tariffs,
  }));
  const last = useTopic('rounds', {}, (r) => r.rounds.find((x) => x.state !== 'open'));
  if (market === undefined) return <Loading rows={3} />;
  return (
    <dl className="tiles">
      <div>
        <dt>
          Orders for <PlantTime ms={market.startMs} />–<PlantTime ms={market.endMs} />
        </dt>
        <dd title={market.blocked ?? undefined}>{market.blocked !== null ? 'No round can open' : GATE[market.gate]}</dd>
        <dd className="dim">{market.orders} orders in the book</dd>
      </div>
      <div>
        <dt>Indicative price</dt>
        <dd>
          <Price value={market.indicative.price} />
        </dd>
        <dd className="dim">
          <Energy wh={market.indicative.quantityWh} /> would trade
        </dd>
      </div>
      <div>
        <dt>Last round</dt>
        <dd>
          <Price value={last?.price} />
        </dd>
        <dd className="dim">
          {last === undefined ? (
            'none yet'
          ) : (
            <>
              <Energy wh={last.tradedWh} />, {last.state}
            </>
          )}
        </dd>
      </div>
    </dl>
  );
}
function Carbon() {
  const carbon = useTopic('overview', {}, (o) => o.carbonNow);
  if (carbon === undefined) return <Loading rows={3} />;
  const total = carbon.mix.reduce((s, m) => s + Math.abs(m.powerW), 0);
  return (
    <div className="stack">
      <div className="big">
        <Num value={carbon.intensityGPerKwh} unit="g/kWh" />
        <span className="dim small"> CO₂ equivalent</span>
      </div>
      <div
        className="mixbar freezes"
        role="img"
        aria-label={`Sources: ${carbon.mix.map((m) => `${SOURCE_LABEL[m.source]} ${total === 0 ? 0 : Math.round((Math.abs(m.powerW) / total) * 100)} percent`).join(', ')}`}
      >
        {carbon.mix.map((m) => (
          <span key={m.source} style={{ flexGrow: Math.abs(m.powerW), background: sourceColour(m.source) }} />
        ))}
      </div>
      <div className="legend">
        {carbon.mix.map((m) => (
          <span key={m.source}>
            <span className="swatch" style={{ background: sourceColour(m.source) }} />
            {SOURCE_LABEL[m.source]} <Watts w={Math.abs(m.powerW)} />
          </span>
        ))}
      </div>
    </div>
  );
}
