/** Rows of the outbox. All writing happens inside the store's durable transactions. */
import type { Database } from 'better-sqlite3';
import type { z } from 'zod';
import type { OutboxEntry } from '../../shared/contract/exchange.ts';

/** Arguments as JSON: whole numbers above 2^53 as decimal strings, bytes as 0x-hex. */
export type CallArgument = string | number | boolean | readonly CallArgument[];
export interface ContractCall {
  readonly contract: string;
  readonly method: string;
  readonly args: readonly CallArgument[];
}
/** What a view returns once the effect is there: its first value as text, or its first values. */
export interface DoneCheck extends ContractCall {
  readonly equals: string | readonly string[];
}
export interface OutboxBody extends ContractCall {
  /** Nothing builds on it: when the chain refuses it, it is over, with its reason, and does not hold up the others. */
  readonly mayFail?: boolean;
  /** Worth something only for a while (with mayFail): what was never signed by then, Unix ms, is over with its reason and is not sent late. */
  readonly validUntilMs?: number;
  /**
   * Is not signed from this instant of plant time on, unless the chain had it once and forgot it: whoever queued it decides then what becomes of it
   * (`replaceUnsent`, or its withdrawal). What a node has from before is followed to its end.
   */
  readonly beginBeforePlantMs?: number;
  /** Views that tell whether the effect is on the chain, whoever brought it there; any one of them does. */
  readonly doneWhen?: DoneCheck | readonly DoneCheck[];
}
export interface NewEntry {
  /** Names the effect, for instance `settle:1942810`; queuing it again changes nothing. */
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly body: OutboxBody;
}
export type OutboxState = z.infer<typeof OutboxEntry>['state'];
export interface OutboxRow {
  readonly sequence: number;
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly body: OutboxBody;
  readonly state: OutboxState;
  readonly createdMs: number;
  readonly attempts: number;
  readonly nonce: number | null;
  readonly transactionHash: string | null;
  readonly block: number | null;
  readonly blockHash: string | null;
  readonly gasUsed: number | null;
  readonly finalMs: number | null;
  readonly lastError: string | null;
  /** The chain takes it only later; entries that do not build on it go before it until then. */
  readonly notBeforeMs: number | null;
}
export interface Attempt {
  readonly hash: string;
  readonly nonce: number;
  readonly raw: string;
  readonly signedMs: number;
}

const COLUMNS = `sequence, id, kind, title, body, state, created_ms AS createdMs, attempts, nonce, transaction_hash AS transactionHash, block,
  block_hash AS blockHash, gas_used AS gasUsed, final_ms AS finalMs, last_error AS lastError, not_before_ms AS notBeforeMs`;
const parse = (row: unknown): OutboxRow | undefined => {
  const r = row as (Omit<OutboxRow, 'body'> & { body: string }) | undefined;
  return r && { ...r, body: JSON.parse(r.body) as OutboxBody };
};

export function enqueue(db: Database, entry: NewEntry, nowMs: number): void {
  db.prepare(
    "INSERT INTO outbox (id, kind, title, body, state, created_ms) VALUES (?, ?, ?, ?, 'waiting', ?) ON CONFLICT (id) DO NOTHING",
  ).run(entry.id, entry.kind, entry.title, JSON.stringify(entry.body), nowMs);
}
/** As the index of open entries has it: written otherwise, each look reads all that were ever sent. */
export const OPEN = "state NOT IN ('final')";
export const byId = (db: Database, id: string): OutboxRow | undefined =>
  parse(db.prepare(`SELECT ${COLUMNS} FROM outbox WHERE id = ?`).get(id));
/** The chain had it once, whoever brought it, and has forgotten it if it is not final. Both stay with an entry that is sent again. */
export const wasOnChain = ({ gasUsed, finalMs }: Pick<OutboxRow, 'gasUsed' | 'finalMs'>): boolean => gasUsed !== null || finalMs !== null;
/** The chain has not shown it for so long that it counts as never there; only while nothing of it is under way. */
export const setNeverThere = (db: Database, id: string): void =>
  void db.prepare(`UPDATE outbox SET gas_used = NULL, final_ms = NULL WHERE id = ? AND nonce IS NULL AND ${OPEN}`).run(id);
export const bySequence = (db: Database, sequence: number): OutboxRow | undefined =>
  parse(db.prepare(`SELECT ${COLUMNS} FROM outbox WHERE sequence = ?`).get(sequence));
