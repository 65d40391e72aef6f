/** How long an interval must last on this machine, so that the proofs of a round, made one after the other, keep up with the rounds and its orders can be bound in time. */
import type { Database } from 'better-sqlite3';
import type { BatchLayout } from '../../domain/settlement/limits.ts';
import type { MarketRules } from '../market/market-times.ts';
import { STATEMENTS, type Statement } from '../proof/types.ts';
import type { UnderWay } from './proof-desk.ts';
import { slowestRecent } from './proof-store.ts';

/** Time of all parts of a round's proof, ms wall. */
export type RoundTimes = Readonly<Record<Statement, number>>;

/** Assumed for a proof of 16 members until one has been timed on this machine: two cores. */
const FIRST_PROOF_MS = 9_000;

/** As measured in the last few rounds; of what was never measured, what is assumed. */
export function roundTimes(
  db: Database,
  { batchMembers, parts }: BatchLayout,
  firstProofMs = FIRST_PROOF_MS * Math.max(1, batchMembers / 16),
): RoundTimes {
  const [settle, admit] = STATEMENTS.map((statement) => slowestRecent(db, statement, parts) ?? firstProofMs * parts) as [number, number];
  return { settle, admit };
}

/** An interval leaves room for both its proofs and a quarter more. */
export const leastInterval = (times: RoundTimes): number => Math.round((times.settle + times.admit) * 1.25 + 2_000);

/** Wall time from the close of orders to gate closure: a book is frozen, its root signed and mined, on a machine that proves meanwhile. */
const LEAST_BIND_MS = 4_000;

/** On an accelerated plant the time to bind shrinks with the interval. */
export const leastToBind = ({ intervalMs, ordersCloseBeforeGateMs }: Pick<MarketRules, 'intervalMs' | 'ordersCloseBeforeGateMs'>): number =>
  Math.ceil((LEAST_BIND_MS * intervalMs) / ordersCloseBeforeGateMs);

/**
 * A proof that already takes longer than it was given slows the market at once, before rounds pile up behind it. Returns what an interval
 * must last then; null while the proof is in time.
 */
export function slowerPace(times: RoundTimes, parts: number, underWay: UnderWay | null, nowMs: number, requiredMs: number): number | null {
  if (underWay === null) return null;
  const takenMs = (nowMs - underWay.sinceMs) * parts;
  if (takenMs <= times[underWay.statement]) return null;
  const stretched = (factor: number): number => leastInterval({ ...times, [underWay.statement]: takenMs * factor });
  return stretched(1) > requiredMs * 1.2 ? stretched(1.3) : null;
}
