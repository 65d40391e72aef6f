/**
 * What the chain says of accounts, offers, auctions and connections, read from the indexed copy of its events: the same on every start,
 * while the chain is away, and after its past changed. Nothing is kept besides the events, so nothing can disagree with them.
 */
import type { Database } from 'better-sqlite3';

export interface ChainEvent {
  readonly block: number;
  readonly contract: string;
  readonly name: string;
  readonly args: Record<string, string>;
  readonly transaction: string;
  readonly timeS: number | null;
}
interface Row {
  block: number;
  contract: string;
  name: string;
  arguments: string;
  transaction: string;
  timeS: number | null;
}
const parse = (rows: Row[]): ChainEvent[] =>
  rows.map(({ arguments: text, ...row }) => ({ ...row, args: JSON.parse(text) as Record<string, string> }));
const SELECT = 'SELECT e.block, e.contract, e.name, e.arguments, e.transaction_hash AS "transaction", e.time_s AS timeS FROM chain_event e';

/** Events of one contract that name the account, oldest first. */
const ofAccount = (db: Database, account: string, contract: string): ChainEvent[] =>
  parse(
    db
      .prepare(
        `${SELECT} JOIN chain_account a ON a.block = e.block AND a.log_index = e.log_index
         WHERE a.account = ? AND e.contract = ? ORDER BY e.block, e.log_index`,
      )
      .all(account.toLowerCase(), contract) as Row[],
  );
const ofContract = (db: Database, contract: string): ChainEvent[] =>
  parse(db.prepare(`${SELECT} WHERE e.contract = ? ORDER BY e.block, e.log_index`).all(contract) as Row[]);

const same = (a: string | undefined, b: string): boolean => a?.toLowerCase() === b.toLowerCase();

/** Money of the account, micro-cents. */
export function moneyOf(db: Database, account: string): bigint {
  let sum = 0n;
  for (const e of ofAccount(db, account, 'CommunityMoney')) {
    if (e.name !== 'Transfer') continue;
    if (same(e.args.to, account)) sum += BigInt(e.args.value ?? 0);
    if (same(e.args.from, account)) sum -= BigInt(e.args.value ?? 0);
  }
  return sum;
}

/** Tokens of the account by vintage, Wh; vintages of 0 left out. Expired ones are in until they are swept. */
export function lotsOf(db: Database, account: string): Map<number, number> {
  const lots = new Map<number, number>();
  const add = (vintage: string | undefined, wh: number): void => {
    const left = (lots.get(Number(vintage)) ?? 0) + wh;
    if (left === 0) lots.delete(Number(vintage));
    else lots.set(Number(vintage), left);
  };
  for (const { name, args } of ofAccount(db, account, 'EnergyToken')) {
    const wh = Number(args.amount);
    if (name === 'VintageMinted') add(args.vintage, wh);
    else if (name === 'VintageExpired') add(args.vintage, -wh);
    else if (name === 'VintageMoved') {
      if (same(args.to, account)) add(args.vintage, wh);
      if (same(args.from, account)) add(args.vintage, -wh);
    }
  }
  return lots;
}

export interface TransferLine {
  readonly transaction: string;
  readonly block: number;
  readonly timeS: number | null;
  readonly asset: 'money' | 'energy';
  readonly amount: bigint;
  readonly other: string;
}
/** Newest first. */
export function transfersOf(db: Database, account: string, limit: number): TransferLine[] {
  return (
    parse(
      db
        .prepare(
          `${SELECT} JOIN chain_account a ON a.block = e.block AND a.log_index = e.log_index
           WHERE a.account = ? AND e.name = 'Transfer' AND e.contract IN ('CommunityMoney', 'EnergyToken')
           ORDER BY e.block DESC, e.log_index DESC LIMIT ?`,
        )
        .all(account.toLowerCase(), limit) as Row[],
    ) as ChainEvent[]
  ).map((e) => {
    const out = same(e.args.from, account);
    const amount = BigInt(e.args.value ?? 0);
    return {
      transaction: e.transaction,
      block: e.block,
      timeS: e.timeS,
      asset: e.contract === 'CommunityMoney' ? 'money' : 'energy',
      amount: out ? -amount : amount,
      other: (out ? e.args.to : e.args.from) ?? '',
    };
  });
}

