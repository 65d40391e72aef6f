/** What one account sees of trade at a time of the chain: its own, and what others offer. */
import { ARBITER_S, DISPUTE_S, windowOf } from '../../domain/wallet/deal-times.ts';
import type {
  Standing,
  Trader,
  WalletAuction,
  WalletDeal,
  WalletGroup,
  WalletInstalment,
  WalletOffer,
} from '../../shared/contract/wallet.ts';
import { type AuctionLine, type DealLine, heldFor, type InstalmentLine, leastBid } from './deals-view.ts';
import type { GroupLine, OfferLine } from './offers-view.ts';

export interface Eyes {
  /** The account that looks; null when there is none. */
  readonly address: string | null;
  readonly nowS: number;
  readonly arbiter: boolean;
  nameOf(address: string): string | null;
  standingOf(address: string): Standing;
}
const SHOWN = 60;
const mine = (eyes: Eyes, at: string | null): boolean =>
  eyes.address !== null && at !== null && at.toLowerCase() === eyes.address.toLowerCase();
const party = (eyes: Eyes, address: string) => ({ address, name: eyes.nameOf(address) });
const trader = (eyes: Eyes, address: string): Trader => ({ ...party(eyes, address), standing: eyes.standingOf(address) });
const ms = (s: number | null): number | null => (s === null ? null : s * 1000);

const offerState = (o: OfferLine, nowS: number): WalletOffer['state'] =>
  o.leftWh <= 0 ? 'done' : o.closed ? 'closed' : o.expiresS <= nowS ? 'expired' : 'open';

export const offersFor = (offers: readonly OfferLine[], eyes: Eyes): WalletOffer[] =>
  offers
    .map(
      (o): WalletOffer => ({
        id: o.id,
        maker: trader(eyes, o.maker),
        mine: mine(eyes, o.maker),
        side: o.isSelling ? 'sell' : 'buy',
        energyWh: o.energyWh,
        leftWh: o.leftWh,
        price: o.price,
        paidIn: o.paidIn,
        feeBps: o.feeBps,
        expiresMs: o.expiresS * 1000,
        state: offerState(o, eyes.nowS),
        gridBalanced: o.gridBalanced,
        condition: o.condition,
        partner: o.partner === null ? null : party(eyes, o.partner),
        forMe: o.partner === null || mine(eyes, o.partner),
      }),
    )
    .filter((o) => o.mine || o.state === 'open')
    .slice(0, SHOWN);

export function groupsFor(groups: readonly GroupLine[], offers: readonly OfferLine[], eyes: Eyes): WalletGroup[] {
  const offerOf = new Map(offers.map((o) => [o.id, o]));
  const shown: WalletGroup[] = [];
  for (const g of groups) {
    const offer = offerOf.get(g.offer);
    if (!offer) continue;
    const alive = offerState(offer, eyes.nowS) === 'open' && offer.leftWh >= g.targetWh && g.deadlineS > eyes.nowS;
    const group: WalletGroup = {
      id: g.id,
      offer: g.offer,
      seller: trader(eyes, offer.maker),
      openedBy: party(eyes, g.openedBy),
      price: offer.price,
      targetWh: g.targetWh,
      pledgedWh: g.pledgedWh,
      mineWh: (eyes.address && g.pledges.get(eyes.address.toLowerCase())) || 0,
      sellerIsMe: mine(eyes, offer.maker),
      deadlineMs: g.deadlineS * 1000,
      state: g.executed ? 'bought' : !alive ? 'over' : g.pledgedWh >= g.targetWh ? 'reached' : 'open',
    };
    if (group.mineWh > 0 || group.state === 'open' || group.state === 'reached') shown.push(group);
  }
  return shown.slice(0, SHOWN);
}

