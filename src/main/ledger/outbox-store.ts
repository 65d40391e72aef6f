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
export interface OutboxBody extends ContractCall {
  /** Nothing builds on it: when the chain refuses it, it is over, with its reason, and does not hold up the others. */
  readonly mayFail?: boolean;
  /** A view that returns `equals` once the effect is on the chain, whoever brought it there. */
  readonly doneWhen?: ContractCall & { readonly equals: string };
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
}
export interface Attempt {
  readonly hash: string;
  readonly nonce: number;
  readonly raw: string;
  readonly signedMs: number;
}

const COLUMNS = `sequence, id, kind, title, body, state, created_ms AS createdMs, attempts, nonce, transaction_hash AS transactionHash, block,
  block_hash AS blockHash, gas_used AS gasUsed, final_ms AS finalMs, last_error AS lastError`;
const parse = (row: unknown): OutboxRow | undefined => {
  const r = row as (Omit<OutboxRow, 'body'> & { body: string }) | undefined;
  return r && { ...r, body: JSON.parse(r.body) as OutboxBody };
};

export function enqueue(db: Database, entry: NewEntry, nowMs: number): void {
  db.prepare(
    "INSERT INTO outbox (id, kind, title, body, state, created_ms) VALUES (?, ?, ?, ?, 'waiting', ?) ON CONFLICT (id) DO NOTHING",
  ).run(entry.id, entry.kind, entry.title, JSON.stringify(entry.body), nowMs);
}
export const byId = (db: Database, id: string): OutboxRow | undefined =>
  parse(db.prepare(`SELECT ${COLUMNS} FROM outbox WHERE id = ?`).get(id));
export const firstOpen = (db: Database): OutboxRow | undefined =>
  parse(db.prepare(`SELECT ${COLUMNS} FROM outbox WHERE state <> 'final' ORDER BY sequence LIMIT 1`).get());
export const newest = (db: Database, limit: number): OutboxRow[] =>
  db
    .prepare(`SELECT ${COLUMNS} FROM outbox ORDER BY sequence DESC LIMIT ?`)
    .all(limit)
    .map((r) => parse(r) as OutboxRow);
export const finalsFrom = (db: Database, beforeSequence: number, limit: number): OutboxRow[] =>
  db
    .prepare(`SELECT ${COLUMNS} FROM outbox WHERE state = 'final' AND sequence < ? ORDER BY sequence DESC LIMIT ?`)
    .all(beforeSequence, limit)
    .map((r) => parse(r) as OutboxRow);
/** Acts that concern one thing, newest first; see the operator's acts. */
export const entriesAbout = (db: Database, about: string, limit: number): OutboxRow[] =>
  db
    .prepare(`SELECT ${COLUMNS} FROM outbox WHERE kind = 'operator-act' AND substr(id, 1, ?) = ? ORDER BY sequence DESC LIMIT ?`)
    .all(`act:${about}:`.length, `act:${about}:`, limit)
    .map((r) => parse(r) as OutboxRow);
export const countOpen = (db: Database): number =>
  (db.prepare("SELECT count(*) AS n FROM outbox WHERE state <> 'final'").get() as { n: number }).n;
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
/** Its nonce went to another transaction, or the contract refused it: the next attempt gets a new nonce. Old attempts stay known. */
export function startAnew(db: Database, sequence: number): void {
  db.prepare(
    "UPDATE outbox SET state = 'waiting', nonce = NULL, transaction_hash = NULL, block = NULL, block_hash = NULL WHERE sequence = ?",
  ).run(sequence);
}
export interface Mined {
  readonly hash: string | null;
  readonly block: number | null;
  readonly blockHash: string | null;
  readonly gasUsed: number | null;
}
export function setMined(db: Database, sequence: number, state: 'sent' | 'final', mined: Mined, nowMs: number): void {
  db.prepare(
    'UPDATE outbox SET state = ?, transaction_hash = coalesce(?, transaction_hash), block = ?, block_hash = ?, gas_used = ?, final_ms = ?, last_error = NULL WHERE sequence = ?',
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
