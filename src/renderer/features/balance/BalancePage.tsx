/** Level 2: is the balance kept, by whom, with what in reserve, and why the control functions act as they do. */
import { useMemo, useState } from 'react';
import { fixed, span } from '../../app/format.ts';
import { useQuery, useTopic } from '../../app/hooks.ts';
import { DayChart } from '../../charts/DayChart.tsx';
import { VoltageChart } from '../../charts/market-charts.tsx';
import { sourceColour } from '../../charts/tokens.ts';
import { AnalogueBar } from '../../components/AnalogueBar.tsx';
import { Facts } from '../../components/Facts.tsx';
import { Num, Plain } from '../../components/Num.tsx';
import { Empty, Loading, PageFrame, Panel } from '../../components/Page.tsx';
import { PointPicker } from '../../components/PointPicker.tsx';
import { TrendPanel } from '../../components/TrendPanel.tsx';
import { DemandResponse } from './DemandResponse.tsx';
import { Functions } from './Functions.tsx';

export default function BalancePage() {
  return (
    <PageFrame title="Balance" about={<Cycle />}>
      <div className="balance-grid">
        <Panel title="Supply and demand now">
          <SupplyDemand />
        </Panel>
        <Panel title="Frequency">
          <Frequency />
        </Panel>
        <Panel title="Reserve and storage">
          <Reserve />
        </Panel>
        <Panel title="Control functions" className="span-all" flush>
          <Functions />
        </Panel>
        <DemandResponse />
        <Panel title="Voltage along the feeders">
          <Voltages />
        </Panel>
        <Panel title="Supply by source, the plant’s day" note="plant time" className="span-two">
          <Day />
        </Panel>
        <Trends />
      </div>
    </PageFrame>
  );
}

function Cycle() {
  const cycle = useTopic('balance', {}, (b) => b.cycle);
  if (cycle === undefined) return null;
  return (
    <>
      Control cycle every {fixed(cycle.periodMs, 0)} ms, last took {fixed(cycle.lastMs, 1)} ms, jitter p99 {fixed(cycle.jitterP99Ms, 1)} ms
      {cycle.overruns > 0 && `, ${cycle.overruns} overruns`}
    </>
  );
}

function SupplyDemand() {
  const b = useTopic('balance', {}, ({ supply, demandW, lossW, exchangeW }) => ({ supply, demandW, lossW, exchangeW }));
  if (b === undefined) return <Loading rows={6} />;
  // In `supply` positive and negative follow the plant's sign rule for units (negative = generation); the main grid's row is turned so that import reads as supply.
  const given = (s: (typeof b.supply)[number]) => (s.source === 'grid' ? (b.exchangeW.value ?? 0) : -(s.powerW.value ?? 0));
  const rows = b.supply.map((s) => ({ ...s, given: given(s), value: s.source === 'grid' ? b.exchangeW : s.powerW }));
  const supply = rows.filter((r) => r.given > 0).reduce((s, r) => s + r.given, 0);
  const scale = Math.max(supply, Math.abs(b.demandW.value ?? 0), 1) * 1.02;
  return (
    <div className="stack">
      <StackBar
        label="Supply"
        scale={scale}
        unknown={rows.filter((r) => r.value.value === null).length}
        of={rows.length}
        parts={rows.filter((r) => r.given > 0).map((r) => ({ key: r.label, w: r.given, colour: sourceColour(r.source) }))}
      />
      <StackBar
        label="Demand"
        scale={scale}
        unknown={b.demandW.value === null ? 1 : 0}
        of={1}
        parts={[
          { key: 'Load', w: b.demandW.value ?? 0, colour: 'var(--load)' },
          { key: 'Losses', w: b.lossW.value ?? 0, colour: 'var(--faint)' },
          ...rows.filter((r) => r.given < 0).map((r) => ({ key: r.label, w: -r.given, colour: sourceColour(r.source) })),
        ]}
      />
      <Facts
        columns={1}
        facts={[
          ...rows.map(
            (r) =>
              [
                r.label,
                <Num
                  key="v"
                  value={r.value}
                  unit="W"
                  as={r.source === 'grid' ? 'exchange' : r.source === 'battery' ? 'battery' : 'unit'}
                />,
              ] as const,
          ),
          ['Load', <Num key="load" value={b.demandW} unit="W" />] as const,
          ['Losses', <Num key="loss" value={b.lossW} unit="W" />] as const,
        ]}
      />
    </div>
  );
}
/** `unknown` of `of` parts have no value: a sum with some missing is marked as estimated, one with all missing is no number. */
function StackBar({
  label,
  parts,
  scale,
  unknown,
  of,
}: {
  label: string;
  scale: number;
  unknown: number;
  of: number;
  parts: { key: string; w: number; colour: string }[];
}) {
  const total = parts.reduce((s, p) => s + p.w, 0);
  return (
    <div className="stackbar">
      <div className="row between small">
        <span>{label}</span>
        {unknown >= of ? <span className="dim">—</span> : <Plain text={`${unknown > 0 ? '~' : ''}${fixed(total / 1000, 1)}`} unit="kW" />}
      </div>
      <div
        className="stackbar-track freezes"
        role="img"
        aria-label={`${label}: ${unknown >= of ? 'unknown' : parts.map((p) => `${p.key} ${fixed(p.w / 1000, 1)} kilowatts`).join(', ')}`}
      >
        {parts.map((p) => (
          <span
            key={p.key}
            style={{ width: `${(p.w / scale) * 100}%`, background: p.colour }}
            title={`${p.key} ${fixed(p.w / 1000, 1)} kW`}
          />
        ))}
      </div>
    </div>
  );
}

