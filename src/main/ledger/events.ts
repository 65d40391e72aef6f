/** The indexed copy of the contracts' events as rooms read it: by contract, oldest first. What they work out of it is never stored again. */
import type { Database } from 'better-sqlite3';

export interface LedgerEvent {
  readonly block: number;
  readonly name: string;
  readonly args: Readonly<Record<string, string>>;
  readonly transaction: string;
  readonly timeS: number | null;
}
interface Row extends Omit<LedgerEvent, 'args'> {
  readonly arguments: string;
}
const SELECT = 'SELECT block, name, arguments, transaction_hash AS "transaction", time_s AS timeS FROM chain_event';
const parse = (rows: unknown[]): LedgerEvent[] =>
  (rows as Row[]).map(({ arguments: text, ...row }) => ({ ...row, args: JSON.parse(text) as Record<string, string> }));
const marks = (names: readonly string[]): string => names.map(() => '?').join(', ');

/** Events of one contract with one of these names, oldest first. */
export const eventsOf = (db: Database, contract: string, names: readonly string[]): LedgerEvent[] =>
  parse(db.prepare(`${SELECT} WHERE contract = ? AND name IN (${marks(names)}) ORDER BY block, log_index`).all(contract, ...names));
/** Events of any contract with one of these names, with their contract, oldest first. */
export const eventsNamed = (db: Database, names: readonly string[]): (LedgerEvent & { contract: string })[] =>
  parse(
    db.prepare(`${SELECT.replace('block,', 'contract, block,')} WHERE name IN (${marks(names)}) ORDER BY block, log_index`).all(...names),
  ) as (LedgerEvent & { contract: string })[];
export const newestOf = (db: Database, contract: string, name: string): LedgerEvent | undefined =>
  parse(db.prepare(`${SELECT} WHERE contract = ? AND name = ? ORDER BY block DESC, log_index DESC LIMIT 1`).all(contract, name))[0];

/** Where an event stands in the chain, as screens show it. */
export const evidence = (e: LedgerEvent): { transaction: string; block: number; timeMs: number | null } => ({
  transaction: e.transaction,
  block: e.block,
  timeMs: e.timeS === null ? null : e.timeS * 1000,
});
