/** What the round's story says of orders that were frozen while the chain took none. */
import type { Database } from 'better-sqlite3';
import { committedLate, lateAt, receiptsOf } from './late-store.ts';
import type { StoredRound } from './round-store.ts';

export interface LateWords {
  readonly text: string;
  readonly evidence: readonly { label: string; value: string }[];
}

const utc = (s: number): string => `${new Date(s * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** null: the round's orders were bound in the ordinary way. */
export function lateWords(db: Database, { interval, state }: Pick<StoredRound, 'interval' | 'state'>): LateWords | null {
  const late = lateAt(db, interval);
  if (!late || late.outcome === 'in-time') return null;
  const given = late.given ?? receiptsOf(db, interval).length;
  const evidence = [
    { label: 'Operator’s signature of the notice', value: late.notice?.signature ?? 'not signed yet' },
    { label: 'Members’ receipts', value: late.needed === null ? String(given) : `${given}, ${late.needed} needed` },
  ];
  if (late.outcome === null)
    return { text: `the chain has not taken them so far, so the members are asked for receipts: ${given} have come`, evidence };
  const word = committedLate(db, interval);
  if (late.outcome === 'failed' || (state === 'failed' && !word))
    return { text: 'the chain did not take them before the gate closed and too few members receipted them', evidence };
  if (!word)
    return { text: `the chain did not take them before the gate closed; they will be late-committed with ${given} receipts`, evidence };
  const until = utc(word.openUntilS);
  const challenge = state === 'settled' ? `nobody challenged them before ${until}` : `may be challenged until ${until}`;
  return {
    text: `the chain did not take them before the gate closed, so they are late-committed with ${word.receipts} receipts; ${challenge}`,
    evidence: [...evidence, { label: 'Open to challenge until', value: utc(word.openUntilS) }],
  };
}
