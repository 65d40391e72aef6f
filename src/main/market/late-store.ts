/** Rows of late commitments. All writing happens inside the store's durable transactions. */
import type { Database } from 'better-sqlite3';
import type { OrdersNotice } from '../../../drivers/mqtt/late-commitment-messages.ts';
import { lastEntryId } from '../ledger/entry-ids.ts';
import type { OutboxRow } from '../ledger/outbox-store.ts';
import type { StoredRound } from './round-store.ts';

export interface LateCommitment {
  readonly interval: number;
  readonly ordersRoot: string;
  readonly notice: OrdersNotice | null;
  /** null: not decided yet; nothing is built on the round until then. */
  readonly outcome: 'in-time' | 'late' | 'failed' | null;
  readonly given: number | null;
  readonly needed: number | null;
}
export interface StoredReceipt {
  readonly memberId: string;
  readonly account: string;
  readonly signature: string;
}

const COLUMNS = 'interval, orders_root AS ordersRoot, notice, outcome, given, needed';
const parse = (row: unknown): LateCommitment | undefined => {
  const r = row as (Omit<LateCommitment, 'notice'> & { notice: string | null }) | undefined;
  return r && { ...r, notice: r.notice === null ? null : (JSON.parse(r.notice) as OrdersNotice) };
};

/** A second root of the same interval is never opened. */
export const openLate = (db: Database, interval: number, ordersRoot: string, nowMs: number): void =>
  void db
    .prepare('INSERT INTO late_commitment (interval, orders_root, opened_ms) VALUES (?, ?, ?) ON CONFLICT (interval) DO NOTHING')
    .run(interval, ordersRoot, nowMs);
export const lateAt = (db: Database, interval: number): LateCommitment | undefined =>
  parse(db.prepare(`SELECT ${COLUMNS} FROM late_commitment WHERE interval = ?`).get(interval));
export const undecided = (db: Database): LateCommitment[] =>
  db
    .prepare(`SELECT ${COLUMNS} FROM late_commitment WHERE outcome IS NULL ORDER BY interval`)
    .all()
    .map((row) => parse(row) as LateCommitment);
export const setNotice = (db: Database, notice: OrdersNotice): void =>
  void db.prepare('UPDATE late_commitment SET notice = ? WHERE interval = ?').run(JSON.stringify(notice), notice.interval);
export const decide = (
  db: Database,
  interval: number,
  outcome: NonNullable<LateCommitment['outcome']>,
  receipts?: { given: number; needed: number },
): void =>
  void db
    .prepare('UPDATE late_commitment SET outcome = ?, given = ?, needed = ? WHERE interval = ?')
    .run(outcome, receipts?.given ?? null, receipts?.needed ?? null, interval);
/** The chain has forgotten for good what it had in time: it is decided again, by the receipts. */
export const reopen = (db: Database, interval: number): void =>
  void db.prepare('UPDATE late_commitment SET outcome = NULL, given = NULL, needed = NULL WHERE interval = ?').run(interval);

