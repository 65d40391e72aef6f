/** The simplified one-line: sources and main grid above one busbar, battery and load below. Arrow, width and words give the direction. */
import type { z } from 'zod';
import type { Overview } from '../../../shared/contract/grid.ts';
import { direction, power } from '../../app/format.ts';
import { sourceColour } from '../../charts/tokens.ts';
import { UnitSymbol } from '../grid/symbols.tsx';

type FlowRow = z.output<typeof Overview>['flows'][number];
const W = 640;
const BUS_Y = 128;

export function FlowDiagram({ flows, islanded }: { flows: readonly FlowRow[]; islanded: boolean }) {
  const above = flows.filter((f) => f.source !== 'load' && f.source !== 'battery');
  const below = flows.filter((f) => f.source === 'load' || f.source === 'battery');
  const text = flows
    .map(
      (f) =>
        `${f.label} ${f.powerW.value === null ? 'unknown' : `${power(Math.abs(f.powerW.value))} ${direction(f.powerW.value, f.source === 'grid' ? 'exchange' : f.source === 'battery' ? 'battery' : 'unit')}`}`,
    )
    .join(', ');
  return (
    <svg className="flow freezes" viewBox={`0 0 ${W} 252`} role="img" aria-label={`Power flows: ${text}`}>
      <line x1="20" x2={W - 20} y1={BUS_Y} y2={BUS_Y} stroke="var(--text)" strokeWidth="5" />
      {above.map((f, i) => (
        <Branch key={f.label} flow={f} x={((i + 0.5) / above.length) * (W - 40) + 20} up broken={f.source === 'grid' && islanded} />
      ))}
      {below.map((f, i) => (
        <Branch key={f.label} flow={f} x={((i + 0.5) / below.length) * (W - 40) + 20} />
      ))}
    </svg>
  );
}

function Branch({ flow, x, up = false, broken = false }: { flow: FlowRow; x: number; up?: boolean; broken?: boolean }) {
  const w = flow.powerW.value;
  const known = w !== null && flow.powerW.quality !== 'bad' && flow.powerW.quality !== 'missing';
  const size = known ? Math.abs(w) : 0;
  // Positive is consumption: it flows away from the busbar, except at the main grid, where positive is import.
  const toBus = flow.source === 'grid' ? (w ?? 0) > 0 : (w ?? 0) < 0;
  const symbolY = up ? 52 : 204;
  const near = up ? BUS_Y - 3 : BUS_Y + 3;
  const far = up ? 72 : 184;
  const middle = (near + far) / 2;
  const pointsDown = up === toBus;
  const width = size < 50 ? 1.2 : 1.6 + Math.min(5, Math.sqrt(size / 4000));
  const kind = flow.source === 'grid' ? 'exchange' : flow.source === 'battery' ? 'battery' : 'unit';
  const word = !known
    ? 'unknown'
    : broken
      ? 'open'
      : size < 50
        ? flow.source === 'battery'
          ? 'resting'
          : 'none'
        : flow.source === 'load'
          ? ''
          : flow.source === 'grid' || flow.source === 'battery'
            ? direction(w, kind)
            : '';
  return (
    <g>
      <line
        x1={x}
        x2={x}
        y1={near}
        y2={far}
        stroke="var(--text)"
        strokeWidth={width}
        strokeDasharray={!known ? '2 4' : size < 50 ? '5 4' : undefined}
        opacity={size < 50 ? 0.6 : 0.85}
      />
      {size >= 50 && (
        <path d={pointsDown ? `M${x - 8} ${middle - 6}h16l-8 13z` : `M${x - 8} ${middle + 6}h16l-8 -13z`} fill="var(--text)" />
      )}
      <g transform={`translate(${x} ${symbolY})`}>
        <UnitSymbol kind={flow.source} colour={sourceColour(flow.source)} />
      </g>
      <text x={x} y={up ? 16 : 240} textAnchor="middle" className="flow-label">
        {flow.label}
      </text>
      <text x={x + 14} y={middle + 1} className="flow-value">
        {known ? power(size) : '—'}
      </text>
      {word !== '' && (
        <text x={x + 14} y={middle + 15} className="flow-word">
          {word}
        </text>
      )}
    </g>
  );
}
