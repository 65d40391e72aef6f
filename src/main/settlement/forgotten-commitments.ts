/**
 * A chain can forget a commitment, also after its round was settled. On a simulated plant the same bytes bind it again. Where the contract keeps a gate
 * it takes them no more, and with the commitment it has forgotten the admission and the settlement, too: nothing of the round can come back. So the
 * round ends, and those after it are settled again from the accounts before it; when more than half of the members had receipted its orders, the
 * market's room commits these late instead. A round that has failed leaves nothing behind that the chain refuses for good and that would hold up the
 * outbox; and a late commitment with too few receipts that are good today is over.
 *
 * One refusal is not enough: it may come from a branch that loses. The chain must show neither the round's orders nor its root, for as many blocks
 * as make a receipt final. Rounds whose orders the chain never had are ended by the market's room.
 */
import type { Database } from 'better-sqlite3';
import { Fault } from '../../shared/errors.ts';
import type { Kernel } from '../kernel/ports.ts';
import { intervalOf, lastEntryId } from '../ledger/entry-ids.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import * as outbox from '../ledger/outbox-store.ts';
import * as late from '../market/late-store.ts';
import { roundAt, type StoredRound } from '../market/round-store.ts';

export interface ForgottenCommitment {
  readonly interval: number;
  /** For a person: why it cannot be bound again. */
  readonly message: string;
}
interface Refused extends ForgottenCommitment {
  readonly entryId: string;
  /** Members' receipts suffice to commit its orders late. */
  readonly again: boolean;
}

/** Ends: nobody takes it any more. Again: it may be committed late. null: it is not for here. */
type Verdict = { readonly ends: string } | { readonly again: string } | null;

const NOBODY_TRADES =
  'Nobody trades in this interval; later rounds are settled again without it, and what was delivered counts with the next reading.';

/** Oldest first: rounds whose commitment the chain refuses for good, and which receipts do not help. */
export const forgottenCommitments = (db: Database, parts: number): ForgottenCommitment[] =>
  refusedForGood(db, parts)
    .filter(({ again }) => !again)
    .map(({ interval, message }) => ({ interval, message }));

function refusedForGood(db: Database, parts: number): Refused[] {
  const stands = db.prepare("SELECT 1 FROM outbox WHERE id = ? AND state IN ('sent', 'final') AND last_error IS NULL");
  return outbox
    .unsentOf(db, 'commit-orders')
    .flatMap((entry) => {
      const interval = intervalOf(entry.id);
      const round = roundAt(db, interval);
      // While its settlement stands its orders are bound, whatever is said of the commitment.
      if (!round || stands.get(lastEntryId('settle', interval, parts))) return [];
      const verdict = judge(db, round, entry);
      if (!verdict) return [];
      const again = 'again' in verdict;
      return [{ interval, entryId: entry.id, again, message: again ? verdict.again : verdict.ends }];
    })
    .sort((a, b) => a.interval - b.interval);
}

function judge(db: Database, round: StoredRound, entry: outbox.OutboxRow): Verdict {
  const { interval, state } = round;
  const why = entry.lastError ?? '';
  const gate = /\bGateClosed\(/.test(why);
  const passedOver = late.passedOverBy(interval, why) !== null;
  const receipts = late.refusedReceipts(why) !== null;
  // Also when the interval is open no more because its commitment was voided.
  if (state === 'failed')
    return gate || receipts || /\bIntervalNotOpen\(/.test(why)
      ? { ends: round.message ?? `The chain takes its orders no more: ${why}.` }
      : null;

  const outcome = late.lateAt(db, interval)?.outcome;
  if (outcome === null) return null;
  if (receipts) {
    const { good, needed, enough } = late.countReceipts(db, interval, entry);
    // The market's room makes the call anew.
    if (enough && outcome === 'late') return null;
    return {
      ends: `The chain has not taken the orders, and ${good.length} of the ${needed} receipts needed are good today: accounts were handed on or named since. ${NOBODY_TRADES}`,
    };
  }
  const wasBound = state === 'settled' || outcome === 'in-time' || outbox.wasOnChain(entry);
  if (!wasBound || !(gate || passedOver)) return null;
  const was = state === 'settled' ? 'The chain has forgotten this round after it was settled' : 'The chain has forgotten its commitment';
  const message = `${was}, and takes its orders no more: ${why}. ${NOBODY_TRADES}`;
  return gate && outcome === 'in-time' && late.countReceipts(db, interval).enough ? { again: message } : { ends: message };
}

export interface ForgottenDeps {
  readonly parts: number;
  readonly ledger: Pick<LedgerService, 'view' | 'endpoint' | 'indexedHeight'>;
}

/** Returns what a turn asks for: the rounds to end now, oldest first. Those with enough receipts it gives back to the market's room to decide. */
export function createForgottenCommitments(
  kernel: Pick<Kernel, 'store' | 'log'>,
  deps: ForgottenDeps,
): () => Promise<ForgottenCommitment[]> {
  const { ledger } = deps;
  const log = kernel.log.child('settlement');
  /** Height at which the chain was first seen without the round; gone when it shows it again. */
  const without = new Map<number, number>();
  const found = (): Refused[] => refusedForGood(kernel.store.read, deps.parts);
  const decideAgain = ({ interval, entryId }: Refused): void => {
    kernel.store.write((db) => {
      late.reopen(db, interval);
      outbox.setNeverThere(db, entryId);
    });
    log.warn(`the chain has forgotten the orders of interval ${interval}; they are committed late with the members' receipts`);
  };
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
    const now = found().filter(({ interval }) => lasting.has(interval));
    for (const one of now) if (one.again) decideAgain(one);
    return now.filter(({ again }) => !again);
  };
}
