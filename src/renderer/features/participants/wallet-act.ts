/** From what is typed (kWh, ct/kWh, currency, minutes, hours) to an act in whole units. */
import { bondOf } from '../../../domain/wallet/terms.ts';
import type { OfferCondition, WalletAct } from '../../../shared/wallet-act.ts';

/** What a dialog starts from: an act whose numbers may still be changed. */
export interface ActFields {
  readonly kwh?: number | string;
  readonly cents?: number | string;
  readonly money?: number | string;
  readonly minutes?: number | string;
  readonly side?: 'buy' | 'sell';
  readonly asset?: 'money' | 'energy';
  readonly to?: string | null;
  readonly gridBalanced?: boolean;
  readonly metric?: OfferCondition['metric'] | 'none';
  readonly atLeast?: boolean;
  /** Hz, V, kW */
  readonly threshold?: number | string;
  readonly partner?: string | null;
  /** Of deliveries: hours until the first window, its length in minutes, hours between two, and how many. */
  readonly inHours?: number | string;
  readonly windowMinutes?: number | string;
  readonly everyHours?: number | string;
  readonly count?: number | string;
  readonly reason?: string;
  readonly sellerPercent?: number | string;
}
interface OfDeal {
  readonly deal: number;
}
interface Disputed extends OfDeal {
  readonly instalment?: number;
}
export type Start =
  | { readonly kind: 'transfer' | 'place-offer' | 'create-auction' }
  | { readonly kind: 'take-offer'; readonly offer: number; readonly side: 'buy' | 'sell'; readonly mostWh: number; readonly price: number }
  | { readonly kind: 'close-offer'; readonly offer: number }
  | { readonly kind: 'open-group'; readonly offer: number; readonly mostWh: number; readonly price: number; readonly mostMinutes: number }
  | { readonly kind: 'join-group'; readonly group: number; readonly mostWh: number; readonly price: number }
  | { readonly kind: 'leave-group' | 'execute-group' | 'claim-group'; readonly group: number }
  | { readonly kind: 'bid'; readonly auction: number; readonly energyWh: number; readonly leastPrice: number }
  | { readonly kind: 'settle-auction'; readonly auction: number }
  | { readonly kind: 'draw'; readonly connection: number; readonly mostWh: number }
  | { readonly kind: 'close-connection'; readonly connection: number; readonly closeBps: number }
  | { readonly kind: 'propose-delivery'; readonly bondBps: number; readonly nowMs: number }
  | (OfDeal & { readonly kind: 'accept-delivery'; readonly energyWh: number; readonly price: number; readonly count: number })
  | (OfDeal & { readonly kind: 'deliver'; readonly energyWh: number; readonly number: number; readonly count: number })
  | (OfDeal & { readonly kind: 'stop-deliveries'; readonly closeBps: number; readonly missed: boolean })
  | (OfDeal & { readonly kind: 'withdraw-proposal' | 'pay-instalments' })
  | (OfDeal & { readonly kind: 'end-deal'; readonly missed: boolean })
  | (Disputed & { readonly kind: 'settle-deal' })
  | (Disputed & { readonly kind: 'dispute'; readonly stops: boolean })
  | (Disputed & { readonly kind: 'resolve-dispute'; readonly about: string; readonly reason: string | null })
  | { readonly kind: 'withdraw'; readonly venue: 'offers' | 'deals' }
  /** `most` and `short` in micro-cents. */
  | { readonly kind: 'pay-in' | 'pay-out'; readonly place: number; readonly most: string }
  | { readonly kind: 'collect'; readonly claimable: string }
  | { readonly kind: 'pay-in-grid'; readonly most: string; readonly short: string };

