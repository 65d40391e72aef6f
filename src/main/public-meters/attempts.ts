/** Names attempts at an effect in the outbox. A refused one is tried again later under the next number; one under way or done is left alone. */
import type { LedgerService } from '../ledger/ledger-service.ts';

export type Attempt =
  | { readonly kind: 'new'; readonly id: string; readonly number: number }
  | { readonly kind: 'under way' }
  | { readonly kind: 'later'; readonly failures: number; readonly error: string };

/** Short: after a chain forgot, an effect may come before what it builds on, once. */
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 30 * 60_000;

export function nextAttempt(ledger: Pick<LedgerService, 'entry'>, effect: string, nowMs: number): Attempt {
  for (let number = 1; ; number++) {
    const id = number === 1 ? effect : `${effect}#${number}`;
    const entry = ledger.entry(id);
    if (!entry) return { kind: 'new', id, number };
    // Done, but the copy of the chain has not reached it yet; or the chain forgot it, and it is sent again.
    if (entry.state !== 'final' || entry.lastError === null) return { kind: 'under way' };
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (number - 1));
    if (ledger.entry(`${effect}#${number + 1}`) === undefined && nowMs < (entry.finalMs ?? 0) + pauseMs)
      return { kind: 'later', failures: number, error: entry.lastError };
  }
}
