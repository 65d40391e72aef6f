/** What the venues owe to accounts until it is withdrawn, micro-cents, as their events tell it: the contracts' own `owed`. */
import { shareOf } from '../../domain/wallet/terms.ts';
import type { ChainEvent } from './chain-events.ts';

/** By account in small letters. */
export type Owed = ReadonlyMap<string, bigint>;

interface Till {
  readonly owed: Map<string, bigint>;
  add(account: string | null | undefined, amount: bigint): void;
}
function openTill(): Till {
  const owed = new Map<string, bigint>();
  return {
    owed,
    add(account, amount) {
      const key = (account ?? '').toLowerCase();
      owed.set(key, (owed.get(key) ?? 0n) + amount);
    },
  };
}
const withdrawn = (till: Till, { name, args }: ChainEvent): void => {
  if (name === 'Withdrawn') till.add(args.account, -BigInt(args.amount ?? 0));
};

/** `events` of EnergyTrade, oldest first. */
export function owedByOffers(events: readonly ChainEvent[]): Owed {
  const till = openTill();
  const offers = new Map<string, { maker: string; price: bigint; feeBps: number; returnsMoney: boolean }>();
  const groups = new Map<string, string>();
  for (const event of events) {
    const { name, args } = event;
    const wh = BigInt(args.amountWh ?? 0);
    const offer = offers.get(args.offerId ?? groups.get(args.groupId ?? '') ?? '');
    if (name === 'OfferCreated')
      offers.set(args.offerId ?? '', {
        maker: args.maker ?? '',
        price: BigInt(args.price ?? 0),
        feeBps: Number(args.feeBps),
        // What a sale or a payment in credits sets aside goes back as tokens.
        returnsMoney: args.isSelling === 'false' && args.pay === '0',
      });
    else if (name === 'GroupOpened') groups.set(args.groupId ?? '', args.offerId ?? '');
    else if (name === 'OfferClosed' && offer?.returnsMoney) till.add(offer.maker, BigInt(args.amountWhLeft ?? 0) * offer.price);
    else if (name === 'GroupLeft' && offer) till.add(args.member, wh * offer.price);
    else if (name === 'GroupExecuted' && offer) {
      const cost = BigInt(args.cost ?? 0);
      till.add(offer.maker, cost - shareOf(cost, offer.feeBps));
    } else withdrawn(till, event);
  }
  return till.owed;
}

/** `events` of EnergyDeals, oldest first. */
export function owedByDeals(events: readonly ChainEvent[]): Owed {
  const till = openTill();
  const auctions = new Map<string, { amountWh: bigint; bidder: string | null; price: bigint }>();
  const deals = new Map<string, { seller: string; buyer: string | null; bond: bigint }>();
  for (const event of events) {
    const { name, args } = event;
    const auction = auctions.get(args.auctionId ?? '');
    const deal = deals.get(args.dealId ?? '');
    if (name === 'AuctionCreated') auctions.set(args.auctionId ?? '', { amountWh: BigInt(args.amountWh ?? 0), bidder: null, price: 0n });
    else if (name === 'BidPlaced' && auction) {
      if (auction.bidder !== null) till.add(auction.bidder, auction.price * auction.amountWh);
      [auction.bidder, auction.price] = [args.bidder ?? null, BigInt(args.price ?? 0)];
    } else if (name === 'FutureProposed')
      deals.set(args.dealId ?? '', { seller: args.seller ?? '', buyer: null, bond: BigInt(args.bond ?? 0) });
    else if (name === 'DealOpened')
      deals.set(args.dealId ?? '', { seller: args.seller ?? '', buyer: args.buyer ?? null, bond: deal?.bond ?? 0n });
    else if (name === 'ProposalWithdrawn' && deal) till.add(deal.seller, deal.bond);
    else if ((name === 'InstalmentPaid' || name === 'DealSettled') && deal) {
      till.add(deal.seller, BigInt(args.toSeller ?? 0));
      till.add(deal.buyer, BigInt(args.toBuyer ?? 0));
    } else withdrawn(till, event);
  }
  return till.owed;
}
