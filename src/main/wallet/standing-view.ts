/** How accounts have kept their word in trade: the contracts' own count, worked out from their events. Both venues together. */
import { type ChainEvent, same } from './chain-events.ts';

export interface StandingLine {
  completed: number;
  defaulted: number;
  disputesLost: number;
  volumeWh: number;
}
interface Parties {
  seller: string;
  buyer: string;
  /** Of a future, of one delivery. */
  instalmentWh: number | null;
  deliveredWh: number;
  defaulted: boolean;
  disputedBy: string;
  /** What the arbiter gave the seller; null by the record. */
  decidedBps: number | null;
}

/** By account in small letters; `trade` and `deals` are the venues' events, oldest first. */
export function standingsOf(trade: readonly ChainEvent[], deals: readonly ChainEvent[]): Map<string, StandingLine> {
  const standings = new Map<string, StandingLine>();
  const of = (account: string | undefined): StandingLine => {
    const key = (account ?? '').toLowerCase();
    const known = standings.get(key) ?? { completed: 0, defaulted: 0, disputesLost: 0, volumeWh: 0 };
    standings.set(key, known);
    return known;
  };
  const kept = (account: string | undefined, wh: number): void => {
    const standing = of(account);
    standing.completed += 1;
    standing.volumeWh += wh;
  };
  countTrades(trade, kept);
  const parties = new Map<string, Parties>();
  const amountOf = new Map<string, number>();
  for (const { name, args } of deals) {
    const id = args.dealId ?? '';
    if (name === 'FutureProposed') {
      const [amountWh] = JSON.parse(args.terms ?? '[]') as string[];
      amountOf.set(id, Number(amountWh));
    } else if (name === 'DealOpened')
      parties.set(id, {
        seller: args.seller ?? '',
        buyer: args.buyer ?? '',
        instalmentWh: amountOf.get(id) ?? null,
        deliveredWh: 0,
        defaulted: false,
        disputedBy: '',
        decidedBps: null,
      });
    const deal = parties.get(id);
    if (!deal) continue;
    const sellerBps = Number(args.sellerBps);
    if (name === 'Delivered') deal.deliveredWh = Number(args.deliveredWh);
    else if (name === 'DealEnded') deal.defaulted = args.defaulted === 'true';
    else if (name === 'Disputed') deal.disputedBy = args.by ?? '';
    else if (name === 'DisputeResolved') deal.decidedBps = sellerBps;
    if (name === 'DisputeResolved' || name === 'InstalmentResolved') {
      // Only the buyer disputes an instalment. He loses nothing by what the seller has disputed, and nobody by halves.
      const byBuyer = name === 'InstalmentResolved' || !same(deal.disputedBy, deal.seller);
      if (sellerBps * 2 < 10_000) of(deal.seller).disputesLost += 1;
      else if (sellerBps * 2 > 10_000 && byBuyer) of(deal.buyer).disputesLost += 1;
    } else if (name === 'InstalmentPaid') for (const who of [deal.seller, deal.buyer]) kept(who, deal.instalmentWh ?? 0);
    else if (name === 'DealSettled') {
      if (deal.defaulted && (deal.decidedBps ?? 0) * 2 < 10_000) of(deal.seller).defaulted += 1;
      if (deal.instalmentWh === null && deal.deliveredWh > 0) for (const who of [deal.seller, deal.buyer]) kept(who, deal.deliveredWh);
    }
  }
  return standings;
}

function countTrades(trade: readonly ChainEvent[], kept: (account: string | undefined, wh: number) => void): void {
  const makers = new Map<string, string>();
  const offers = new Map<string, string>();
  for (const { name, args } of trade) {
    const wh = Number(args.amountWh);
    if (name === 'OfferCreated') makers.set(args.offerId ?? '', args.maker ?? '');
    else if (name === 'GroupOpened') offers.set(args.groupId ?? '', args.offerId ?? '');
    else if (name === 'TradeExecuted') for (const who of [args.seller, args.buyer]) kept(who, wh);
    else if (name === 'GroupExecuted') kept(makers.get(offers.get(args.groupId ?? '') ?? ''), wh);
    else if (name === 'GroupClaimed') kept(args.member, wh);
  }
}
