/** Series by unit under one time axis: line, min/max band, gaps as gaps, zoom by wheel and drag. */
import { useCallback } from 'react';
import type { Series, Unit } from '../../shared/values.ts';
import { quantity, shownNumber, shownUnit, time } from '../app/format.ts';
import { usePlant } from '../app/session.ts';
import { timeAxis, tooltip, valueAxis } from './axes.ts';
import { Chart } from './Chart.tsx';
import type { Tokens } from './tokens.ts';

const AXIS_DECIMALS: Partial<Record<Unit, number>> = { Hz: 2, pu: 2, '%': 0 };
/** Least height of a scale, so that the noise of a steady value does not fill it: 0.1 Hz, 0.02 pu, 5 %. */
const LEAST: Partial<Record<Unit, number>> = { Hz: 0.1, pu: 0.02, '%': 5, W: 1 };
/** Ends and steps of an axis that holds all values of a unit; whole steps, so that labels never meet at the ends. */
function scaleOf(unit: Unit, series: readonly Series[]): object {
  const values = series.filter((s) => s.unit === unit).flatMap((s) => [...s.values, ...(s.min ?? []), ...(s.max ?? [])]);
  const known = values.filter((v): v is number => v !== null).map((v) => shownNumber(v, unit));
  if (known.length === 0) return {};
  const lowest = known.reduce((a, b) => Math.min(a, b));
  const highest = known.reduce((a, b) => Math.max(a, b));
  const span = Math.max(highest - lowest, LEAST[unit] ?? 0, 1e-6);
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const interval = ([1, 2, 5, 10].find((n) => n * power >= rough) ?? 10) * power;
  const middle = (lowest + highest) / 2;
  const min = Math.floor(Math.min(lowest, middle - span / 2) / interval) * interval;
  const max = Math.ceil(Math.max(highest, middle + span / 2) / interval) * interval;
  return { min, max, interval };
}

const HUES = ['wind', 'solar', 'battery', 'genset', 'hydro', 'load', 'biomass', 'grid'] as const;
export const trendHue = (index: number) => HUES[index % HUES.length] ?? 'load';

export function TrendChart({
  series,
  fromMs,
  toMs,
  height,
  onZoom,
}: {
  series: readonly Series[];
  fromMs: number;
  toMs: number;
  height: number;
  onZoom?: (fromMs: number, toMs: number) => void;
}) {
  const { timeZone } = usePlant();
  const build = useCallback(
    (t: Tokens) => {
      const units = [...new Set(series.map((s) => s.unit))];
      const part = height / Math.max(1, units.length);
      const grids = units.map((_, i) => ({
        left: 60,
        right: 16,
        top: i * part + 26,
        height: part - 26 - (i === units.length - 1 ? 28 : 8),
      }));
      return {
        grid: grids,
        axisPointer: { link: [{ xAxisIndex: 'all' }] },
        tooltip: tooltip(t, {
          formatter: (items: { axisValue: number; seriesIndex: number; seriesName: string; value: [number, number | null] }[]) => {
            const shown = items.filter((i) => !i.seriesName.startsWith(' '));
            const rows = shown.map((i) => {
              const s = series.find((x) => x.label === i.seriesName);
              const raw = i.value[1];
              if (s === undefined || raw === null || raw === undefined) return `${i.seriesName}  no value`;
              const q = quantity(raw / shownNumber(1, s.unit), s.unit);
              return `${i.seriesName}  ${q.text} ${q.unit}`;
            });
            return [time(items[0]?.axisValue ?? 0, timeZone, 'full'), ...new Set(rows)].join('\n');
          },
        }),
        dataZoom: [
          { type: 'inside', xAxisIndex: units.map((_, i) => i), filterMode: 'none', zoomOnMouseWheel: 'ctrl', moveOnMouseMove: true },
          { type: 'inside', xAxisIndex: 0, disabled: true },
        ],
        xAxis: units.map((_, i) =>
          timeAxis(
            t,
            timeZone,
            { min: fromMs, max: toMs },
            { gridIndex: i, ...(i < units.length - 1 ? { axisLabel: { show: false } } : {}) },
          ),
        ),
        yAxis: units.map((u, i) => valueAxis(t, shownUnit(u), { gridIndex: i, ...scaleOf(u, series) }, AXIS_DECIMALS[u])),
        series: series.flatMap((s, i) => {
          const axis = units.indexOf(s.unit);
          const colour = t[trendHue(i)];
          const scaled = (v: number | null | undefined) => (v === null || v === undefined ? null : shownNumber(v, s.unit));
          const common = { type: 'line', xAxisIndex: axis, yAxisIndex: axis, symbol: 'none', connectNulls: false };
          const { min, max } = s;
          const band =
            min === undefined || max === undefined
              ? []
              : [
                  {
                    ...common,
                    name: ` low${i}`,
                    stack: `band${i}`,
                    stackStrategy: 'all',
                    lineStyle: { opacity: 0 },
                    silent: true,
                    data: s.timesMs.map((ms, k) => [ms, scaled(min[k])]),
                  },
                  {
                    ...common,
                    name: ` high${i}`,
                    stack: `band${i}`,
                    stackStrategy: 'all',
                    lineStyle: { opacity: 0 },
                    areaStyle: { color: colour, opacity: 0.22 },
                    silent: true,
                    data: s.timesMs.map((ms, k) => [
                      ms,
                      min[k] == null || max[k] == null ? null : shownNumber((max[k] as number) - (min[k] as number), s.unit),
                    ]),
                  },
                ];
          return [
            ...band,
            {
              ...common,
              name: s.label,
              lineStyle: { width: 1.6, color: colour },
              itemStyle: { color: colour },
              data: s.timesMs.map((ms, k) => [ms, scaled(s.values[k])]),
            },
          ];
        }),
      };
    },
    [series, fromMs, toMs, timeZone, height],
  );
  return <Chart build={build} height={height} label={`Trend of ${series.map((s) => s.label).join(', ')}`} onZoom={onZoom} />;
}
