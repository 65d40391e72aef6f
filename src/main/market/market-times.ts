/**
 * When things happen, in plant time. Orders trade ahead: while interval i runs, the book of interval i + 1 is open; its gate closes
 * `gateClosesBeforeEndMs` before i ends.
 */
import type { PlantFile } from '../../shared/plant-file.ts';

type Rules = Pick<PlantFile['market'], 'intervalMs' | 'gateClosesBeforeEndMs'>;

export const intervalAt = (plantMs: number, rules: Rules): number => Math.floor(plantMs / rules.intervalMs);
export const startOf = (interval: number, rules: Rules): number => interval * rules.intervalMs;
export const endOf = (interval: number, rules: Rules): number => (interval + 1) * rules.intervalMs;
/** Plant time at which no more orders for delivery in `interval` are taken. */
export const gateOf = (interval: number, rules: Rules): number => startOf(interval, rules) - rules.gateClosesBeforeEndMs;
/** First interval for which an order arriving now can still be taken. */
export function openInterval(plantMs: number, rules: Rules): number {
  const next = intervalAt(plantMs, rules) + 1;
  return plantMs < gateOf(next, rules) ? next : next + 1;
}
