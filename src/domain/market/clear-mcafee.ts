/**
 * The truthful alternative to the uniform price: trade reduction. Nobody gains by misstating a limit, at the cost of the least valuable
 * trade and of a surplus that stays with the operator when buyers pay more than sellers get.
 *
 * Orders of one common size are units, and the rule is McAfee's (A dominant strategy double auction, J. Econ. Theory 56, 1992): if the
 * midpoint of the first pair left out lies between the last pair that matches, all pairs trade at it; else the last pair is left out, and
 * its limits are the prices. Orders of different size follow Huang, Scheller-Wolf and Sycara (Computational Intelligence 18, 2002): the
 * last matching buyer and seller are left out and set the prices, and the long side gives up equal quantities, down to nothing.
 */
import { type Clearing, clearUniform, type Fill } from './clear-uniform.ts';
import { ExactSum, midpointFloor, thousandths } from './exact.ts';
import type { Order, OrderBook } from './order-book.ts';

export interface McAfeeClearing extends Clearing {
  readonly mechanism: 'mcafee';
  /** What buyers pay and sellers get, milli-cents per kWh; `price` is set only where they are the same. */
  readonly buyerPrice: number | null;
  readonly sellerPrice: number | null;
  /** What stays with the operator, exact decimal in milli-cents. */
  readonly surplus: string;
  /** Welfare of the efficient allocation of the same book, to compare with. */
  readonly efficientWelfare: string;
}

interface Outcome {
  readonly buyerPrice: number;
  readonly sellerPrice: number;
  readonly fills: Map<Order, number>;
}

export const clearMcAfee = (book: Pick<OrderBook, 'orders'>): McAfeeClearing => {
  const live = book.orders.filter((o) => o.quantityWh > 0);
  const buyers = live.filter((o) => o.side === 'buy').sort((a, b) => compare(b.limitPrice, a.limitPrice));
  const sellers = live.filter((o) => o.side === 'sell').sort((a, b) => compare(a.limitPrice, b.limitPrice));
  const size = live[0]?.quantityWh;
  const outcome = live.every((o) => o.quantityWh === size) ? unitOrders(buyers, sellers) : multiUnit(buyers, sellers, book.orders);
  return document(book, outcome);
};

const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

const filledWhole = (orders: readonly Order[]): [Order, number][] => orders.map((o) => [o, o.quantityWh]);

const unitOrders = (buyers: readonly Order[], sellers: readonly Order[]): Outcome | null => {
  let pairs = 0;
  while ((buyers[pairs]?.limitPrice ?? Number.NEGATIVE_INFINITY) >= (sellers[pairs]?.limitPrice ?? Number.POSITIVE_INFINITY)) pairs += 1;
  const lastBuyer = buyers[pairs - 1];
  const lastSeller = sellers[pairs - 1];
  if (lastBuyer === undefined || lastSeller === undefined) return null;
  const nextBuyer = buyers[pairs];
  const nextSeller = sellers[pairs];
  if (nextBuyer !== undefined && nextSeller !== undefined) {
    const twice = BigInt(nextBuyer.limitPrice) + BigInt(nextSeller.limitPrice);
    if (twice >= 2n * BigInt(lastSeller.limitPrice) && twice <= 2n * BigInt(lastBuyer.limitPrice)) {
      const price = midpointFloor(nextBuyer.limitPrice, nextSeller.limitPrice);
      const fills = new Map([...filledWhole(buyers.slice(0, pairs)), ...filledWhole(sellers.slice(0, pairs))]);
      return { buyerPrice: price, sellerPrice: price, fills };
    }
  }
  const fills = new Map([...filledWhole(buyers.slice(0, pairs - 1)), ...filledWhole(sellers.slice(0, pairs - 1))]);
  return { buyerPrice: lastBuyer.limitPrice, sellerPrice: lastSeller.limitPrice, fills };
};

