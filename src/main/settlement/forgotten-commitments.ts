/**
 * A chain can forget a commitment after its round was settled. On a simulated plant the same bytes bind it again. Where the contract keeps a gate it
 * takes them no more, and with the commitment it has forgotten the admission and the settlement, too: nothing of the round can come back. So the round
 * ends, and those after it are settled again from the accounts before it. Rounds that were never settled are ended by the market's room, which also
 * commits late what more than half of the members had receipted, and makes such a call anew or ends its round when receipts are refused.
 *
 * One refusal is not enough: it may come from a branch that loses. The chain must show neither the round's orders nor its root, for as many blocks
 * as make a receipt final.
 */
import type { Database } from 'better-sqlite3';
import { Fault } from '../../shared/errors.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
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

export interface ForgottenDeps {
  readonly parts: number;
  readonly ledger: Pick<LedgerService, 'view' | 'endpoint' | 'indexedHeight'>;
}

/** Returns what a turn asks for: the rounds to end now, oldest first. */
export function createForgottenCommitments(
  kernel: Pick<Kernel, 'store' | 'log'>,
  deps: ForgottenDeps,
): () => Promise<ForgottenCommitment[]> {
  const { ledger } = deps;
  const log = kernel.log.child('settlement');
  /** Height at which the chain was first seen without the round; gone when it shows it again. */
  const without = new Map<number, number>();
  const found = (): ForgottenCommitment[] => forgottenCommitments(kernel.store.read, deps.parts);
  const shows = async (interval: number): Promise<boolean> => {
    for (const method of ['ordersRootOf', 'rootAfter']) {
      const [value] = await ledger.view({ contract: 'Settlement', method, args: [interval] });
      if (BigInt(value as bigint) !== 0n) return true;
    }
    return false;
  };

  return async () => {
    const open = found();
    for (const interval of without.keys()) if (!open.some((one) => one.interval === interval)) without.delete(interval);
    if (open.length === 0) return [];
    const lasting = new Set<number>();
    try {
      for (const { interval } of open) {
        if (await shows(interval)) {
          without.delete(interval);
          continue;
        }
        const endpoint = ledger.endpoint();
        const height = ledger.indexedHeight();
        if (endpoint === null || height === null) return [];
        const since = Math.min(without.get(interval) ?? height, height);
        without.set(interval, since);
        // The console's own node has one branch, and mines nothing while this entry holds the outbox up.
        if (height - since >= (endpoint.own ? 0 : endpoint.confirmations)) lasting.add(interval);
      }
    } catch (cause) {
      if (!(cause instanceof Fault && cause.code === 'chain.away'))
        log.warn('the chain could not be asked about a forgotten round; the next turn asks again', { cause: String(cause) });
      return [];
    }
    // The outbox may have found it again while the chain was asked.
    return found().filter(({ interval }) => lasting.has(interval));
  };
}
