/** Rows of members' accounts and transactions. All writing happens inside the store's durable transactions. */
import type { Database } from 'better-sqlite3';

export interface MemberTransaction {
  readonly hash: string;
  readonly act: string;
  readonly memberId: string;
  readonly account: string;
  readonly nonce: number;
  readonly title: string;
  readonly raw: string;
  readonly state: 'waiting' | 'sent' | 'final' | 'failed';
  readonly createdMs: number;
  readonly block: number | null;
  readonly blockHash: string | null;
  readonly lastError: string | null;
}
const COLUMNS = `hash, act, member_id AS memberId, account, nonce, title, raw, state, created_ms AS createdMs, block,
  block_hash AS blockHash, last_error AS lastError`;

export function insertTransaction(db: Database, t: Omit<MemberTransaction, 'state' | 'block' | 'blockHash' | 'lastError'>): void {
  db.prepare(
    `INSERT INTO member_transaction (hash, act, member_id, account, nonce, title, raw, state, created_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', ?) ON CONFLICT (hash) DO NOTHING`,
  ).run(t.hash, t.act, t.memberId, t.account, t.nonce, t.title, t.raw, t.createdMs);
}
/** The first open transaction of each account: the only ones that can be mined now. */
export const nextOpen = (db: Database): MemberTransaction[] =>
  db
    .prepare(
      `SELECT ${COLUMNS} FROM member_transaction t WHERE state IN ('waiting', 'sent') AND nonce =
        (SELECT min(nonce) FROM member_transaction o WHERE o.account = t.account AND o.state IN ('waiting', 'sent'))`,
    )
    .all() as MemberTransaction[];
export const openOf = (db: Database, account: string): MemberTransaction[] =>
  db
    .prepare(`SELECT ${COLUMNS} FROM member_transaction WHERE account = ? AND state IN ('waiting', 'sent') ORDER BY nonce`)
    .all(account) as MemberTransaction[];
export const newestOf = (db: Database, memberId: string, limit: number): MemberTransaction[] =>
  db
    .prepare(`SELECT ${COLUMNS} FROM member_transaction WHERE member_id = ? ORDER BY created_ms DESC, nonce DESC LIMIT ?`)
    .all(memberId, limit) as MemberTransaction[];
/** Those that ended on the chain, per account from the newest. */
export const endedOf = (db: Database, account: string): MemberTransaction[] =>
  db
    .prepare(`SELECT ${COLUMNS} FROM member_transaction WHERE account = ? AND state IN ('final', 'failed') ORDER BY nonce DESC`)
    .all(account) as MemberTransaction[];
export const accountsWithTransactions = (db: Database): string[] =>
  (db.prepare('SELECT DISTINCT account FROM member_transaction').all() as { account: string }[]).map((r) => r.account);

export function setOutcome(
  db: Database,
  hash: string,
  outcome: {
    state: MemberTransaction['state'];
    block?: number | null;
    blockHash?: string | null;
    gasUsed?: number | null;
    error?: string | null;
  },
): void {
  db.prepare('UPDATE member_transaction SET state = ?, block = ?, block_hash = ?, gas_used = ?, last_error = ? WHERE hash = ?').run(
    outcome.state,
    outcome.block ?? null,
    outcome.blockHash ?? null,
    outcome.gasUsed ?? null,
    outcome.error ?? null,
    hash,
  );
}

export interface MemberAccountRow {
  readonly memberId: string;
  readonly address: string;
}
export const accountOf = (db: Database, memberId: string): MemberAccountRow | undefined =>
  db.prepare('SELECT member_id AS memberId, address FROM member_account WHERE member_id = ?').get(memberId) as MemberAccountRow | undefined;
export function insertAccount(db: Database, memberId: string, address: string, signature: string, nowMs: number): void {
  db.prepare('INSERT INTO member_account (member_id, address, signature, accepted_ms) VALUES (?, ?, ?, ?)').run(
    memberId,
    address,
    signature,
    nowMs,
  );
}