export const insertReceipt = (db: Database, interval: number, r: StoredReceipt, nowMs: number): void =>
  void db
    .prepare(
      'INSERT INTO late_receipt (interval, member_id, account, signature, received_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
    .run(interval, r.memberId, r.account, r.signature, nowMs);
export const receiptsOf = (db: Database, interval: number): StoredReceipt[] =>
  db.prepare('SELECT member_id AS memberId, account, signature FROM late_receipt WHERE interval = ?').all(interval) as StoredReceipt[];

/** The contract takes it no more: the member has handed its account on since. */
export const dropReceipt = (db: Database, interval: number, memberId: string): void =>
  void db.prepare('DELETE FROM late_receipt WHERE interval = ? AND member_id = ?').run(interval, memberId);

/** Rounds that can be built on: those before the first whose commitment is not decided. */
export function decidedRounds(db: Database, open: readonly StoredRound[]): StoredRound[] {
  const first = (db.prepare('SELECT min(interval) AS n FROM late_commitment WHERE outcome IS NULL').get() as { n: number | null }).n;
  return first === null ? [...open] : open.filter((r) => r.interval < first);
}

/** Accounts the contract Settlement knows, by member index, from the indexed copy of its events. */
export function accountsInContract(db: Database): Map<number, string> {
  const rows = db
    .prepare(
      "SELECT json_extract(arguments, '$.index') AS i, json_extract(arguments, '$.account') AS account FROM chain_event WHERE contract = 'Settlement' AND name = 'AccountSet' ORDER BY block, log_index",
    )
    .all() as { i: string; account: string }[];
  return new Map(rows.map((row) => [Number(row.i), row.account.toLowerCase()]));
}

/** With the place, from 0, that the contract has its account at. */
export interface PlacedReceipt extends StoredReceipt {
  readonly index: number;
}
export interface ReceiptCount {
  /** How many accounts the contract knows. */
  readonly accounts: number;
  /** Those that the contract would count, in the order of the places. */
  readonly good: readonly PlacedReceipt[];
  /** More than half of the accounts, or as many as the contract asked for. */
  readonly needed: number;
  /** Place whose receipt the contract refused. */
  readonly bad: number | null;
  readonly enough: boolean;
}
/**
 * Counts an interval's receipts as the contract does: one of each account at its place, whoever is in the plant file today, by the indexed copy
 * of its events.
 * @param call the commitment as it was refused: the contract's own word on receipts counts before that copy, which may be a moment behind
 */
export function countReceipts(db: Database, interval: number, call?: Pick<OutboxRow, 'body' | 'lastError'>): ReceiptCount {
  const accounts = accountsInContract(db);
  const refused = refusedReceipts(call?.lastError);
  const sent = sentReceipts(call);
  const bad = sent.some(([index]) => index === refused?.badIndex) ? (refused?.badIndex ?? null) : null;
  const byAccount = new Map(receiptsOf(db, interval).map((r) => [r.account.toLowerCase(), r]));
  const good = [...accounts]
    .sort(([a], [b]) => a - b)
    .flatMap(([index, account]) => {
      const receipt = index === bad ? undefined : byAccount.get(account);
      return receipt ? [{ ...receipt, index }] : [];
    });
  const needed = Math.max(Math.floor(accounts.size / 2) + 1, refused?.needed ?? 0);
  return { accounts: accounts.size, good, needed, bad, enough: good.length >= needed };
}
/** Receipts that go with a late commitment: place and signature; none with an ordinary one. */
export const sentReceipts = (call?: Pick<OutboxRow, 'body'>): readonly (readonly [number, string])[] =>
  (call?.body.args[2] ?? []) as readonly (readonly [number, string])[];
/** What the contract says of receipts that it refuses: the place of the bad one (null: none), and how many it wants (0: not said). */
export const refusedReceipts = (why: string | null | undefined): { badIndex: number | null; needed: number } | null => {
  const bad = /BadReceipt\((\d+)\)/.exec(why ?? '');
  if (bad) return { badIndex: Number(bad[1]), needed: 0 };
  const few = /TooFewReceipts\(\d+, (\d+)\)/.exec(why ?? '');
  return few ? { badIndex: null, needed: Number(few[1]) } : null;
};
/** The interval that the chain has settled when, for that, it takes no orders for this one any more; null: that is not why it refused them. */
export const passedOverBy = (interval: number, why: string | null | undefined): number | null => {
  const last = /IntervalNotOpen\(\d+, (\d+)\)/.exec(why ?? '')?.[1];
  return last === undefined || Number(last) < interval ? null : Number(last);
};

export interface ChainWord {
  readonly openUntilS: number;
  readonly receipts: number;
}
/** What the chain says of a late commitment; undefined before it was read there. */
export function committedLate(db: Database, interval: number): ChainWord | undefined {
  return db
    .prepare(
      `SELECT CAST(json_extract(arguments, '$.openUntil') AS INTEGER) AS openUntilS, CAST(json_extract(arguments, '$.receipts') AS INTEGER) AS receipts
       FROM chain_event WHERE contract = 'Settlement' AND name = 'OrdersCommittedLate' AND json_extract(arguments, '$.interval') = ? ORDER BY block DESC LIMIT 1`,
    )
    .get(String(interval)) as ChainWord | undefined;
}
/** Its orders' admission was queued for the chain: later admissions may build on it. */
export const hasAdmission = (db: Database, interval: number): boolean =>
  db
    .prepare("SELECT 1 FROM outbox WHERE kind = 'admit-orders' AND (id = ? OR id GLOB ?)")
    .get(`admit:${interval}`, `admit:${interval}:*`) !== undefined;
/** The chain has the round's settlement, by the word of the indexed copy of its events. */
export const settledOnChain = (db: Database, interval: number): boolean =>
  db
    .prepare("SELECT 1 FROM chain_event WHERE contract = 'Settlement' AND name = 'Settled' AND json_extract(arguments, '$.interval') = ?")
    .get(String(interval)) !== undefined;

/**
 * Commitments that a challenge voided and whose rounds go on as if nothing had happened. A round that was settled before is among them when the
 * chain forgot both: its commitment, sent again, was open to challenge again.
 */
export function voidedOpen(db: Database, parts: number): { interval: number; otherRoot: string; by: string }[] {
  const found = db
    .prepare(
      `SELECT r.interval, r.state, json_extract(e.arguments, '$.otherRoot') AS otherRoot, json_extract(e.arguments, '$.by') AS "by"
       FROM chain_event e JOIN round r ON r.interval = CAST(json_extract(e.arguments, '$.interval') AS INTEGER)
       WHERE e.contract = 'Settlement' AND e.name = 'CommitmentVoided' AND r.state <> 'failed' ORDER BY r.interval`,
    )
    .all() as { interval: number; state: string; otherRoot: string; by: string }[];
  const stands = db.prepare("SELECT 1 FROM outbox WHERE id = ? AND state = 'final' AND last_error IS NULL");
  return found.filter(({ interval, state }) => state !== 'settled' || !stands.get(lastEntryId('settle', interval, parts)));
}