/** Of one kind, with nothing under way, oldest first. */
export const unsentOf = (db: Database, kind: string): OutboxRow[] =>
  db
    .prepare(`SELECT ${COLUMNS} FROM outbox WHERE kind = ? AND ${OPEN} AND nonce IS NULL ORDER BY sequence`)
    .all(kind)
    .map((r) => parse(r) as OutboxRow);
/** Settlements build on one another and certificates on them: behind one that has to wait for its time the others wait, too. */
const BEHIND_WAITING = `kind IN ('settle', 'issue-certificates')
  AND EXISTS (SELECT 1 FROM outbox w WHERE w.${OPEN} AND w.sequence <= outbox.sequence AND w.not_before_ms > ?)`;
/** A commitment builds on nothing that may wait before it, and its time is short. */
const HURRIES = "kind = 'commit-orders' AND coalesce(json_extract(body, '$.beginBeforePlantMs') > ?, 0)";
/**
 * The entry whose turn it is: what is under way first, in the order of its nonces (several are, when the chain forgot them); then commitments that
 * still have time before their gate, then the oldest, save those that wait for their time.
 * @param plantNowMs the market's time
 */
export const firstOpen = (db: Database, nowMs: number, plantNowMs: number): OutboxRow | undefined =>
  parse(db.prepare(`SELECT ${COLUMNS} FROM outbox WHERE ${OPEN} AND nonce IS NOT NULL ORDER BY nonce, sequence LIMIT 1`).get()) ??
  firstUnsigned(db, nowMs, plantNowMs);
export const firstUnsigned = (db: Database, nowMs: number, plantNowMs: number): OutboxRow | undefined =>
  parse(
    db
      .prepare(
        `SELECT ${COLUMNS} FROM outbox WHERE ${OPEN} AND nonce IS NULL AND NOT (${BEHIND_WAITING})
         ORDER BY ${HURRIES} DESC, sequence LIMIT 1`,
      )
      .get(nowMs, plantNowMs),
  );
export const newest = (db: Database, limit: number): OutboxRow[] =>
  db
    .prepare(`SELECT ${COLUMNS} FROM outbox ORDER BY sequence DESC LIMIT ?`)
    .all(limit)
    .map((r) => parse(r) as OutboxRow);
/** Our own transactions that were mined, refused ones included, newest first. */
export const minedBefore = (db: Database, before: OutboxRow | null, limit: number): OutboxRow[] =>
  db
    .prepare(
      `SELECT ${COLUMNS} FROM outbox WHERE state = 'final' AND transaction_hash IS NOT NULL AND block IS NOT NULL AND nonce < ? ORDER BY nonce DESC LIMIT ?`,
    )
    .all(before?.nonce ?? Number.MAX_SAFE_INTEGER, limit)
    .map((r) => parse(r) as OutboxRow);
/** Those that another's transaction made true, newest first by the block in which that was seen. */
export const broughtBefore = (db: Database, before: OutboxRow | null, limit: number): OutboxRow[] =>
  db
    .prepare(
      `SELECT ${COLUMNS} FROM outbox WHERE state = 'final' AND transaction_hash IS NULL AND block IS NOT NULL AND (block, sequence) < (?, ?)
       ORDER BY block DESC, sequence DESC LIMIT ?`,
    )
    .all(before?.block ?? Number.MAX_SAFE_INTEGER, before?.sequence ?? 0, limit)
    .map((r) => parse(r) as OutboxRow);
/** Acts that concern one thing, newest first; see the operator's acts. */
export const entriesAbout = (db: Database, about: string, limit: number): OutboxRow[] =>
  db
    .prepare(`SELECT ${COLUMNS} FROM outbox WHERE kind = 'operator-act' AND substr(id, 1, ?) = ? ORDER BY sequence DESC LIMIT ?`)
    .all(`act:${about}:`.length, `act:${about}:`, limit)
    .map((r) => parse(r) as OutboxRow);
export const countOpen = (db: Database): number => (db.prepare(`SELECT count(*) AS n FROM outbox WHERE ${OPEN}`).get() as { n: number }).n;
export const countOpenOf = (db: Database, kind: string): number =>
  (db.prepare(`SELECT count(*) AS n FROM outbox WHERE ${OPEN} AND kind = ?`).get(kind) as { n: number }).n;
/** Entries that have a nonce and are not final. */
export const countSigned = (db: Database): number =>
  (db.prepare(`SELECT count(*) AS n FROM outbox WHERE ${OPEN} AND nonce IS NOT NULL`).get() as { n: number }).n;
