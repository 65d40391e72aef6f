/**
 * What is to be done next for a public meter's posted readings, told from the chain's picture alone: judge the oldest posted one, then make
 * tokens and the attribute its device backs of each validated one. Nothing is remembered here, so nothing is done twice after a crash.
 */
import type { MeterOnChain, PostedReading } from '../chain-copy/meters-view.ts';

export type NextStep =
  | { readonly kind: 'none' }
  | { readonly kind: 'hold'; readonly why: 'tamper' | 'differs' | 'maintenance'; readonly text: string }
  | { readonly kind: 'validate' | 'mint' | 'credits' | 'certificates'; readonly reading: PostedReading };

/** A certificate covers at most an hour. */
export const MOST_INTERVALS = 4;

export function nextStep(
  meter: Pick<MeterOnChain, 'readings' | 'backing' | 'tamper' | 'base' | 'technology'>,
  /** Registers of the signed reading the console holds for an interval. */
  signedAt: (interval: number) => { importWh: number; exportWh: number } | undefined,
  /** Effects that cannot be had for this reading and are not missed (no factor, too late for its vintage). */
  leftOut: (kind: 'mint' | 'credits' | 'certificates', reading: PostedReading) => boolean,
): NextStep {
  for (const reading of meter.readings) {
    if (reading.state === 'validated' && reading.growthWh > 0) {
      // What a storage gives back was counted where it was generated; the token refuses it.
      if (reading.mintedWh < reading.growthWh && meter.technology !== 'storage' && !leftOut('mint', reading))
        return { kind: 'mint', reading };
      if (meter.backing === 'credits' && reading.creditsMg === '0' && !leftOut('credits', reading)) return { kind: 'credits', reading };
      if (meter.backing === 'certificates' && reading.certificate === null && !leftOut('certificates', reading))
        return { kind: 'certificates', reading };
    }
    // Readings left unjudged in an epoch that is over can back nothing any more.
    if (reading.state !== 'posted' || reading.id <= meter.base) continue;
    if (meter.tamper.length > 0)
      return { kind: 'hold', why: 'tamper', text: `${meter.tamper.length} tamper reports are open; a technician has to clear them first` };
    const signed = signedAt(reading.interval);
    if (signed?.importWh !== reading.importWh || signed.exportWh !== reading.exportWh) {
      const held = signed ? `${signed.importWh} Wh in and ${signed.exportWh} Wh out` : 'none';
      const text = `it posted ${reading.importWh} Wh in and ${reading.exportWh} Wh out for interval ${reading.interval}; the signed reading held here says ${held}`;
      return { kind: 'hold', why: 'differs', text };
    }
    return { kind: 'validate', reading };
  }
  return { kind: 'none' };
}

/**
 * Which signed reading is posted next: one per interval; when more than an hour waits, an hour at a time (registers are cumulative, so
 * nothing is lost), which keeps the way back from an outage short.
 */
export function nextToPost<R extends { readonly interval: number }>(waiting: readonly R[]): R | undefined {
  const first = waiting[0];
  if (!first || waiting.length <= MOST_INTERVALS) return first;
  return waiting.filter((r) => r.interval < first.interval + MOST_INTERVALS).at(-1);
}
