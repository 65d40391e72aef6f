/** The live one-line diagram. Drawn once from the topology; each element listens to its own part of the state. */
import { memo, useMemo } from 'react';
import type { GridState, GridTopology } from '../../../shared/contract/grid.ts';
import type { Value } from '../../../shared/values.ts';
import { fixed, power } from '../../app/format.ts';
import { useTopic } from '../../app/hooks.ts';
import { type Layer, shade } from './layers.ts';
import type { Layout, PlacedBranch, PlacedBus, PlacedUnit } from './layout.ts';
import { EarthSymbol, SwitchSymbol, TransformerSymbol, UnitSymbol } from './symbols.tsx';

interface Shared {
  layer: Layer;
  selected: string | null;
  onSelect: (id: string) => void;
}
type Energisation = GridState['buses'][string]['state'];
const LINE: Record<Energisation, { strokeWidth: number; strokeDasharray?: string }> = {
  energised: { strokeWidth: 2 },
  dead: { strokeWidth: 1.1, strokeDasharray: '7 5' },
  earthed: { strokeWidth: 1.1, strokeDasharray: '7 5' },
  unknown: { strokeWidth: 1.6, strokeDasharray: '1.5 5' },
};
const known = (v: Value | undefined): v is Value & { value: number } =>
  v !== undefined && v.value !== null && v.quality !== 'bad' && v.quality !== 'missing';
const tilde = (v: Value) => (v.quality === 'estimated' ? '~' : '');

/** Makes a group of the drawing a button for mouse, touch and keyboard. */
const button = (id: string, name: string, { onSelect, selected }: Shared) => ({
  role: 'button',
  tabIndex: 0,
  'aria-label': name,
  'aria-pressed': selected === id,
  className: selected === id ? 'element is-selected' : 'element',
  onClick: () => onSelect(id),
  onKeyDown: (event: React.KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    event.stopPropagation();
    onSelect(id);
  },
});

export const OneLine = memo(function OneLine({
  topology,
  layout,
  layer,
  selected,
  onSelect,
}: { topology: GridTopology; layout: Layout } & Shared) {
  const shared = useMemo(() => ({ layer, selected, onSelect }), [layer, selected, onSelect]);
  return (
    <g>
      {topology.branches.map((b) => {
        const placed = layout.branches.get(b.id);
        return placed && <Branch key={b.id} branch={b} placed={placed} shared={shared} />;
      })}
      {topology.buses.map((b) => {
        const placed = layout.buses.get(b.id);
        return placed && <Bus key={b.id} bus={b} placed={placed} isGrid={b.id === topology.gridBus} shared={shared} />;
      })}
      {topology.units.map((u) => {
        const placed = layout.units.get(u.id);
        const sw = topology.switches.find((s) => s.on.kind === 'unit' && s.on.id === u.id);
        return placed && <Unit key={u.id} unit={u} placed={placed} switchId={sw?.id ?? null} shared={shared} />;
      })}
      {topology.switches.map((s) => {
        if (s.on.kind === 'unit') {
          const placed = layout.units.get(s.on.id);
          return placed && <Switch key={s.id} sw={s} at={[placed.x, placed.busY + 24]} vertical shared={shared} />;
        }
        const placed = layout.branches.get(s.on.id);
        return placed && <Switch key={s.id} sw={s} at={placed.switchAt} vertical={placed.switchVertical} shared={shared} />;
      })}
    </g>
  );
});

