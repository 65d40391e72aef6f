/** Rows of settled rounds. Input and states are kept, so that any part can be proven again. */
import type { Database } from 'better-sqlite3';
import type { SettledBatch } from '../../domain/settlement/parts.ts';
import type { RoundInput, SettledRound } from '../../domain/settlement/settle-round.ts';
import type { SettlementState } from '../../domain/settlement/state.ts';
import { fromJson, toJson } from './bigint-json.ts';

export type BatchInput = Omit<RoundInput, 'state'>;
/** What one proof covers; `witnessInput` is kept until the receipt is final. */
export type PartResult = Pick<SettledBatch, 'words' | 'publicSignals'> & Partial<Pick<SettledBatch, 'witnessInput'>>;
export type BatchResult = Pick<SettledRound, 'terms' | 'totals' | 'carried' | 'words'> & { readonly batches: readonly PartResult[] };
export interface Batch {
  readonly interval: number;
  readonly sequence: number;
  readonly stateBefore: SettlementState;
  readonly input: BatchInput;
  readonly result: BatchResult;
  readonly stateAfter: SettlementState;
}
export function latestState(db: Database): { sequence: number; state: SettlementState } | undefined {
  const row = db.prepare('SELECT sequence, state_after FROM settlement_batch ORDER BY sequence DESC LIMIT 1').get() as
    | { sequence: number; state_after: string }
    | undefined;
  return row && { sequence: row.sequence, state: fromJson<SettlementState>(row.state_after) };
}
export function insertBatch(db: Database, batch: Batch, nowMs: number): void {
  db.prepare(
    'INSERT INTO settlement_batch (interval, sequence, state_before, input, result, state_after, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?)',
  ).run(
    batch.interval,
    batch.sequence,
    // The state before is the one after the batch before; only the first has none.
    batch.sequence === 1 ? toJson(batch.stateBefore) : '',
    toJson(batch.input),
    toJson(batch.result),
    toJson(batch.stateAfter),
    nowMs,
  );
}
export function batchAt(db: Database, interval: number): Batch | undefined {
  const row = db
    .prepare(
      `SELECT b.interval, b.sequence, CASE WHEN b.state_before = '' THEN p.state_after ELSE b.state_before END AS stateBefore, b.input, b.result, b.state_after AS stateAfter
       FROM settlement_batch b LEFT JOIN settlement_batch p ON p.sequence = b.sequence - 1 WHERE b.interval = ?`,
    )
    .get(interval) as
    | { interval: number; sequence: number; stateBefore: string; input: string; result: string; stateAfter: string }
    | undefined;
  return (
    row && {
      interval: row.interval,
      sequence: row.sequence,
      stateBefore: fromJson(row.stateBefore),
      input: fromJson(row.input),
      result: fromJson(row.result),
      stateAfter: fromJson(row.stateAfter),
    }
  );
}
export const withoutWitness = ({ words, publicSignals }: PartResult): PartResult => ({ words, publicSignals });

/** Once the receipt is final the witness is dropped: it follows from input and state, and is most of a batch's size. */
export function dropWitness(db: Database, interval: number): void {
  const row = db.prepare('SELECT result FROM settlement_batch WHERE interval = ?').get(interval) as { result: string } | undefined;
  if (!row) return;
  const result = fromJson<BatchResult>(row.result);
  db.prepare('UPDATE settlement_batch SET result = ? WHERE interval = ?').run(
    toJson({ ...result, batches: result.batches.map(withoutWitness) }),
    interval,
  );
}
/** Flows of the chain's queue that batches under way have already taken: those of intervals after the last one that the chain has settled. */
export function flowsUnderWay(db: Database, lastOnChain: number): number {
  const rows = db.prepare('SELECT input FROM settlement_batch WHERE interval > ?').all(lastOnChain) as { input: string }[];
  return rows.reduce((sum, row) => sum + fromJson<BatchInput>(row.input).flows.length, 0);
}

/**
 * Takes back a batch that cannot be proven and those built on it, as long as none was sent: their rounds are settled again from the state
 * before it.
 */
export function forgetFrom(db: Database, interval: number): void {
  const sent = db.prepare("SELECT 1 FROM round WHERE interval >= ? AND state IN ('sent', 'settled')").get(interval);
  if (sent) return;
  db.prepare('DELETE FROM settlement_proof WHERE interval >= ?').run(interval);
  db.prepare('DELETE FROM settlement_batch WHERE interval >= ?').run(interval);
  db.prepare('DELETE FROM round_member WHERE interval >= ?').run(interval);
  db.prepare(
    "UPDATE round SET state = 'cleared', metered_ms = NULL, proving_ms = NULL, proven_ms = NULL, grid_money = '0' WHERE interval > ? AND state IN ('metered', 'proving', 'proven')",
  ).run(interval);
}