const multiUnit = (buyers: readonly Order[], sellers: readonly Order[], committed: readonly Order[]): Outcome | null => {
  const last = lastMatch(buyers, sellers);
  if (last === null) return null;
  const keptBuyers = buyers.slice(0, last.buyer);
  const keptSellers = sellers.slice(0, last.seller);
  const demandWh = total(keptBuyers);
  const supplyWh = total(keptSellers);
  const reduced =
    demandWh > supplyWh
      ? [...giveUpEqually(keptBuyers, demandWh - supplyWh, committed), ...filledWhole(keptSellers)]
      : [...filledWhole(keptBuyers), ...giveUpEqually(keptSellers, supplyWh - demandWh, committed)];
  return {
    buyerPrice: (buyers[last.buyer] as Order).limitPrice,
    sellerPrice: (sellers[last.seller] as Order).limitPrice,
    fills: new Map(reduced),
  };
};

const total = (orders: readonly Order[]): number => orders.reduce((sum, o) => sum + o.quantityWh, 0);

/** Walks both sides in merit order; the last buyer and seller that meet at or above one another. */
const lastMatch = (buyers: readonly Order[], sellers: readonly Order[]): { buyer: number; seller: number } | null => {
  let buyer = 0;
  let seller = 0;
  let wanted = buyers[0]?.quantityWh ?? 0;
  let offered = sellers[0]?.quantityWh ?? 0;
  let last: { buyer: number; seller: number } | null = null;
  for (;;) {
    const b = buyers[buyer];
    const s = sellers[seller];
    if (b === undefined || s === undefined || b.limitPrice < s.limitPrice) return last;
    last = { buyer, seller };
    const traded = Math.min(wanted, offered);
    wanted -= traded;
    offered -= traded;
    if (wanted === 0) {
      buyer += 1;
      wanted = buyers[buyer]?.quantityWh ?? 0;
    }
    if (offered === 0) {
      seller += 1;
      offered = sellers[seller]?.quantityWh ?? 0;
    }
  }
};

/** Every order gives up the same quantity, or all it has; Wh that rounding leaves go one each in the committed order. */
const giveUpEqually = (orders: readonly Order[], excessWh: number, committed: readonly Order[]): [Order, number][] => {
  let toGiveUp = excessWh;
  const smallestFirst = [...orders].sort((a, b) => compare(a.quantityWh, b.quantityWh));
  const emptied = new Set<Order>();
  for (const [index, order] of smallestFirst.entries()) {
    if (order.quantityWh * (smallestFirst.length - index) > toGiveUp) break;
    emptied.add(order);
    toGiveUp -= order.quantityWh;
  }
  const giving = new Set(orders.filter((o) => !emptied.has(o)));
  if (giving.size === 0) return [];
  const each = Math.ceil(toGiveUp / giving.size);
  let leftoverWh = each * giving.size - toGiveUp;
  const fills: [Order, number][] = [];
  for (const order of committed) {
    if (!giving.has(order)) continue;
    const extra = leftoverWh > 0 ? 1 : 0;
    leftoverWh -= extra;
    fills.push([order, order.quantityWh - each + extra]);
  }
  return fills;
};

const document = (book: Pick<OrderBook, 'orders'>, outcome: Outcome | null): McAfeeClearing => {
  const fills: Fill[] = [];
  const welfare = new ExactSum();
  const surplus = new ExactSum();
  let quantityWh = 0;
  for (const order of book.orders) {
    const filled = outcome?.fills.get(order) ?? 0;
    if (outcome === null || filled === 0) continue;
    fills.push({ id: order.id, quantityWh: filled });
    const buys = order.side === 'buy';
    if (buys) quantityWh += filled;
    welfare.addProduct(buys ? order.limitPrice : -order.limitPrice, filled);
    surplus.addProduct(buys ? outcome.buyerPrice : -outcome.sellerPrice, filled);
  }
  const traded = outcome !== null && quantityWh > 0;
  return {
    schema: 'clearing/1',
    mechanism: 'mcafee',
    price: traded && outcome.buyerPrice === outcome.sellerPrice ? outcome.buyerPrice : null,
    buyerPrice: traded ? outcome.buyerPrice : null,
    sellerPrice: traded ? outcome.sellerPrice : null,
    quantityWh,
    welfare: thousandths(welfare.total()),
    surplus: thousandths(surplus.total()),
    efficientWelfare: clearUniform(book).welfare,
    fills,
  };
};