const Bus = memo(function Bus({
  bus,
  placed,
  isGrid,
  shared,
}: {
  bus: GridTopology['buses'][number];
  placed: PlacedBus;
  isGrid: boolean;
  shared: Shared;
}) {
  const state = useTopic('grid', {}, (g) => g.buses[bus.id]);
  const energised = state?.state ?? 'unknown';
  const v = state?.vmPu;
  const text =
    known(v) && energised === 'energised'
      ? `${tilde(v)}${fixed(v.value, 3)} pu`
      : energised === 'dead'
        ? 'dead'
        : energised === 'earthed'
          ? 'earthed'
          : '—';
  const tint = shade(shared.layer, { voltage: v, quality: v?.quality });
  const width = energised === 'energised' ? 6 : 3;
  return (
    <g>
      <g {...button(bus.id, `Bus ${bus.name}, ${energised}, ${text}`, shared)}>
        <path
          className="hit"
          d={
            placed.upright
              ? `M${placed.x1 - 16} ${placed.y1 - 16}H${Math.max(placed.x1 + 16, placed.x2 + 8)}V${placed.y1 + 14}H${placed.x1 + 16}V${placed.y2 + 10}H${placed.x1 - 16}Z`
              : `M${placed.x1 - 8} ${placed.y1 - 18}H${placed.x2 + 8}V${placed.y1 + 14}H${placed.x1 - 8}Z`
          }
        />
        {tint !== null && <rect x={placed.x1 - 6} y={placed.y1 - 11} width={placed.x2 - placed.x1 + 12} height={22} rx="4" fill={tint} />}
        {placed.upright && (
          <line
            x1={placed.x1}
            x2={placed.x1}
            y1={placed.y1}
            y2={placed.y2}
            stroke="var(--text)"
            {...LINE[energised]}
            strokeWidth={width}
            strokeLinecap="round"
          />
        )}
        {placed.x2 > placed.x1 && (
          <line
            x1={placed.x1}
            x2={placed.x2}
            y1={placed.y1}
            y2={placed.y1}
            stroke="var(--text)"
            {...LINE[energised]}
            strokeWidth={width}
            strokeLinecap="round"
          />
        )}
        {energised === 'earthed' && (
          <g transform={`translate(${placed.x2 - 8} ${placed.y1})`}>
            <EarthSymbol />
          </g>
        )}
        {isGrid && (
          <g transform={`translate(${(placed.x1 + placed.x2) / 2} ${placed.y1 + 46})`}>
            <path d="M0 -42V-16" stroke="var(--text)" strokeWidth="2" />
            <UnitSymbol kind="grid" colour="var(--grid)" />
          </g>
        )}
      </g>
      {isGrid && (
        <text x={(placed.x1 + placed.x2) / 2} y={placed.y1 + 80} textAnchor="middle" className="dl-name">
          Main grid
        </text>
      )}
      <text x={placed.x1} y={placed.y1 - 25} className="dl-bus">
        {bus.name}
      </text>
      <text x={placed.x1} y={placed.y1 - 10} className="dl-value">
        {text}
        {energised === 'unknown' && ' ?'}
      </text>
    </g>
  );
});

