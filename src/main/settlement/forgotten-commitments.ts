/**
 * A chain can forget a commitment after its round was settled. On a simulated plant the same bytes bind it again. Where the contract keeps a gate it
 * takes them no more, and with the commitment it has forgotten the admission and the settlement, too: nothing of the round can come back. So the round
 * ends, and those after it are settled again from the accounts before it. Rounds that were never settled are ended by the market's room, which also
 * commits late what more than half of the members had receipted, and makes such a call anew or ends its round when receipts are refused.
 */
import type { Database } from 'better-sqlite3';
import { receiptsSuffice } from '../market/late-store.ts';
import { lastEntryId } from './outbox-entries.ts';

export interface ForgottenCommitment {
  readonly interval: number;
  /** For a person: why it cannot be bound again. */
  readonly message: string;
}

/** The refusal of an ordinary commitment that no waiting cures. */
const FOR_GOOD = /\bGateClosed\(/;

/** Oldest first: rounds that were bound once, by the outbox's word, and whose commitment the chain now refuses for good. */
export function forgottenCommitments(db: Database, parts: number): ForgottenCommitment[] {
  const open = db
    .prepare(
      `SELECT r.interval, r.state, o.last_error AS why, l.outcome FROM outbox o JOIN round r ON o.id = 'commit:' || r.interval
         LEFT JOIN late_commitment l ON l.interval = r.interval
       WHERE o.kind = 'commit-orders' AND o.state <> 'final' AND o.nonce IS NULL
         AND (r.state = 'settled' OR (r.state <> 'failed' AND l.outcome = 'in-time')) ORDER BY r.interval`,
    )
    .all() as { interval: number; state: string; why: string | null; outcome: string | null }[];
  const stands = db.prepare("SELECT 1 FROM outbox WHERE id = ? AND state IN ('sent', 'final') AND last_error IS NULL");
  return open.flatMap(({ interval, state, why, outcome }) => {
    // While its settlement stands its orders are bound, whatever is said of the commitment.
    if (
      !FOR_GOOD.test(why ?? '') ||
      stands.get(lastEntryId('settle', interval, parts)) ||
      (outcome !== null && receiptsSuffice(db, interval))
    )
      return [];
    const was = state === 'settled' ? 'The chain has forgotten this round after it was settled' : 'The chain has forgotten its commitment';
    const message = `${was}, and takes its orders no more: ${why}. Nobody trades in this interval; later rounds are settled again without it, and what was delivered counts with the next reading.`;
    return [{ interval, message }];
  });
}
