/**
 * Rows of admissions: which orders a round takes, and the book of standing orders before and after it. Input and books are kept, so that any
 * part can be proven again. The book of each admission is the beginning of the next.
 */
import type { Database } from 'better-sqlite3';
import type { Admission, AdmitInput, AdmittedBatch } from '../../domain/settlement/admit-round.ts';
import type { OrderBook } from '../../domain/settlement/order-book.ts';
import { fromJson, toJson } from './bigint-json.ts';

export type AdmissionInput = Omit<AdmitInput, 'book'>;
/** What one proof covers; `witnessInput` is kept until the receipt is final. */
export type AdmissionPart = Pick<AdmittedBatch, 'words' | 'publicSignals'> & Partial<Pick<AdmittedBatch, 'witnessInput'>>;
export type AdmissionResult = Pick<Admission, 'ordersRoot' | 'bookRoot'> & { readonly batches: readonly AdmissionPart[] };

export interface AdmissionBrief {
  readonly interval: number;
  readonly idle: boolean;
  readonly createdMs: number;
  /** When its last part was proven. */
  readonly provenMs: number | null;
}
export interface StoredAdmission extends AdmissionBrief {
  readonly sequence: number;
  readonly bookBefore: OrderBook;
  readonly input: AdmissionInput;
  readonly result: AdmissionResult;
  readonly bookAfter: OrderBook;
}

export function latestBook(db: Database): { sequence: number; interval: number; book: OrderBook } | undefined {
  const row = db.prepare('SELECT sequence, interval, book_after FROM admission ORDER BY sequence DESC LIMIT 1').get() as
    | { sequence: number; interval: number; book_after: string }
    | undefined;
  return row && { sequence: row.sequence, interval: row.interval, book: fromJson<OrderBook>(row.book_after) };
}

export function insertAdmission(db: Database, a: Omit<StoredAdmission, 'createdMs' | 'provenMs'>, nowMs: number): void {
  db.prepare(
    'INSERT INTO admission (interval, sequence, idle, book_before, input, result, book_after, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  ).run(
    a.interval,
    a.sequence,
    a.idle ? 1 : 0,
    a.sequence === 1 ? toJson(a.bookBefore) : '',
    toJson(a.input),
    toJson(a.result),
    toJson(a.bookAfter),
    nowMs,
  );
}

const BRIEF = 'a.interval, a.idle, a.created_ms AS createdMs, a.proven_ms AS provenMs';
export function admissionBrief(db: Database, interval: number): AdmissionBrief | undefined {
  const row = db.prepare(`SELECT ${BRIEF} FROM admission a WHERE a.interval = ?`).get(interval) as
    | (Omit<AdmissionBrief, 'idle'> & { idle: 0 | 1 })
    | undefined;
  return row && { ...row, idle: row.idle === 1 };
}

export function admissionAt(db: Database, interval: number): StoredAdmission | undefined {
  const row = db
    .prepare(
      `SELECT ${BRIEF}, a.sequence, CASE WHEN a.book_before = '' THEN p.book_after ELSE a.book_before END AS bookBefore, a.input, a.result, a.book_after AS bookAfter
       FROM admission a LEFT JOIN admission p ON p.sequence = a.sequence - 1 WHERE a.interval = ?`,
    )
    .get(interval) as
    | (Omit<AdmissionBrief, 'idle'> & {
        idle: 0 | 1;
        sequence: number;
        bookBefore: string;
        input: string;
        result: string;
        bookAfter: string;
      })
    | undefined;
  return (
    row && {
      ...row,
      idle: row.idle === 1,
      bookBefore: fromJson(row.bookBefore),
      input: fromJson(row.input),
      result: fromJson(row.result),
      bookAfter: fromJson(row.bookAfter),
    }
  );
}

export const setProven = (db: Database, interval: number, nowMs: number): void =>
  void db.prepare('UPDATE admission SET proven_ms = ? WHERE interval = ?').run(nowMs, interval);

/** Once the receipt is final the witness is dropped: it follows from input and book. */
export function dropAdmissionWitness(db: Database, interval: number): void {
  const row = db.prepare('SELECT result FROM admission WHERE interval = ?').get(interval) as { result: string } | undefined;
  if (!row) return;
  const result = fromJson<AdmissionResult>(row.result);
  const batches = result.batches.map(({ words, publicSignals }) => ({ words, publicSignals }));
  db.prepare('UPDATE admission SET result = ? WHERE interval = ?').run(toJson({ ...result, batches }), interval);
}

/**
 * Takes back an admission that cannot be proven and those built on it: they are made again on the book before it. What has been proven
 * stays, because the chain's book moves with it.
 */
export function forgetUnproven(db: Database, interval: number): void {
  const rows = 'SELECT interval FROM admission WHERE interval >= ? AND proven_ms IS NULL';
  db.prepare(`DELETE FROM admission_proof WHERE interval IN (${rows})`).run(interval);
  db.prepare('DELETE FROM admission WHERE interval >= ? AND proven_ms IS NULL').run(interval);
}
