/** Carbon credits as the chain has them: issues with their factor, who holds how much, what was retired for whom. Amounts in mg CO2e. */
import { ZeroAddress } from 'ethers';
import { CREDIT_PERIOD_S, expiresAtS } from '../../domain/wallet/vintages.ts';
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
  /** Lots by holder and vintage, as they were moved: what has expired and was not swept is among them. */
  readonly lots: Map<string, Map<number, bigint>>;
  /** Numbers under which contracts keep credits of others: orders of the market, bundles and pools. */
  readonly escrows: { readonly contract: 'CarbonMarket' | 'CarbonCredit'; readonly id: string }[];
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
    empty: () => ({
      issues: [],
      retirements: [],
      lots: new Map(),
      escrows: [],
      issuedMg: 0n,
      retiredMg: 0n,
      expiredMg: 0n,
      lastPrice: null,
    }),
    apply,
  });

/** Numbers of pools lie above those of bundles, as deployed. */
const POOL = 1n << 128n;
function pool(picture: CreditsPicture, period: string | undefined): void {
  const id = String(POOL + BigInt(period ?? 0));
  if (!picture.escrows.some((e) => e.id === id)) picture.escrows.push({ contract: 'CarbonCredit', id });
}

/** What each holds that can still be spent, and what has expired and nobody has swept. */
export function creditsHeld(picture: CreditsPicture, nowS: number): { holders: Map<string, bigint>; unsweptMg: bigint } {
  const holders = new Map<string, bigint>();
  let unsweptMg = 0n;
  for (const [holder, lots] of picture.lots)
    for (const [vintage, mg] of lots) {
      if (expiresAtS(vintage, CREDIT_PERIOD_S) <= nowS) unsweptMg += mg;
      else holders.set(holder, (holders.get(holder) ?? 0n) + mg);
    }
  return { holders, unsweptMg };
}

function apply(picture: CreditsPicture, event: ChainEvent): void {
  const { contract, name, args, block, transaction, timeS } = event;
  if (contract === 'CarbonMarket') {
    if (name === 'OrderPlaced') picture.escrows.push({ contract, id: args.orderId ?? '' });
    if (name === 'OrderFilled' && args.pairId === CREDIT_PAIR) picture.lastPrice = Number(args.price);
    return;
  }
  const add = (account: string | undefined, mg: bigint): void => {
    if (account === undefined || account === ZeroAddress) return;
    const lots = picture.lots.get(account) ?? new Map<number, bigint>();
    picture.lots.set(account, lots);
    const vintage = Number(args.vintage);
    const left = (lots.get(vintage) ?? 0n) + mg;
    if (left === 0n) lots.delete(vintage);
    else lots.set(vintage, left);
  };
  const amount = BigInt(args.amount ?? 0);
  if (name === 'VintageMinted') add(args.to, amount);
  else if (name === 'VintageMoved') {
    add(args.from, -amount);
    add(args.to, amount);
  } else if (name === 'VintageExpired') {
    add(args.holder, -amount);
    picture.expiredMg += amount;
  } else if (name === 'CreditsBundled') picture.escrows.push({ contract: 'CarbonCredit', id: args.bundleId ?? '' });
  else if (name === 'LevyCollected') pool(picture, args.period);
  else if (name === 'PoolRolled') pool(picture, args.into);
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
