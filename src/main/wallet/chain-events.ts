/** The indexed copy of the contracts' events, as rows: nothing is kept besides them, so nothing can disagree with them. */
import type { Database } from 'better-sqlite3';

export interface ChainEvent {
  readonly block: number;
  readonly contract: string;
  readonly name: string;
  readonly args: Record<string, string>;
  readonly transaction: string;
  readonly timeS: number | null;
}
export interface Row {
  block: number;
  contract: string;
  name: string;
  arguments: string;
  transaction: string;
  timeS: number | null;
}
export const parseRows = (rows: Row[]): ChainEvent[] =>
  rows.map(({ arguments: text, ...row }) => ({ ...row, args: JSON.parse(text) as Record<string, string> }));
export const SELECT =
  'SELECT e.block, e.contract, e.name, e.arguments, e.transaction_hash AS "transaction", e.time_s AS timeS FROM chain_event e';

/** Events of one contract that name the account, oldest first. */
export const ofAccount = (db: Database, account: string, contract: string): ChainEvent[] =>
  parseRows(
    db
      .prepare(
        `${SELECT} JOIN chain_account a ON a.block = e.block AND a.log_index = e.log_index
         WHERE a.account = ? AND e.contract = ? ORDER BY e.block, e.log_index`,
      )
      .all(account.toLowerCase(), contract) as Row[],
  );
/** All events of one contract, oldest first. */
export const ofContract = (db: Database, contract: string): ChainEvent[] =>
  parseRows(db.prepare(`${SELECT} WHERE e.contract = ? ORDER BY e.block, e.log_index`).all(contract) as Row[]);

/** One account, however its letters are written. */
export const same = (a: string | undefined, b: string): boolean => a?.toLowerCase() === b.toLowerCase();

/** Time of the newest event, s; null before the first. The chain's clock never stands behind it. */
export const newestTimeS = (db: Database): number | null =>
  (
    db.prepare('SELECT time_s AS timeS FROM chain_event WHERE time_s IS NOT NULL ORDER BY block DESC, log_index DESC LIMIT 1').get() as
      | { timeS: number }
      | undefined
  )?.timeS ?? null;
