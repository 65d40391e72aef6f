/** What the contract Settlement says of accounts and of its queue, as its events tell it. Money in micro-cents. */
import type { Database } from 'better-sqlite3';
import { type ChainEvent, parseRows, type Row, SELECT, same } from './chain-events.ts';

export interface Waiting {
  readonly position: bigint;
  readonly place: number;
  readonly account: string;
  readonly payout: boolean;
  readonly amount: bigint;
}
export interface SettlementMoney {
  readonly state: 'running' | 'paused' | 'ended';
  /** By place; of a member that has none yet there is nothing. */
  readonly accounts: ReadonlyMap<number, string>;
  /** Oldest first. */
  readonly waiting: readonly Waiting[];
  /** Granted and not collected yet, by account in small letters. */
  readonly granted: ReadonlyMap<string, bigint>;
  /** By place: the last payout asked for, when its round did not cover it. */
  readonly notCovered: ReadonlyMap<number, { amount: bigint; timeS: number | null }>;
}

const NAMES = ['AccountSet', 'FlowQueued', 'FlowApplied', 'Claimed', 'Escaped', 'Exited', 'Reclaimed', 'Paused', 'Unpaused'] as const;

/** The events above, oldest first; those of rounds are not among them. */
export const moneyEvents = (db: Database): ChainEvent[] =>
  parseRows(
    db
      .prepare(`${SELECT} WHERE e.contract = 'Settlement' AND e.name IN (${NAMES.map(() => '?').join(', ')}) ORDER BY e.block, e.log_index`)
      .all(...NAMES) as Row[],
  );

export function settlementMoney(events: readonly ChainEvent[]): SettlementMoney {
  const accounts = new Map<number, string>();
  const granted = new Map<string, bigint>();
  const notCovered = new Map<number, { amount: bigint; timeS: number | null }>();
  const entries = new Map<string, Waiting>();
  let paused = false;
  let ended = false;
  const grant = (account: string | undefined, amount: bigint): void => {
    const key = (account ?? '').toLowerCase();
    granted.set(key, (granted.get(key) ?? 0n) + amount);
  };
  for (const { name, args, timeS } of events) {
    const [place, amount] = [Number(args.index), BigInt(args.amount ?? 0)];
    const entry = entries.get(args.position ?? '');
    if (name === 'AccountSet') accounts.set(place, args.account ?? '');
    else if (name === 'FlowQueued') {
      const payout = args.withdrawal === 'true';
      if (payout) notCovered.delete(place);
      entries.set(args.position ?? '', { position: BigInt(args.position ?? 0), place, account: args.account ?? '', payout, amount });
    } else if (name === 'FlowApplied') {
      entries.delete(args.position ?? '');
      if (args.withdrawal !== 'true') continue;
      if (args.applied === 'true') grant(entry?.account, amount);
      else notCovered.set(place, { amount, timeS });
    } else if (name === 'Claimed') grant(args.account, -amount);
    else if (name === 'Exited') grant(args.account, amount);
    else if (name === 'Reclaimed') {
      entries.delete(args.position ?? '');
      grant(args.account, amount);
    } else if (name === 'Escaped') ended = true;
    else if (name === 'Paused') paused = true;
    else if (name === 'Unpaused') paused = false;
  }
  const waiting = [...entries.values()].sort((a, b) => (a.position < b.position ? -1 : 1));
  return { state: ended ? 'ended' : paused ? 'paused' : 'running', accounts, waiting, granted, notCovered };
}

/** Of one member: its entry that waits, and how many are before it. */
export function entryOf({ waiting }: SettlementMoney, place: number): { entry: Waiting; before: number } | null {
  const before = waiting.findIndex((e) => e.place === place);
  const entry = waiting[before];
  return entry ? { entry, before } : null;
}

export const grantedTo = ({ granted }: SettlementMoney, account: string): bigint => granted.get(account.toLowerCase()) ?? 0n;

/** none: nobody was named; moved: the member's money belongs to another account now. */
export function seatOf({ accounts }: SettlementMoney, place: number, account: string): 'none' | 'own' | 'moved' {
  const named = accounts.get(place);
  return named === undefined ? 'none' : same(named, account) ? 'own' : 'moved';
}

/** Newest settled balance of the member; below 0 it is a debt. null before its first settled round. */
export const settledBalance = (db: Database, meterId: number): { interval: number; balance: bigint } | null => {
  const row = db
    .prepare(
      `SELECT m.interval, m.balance_after AS balance FROM round_member m JOIN round r USING (interval)
       WHERE m.meter_id = ? AND r.state = 'settled' AND m.balance_after IS NOT NULL ORDER BY m.interval DESC LIMIT 1`,
    )
    .get(meterId) as { interval: number; balance: string } | undefined;
  return row ? { interval: row.interval, balance: BigInt(row.balance) } : null;
};
