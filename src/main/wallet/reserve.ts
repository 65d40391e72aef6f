/** What the contract Settlement holds against what it owes. Money that is short is what the grid's supplier, or members in debt, have not paid. */
import type { Database } from 'better-sqlite3';
import type { Reserve } from '../../shared/contract/wallet.ts';
import { Fault } from '../../shared/errors.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import { moneyEvents, settlementMoney } from './settlement-money.ts';

/** Throws Fault chain.away, and not.found before there is a contract. */
export async function reserveNow(db: Database, ledger: Pick<LedgerService, 'view' | 'deployed'>): Promise<Reserve> {
  const contracts = ledger.deployed()?.contracts;
  if (!contracts?.has('Settlement')) throw new Fault('not.found', 'The contract that settles is not deployed yet.');
  const one = async (contract: string, method: string, args: string[] = []): Promise<bigint> =>
    BigInt((await ledger.view({ contract, method, args }))[0] as bigint);
  const [held, grid, laidOut] = await Promise.all([
    one('CommunityMoney', 'balanceOf', [contracts.address('Settlement')]),
    one('Settlement', 'gridAccount'),
    one('Settlement', 'defaultAccount'),
  ]);
  const { waiting, granted } = settlementMoney(moneyEvents(db));
  const paidIn = waiting.reduce((sum, e) => sum + (e.payout ? 0n : e.amount), 0n);
  const payouts = [...granted.values()].reduce((sum, amount) => sum + amount, 0n);
  return reserveOf({ held, grid, laidOut, waiting: paidIn, granted: payouts });
}

export function reserveOf(now: { held: bigint; grid: bigint; laidOut: bigint; waiting: bigint; granted: bigint }): Reserve {
  const { held, grid, laidOut, waiting, granted } = now;
  const left = grid + laidOut;
  return {
    held: held.toString(),
    balances: (held - left - waiting - granted).toString(),
    waiting: waiting.toString(),
    granted: granted.toString(),
    grid: grid.toString(),
    laidOut: laidOut.toString(),
    short: (left < 0n ? -left : 0n).toString(),
  };
}
