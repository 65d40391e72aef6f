/** Entries of the outbox as a room shows its own: what was asked, how far it is, and why it was refused. */
import type { Database } from 'better-sqlite3';
import type { Sending } from '../../shared/contract/ledger.ts';

export type SentEntry = Sending & { readonly id: string; readonly title: string };

interface Row {
  id: string;
  title: string;
  state: 'waiting' | 'sending' | 'sent' | 'final' | 'failed';
  createdMs: number;
  transaction: string | null;
  block: number | null;
  error: string | null;
}
const SELECT = `SELECT id, title, state, created_ms AS createdMs, transaction_hash AS "transaction", block, last_error AS error FROM outbox`;
const view = ({ state, ...row }: Row): SentEntry => ({
  ...row,
  state: state === 'final' ? (row.error ? 'refused' : 'final') : state === 'sent' || state === 'sending' ? 'sent' : 'waiting',
});

export const sentEntry = (db: Database, id: string): SentEntry | null => {
  const row = db.prepare(`${SELECT} WHERE id = ?`).get(id) as Row | undefined;
  return row ? view(row) : null;
};
/** Newest first. */
export const sentOfKind = (db: Database, kind: string, limit: number): SentEntry[] =>
  (db.prepare(`${SELECT} WHERE kind = ? ORDER BY sequence DESC LIMIT ?`).all(kind, limit) as Row[]).map(view);
/** All whose id begins with the text, newest first. */
export const sentLike = (db: Database, prefix: string): SentEntry[] =>
  (db.prepare(`${SELECT} WHERE id >= ? AND id < ? ORDER BY sequence DESC`).all(prefix, `${prefix}\uffff`) as Row[]).map(view);
/** Without the id, as it goes to a screen. */
export const toSending = ({ id: _, title: __, ...sending }: SentEntry): Sending => sending;