export const TITLE: Record<Start['kind'], string> = {
  transfer: 'Transfer',
  'place-offer': 'Place an offer',
  'take-offer': 'Take an offer',
  'close-offer': 'Close an offer',
  'open-group': 'Open a group purchase',
  'join-group': 'Join a group purchase',
  'leave-group': 'Leave a group purchase',
  'execute-group': 'Buy for the group',
  'claim-group': 'Take the energy bought',
  'create-auction': 'Auction energy',
  bid: 'Bid',
  'settle-auction': 'End an auction',
  draw: 'Draw energy',
  'close-connection': 'Close a connection',
  'propose-delivery': 'Propose deliveries',
  'withdraw-proposal': 'Withdraw a proposal',
  'accept-delivery': 'Accept deliveries',
  deliver: 'Deliver',
  'stop-deliveries': 'Stop deliveries',
  'pay-instalments': 'Pay out instalments',
  'end-deal': 'End a deal',
  'settle-deal': 'Settle a deal',
  dispute: 'Dispute',
  'resolve-dispute': 'Decide a dispute',
  withdraw: 'Withdraw money',
  'pay-in': 'Pay in',
  'pay-out': 'Ask for a payout',
  collect: 'Collect',
  'pay-in-grid': 'Pay in for the grid',
};

const whole = (value: number | string | undefined, factor: number): number => {
  const n = Math.round(Number(value ?? 0) * factor);
  return Number.isSafeInteger(n) && n > 0 ? n : 0;
};
export const wh = (kwh: number | string | undefined): number => whole(kwh, 1000);
export const milliCents = (cents: number | string | undefined): number => whole(cents, 1000);
export const microCents = (money: number | string | undefined): number => whole(money, 1e8);

/** Exact up to some ninety million of money. */
export const inMoney = (amount: string): number => Number(amount) / 1e8;

/** What a condition is typed in, and how many of the contract's units that is. */
export const METRICS: Record<OfferCondition['metric'], { label: string; unit: string; factor: number; typical: number }> = {
  frequency: { label: 'Frequency', unit: 'Hz', factor: 1000, typical: 50 },
  voltage: { label: 'Voltage', unit: 'V', factor: 1000, typical: 230 },
  demand: { label: 'Demand', unit: 'kW', factor: 1000, typical: 10 },
  supply: { label: 'Supply', unit: 'kW', factor: 1000, typical: 10 },
  imbalance: { label: 'Demand less supply', unit: 'kW', factor: 1000, typical: 0 },
};

export function firstFields(start: Start): ActFields {
  const common: ActFields = {
    asset: 'money',
    to: null,
    money: 1,
    kwh: 1,
    cents: 15,
    minutes: 60,
    side: 'buy',
    gridBalanced: false,
    metric: 'none',
    atLeast: false,
    threshold: '',
    partner: null,
    inHours: 1,
    windowMinutes: 60,
    everyHours: 24,
    count: 7,
    reason: '',
    sellerPercent: 50,
  };
  if (start.kind === 'take-offer' || start.kind === 'draw' || start.kind === 'join-group') return { ...common, kwh: start.mostWh / 1000 };
  if (start.kind === 'open-group') return { ...common, kwh: start.mostWh / 1000, minutes: Math.min(60, start.mostMinutes) };
  if (start.kind === 'bid') return { ...common, cents: start.leastPrice / 1000 };
  if (start.kind === 'pay-in') return { ...common, money: Math.min(10, inMoney(start.most)) };
  if (start.kind === 'pay-out') return { ...common, money: inMoney(start.most) };
  if (start.kind === 'pay-in-grid') return { ...common, money: Math.min(inMoney(start.short), inMoney(start.most)) };
  return common;
}

/** null while the threshold is missing; undefined when there is no condition. */
function conditionOf(f: ActFields): OfferCondition | null | undefined {
  if (f.metric === undefined || f.metric === 'none') return undefined;
  const threshold = Math.round(Number(f.threshold) * METRICS[f.metric].factor);
  if (f.threshold === '' || f.threshold === undefined || !Number.isSafeInteger(threshold)) return null;
  return { metric: f.metric, atLeast: f.atLeast === true, threshold };
}

