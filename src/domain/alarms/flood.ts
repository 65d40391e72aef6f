/** Load on the operator after ANSI/ISA-18.2 (2016) clause 16: floods while they happen, and figures over a period. */

/** A flood starts above 10 annunciations in 10 minutes and ends below 5. */
export const FLOOD = { windowMs: 600_000, startAbove: 10, endBelow: 5 } as const;

export interface FloodState {
  readonly recentMs: readonly number[];
  readonly inFlood: boolean;
  readonly floodSinceMs: number | null;
}

export const initialFlood = (): FloodState => ({ recentMs: [], inFlood: false, floodSinceMs: null });

/** Call on every annunciation, and now and then with 0 so that a flood can end. */
export const stepFlood = (state: FloodState, atMs: number, annunciations: number): FloodState => {
  const recentMs = state.recentMs.filter((t) => atMs - t < FLOOD.windowMs);
  for (let i = 0; i < annunciations; i += 1) recentMs.push(atMs);
  const inFlood = state.inFlood ? recentMs.length >= FLOOD.endBelow : recentMs.length > FLOOD.startAbove;
  return { recentMs, inFlood, floodSinceMs: inFlood ? (state.floodSinceMs ?? atMs) : null };
};

export interface Annunciation {
  readonly id: string;
  readonly atMs: number;
  /** When the condition returned; null while it lasts. */
  readonly returnedAtMs: number | null;
}

export interface AlarmMetrics {
  readonly annunciations: number;
  /** ISA-18.2: about 6 an hour is likely acceptable, 12 the most one person can handle. */
  readonly averagePerHour: number;
  readonly peakPer10Min: number;
  /** Share of 10-minute bins with more than 10 annunciations; target below 1. */
  readonly floodPercent: number;
  /** The ten loudest alarms and their share of all annunciations; target 1 to 5 percent together. */
  readonly topContributors: { readonly id: string; readonly count: number; readonly sharePercent: number }[];
  /** Active for more than 24 h at the end of the period; target fewer than 5. */
  readonly stale: string[];
  /** Returned within 10 s; target none. */
  readonly fleeting: string[];
}

const STALE_MS = 24 * 3_600_000;
const FLEETING_MS = 10_000;

export const alarmMetrics = (
  annunciations: readonly Annunciation[],
  period: { readonly fromMs: number; readonly toMs: number },
): AlarmMetrics => {
  const lengthMs = period.toMs - period.fromMs;
  if (!(lengthMs > 0)) throw new RangeError('the period must end after it begins');
  const within = annunciations.filter((a) => a.atMs >= period.fromMs && a.atMs < period.toMs);
  const bins = new Int32Array(Math.ceil(lengthMs / FLOOD.windowMs));
  const counts = new Map<string, number>();
  for (const a of within) {
    const bin = Math.floor((a.atMs - period.fromMs) / FLOOD.windowMs);
    bins[bin] = (bins[bin] ?? 0) + 1;
    counts.set(a.id, (counts.get(a.id) ?? 0) + 1);
  }
  const loudest = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 10);
  const idsOf = (test: (a: Annunciation) => boolean, of: readonly Annunciation[]): string[] => [
    ...new Set(of.filter(test).map((a) => a.id)),
  ];
  return {
    annunciations: within.length,
    averagePerHour: (within.length * 3_600_000) / lengthMs,
    peakPer10Min: bins.reduce((most, count) => Math.max(most, count), 0),
    floodPercent: (bins.filter((count) => count > FLOOD.startAbove).length * 100) / bins.length,
    topContributors: loudest.map(([id, count]) => ({ id, count, sharePercent: (count * 100) / within.length })),
    // An alarm raised before the period counts as stale too.
    stale: idsOf(
      (a) => a.atMs < period.toMs && (a.returnedAtMs ?? Number.POSITIVE_INFINITY) > period.toMs && period.toMs - a.atMs > STALE_MS,
      annunciations,
    ),
    fleeting: idsOf((a) => a.returnedAtMs !== null && a.returnedAtMs - a.atMs < FLEETING_MS, within),
  };
};
