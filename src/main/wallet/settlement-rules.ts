/** Why money cannot go in or out of the settlement now, in words, before anybody is asked to sign. The contract judges all the same. */
import { moneyWords } from '../../domain/wallet/money-acts.ts';
import type { Wallet } from '../../shared/contract/wallet.ts';
import type { MoneyAct } from '../../shared/money-act.ts';

/** null when nothing is known against it. */
export function moneyRefusal(act: MoneyAct, wallet: Wallet, currency: string): string | null {
  const { settlement, name, money } = wallet;
  const sum = (amount: string | bigint) => `${moneyWords(BigInt(amount))} ${currency}`;
  if (settlement === null) return 'the contract that settles is not deployed yet';
  if (act.kind === 'collect')
    return settlement.claimable === '0' ? `nothing is granted to the account of ${name}: ask for a payout first` : null;
  if (act.kind === 'pay-in-grid') {
    if (!wallet.operatorOwned) return 'only the operator’s account pays in for the grid';
    return notEnough(act.amount, money, sum);
  }
  if (act.place !== settlement.place) return `place ${act.place} of the settlement is another member’s`;
  if (settlement.account === 'none')
    return wallet.operatorOwned
      ? 'the community’s own assets have no account in the settlement: their money is the operator’s, and is paid in for the grid'
      : `the settlement has no account for ${name} yet; it gets one when its meter is registered and its gateway has named it`;
  if (settlement.account === 'moved') return `${name} has handed its place on to another account, and only that one can do this`;
  if (settlement.state === 'ended')
    return 'rounds have ended for good; members leave with their own openings (busbar member exit), and what is granted can be collected';
  if (settlement.state === 'paused') return 'the contract that settles is paused';
  if (settlement.waiting)
    return `${name} has an entry waiting already (${settlement.waiting.payout ? 'a payout' : 'a payment'} of ${sum(settlement.waiting.amount)}); one at a time, until a round has applied it`;
  if (act.kind === 'pay-in') return notEnough(act.amount, money, sum);
  const balance = settlement.balance ?? '0';
  return BigInt(act.amount) > BigInt(balance)
    ? `the balance of ${name} in the newest settled round is ${sum(balance)}; a payout cannot be more`
    : null;
}

const notEnough = (amount: string, money: string | null, sum: (amount: string) => string): string | null =>
  BigInt(amount) > BigInt(money ?? 0) ? `the account holds ${sum(money ?? '0')}, and that is less than ${sum(amount)}` : null;
