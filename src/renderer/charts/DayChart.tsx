/** The plant's day: generation stacked, load as a line over it, battery and exchange below zero, price in its own strip. */
import { useCallback } from 'react';
import type { z } from 'zod';
import type { Overview } from '../../shared/contract/grid.ts';
import { fixed, time } from '../app/format.ts';
import { usePlant } from '../app/session.ts';
import { axisText, timeAxis, tooltip, valueAxis } from './axes.ts';
import { Chart } from './Chart.tsx';
import type { Tokens } from './tokens.ts';

type Day = z.output<typeof Overview>['day'];
const kw = (w: number | null): number | null => (w === null ? null : w / 1000);
/** Generation is negative by the house's sign rule; stacked it reads upwards. */
const made = (w: number | null): number | null => (w === null ? null : Math.abs(w) / 1000);

const INTERVAL_MS = 900_000;
const DAY_MS = 86_400_000;
function startOfDay(ms: number, timeZone: string): number {
  const [h = 0, m = 0, s = 0] = time(ms, timeZone).split(':').map(Number);
  return Math.floor(ms / 1000) * 1000 - (h * 3600 + m * 60 + s) * 1000;
}

export function DayChart({
  day,
  height,
  nowMs,
  withPrice = true,
}: {
  day: Day;
  height: number;
  nowMs: number | null;
  withPrice?: boolean;
}) {
  const { timeZone } = usePlant();
  const build = useCallback(
    (t: Tokens) => {
      // A value holds for its whole interval; both corners are drawn, so that the last one shows and gaps stay gaps.
      const at = (of: (d: Day[number]) => number | null) =>
        day.flatMap((d) => [
          [d.startMs, of(d)],
          [d.startMs + INTERVAL_MS / 6, of(d)],
          [d.startMs + INTERVAL_MS - 1, of(d)],
        ]);
      const last = (day[day.length - 1]?.startMs ?? 0) + INTERVAL_MS;
      const midnight = startOfDay(nowMs ?? day[0]?.startMs ?? 0, timeZone);
      const from = Math.max(midnight, Math.min(day[0]?.startMs ?? midnight, last - DAY_MS));
      const to = Math.max(from + DAY_MS, last);
      const area = (name: string, colour: string, of: (d: Day[number]) => number | null) => ({
        name,
        type: 'line',
        stack: 'made',
        symbol: 'none',
        lineStyle: { width: 0 },
        areaStyle: { color: colour, opacity: 0.85 },
        itemStyle: { color: colour },
        data: at(of),
      });
      const line = (name: string, colour: string, of: (d: Day[number]) => number | null, extra: object = {}) => ({
        name,
        type: 'line',
        symbol: 'none',
        lineStyle: { width: 1.8, color: colour, ...extra },
        itemStyle: { color: colour },
        data: at(of),
      });
      const now =
        nowMs === null
          ? {}
          : {
              markLine: {
                silent: true,
                symbol: 'none',
                label: { formatter: 'now', color: t.dim, fontSize: 11, position: 'end', rotate: 0, distance: 4 },
                lineStyle: { color: t.dim, type: 'solid', width: 1 },
                data: [{ xAxis: nowMs }],
              },
            };
      return {
        grid: withPrice
          ? [
              { left: 52, right: 14, top: 24, bottom: '34%' },
              { left: 52, right: 14, top: '76%', bottom: 24 },
            ]
          : [{ left: 52, right: 14, top: 24, bottom: 24 }],
        axisPointer: { link: [{ xAxisIndex: 'all' }] },
        tooltip: tooltip(t, {
          formatter: (items: { axisValue: number; seriesName: string; value: [number, number | null] }[]) => describe(items, timeZone),
        }),
        xAxis: [
          timeAxis(t, timeZone, { min: from, max: to }, withPrice ? { axisLabel: { show: false } } : {}),
          ...(withPrice ? [timeAxis(t, timeZone, { min: from, max: to }, { gridIndex: 1 })] : []),
        ],
        yAxis: [
          valueAxis(t, 'kW', { scale: false }),
          ...(withPrice
            ? [
                valueAxis(t, 'ct/kWh', {
                  gridIndex: 1,
                  splitNumber: 2,
                  nameTextStyle: { ...axisText(t), align: 'right', padding: [0, 4, 0, 0] },
                }),
              ]
            : []),
        ],
        series: [
          area('Hydro', t.hydro, (d) => made(d.hydroW)),
          area('Wind', t.wind, (d) => made(d.windW)),
          area('Genset', t.genset, (d) => made(d.gensetW)),
          area('Solar', t.solar, (d) => made(d.solarW)),
          { ...line('Load', t.load, (d) => kw(d.loadW)), ...now },
          line('Battery', t.battery, (d) => kw(d.batteryW)),
          line('Main grid', t.grid, (d) => kw(d.exchangeW), { type: 'dashed' }),
          ...(withPrice
            ? [{ ...line('Price', t.text, (d) => (d.price === null ? null : d.price / 1000)), xAxisIndex: 1, yAxisIndex: 1 }]
            : []),
        ],
      };
    },
    [day, nowMs, timeZone, withPrice],
  );
  return (
    <>
      <Chart
        build={build}
        height={height}
        label="The plant's day: generation by source, load, battery, exchange with the main grid and market price by interval"
      />
      <Legend items={['hydro', 'wind', 'genset', 'solar', 'load', 'battery', 'grid']} />
    </>
  );
}

const NAMES = {
  hydro: 'Hydro',
  wind: 'Wind',
  genset: 'Genset',
  solar: 'Solar',
  load: 'Load',
  battery: 'Battery (+ charging)',
  grid: 'Main grid (+ import)',
} as const;
export function Legend({ items }: { items: readonly (keyof typeof NAMES)[] }) {
  return (
    <div className="legend">
      {items.map((i) => (
        <span key={i}>
          <span
            className="swatch"
            style={
              i === 'load' || i === 'battery' || i === 'grid'
                ? { height: 0, background: 'none', borderTop: `3px ${i === 'grid' ? 'dashed' : 'solid'} var(--${i})` }
                : { background: `var(--${i})` }
            }
          />
          {NAMES[i]}
        </span>
      ))}
      <span>Plant time</span>
    </div>
  );
}

function describe(items: { axisValue: number; seriesName: string; value: [number, number | null] }[], timeZone: string): string {
  const first = items[0];
  if (first === undefined) return '';
  const rows = items
    .filter((i) => i.value[1] !== null)
    .map(
      (i) =>
        `${i.seriesName}  ${fixed(i.value[1] as number, i.seriesName === 'Price' ? 2 : 1)} ${i.seriesName === 'Price' ? 'ct/kWh' : 'kW'}`,
    );
  return [`${time(first.axisValue, timeZone, 'dayMinute')} plant time`, ...(rows.length > 0 ? rows : ['no values'])].join('\n');
}
