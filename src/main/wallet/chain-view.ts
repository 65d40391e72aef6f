/**
 * What accounts hold and what moved, read from the indexed copy of the chain's events: the same on every start, while the chain is away, and
 * after its past changed.
 */
import type { Database } from 'better-sqlite3';
import { type ChainEvent, ofAccount, parseRows, type Row, SELECT, same } from './chain-events.ts';

/** Money of the account, micro-cents. */
export function moneyOf(db: Database, account: string): bigint {
  let sum = 0n;
  for (const e of ofAccount(db, account, 'CommunityMoney')) {
    if (e.name !== 'Transfer') continue;
    if (same(e.args.to, account)) sum += BigInt(e.args.value ?? 0);
    if (same(e.args.from, account)) sum -= BigInt(e.args.value ?? 0);
  }
  return sum;
}

/** Tokens of the account by vintage, Wh; vintages of 0 left out. Expired ones are in until they are swept. */
export function lotsOf(db: Database, account: string): Map<number, number> {
  const lots = new Map<number, number>();
  const add = (vintage: string | undefined, wh: number): void => {
    const left = (lots.get(Number(vintage)) ?? 0) + wh;
    if (left === 0) lots.delete(Number(vintage));
    else lots.set(Number(vintage), left);
  };
  for (const { name, args } of ofAccount(db, account, 'EnergyToken')) {
    const wh = Number(args.amount);
    if (name === 'VintageMinted') add(args.vintage, wh);
    else if (name === 'VintageExpired') add(args.vintage, -wh);
    else if (name === 'VintageMoved') {
      if (same(args.to, account)) add(args.vintage, wh);
      if (same(args.from, account)) add(args.vintage, -wh);
    }
  }
  return lots;
}

export interface TransferLine {
  readonly transaction: string;
  readonly block: number;
  readonly timeS: number | null;
  readonly asset: 'money' | 'energy';
  readonly amount: bigint;
  readonly other: string;
}
/** Newest first. */
export function transfersOf(db: Database, account: string, limit: number): TransferLine[] {
  return (
    parseRows(
      db
        .prepare(
          `${SELECT} JOIN chain_account a ON a.block = e.block AND a.log_index = e.log_index
           WHERE a.account = ? AND e.name = 'Transfer' AND e.contract IN ('CommunityMoney', 'EnergyToken')
           ORDER BY e.block DESC, e.log_index DESC LIMIT ?`,
        )
        .all(account.toLowerCase(), limit) as Row[],
    ) as ChainEvent[]
  ).map((e) => {
    const out = same(e.args.from, account);
    const amount = BigInt(e.args.value ?? 0);
    return {
      transaction: e.transaction,
      block: e.block,
      timeS: e.timeS,
      asset: e.contract === 'CommunityMoney' ? 'money' : 'energy',
      amount: out ? -amount : amount,
      other: (out ? e.args.to : e.args.from) ?? '',
    };
  });
}
