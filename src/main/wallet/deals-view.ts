/** Auctions, connections, futures and recurring deliveries as EnergyDeals' events tell them. */
import { fromShortText } from '../../domain/wallet/terms.ts';
import type { ChainEvent } from './chain-events.ts';

export interface AuctionLine {
  readonly id: number;
  readonly seller: string;
  readonly energyWh: number;
  readonly reservePrice: number;
  /** The connection it opens runs until then. */
  readonly drawUntilS: number;
  /** Fixed when it was created; its connection keeps them. */
  readonly feeBps: number;
  readonly closeBps: number;
  endsS: number;
  bidder: string | null;
  price: number;
  settled: boolean;
}
export interface InstalmentLine {
  readonly number: number;
  readonly madeS: number | null;
  state: 'made' | 'disputed' | 'paid';
  disputedS: number | null;
  reason: string | null;
  /** micro-cents */
  paid: { toSeller: bigint; toBuyer: bigint; fee: bigint } | null;
}
export interface DealLine {
  readonly id: number;
  readonly kind: 'connection' | 'future';
  readonly seller: string;
  buyer: string | null;
  readonly price: number;
  readonly totalWh: number;
  deliveredWh: number;
  /** micro-cents */
  readonly bond: bigint;
  readonly feeBps: number;
  readonly closeBps: number;
  /** Of a future: of what was not delivered, and of the bond. */
  state: 'proposed' | 'withdrawn' | 'open' | 'ended' | 'disputed' | 'settled';
  /** When it ended or was disputed. */
  sinceS: number | null;
  readonly drawUntilS: number | null;
  /** Of a future. */
  readonly schedule: { startsS: number; windowS: number; periodS: number; count: number } | null;
  defaulted: boolean;
  closedByBuyer: boolean;
  reason: string | null;
  readonly instalments: InstalmentLine[];
}
export interface Deals {
  auctions: AuctionLine[];
  deals: DealLine[];
}

/** All ever made, newest first; `events` oldest first. */
export function dealsOf(events: readonly ChainEvent[]): Deals {
  const auctions = new Map<string, AuctionLine>();
  const deals = new Map<string, DealLine>();
  for (const event of events) {
    const { name, args } = event;
    const dealId = args.dealId ?? '';
    const auction = auctions.get(args.auctionId ?? '');
    if (name === 'AuctionCreated') auctions.set(args.auctionId ?? '', announced(args));
    else if (name === 'BidPlaced' && auction)
      [auction.bidder, auction.price, auction.endsS] = [args.bidder ?? null, Number(args.price), Number(args.endsAt)];
    else if (name === 'AuctionSettled' && auction) auction.settled = true;
    else if (name === 'FutureProposed') deals.set(dealId, proposed(args));
    else if (name === 'DealOpened') {
      const deal = deals.get(dealId);
      // A connection has the number of its auction.
      if (!deal) deals.set(dealId, connected(args, auctions.get(dealId)?.drawUntilS ?? null));
      else [deal.buyer, deal.state] = [args.buyer ?? null, 'open'];
    } else {
      const deal = deals.get(dealId);
      if (deal) step(deal, event);
    }
  }
  return { auctions: [...auctions.values()].reverse(), deals: [...deals.values()].reverse() };
}

/** Money the contract still holds for a deal, micro-cents: its `escrowOf`. */
export function heldFor(deal: DealLine): bigint {
  if (deal.state === 'withdrawn') return 0n;
  if (deal.state === 'proposed') return deal.bond;
  const price = BigInt(deal.price);
  const one = deal.schedule ? BigInt(deal.totalWh / deal.schedule.count) : 0n;
  const unpaid = BigInt(deal.instalments.filter((i) => i.state !== 'paid').length) * one * price;
  if (deal.state === 'settled') return unpaid;
  const rest = deal.kind === 'future' ? deal.totalWh - deal.deliveredWh : deal.totalWh;
  return unpaid + BigInt(rest) * price + deal.bond;
}

/** The least the next bid must be: one per cent above the highest, or the reserve. */
export const leastBid = (auction: Pick<AuctionLine, 'price' | 'reservePrice'>): number =>
  auction.price === 0 ? auction.reservePrice : Math.ceil((auction.price * 101) / 100);

const announced = (args: ChainEvent['args']): AuctionLine => ({
  id: Number(args.auctionId),
  seller: args.seller ?? '',
  energyWh: Number(args.amountWh),
  reservePrice: Number(args.reservePrice),
  drawUntilS: Number(args.drawUntil),
  feeBps: Number(args.feeBps),
  closeBps: Number(args.closeBps),
  endsS: Number(args.endsAt),
  bidder: null,
  price: 0,
  settled: false,
});
const started = { deliveredWh: 0, sinceS: null, defaulted: false, closedByBuyer: false, reason: null } as const;

function proposed(args: ChainEvent['args']): DealLine {
  const [amountWh = 0, price = 0, startsS = 0, windowS = 0, periodS = 0, count = 1] = (JSON.parse(args.terms ?? '[]') as string[]).map(
    Number,
  );
  return {
    ...started,
    id: Number(args.dealId),
    kind: 'future',
    seller: args.seller ?? '',
    buyer: null,
    price,
    totalWh: amountWh * count,
    bond: BigInt(args.bond ?? 0),
    feeBps: Number(args.feeBps),
    closeBps: Number(args.closeBps),
    state: 'proposed',
    drawUntilS: null,
    schedule: { startsS, windowS, periodS, count },
    instalments: [],
  };
}
const connected = (args: ChainEvent['args'], drawUntilS: number | null): DealLine => ({
  ...started,
  id: Number(args.dealId),
  kind: 'connection',
  seller: args.seller ?? '',
  buyer: args.buyer ?? null,
  price: Number(args.price),
  totalWh: Number(args.totalWh),
  bond: 0n,
  feeBps: Number(args.feeBps),
  closeBps: Number(args.closeBps),
  state: 'open',
  drawUntilS,
  schedule: null,
  instalments: [],
});

function step(deal: DealLine, { name, args, timeS }: ChainEvent): void {
  const instalment = deal.instalments[Number(args.number) - 1];
  if (name === 'Delivered') {
    deal.deliveredWh = Number(args.deliveredWh);
    if (deal.kind === 'connection') return;
    const number = deal.instalments.length + 1;
    deal.instalments.push({ number, madeS: timeS, state: 'made', disputedS: null, reason: null, paid: null });
  } else if (name === 'InstalmentDisputed' && instalment) {
    [instalment.state, instalment.disputedS, instalment.reason] = ['disputed', timeS, fromShortText(args.reason ?? '')];
  } else if (name === 'InstalmentPaid' && instalment) {
    instalment.state = 'paid';
    instalment.paid = { toSeller: BigInt(args.toSeller ?? 0), toBuyer: BigInt(args.toBuyer ?? 0), fee: BigInt(args.fee ?? 0) };
  } else if (name === 'ProposalWithdrawn') deal.state = 'withdrawn';
  else if (name === 'DealEnded') {
    [deal.state, deal.sinceS] = ['ended', timeS];
    [deal.defaulted, deal.closedByBuyer] = [args.defaulted === 'true', args.closedByBuyer === 'true'];
  } else if (name === 'Disputed') [deal.state, deal.sinceS, deal.reason] = ['disputed', timeS, fromShortText(args.reason ?? '')];
  else if (name === 'DealSettled') deal.state = 'settled';
}
