/** Carbon credits as the chain has them: issues with their factor, who holds how much, what was retired for whom. Amounts in mg CO2e. */
import { ZeroAddress } from 'ethers';
import type { Store } from '../kernel/ports.ts';
import type { ChainEvent } from '../wallet/chain-events.ts';
import { type ChainFold, createChainFold, fieldsOf } from './chain-fold.ts';

export interface CreditIssue {
  readonly id: number;
  readonly meterId: number;
  readonly readingId: number;
  readonly to: string;
  readonly energyWh: number;
  readonly factorGPerKwh: number;
  readonly amountMg: string;
  readonly block: number;
  readonly transaction: string;
  readonly timeS: number | null;
}
export interface CreditRetirement {
  readonly by: string;
  readonly beneficiary: string;
  readonly purpose: string;
  readonly amountMg: string;
  readonly block: number;
  readonly transaction: string;
  readonly timeS: number | null;
}
export interface CreditsPicture {
  readonly issues: CreditIssue[];
  readonly retirements: CreditRetirement[];
  readonly holders: Map<string, bigint>;
  issuedMg: bigint;
  retiredMg: bigint;
  expiredMg: bigint;
  /** Milli-cents per kg of the last trade on the carbon market; null before one. */
  lastPrice: number | null;
}
/** Pair of credits against money on the market, as deployed. */
const CREDIT_PAIR = '1';

export const creditsView = (store: Pick<Store, 'read'>): ChainFold<CreditsPicture> =>
  createChainFold<CreditsPicture>(store, {
    contracts: ['CarbonCredit', 'CarbonMarket'],
    empty: () => ({ issues: [], retirements: [], holders: new Map(), issuedMg: 0n, retiredMg: 0n, expiredMg: 0n, lastPrice: null }),
    apply,
  });

function apply(picture: CreditsPicture, event: ChainEvent): void {
  const { contract, name, args, block, transaction, timeS } = event;
  if (contract === 'CarbonMarket') {
    if (name === 'OrderFilled' && args.pairId === CREDIT_PAIR) picture.lastPrice = Number(args.price);
    return;
  }
  const move = (account: string | undefined, mg: bigint): void => {
    if (account === undefined || account === ZeroAddress) return;
    const left = (picture.holders.get(account) ?? 0n) + mg;
    if (left === 0n) picture.holders.delete(account);
    else picture.holders.set(account, left);
  };
  if (name === 'Transfer') {
    move(args.from, -BigInt(args.value ?? 0));
    move(args.to, BigInt(args.value ?? 0));
  } else if (name === 'VintageExpired') picture.expiredMg += BigInt(args.amount ?? 0);
  else if (name === 'CreditsIssued') {
    const [, readingId, , , , energyWh, factor, amountMg = '0'] = fieldsOf(args.data);
    picture.issuedMg += BigInt(amountMg);
    picture.issues.push({
      id: Number(args.certificateId),
      meterId: Number(args.meterId),
      readingId: Number(readingId),
      to: args.to ?? '',
      energyWh: Number(energyWh),
      factorGPerKwh: Number(factor),
      amountMg,
      ...{ block, transaction, timeS },
    });
  } else if (name === 'CreditsRetired') {
    const amountMg = args.amountMg ?? '0';
    picture.retiredMg += BigInt(amountMg);
    picture.retirements.push({
      by: args.by ?? '',
      beneficiary: args.beneficiary ?? '',
      purpose: args.purpose ?? '',
      amountMg,
      ...{ block, transaction, timeS },
    });
  }
}