export const attemptsOf = (db: Database, sequence: number): Attempt[] =>
  db
    .prepare('SELECT hash, nonce, raw, signed_ms AS signedMs FROM outbox_attempt WHERE sequence = ? ORDER BY signed_ms, rowid')
    .all(sequence) as Attempt[];

/** The intent: kept before the bytes leave, so that a crash in between can be told from one before. */
export function recordAttempt(db: Database, sequence: number, attempt: Attempt): void {
  db.prepare('INSERT INTO outbox_attempt (hash, sequence, nonce, raw, signed_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING').run(
    attempt.hash,
    sequence,
    attempt.nonce,
    attempt.raw,
    attempt.signedMs,
  );
  db.prepare(
    "UPDATE outbox SET state = 'sending', nonce = ?, transaction_hash = ?, attempts = attempts + 1, last_error = NULL WHERE sequence = ?",
  ).run(attempt.nonce, attempt.hash, sequence);
}
export function setState(db: Database, sequence: number, state: OutboxState, lastError: string | null = null): void {
  db.prepare('UPDATE outbox SET state = ?, last_error = ? WHERE sequence = ?').run(state, lastError, sequence);
}
/** The chain takes it only later: nothing is wrong, and what does not build on it goes on. */
export function setNotBefore(db: Database, sequence: number, notBeforeMs: number, why: string): void {
  db.prepare("UPDATE outbox SET state = 'waiting', nonce = NULL, not_before_ms = ?, last_error = ? WHERE sequence = ?").run(
    notBeforeMs,
    why,
    sequence,
  );
}
/** Another call for the same effect, in the same place; only while nothing of it is under way. */
export function replaceUnsent(db: Database, id: string, next: Pick<NewEntry, 'title' | 'body'>): void {
  db.prepare(`UPDATE outbox SET title = ?, body = ?, state = 'waiting', last_error = NULL WHERE id = ? AND nonce IS NULL AND ${OPEN}`).run(
    next.title,
    JSON.stringify(next.body),
    id,
  );
}
/**
 * Must not leave any more; its line stays, with the reason. Only while nothing of it is under way; returns whether it was so.
 * @param endedMs when it ended; null: the line keeps the time it has
 */
export const withdrawUnsent = (db: Database, id: string, why: string, endedMs: number | null): boolean =>
  db
    .prepare(
      `UPDATE outbox SET state = 'final', last_error = ?, final_ms = coalesce(?, final_ms), body = json_set(body, '$.mayFail', json('true'))
       WHERE id = ? AND nonce IS NULL AND ${OPEN}`,
    )
    .run(`withdrawn: ${why}`, endedMs, id).changes > 0;
/** Its nonce went to another transaction, or the contract refused it: the next attempt gets a new nonce. Old attempts stay known. */
export function startAnew(db: Database, sequence: number, why: string | null = null): void {
  db.prepare(
    "UPDATE outbox SET state = 'waiting', nonce = NULL, transaction_hash = NULL, block = NULL, block_hash = NULL, last_error = coalesce(?, last_error) WHERE sequence = ?",
  ).run(why, sequence);
}
export interface Mined {
  /** null: it was another's transaction. */
  readonly hash: string | null;
  readonly block: number;
  readonly blockHash: string;
  readonly gasUsed: number | null;
}
export function setMined(db: Database, sequence: number, state: 'sent' | 'final', mined: Mined, nowMs: number): void {
  db.prepare(
    'UPDATE outbox SET state = ?, transaction_hash = ?, block = ?, block_hash = ?, gas_used = ?, final_ms = ?, last_error = NULL WHERE sequence = ?',
  ).run(state, mined.hash, mined.block, mined.blockHash, mined.gasUsed, state === 'final' ? nowMs : null, sequence);
}
/** Refused, and nothing builds on it: over for good. */
export function giveUp(db: Database, sequence: number, why: string, nowMs: number): void {
  db.prepare("UPDATE outbox SET state = 'final', last_error = ?, final_ms = ? WHERE sequence = ?").run(why, nowMs, sequence);
}
export const toEntry = (row: OutboxRow): z.infer<typeof OutboxEntry> => ({
  id: row.id,
  sequence: row.sequence,
  kind: row.kind,
  title: row.title,
  state: row.state,
  createdMs: row.createdMs,
  attempts: row.attempts,
  transaction: row.transactionHash,
  block: row.block,
  lastError: row.lastError,
});
