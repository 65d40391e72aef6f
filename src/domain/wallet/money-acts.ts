/** Money between an account and Settlement: what an act calls there. What is paid in is allowed first, exactly. */
import type { MoneyAct } from '../../shared/money-act.ts';
import type { WalletAct } from '../../shared/wallet-act.ts';
import type { WalletCall } from './acts.ts';
import { spendOf } from './spend.ts';

export const SETTLEMENT_ABI = [
  'function deposit(uint16 index, uint64 amount)',
  'function requestWithdrawal(uint16 index, uint64 amount)',
  'function claim()',
  'function depositGrid(uint256 amount)',
] as const;

const KINDS: ReadonlySet<string> = new Set<MoneyAct['kind']>(['pay-in', 'pay-out', 'collect', 'pay-in-grid']);
export const isMoneyAct = (act: WalletAct): act is MoneyAct => KINDS.has(act.kind);

export function settlementCall(act: MoneyAct): WalletCall {
  const contract = 'Settlement' as const;
  switch (act.kind) {
    case 'pay-in':
      return { contract, method: 'deposit', args: [String(act.place), act.amount], title: 'Pay in' };
    case 'pay-out':
      return { contract, method: 'requestWithdrawal', args: [String(act.place), act.amount], title: 'Ask for a payout' };
    case 'collect':
      return { contract, method: 'claim', args: [], title: 'Collect what was granted' };
    case 'pay-in-grid':
      return { contract, method: 'depositGrid', args: [act.amount], title: 'Pay in for the grid' };
  }
}

/**
 * What an act puts to use, micro-cents: what it costs, what it takes out of the settlement, and the worth of the energy that it gives or promises,
 * whatever the price. A delivery was counted when it was promised. `worth` of a kWh in milli-cents.
 */
export function movedBy(act: WalletAct, worth: number): bigint {
  if (act.kind === 'pay-out') return BigInt(act.amount);
  if (act.kind === 'deliver') return 0n;
  const { money, energyWh } = spendOf(act);
  const promisedWh = act.kind === 'propose-delivery' ? BigInt(act.energyWh) * BigInt(act.count) : 0n;
  return money + (energyWh + promisedWh) * BigInt(worth);
}

/** Micro-cents in sentences: as money, with the two decimals of every day and as many more as it takes. */
export function moneyWords(microCents: bigint): string {
  const decimals = (microCents % 100_000_000n)
    .toString()
    .padStart(8, '0')
    .replace(/0{1,6}$/, '');
  return `${microCents / 100_000_000n}.${decimals}`;
}
