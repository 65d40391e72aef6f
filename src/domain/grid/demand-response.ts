/**
 * What a member left out during a demand-response event, by its validated readings. The baseline is "meter before / meter after"
 * (NAESB WEQ-015): the mean of the last whole intervals before the event began. Only what the member draws counts (its import register), so
 * that sun on the roof earns nothing by itself beyond what it spares the feeder.
 */

/** Whole intervals before the event that make the baseline. */
export const BASELINE_INTERVALS = 4;
const HOUR_MS = 3_600_000;

/** Energy drawn in one interval by a reading that covers exactly this interval; absent where there is none. */
export type DrawnWh = ReadonlyMap<number, number>;

export type Response =
  | { readonly kind: 'measured'; readonly baselineW: number; readonly meanW: number; readonly deliveredW: number }
  /** Intervals without a reading of their own: what was drawn in them is unknown, never 0. */
  | { readonly kind: 'incomplete'; readonly missing: readonly number[] }
  /** No whole interval lies within the event. */
  | { readonly kind: 'too-short' };

/** Whole intervals within the event, `from` ≤ i < `end`, from plant times in ms. */
export const intervalsWithin = (startsMs: number, endsMs: number, intervalMs: number): { from: number; end: number } => ({
  from: Math.ceil(startsMs / intervalMs),
  end: Math.floor(endsMs / intervalMs),
});

export const meanW = (wh: readonly number[], intervalMs: number): number =>
  Math.round((wh.reduce((sum, x) => sum + x, 0) / wh.length) * (HOUR_MS / intervalMs));

export function responseOf(event: { drawn: DrawnWh; startsMs: number; endsMs: number; intervalMs: number; offeredW: number }): Response {
  const { drawn, startsMs, intervalMs } = event;
  const { from, end } = intervalsWithin(startsMs, event.endsMs, intervalMs);
  if (end <= from) return { kind: 'too-short' };
  const last = Math.floor(startsMs / intervalMs);
  const before = Array.from({ length: BASELINE_INTERVALS }, (_, i) => last - BASELINE_INTERVALS + i);
  const during = Array.from({ length: end - from }, (_, i) => from + i);
  const missing = [...before, ...during].filter((i) => !drawn.has(i));
  if (missing.length > 0) return { kind: 'incomplete', missing };
  const mean = (intervals: readonly number[]): number =>
    meanW(
      intervals.map((i) => drawn.get(i) as number),
      intervalMs,
    );
  const [baselineW, duringW] = [mean(before), mean(during)];
  return { kind: 'measured', baselineW, meanW: duringW, deliveredW: Math.min(event.offeredW, Math.max(0, baselineW - duringW)) };
}

/**
 * What is recorded on the chain, W: the load the member reported there, less what it delivered by its meter. The contract pays the difference,
 * so a load reported too high earns nothing, and what the member really draws stays unsaid.
 */
export const recordedW = (reportedW: number, deliveredW: number): number => Math.max(0, reportedW - deliveredW);
