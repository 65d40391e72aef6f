/** From what is typed (kWh, ct/kWh, currency, minutes) to an act in whole units. */
import type { WalletAct } from '../../../shared/wallet-act.ts';

/** What a dialog starts from: an act whose numbers may still be changed. */
export interface ActFields {
  readonly kwh?: number | string;
  readonly cents?: number | string;
  readonly money?: number | string;
  readonly minutes?: number | string;
  readonly side?: 'buy' | 'sell';
  readonly asset?: 'money' | 'energy';
  readonly to?: string | null;
}
export type Start =
  | { readonly kind: 'transfer' | 'place-offer' | 'create-auction' }
  | { readonly kind: 'take-offer'; readonly offer: number; readonly side: 'buy' | 'sell'; readonly mostWh: number; readonly price: number }
  | { readonly kind: 'bid'; readonly auction: number; readonly energyWh: number; readonly leastPrice: number }
  | { readonly kind: 'draw'; readonly connection: number; readonly mostWh: number }
  | { readonly kind: 'close-offer'; readonly offer: number }
  | { readonly kind: 'settle-auction'; readonly auction: number }
  | { readonly kind: 'close-connection'; readonly connection: number }
  | { readonly kind: 'withdraw'; readonly venue: 'offers' | 'deals' };

export const TITLE: Record<Start['kind'], string> = {
  transfer: 'Transfer',
  'place-offer': 'Place an offer',
  'create-auction': 'Auction energy',
  'take-offer': 'Take an offer',
  bid: 'Bid',
  draw: 'Draw energy',
  'close-offer': 'Close an offer',
  'settle-auction': 'End an auction',
  'close-connection': 'Close a connection',
  withdraw: 'Withdraw money',
};

const whole = (value: number | string | undefined, factor: number): number => {
  const n = Math.round(Number(value ?? 0) * factor);
  return Number.isSafeInteger(n) && n > 0 ? n : 0;
};
export const wh = (kwh: number | string | undefined): number => whole(kwh, 1000);
export const milliCents = (cents: number | string | undefined): number => whole(cents, 1000);
export const microCents = (money: number | string | undefined): number => whole(money, 1e8);

export function firstFields(start: Start): ActFields {
  const common: ActFields = { asset: 'money', to: null, money: 1, kwh: 1, cents: 15, minutes: 60, side: 'buy' };
  if (start.kind === 'take-offer') return { ...common, kwh: start.mostWh / 1000 };
  if (start.kind === 'draw') return { ...common, kwh: start.mostWh / 1000 };
  if (start.kind === 'bid') return { ...common, cents: start.leastPrice / 1000 };
  return common;
}

/** null while something is missing or not a number above 0. */
export function actOf(start: Start, f: ActFields): WalletAct | null {
  const energyWh = wh(f.kwh);
  const price = milliCents(f.cents);
  const durationS = whole(f.minutes, 60);
  switch (start.kind) {
    case 'transfer': {
      const asset = f.asset ?? 'money';
      const amount = asset === 'money' ? microCents(f.money) : energyWh;
      return f.to && amount > 0 ? { kind: 'transfer', asset, to: f.to, amount: String(amount) } : null;
    }
    case 'place-offer':
      return energyWh && price && durationS >= 60 ? { kind: 'place-offer', side: f.side ?? 'buy', energyWh, price, durationS } : null;
    case 'create-auction':
      return energyWh && price && durationS >= 60 ? { kind: 'create-auction', energyWh, price, durationS, drawS: 86_400 } : null;
    case 'take-offer':
      return energyWh > 0 && energyWh <= start.mostWh
        ? { kind: 'take-offer', offer: start.offer, side: start.side, energyWh, price: start.price }
        : null;
    case 'bid':
      return price >= start.leastPrice ? { kind: 'bid', auction: start.auction, energyWh: start.energyWh, price } : null;
    case 'draw':
      return energyWh > 0 && energyWh <= start.mostWh ? { kind: 'draw', connection: start.connection, energyWh } : null;
    default:
      return start;
  }
}