function Frequency() {
  const bar = useTopic('overview', {}, (o) => o.bars.find((b) => b.id === 'frequency' || b.unit === 'Hz'));
  const list = useQuery('points.list', {});
  const hz = useMemo(() => {
    const point = list.data?.find((p) => p.unit === 'Hz');
    return point === undefined ? undefined : [point.id];
  }, [list.data]);
  const rocof = useTopic('balance', {}, (b) => b.rocofHzPerS);
  return (
    <div className="stack">
      {bar === undefined ? <Loading rows={3} /> : <AnalogueBar bar={bar} />}
      <Facts facts={[['Rate of change', <Num key="r" value={rocof} unit="Hz/s" />]]} />
      {hz !== undefined && <TrendPanel points={hz} height={132} compact />}
      <p className="dim small">
        Droop and under-frequency relays live in the devices. The console restores the set-point; it is not the first line.
      </p>
    </div>
  );
}

function Reserve() {
  const b = useTopic('balance', {}, ({ reserve, storage }) => ({ reserve, storage }));
  if (b === undefined) return <Loading rows={5} />;
  return (
    <div className="stack">
      <Facts
        facts={[
          ['Can rise by', <Num key="u" value={b.reserve.upW} unit="W" />],
          ['Can fall by', <Num key="d" value={b.reserve.downW} unit="W" />],
          ['Storage lasts, at present load', b.reserve.secondsAtPresentLoad === null ? '—' : span(b.reserve.secondsAtPresentLoad * 1000)],
        ]}
      />
      {b.storage.length === 0 && <Empty what="No storage in this plant." />}
      {b.storage.map((s) => (
        <div key={s.device} className="stack">
          <AnalogueBar
            bar={{
              id: s.device,
              label: s.name,
              unit: '%',
              value: s.socPercent,
              low: 0,
              high: 100,
              normalLow: s.socMinPercent,
              normalHigh: s.socMaxPercent,
              setPoint: null,
              where: `${fixed(s.capacityWh / 1000, 0)} kWh`,
              spark: [],
            }}
          />
          <Facts facts={[['Power', <Num key="p" value={s.powerW} unit="W" as="battery" />]]} />
        </div>
      ))}
    </div>
  );
}

const LIMITS = { min: 0.9, max: 1.1 };
function Voltages() {
  const profiles = useTopic('balance', {}, (b) =>
    b.voltageProfiles.map((f) => ({
      ...f,
      points: f.points.map((p) => ({ ...p, vmPu: p.vmPu === null ? null : Math.round(p.vmPu * 2000) / 2000 })),
    })),
  );
  if (profiles === undefined) return <Loading height={300} />;
  if (profiles.length === 0)
    return <Empty what="No feeder is energised." how="The voltage along each feeder appears here once the power flow is solved." />;
  return <VoltageChart profiles={profiles} limits={LIMITS} height={300} />;
}

function Day() {
  const day = useTopic('overview', {}, (o) => o.day);
  const now = useTopic('status', {}, (s) => Math.floor(s.market.plantTimeMs / 300_000) * 300_000);
  if (day === undefined) return <Loading height={300} />;
  if (day.every((d) => d.loadW === null))
    return <Empty what="The day has no finished interval yet." how="Supply and demand appear here after the first market interval." />;
  return <DayChart day={day} height={274} nowMs={now ?? null} withPrice={false} />;
}

function Trends() {
  const list = useQuery('points.list', {});
  const [chosen, setChosen] = useState<readonly string[] | null>(null);
  const points = useMemo(() => {
    if (chosen !== null) return chosen;
    const all = list.data ?? [];
    return [all.find((p) => p.unit === 'Hz'), all.find((p) => p.unit === 'W')].flatMap((p) => (p === undefined ? [] : [p.id]));
  }, [chosen, list.data]);
  return (
    <Panel title="Trends" className="span-all" actions={<PointPicker list={list.data ?? []} chosen={points} onChange={setChosen} />}>
      <TrendPanel points={points} height={320} />
    </Panel>
  );
}