/** null while something is missing or not a number above 0. */
export function actOf(start: Start, f: ActFields): WalletAct | null {
  const energyWh = wh(f.kwh);
  const price = milliCents(f.cents);
  const durationS = whole(f.minutes, 60);
  const upTo = (most: number) => energyWh > 0 && energyWh <= most;
  switch (start.kind) {
    case 'transfer': {
      const asset = f.asset ?? 'money';
      const amount = asset === 'money' ? microCents(f.money) : energyWh;
      return f.to && amount > 0 ? { kind: 'transfer', asset, to: f.to, amount: String(amount) } : null;
    }
    case 'place-offer': {
      const condition = conditionOf(f);
      if (!energyWh || !price || durationS < 60 || condition === null) return null;
      return {
        kind: 'place-offer',
        side: f.side ?? 'buy',
        energyWh,
        price,
        durationS,
        ...(f.gridBalanced ? { gridBalanced: true } : {}),
        ...(condition ? { condition } : {}),
        ...(f.partner ? { partner: f.partner } : {}),
      };
    }
    case 'create-auction':
      return energyWh && price && durationS >= 60 ? { kind: 'create-auction', energyWh, price, durationS, drawS: 86_400 } : null;
    case 'take-offer':
      return upTo(start.mostWh) ? { kind: 'take-offer', offer: start.offer, side: start.side, energyWh, price: start.price } : null;
    case 'open-group':
      return upTo(start.mostWh) && durationS >= 60 && durationS <= start.mostMinutes * 60
        ? { kind: 'open-group', offer: start.offer, targetWh: energyWh, durationS }
        : null;
    case 'join-group':
      return upTo(start.mostWh) ? { kind: 'join-group', group: start.group, energyWh, price: start.price } : null;
    case 'bid':
      return price >= start.leastPrice ? { kind: 'bid', auction: start.auction, energyWh: start.energyWh, price } : null;
    case 'draw':
      return upTo(start.mostWh) ? { kind: 'draw', connection: start.connection, energyWh } : null;
    case 'propose-delivery':
      return proposal(start, f, energyWh, price);
    case 'dispute': {
      const reason = (f.reason ?? '').trim();
      if (reason.length < 3 || reason.length > 31 || !/^[ -~]+$/.test(reason)) return null;
      return { kind: 'dispute', deal: start.deal, ...ofOne(start), reason };
    }
    case 'resolve-dispute': {
      const sellerBps = Math.round(Number(f.sellerPercent) * 100);
      return f.sellerPercent !== '' && sellerBps >= 0 && sellerBps <= 10_000
        ? { kind: 'resolve-dispute', deal: start.deal, ...ofOne(start), sellerBps }
        : null;
    }
    case 'settle-deal':
      return { kind: 'settle-deal', deal: start.deal, ...ofOne(start) };
    case 'pay-in':
    case 'pay-out':
    case 'pay-in-grid': {
      const amount = microCents(f.money);
      if (amount === 0 || BigInt(amount) > BigInt(start.most)) return null;
      return start.kind === 'pay-in-grid'
        ? { kind: start.kind, amount: String(amount) }
        : { kind: start.kind, place: start.place, amount: String(amount) };
    }
    case 'collect':
      return { kind: 'collect' };
    case 'accept-delivery':
      return { kind: start.kind, deal: start.deal, energyWh: start.energyWh, price: start.price };
    case 'deliver':
      return { kind: start.kind, deal: start.deal, energyWh: start.energyWh };
    case 'close-connection':
      return { kind: start.kind, connection: start.connection };
    case 'stop-deliveries':
    case 'end-deal':
    case 'withdraw-proposal':
    case 'pay-instalments':
      return { kind: start.kind, deal: start.deal };
    default:
      return start;
  }
}

const ofOne = ({ instalment }: Disputed) => (instalment === undefined ? {} : { instalment });

function proposal(start: Start & { kind: 'propose-delivery' }, f: ActFields, energyWh: number, price: number): WalletAct | null {
  const [inS, windowS, count] = [whole(f.inHours, 3600), whole(f.windowMinutes, 60), whole(f.count, 1)];
  // The period of a single delivery means nothing; it only has to be one.
  const periodS = count > 1 ? whole(f.everyHours, 3600) : windowS;
  if (!energyWh || !price || inS < 300 || windowS < 60 || count < 1 || count > 1000 || periodS < windowS) return null;
  const startsAtS = Math.ceil((start.nowMs / 1000 + inS) / 60) * 60;
  const bond = bondOf(energyWh, count, price, start.bondBps).toString();
  return { kind: 'propose-delivery', energyWh, price, startsAtS, windowS, periodS, count, bond };
}
