/**
 * When things happen, in plant time. Orders trade ahead: while interval i runs, the book of interval i + 1 is open. Three instants follow one
 * another: orders close and the book is frozen; the gate closes, and by then the book's root is bound; delivery begins. Between the first two
 * lies the time to bind.
 */
import type { PlantFile } from '../../shared/plant-file.ts';
import type { GateState } from '../../shared/values.ts';

export type MarketRules = Pick<PlantFile['market'], 'intervalMs' | 'ordersCloseBeforeGateMs' | 'gateClosesBeforeEndMs'>;

export const intervalAt = (plantMs: number, rules: Pick<MarketRules, 'intervalMs'>): number => Math.floor(plantMs / rules.intervalMs);
export const startOf = (interval: number, rules: Pick<MarketRules, 'intervalMs'>): number => interval * rules.intervalMs;
export const endOf = (interval: number, rules: Pick<MarketRules, 'intervalMs'>): number => (interval + 1) * rules.intervalMs;
/** Gate closure: from this instant on the root of `interval` is bound no more but by the receipts that members gave before it. */
export const gateOf = (interval: number, rules: MarketRules): number => startOf(interval, rules) - rules.gateClosesBeforeEndMs;
/** From this instant on no more orders for delivery in `interval` are taken; its book is frozen. */
export const ordersCloseAt = (interval: number, rules: MarketRules): number => gateOf(interval, rules) - rules.ordersCloseBeforeGateMs;
/** Half of the time to bind `interval` is over: who has not reached the chain by now asks the members. */
export const halfTimeOf = (interval: number, rules: MarketRules): number => (ordersCloseAt(interval, rules) + gateOf(interval, rules)) / 2;
/** First interval for which an order arriving now can still be taken. */
export function openInterval(plantMs: number, rules: MarketRules): number {
  const next = intervalAt(plantMs, rules) + 1;
  return plantMs < ordersCloseAt(next, rules) ? next : next + 1;
}
export const gateState = (interval: number, plantMs: number, rules: MarketRules): GateState =>
  plantMs < ordersCloseAt(interval, rules) ? 'open' : plantMs < gateOf(interval, rules) ? 'binding' : 'closed';