export interface OfferLine {
  readonly id: number;
  readonly maker: string;
  readonly isSelling: boolean;
  readonly energyWh: number;
  leftWh: number;
  readonly price: number;
  readonly expiresS: number;
  readonly plain: boolean;
  closed: boolean;
}
/** All offers ever made, newest first. */
export function offersOf(db: Database): OfferLine[] {
  const offers = new Map<string, OfferLine>();
  const groups = new Map<string, string>();
  for (const { name, args } of ofContract(db, 'EnergyTrade')) {
    const id = args.offerId ?? '';
    if (name === 'OfferCreated') {
      const energyWh = Number(args.amountWh);
      offers.set(id, {
        id: Number(id),
        maker: args.maker ?? '',
        isSelling: args.isSelling === 'true',
        energyWh,
        leftWh: energyWh,
        price: Number(args.price),
        expiresS: Number(args.expiresAt),
        plain: args.conditional === 'false' && args.pay === '0',
        closed: false,
      });
    } else if (name === 'GroupOpened') groups.set(args.groupId ?? '', id);
    else {
      const offer = offers.get(name === 'GroupExecuted' ? (groups.get(args.groupId ?? '') ?? '') : id);
      if (!offer) continue;
      if (name === 'TradeExecuted' || name === 'GroupExecuted') offer.leftWh -= Number(args.amountWh);
      else if (name === 'OfferClosed') offer.closed = true;
    }
  }
  return [...offers.values()].reverse();
}

export interface AuctionLine {
  readonly id: number;
  readonly seller: string;
  readonly energyWh: number;
  readonly reservePrice: number;
  endsS: number;
  bidder: string | null;
  price: number;
  settled: boolean;
}
export interface ConnectionLine {
  readonly id: number;
  readonly seller: string;
  readonly buyer: string;
  readonly energyWh: number;
  readonly price: number;
  deliveredWh: number;
  state: 'open' | 'ended' | 'disputed' | 'settled';
}
/** Auctions and the deals that came of them (and of futures), newest first. */
export function dealsOf(db: Database): { auctions: AuctionLine[]; connections: ConnectionLine[] } {
  const auctions = new Map<string, AuctionLine>();
  const connections = new Map<string, ConnectionLine>();
  for (const { name, args } of ofContract(db, 'EnergyDeals')) {
    const auction = auctions.get(args.auctionId ?? '');
    const deal = connections.get(args.dealId ?? '');
    if (name === 'AuctionCreated') {
      auctions.set(args.auctionId ?? '', {
        id: Number(args.auctionId),
        seller: args.seller ?? '',
        energyWh: Number(args.amountWh),
        reservePrice: Number(args.reservePrice),
        endsS: Number(args.endsAt),
        bidder: null,
        price: 0,
        settled: false,
      });
    } else if (name === 'BidPlaced' && auction) {
      [auction.bidder, auction.price, auction.endsS] = [args.bidder ?? null, Number(args.price), Number(args.endsAt)];
    } else if (name === 'AuctionSettled' && auction) auction.settled = true;
    else if (name === 'DealOpened') {
      connections.set(args.dealId ?? '', {
        id: Number(args.dealId),
        seller: args.seller ?? '',
        buyer: args.buyer ?? '',
        energyWh: Number(args.totalWh),
        price: Number(args.price),
        deliveredWh: 0,
        state: 'open',
      });
    } else if (deal) {
      if (name === 'Delivered') deal.deliveredWh = Number(args.deliveredWh);
      else if (name === 'DealEnded') deal.state = 'ended';
      else if (name === 'Disputed') deal.state = 'disputed';
      else if (name === 'DealSettled') deal.state = 'settled';
    }
  }
  return { auctions: [...auctions.values()].reverse(), connections: [...connections.values()].reverse() };
}
/** The least the next bid must be: one per cent above the highest, or the reserve. */
export const leastBid = (auction: Pick<AuctionLine, 'price' | 'reservePrice'>): number =>
  auction.price === 0 ? auction.reservePrice : Math.ceil((auction.price * 101) / 100);
