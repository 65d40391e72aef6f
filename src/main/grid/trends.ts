/** trends.*: history of points from the historian, as series and as CSV. */

import type { PartialHandlers } from '../../shared/contract/contract.ts';
import { Fault } from '../../shared/errors.ts';
import type { Series } from '../../shared/values.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { PointSummary } from './point-list.ts';

const CSV_ROWS = 5000;

export function trendHandlers(kernel: Kernel, points: () => readonly PointSummary[]): PartialHandlers {
  const resolve = (ids: readonly string[]): PointSummary[] => {
    const known = new Map(points().map((p) => [p.id, p]));
    return ids.map((id) => {
      const point = known.get(id);
      if (!point) throw new Fault('not.found', `There is no point ${id}. Choose points from the list.`);
      return point;
    });
  };
  const range = (fromMs: number, toMs: number): void => {
    if (fromMs >= toMs) throw new Fault('input.invalid', 'The range ends before it starts. Choose a later end.');
  };
  return {
    'trends.query': ({ points: ids, fromMs, toMs, maxPoints }) => {
      range(fromMs, toMs);
      return { series: kernel.historian.query(resolve(ids), fromMs, toMs, maxPoints) };
    },
    'trends.csv': ({ points: ids, fromMs, toMs }) => {
      range(fromMs, toMs);
      const series = kernel.historian.query(resolve(ids), fromMs, toMs, CSV_ROWS);
      const stamp = new Date(fromMs).toISOString().slice(0, 16).replace(/[:T]/g, '-');
      return { fileName: `busbar-trend-${stamp}.csv`, csv: toCsv(series) };
    },
  };
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** One row per time that occurs in any series; empty where a series has no value then. RFC 4180, UTC, decimal points. */
export function toCsv(series: readonly Series[]): string {
  const columns = series.map((s) => new Map(s.timesMs.map((t, i) => [t, s.values[i] ?? null])));
  const times = [...new Set(series.flatMap((s) => s.timesMs))].sort((a, b) => a - b);
  const head = ['time (UTC)', ...series.map((s) => (s.unit ? `${s.label} [${s.unit}]` : s.label))].map(quoted).join(',');
  const rows = times.map((t) => [new Date(t).toISOString(), ...columns.map((c) => c.get(t) ?? '')].join(','));
  return `${[head, ...rows].join('\r\n')}\r\n`;
}
