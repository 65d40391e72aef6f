/** Axes, tooltip and zoom in one manner. Every axis carries its unit. */
import { fixed, time } from '../app/format.ts';
import type { Tokens } from './tokens.ts';

export const axisText = (t: Tokens) => ({ color: t.dim, fontSize: 11.5 });

export const timeAxis = (t: Tokens, timeZone: string, range: { min?: number; max?: number } = {}, extra: object = {}) => ({
  type: 'time' as const,
  ...range,
  axisLine: { lineStyle: { color: t.edge } },
  axisTick: { lineStyle: { color: t.edge } },
  splitLine: { show: false },
  axisLabel: { ...axisText(t), hideOverlap: true, formatter: (v: number) => label(v, timeZone, (range.max ?? 0) - (range.min ?? 0)) },
  ...extra,
});
function label(ms: number, timeZone: string, spanMs: number): string {
  const minute = time(ms, timeZone, 'minute');
  if (minute === '00:00' || spanMs > 4 * 86_400_000) return time(ms, timeZone, 'date');
  return spanMs > 0 && spanMs < 600_000 ? time(ms, timeZone) : minute;
}
export const valueAxis = (t: Tokens, name: string, extra: object = {}, decimals?: number) => ({
  type: 'value' as const,
  name,
  nameLocation: 'end' as const,
  nameGap: 8,
  nameTextStyle: { ...axisText(t), align: 'right' as const, padding: [0, 4, 0, 0] },
  scale: true,
  splitNumber: 4,
  axisLabel: { ...axisText(t), formatter: (v: number) => fixed(v, decimals ?? decimalsFor(v)) },
  splitLine: { lineStyle: { color: t.hair } },
  ...extra,
});
function decimalsFor(v: number): number {
  if (Number.isInteger(v)) return 0;
  return Math.abs(v * 10 - Math.round(v * 10)) < 1e-6 ? 1 : Math.abs(v * 100 - Math.round(v * 100)) < 1e-6 ? 2 : 3;
}
export const tooltip = (t: Tokens, extra: object = {}) => ({
  trigger: 'axis' as const,
  renderMode: 'richText' as const,
  confine: true,
  backgroundColor: t.raised,
  borderColor: t.edge,
  borderWidth: 1,
  padding: [8, 10],
  textStyle: { color: t.text, fontSize: 12.5, lineHeight: 18 },
  axisPointer: { type: 'line' as const, lineStyle: { color: t.dim, width: 1 }, label: { show: false } },
  ...extra,
});
