/** Rows of members' sealing keys and openings. All writing happens inside the store's durable transactions. */
import type { Database } from 'better-sqlite3';

export interface KnownSealingKey {
  readonly memberId: string;
  readonly publicKey: string;
}
export interface KeptOpening {
  readonly memberId: string;
  readonly interval: number;
  /** The key it is sealed for. */
  readonly publicKey: string;
  /** sealed-opening/1, as sent. */
  readonly message: string;
  readonly sealedMs: number;
  readonly answer: 'kept' | 'refused' | null;
  readonly reason: string | null;
  readonly deliveredInterval: number | null;
  readonly deliveredMs: number | null;
}

export const sealingKeyOf = (db: Database, memberId: string): KnownSealingKey | undefined =>
  db.prepare('SELECT member_id AS memberId, public_key AS publicKey FROM member_sealing_key WHERE member_id = ?').get(memberId) as
    | KnownSealingKey
    | undefined;
export function putSealingKey(db: Database, key: KnownSealingKey & { signature: string; nowMs: number }): void {
  db.prepare('INSERT OR REPLACE INTO member_sealing_key (member_id, public_key, signature, accepted_ms) VALUES (?, ?, ?, ?)').run(
    key.memberId,
    key.publicKey,
    key.signature,
    key.nowMs,
  );
}

const COLUMNS = `member_id AS memberId, interval, public_key AS publicKey, message, sealed_ms AS sealedMs, answer, reason,
  delivered_interval AS deliveredInterval, delivered_ms AS deliveredMs`;
export const openingOf = (db: Database, memberId: string): KeptOpening | undefined =>
  db.prepare(`SELECT ${COLUMNS} FROM member_opening WHERE member_id = ?`).get(memberId) as KeptOpening | undefined;
export const openings = (db: Database): KeptOpening[] => db.prepare(`SELECT ${COLUMNS} FROM member_opening`).all() as KeptOpening[];

/** Members whose newest opening is not of this round, or sealed for a key they no longer have. */
export const lacking = (db: Database, interval: number): KnownSealingKey[] =>
  db
    .prepare(
      `SELECT k.member_id AS memberId, k.public_key AS publicKey FROM member_sealing_key k LEFT JOIN member_opening o USING (member_id)
       WHERE o.interval IS NOT ? OR o.public_key IS NOT k.public_key ORDER BY k.member_id`,
    )
    .all(interval) as KnownSealingKey[];

/** Takes the place of the member's older one; what was delivered last stays known. */
export function putOpening(db: Database, o: Pick<KeptOpening, 'memberId' | 'interval' | 'publicKey' | 'message' | 'sealedMs'>): void {
  db.prepare(
    `INSERT INTO member_opening (member_id, interval, public_key, message, sealed_ms) VALUES (@memberId, @interval, @publicKey, @message, @sealedMs)
     ON CONFLICT (member_id) DO UPDATE SET interval = @interval, public_key = @publicKey, message = @message, sealed_ms = @sealedMs, answer = NULL, reason = NULL`,
  ).run(o);
}
/** The rounds from this interval on are not settled after all: their members get new openings when they are. */
export const forgetOpenings = (db: Database, interval: number): void =>
  void db.prepare('DELETE FROM member_opening WHERE interval >= ?').run(interval);
export function setAnswer(db: Database, memberId: string, answer: 'kept' | 'refused', reason: string | null, nowMs: number): void {
  db.prepare('UPDATE member_opening SET answer = ?, reason = ? WHERE member_id = ?').run(answer, reason, memberId);
  if (answer === 'kept')
    db.prepare('UPDATE member_opening SET delivered_interval = interval, delivered_ms = ? WHERE member_id = ?').run(nowMs, memberId);
}
/** The settled round whose opening members need now: the newest one, because accounts have moved on from all before it. */
export const newestSettled = (db: Database): number | null =>
  (db.prepare("SELECT max(interval) AS n FROM round WHERE state = 'settled'").get() as { n: number | null }).n;

/** The transaction that settled an interval, from the indexed copy of the events; undefined until it has been read. */
export const settledBy = (db: Database, interval: number): { transaction: string; block: number } | undefined =>
  db
    .prepare(
      `SELECT transaction_hash AS "transaction", block FROM chain_event WHERE contract = 'Settlement' AND name = 'Settled'
         AND json_extract(arguments, '$.interval') = ? ORDER BY block DESC LIMIT 1`,
    )
    .get(String(interval)) as { transaction: string; block: number } | undefined;
