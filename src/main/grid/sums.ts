/** Sums and slopes of values that carry their quality along. */
import type { Value } from '../../shared/values.ts';

export const total = (parts: readonly (Value | undefined)[], nowMs: number, of: (v: number) => number): Value =>
  sumOf(
    parts.map((part) => ({ part, of })),
    nowMs,
  );

/** Sum of values; estimated when a part is old or unknown, null when none is known. */
export function sumOf(parts: readonly { part: Value | undefined; of: (v: number) => number }[], nowMs: number): Value {
  let sum = 0;
  let quality: Value['quality'] = 'good';
  let reason: string | undefined;
  for (const { part, of } of parts) {
    if (!part || part.value === null) {
      quality = 'estimated';
      reason = 'Some parts are unknown and not in the sum';
      continue;
    }
    sum += of(part.value);
    if (part.quality === 'stale' && quality === 'good') {
      quality = 'estimated';
      reason = 'Some parts are old readings';
    }
  }
  const known = parts.some(({ part }) => part && part.value !== null);
  if (!known && parts.length > 0) return { value: null, quality: 'missing', timeMs: null, reason: 'No part is known' };
  return { value: sum, quality, timeMs: nowMs, ...(reason !== undefined && { reason }) };
}

/** Rate of change between two measurements, smoothed over some two seconds; measured in Hz/s. */
export function slope(before: Value, now: Value, last: Value): Value {
  if (now.value === null || now.timeMs === null) return { value: null, quality: 'missing', timeMs: null, reason: 'No frequency' };
  if (before.value === null || before.timeMs === null)
    return { value: null, quality: 'missing', timeMs: now.timeMs, reason: 'Needs two measurements' };
  const dtS = (now.timeMs - before.timeMs) / 1000;
  if (dtS <= 0.05) return last;
  const raw = (now.value - before.value) / dtS;
  const value = last.value === null ? raw : last.value * 0.4 + raw * 0.6;
  return { value, quality: 'estimated', timeMs: now.timeMs };
}