export const auctionsFor = (auctions: readonly AuctionLine[], eyes: Eyes): WalletAuction[] =>
  auctions
    .filter((a) => !a.settled || mine(eyes, a.seller) || mine(eyes, a.bidder))
    .slice(0, SHOWN)
    .map((a) => ({
      id: a.id,
      seller: trader(eyes, a.seller),
      mine: mine(eyes, a.seller),
      energyWh: a.energyWh,
      leastPrice: leastBid(a),
      feeBps: a.feeBps,
      closeBps: a.closeBps,
      highest: a.bidder === null ? null : { bidder: trader(eyes, a.bidder), mine: mine(eyes, a.bidder), price: a.price },
      endsMs: a.endsS * 1000,
      state: a.settled ? 'settled' : a.endsS <= eyes.nowS ? 'over' : 'open',
    }));

export const dealsFor = (deals: readonly DealLine[], eyes: Eyes): WalletDeal[] =>
  deals
    .map((deal) => dealFor(deal, eyes))
    .filter(
      (d) =>
        d.role !== 'none' ||
        d.state === 'proposed' ||
        (eyes.arbiter && (d.state === 'disputed' || d.instalments.some((i) => i.state === 'disputed'))),
    )
    .slice(0, SHOWN);

function dealFor(d: DealLine, eyes: Eyes): WalletDeal {
  const { schedule } = d;
  const made = d.instalments.length;
  const live = (d.state === 'proposed' || d.state === 'open') && schedule !== null && made < schedule.count;
  const next = live ? windowOf(schedule, made + 1) : null;
  const endsS = d.kind === 'connection' ? d.drawUntilS : (next?.closesS ?? null);
  const lapsed = d.state === 'proposed' && schedule !== null && schedule.startsS <= eyes.nowS;
  const overdue = d.state === 'open' && endsS !== null && endsS <= eyes.nowS;
  const state = lapsed ? 'lapsed' : overdue ? 'overdue' : d.state;
  const lasts = d.state === 'ended' ? DISPUTE_S : ARBITER_S;
  const decided = d.state === 'ended' || d.state === 'disputed';
  return {
    id: d.id,
    kind: d.kind === 'future' ? 'deliveries' : 'connection',
    role: mine(eyes, d.seller) ? 'seller' : mine(eyes, d.buyer) ? 'buyer' : 'none',
    seller: trader(eyes, d.seller),
    buyer: d.buyer === null ? null : trader(eyes, d.buyer),
    price: d.price,
    energyWh: d.totalWh,
    deliveredWh: d.deliveredWh,
    bond: d.bond.toString(),
    held: heldFor(d).toString(),
    feeBps: d.feeBps,
    closeBps: d.closeBps,
    state,
    untilMs: decided ? ms(d.sinceS === null ? null : d.sinceS + lasts) : d.state === 'open' || d.state === 'proposed' ? ms(endsS) : null,
    schedule: schedule && {
      startsMs: schedule.startsS * 1000,
      windowS: schedule.windowS,
      periodS: schedule.periodS,
      count: schedule.count,
      next: next && { number: made + 1, opensMs: next.opensS * 1000, closesMs: next.closesS * 1000 },
    },
    defaulted: d.defaulted,
    closedByBuyer: d.closedByBuyer,
    reason: d.reason,
    instalments: d.instalments.map(instalmentFor),
    payable: d.instalments.filter((i) => i.state === 'made' && i.madeS !== null && i.madeS + DISPUTE_S <= eyes.nowS).length,
  };
}

function instalmentFor(i: InstalmentLine): WalletInstalment {
  const untilS =
    i.state === 'made' ? i.madeS && i.madeS + DISPUTE_S : i.state === 'disputed' ? i.disputedS && i.disputedS + ARBITER_S : null;
  return {
    number: i.number,
    state: i.state,
    madeMs: ms(i.madeS),
    untilMs: ms(untilS),
    reason: i.reason,
    paid: i.paid && { toSeller: i.paid.toSeller.toString(), toBuyer: i.paid.toBuyer.toString(), fee: i.paid.fee.toString() },
  };
}