const Branch = memo(function Branch({
  branch,
  placed,
  shared,
}: {
  branch: GridTopology['branches'][number];
  placed: PlacedBranch;
  shared: Shared;
}) {
  const state = useTopic('grid', {}, (g) => g.branches[branch.id]);
  const energised = state?.state ?? 'unknown';
  const p = state?.powerW;
  const loading = state?.loadingPercent;
  const path = placed.points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x} ${y}`).join('');
  const tint = shade(shared.layer, { loading, quality: p?.quality });
  const flowing = known(p) && Math.abs(p.value) >= 50 && energised === 'energised';
  const showLoading = shared.layer === 'loading';
  const value = !known(p)
    ? '—'
    : energised !== 'energised'
      ? ''
      : showLoading && known(loading)
        ? `${tilde(loading)}${fixed(loading.value, 0)} %`
        : `${tilde(p)}${power(Math.abs(p.value))}`;
  const [lx, ly] = placed.labelAt;
  const [first, last] = [placed.points[0], placed.points.at(-1)];
  const leftToRight = (first?.[0] ?? 0) <= (last?.[0] ?? 0);
  const forward = known(p) && (p.value >= 0 === placed.fromFirst) === leftToRight;
  return (
    <g>
      <g {...button(branch.id, `${branch.kind === 'line' ? 'Line' : 'Transformer'} ${branch.name}, ${energised}, ${value}`, shared)}>
        <path d={path} className="hit-line" />
        {tint !== null && <path d={path} stroke={tint} strokeWidth="12" fill="none" />}
        <path d={path} fill="none" stroke="var(--text)" {...LINE[energised]} />
        {placed.kind === 'transformer' && (
          <g transform={`translate(${(placed.points[0]?.[0] ?? 0) + 100} ${placed.points[0]?.[1] ?? 0}) rotate(90)`}>
            <TransformerSymbol />
          </g>
        )}
      </g>
      {energised === 'unknown' && (
        <text x={lx + 34} y={ly - 14} className="dl-bus">
          ?
        </text>
      )}
      <text x={lx} y={ly} textAnchor={placed.switchVertical ? 'start' : 'middle'} className="dl-value">
        {value}
      </text>
      {flowing && !placed.switchVertical && (
        <path d={forward ? `M${lx - 6} ${ly + 7}l11 5.5l-11 5.5z` : `M${lx + 6} ${ly + 7}l-11 5.5l11 5.5z`} fill="var(--text)" />
      )}
    </g>
  );
});

const Unit = memo(function Unit({
  unit,
  placed,
  shared,
}: {
  unit: GridTopology['units'][number];
  placed: PlacedUnit;
  switchId: string | null;
  shared: Shared;
}) {
  const state = useTopic('grid', {}, (g) => g.units[unit.id]);
  const energised = state?.state ?? 'unknown';
  const p = state?.powerW;
  const flowing = known(p) && Math.abs(p.value) >= 20 && energised === 'energised';
  const tint = shade(shared.layer, { quality: p?.quality });
  const value = !known(p) ? '—' : `${tilde(p)}${power(Math.abs(p.value))}`;
  const { x, busY } = placed;
  const down = known(p) && p.value > 0;
  return (
    <g>
      <g
        {...button(
          unit.id,
          `${unit.name}, ${energised}, ${value} ${known(p) ? (p.value > 20 ? 'taking' : p.value < -20 ? 'feeding' : 'resting') : 'unknown'}`,
          shared,
        )}
      >
        <rect className="hit" x={x - 44} y={busY + 42} width={88} height={102} rx="4" />
        {tint !== null && <rect x={x - 24} y={busY + 51} width={48} height={46} rx="6" fill={tint} />}
        <path d={`M${x} ${busY}V${busY + 58}`} stroke="var(--text)" {...LINE[energised]} fill="none" />
        {flowing && <path d={down ? `M${x - 5} ${busY + 43}l5 10l5 -10z` : `M${x - 5} ${busY + 52}l5 -10l5 10z`} fill="var(--text)" />}
        <g transform={`translate(${x} ${busY + 74})`}>
          <UnitSymbol kind={unit.kind} colour={unit.kind === 'load' ? undefined : `var(--${unit.kind})`} dim={energised === 'dead'} />
          {unit.critical && (
            <g>
              <circle cx="17" cy="-4" r="7" fill="var(--panel)" stroke="var(--text)" />
              <text x="17" y="0" textAnchor="middle" fontSize="10" fontWeight="700" fill="var(--text)">
                C
              </text>
            </g>
          )}
        </g>
      </g>
      {twoLines(unit.name).map((line, i) => (
        <text key={line} x={x} y={busY + 107 + i * 14} textAnchor="middle" className="dl-name">
          {line}
        </text>
      ))}
      <text x={x} y={busY + 137} textAnchor="middle" className={p?.quality === 'stale' ? 'dl-value is-stale' : 'dl-value'}>
        {value}
        {p?.quality === 'stale' ? ' old' : ''}
      </text>
    </g>
  );
});
/** A name on at most two lines of a slot's width, broken where it reads best. */
export function twoLines(name: string): string[] {
  const plain = name.replace(/^Rooftop /, '');
  const cut = (s: string) => (s.length <= 16 ? s : `${s.slice(0, 15)}…`);
  if (plain.length <= 14) return [plain];
  const comma = plain.indexOf(', ');
  const spaces = [...plain.matchAll(/ /g)].map((m) => m.index);
  const middle = spaces.sort((a, b) => Math.abs(a - plain.length / 2) - Math.abs(b - plain.length / 2))[0];
  const at = comma > 0 ? comma + 1 : (middle ?? plain.length);
  return [plain.slice(0, at).replace(/,$/, ''), plain.slice(at).trim()].filter((l) => l !== '').map(cut);
}

const Switch = memo(function Switch({
  sw,
  at,
  vertical,
  shared,
}: {
  sw: GridTopology['switches'][number];
  at: readonly [number, number];
  vertical: boolean;
  shared: Shared;
}) {
  const state = useTopic('grid', {}, (g) => g.switches[sw.id]);
  const position = state?.position ?? 'unknown';
  return (
    <g
      {...button(
        sw.id,
        `Switch ${sw.name}, ${position}${state?.tagged ? ', tagged' : ''}${position !== sw.normal && position !== 'unknown' ? ', not in its normal position' : ''}`,
        shared,
      )}
      transform={`translate(${at[0]} ${at[1]})`}
    >
      <rect className="hit" x="-17" y="-17" width="34" height="34" rx="4" />
      <g transform={vertical ? undefined : 'rotate(90)'}>
        <SwitchSymbol position={position} breaker={sw.kind === 'interconnection' || sw.kind === 'feeder'} tagged={state?.tagged ?? false} />
      </g>
    </g>
  );
});
