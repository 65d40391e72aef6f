/**
 * The uniform-price double auction as the circuit checks it: which price and which fills follow from the committed orders. This is a second,
 * independent reading of the rule that `src/domain/market` solves; both are held together by tests. Rule: docs/settlement.md §4.
 */
import type { Order } from './leaves.ts';

export interface Equilibrium {
  /** milli-cents per kWh; null when nothing can be traded */
  readonly price: bigint | null;
  readonly volumeWh: bigint;
  /** by member index */
  readonly filledWh: readonly bigint[];
  /** what the circuit wants to see beside them */
  readonly hints: EquilibriumHints;
}

export interface EquilibriumHints {
  readonly low: bigint;
  readonly high: bigint;
  readonly parity: bigint;
  readonly rationedSide: bigint;
  readonly share: readonly bigint[];
  readonly rest: readonly bigint[];
  /** Wh that the marginal orders of the longer side share, and what they offer (at least 1). */
  readonly toShare: bigint;
  readonly divisor: bigint;
  /** How many they are, how many of them stand before the place where left-over Wh begin, and how many Wh are left over. */
  readonly countedTotal: bigint;
  readonly countedBeforeStart: bigint;
  readonly leftover: bigint;
  /** by member index: is this order rationed, whatever its quantity? */
  readonly rationed: readonly boolean[];
}

type BookOrder = Pick<Order, 'side' | 'quantityWh' | 'limitPrice'>;

/** Members in the order in which left-over Wh are given: from (interval mod capacity) upwards, wrapping, so that nobody gains by a low number. */
export function committedOrder(interval: bigint, capacity: number): number[] {
  const start = Number(interval % BigInt(capacity));
  return Array.from({ length: capacity }, (_, k) => (start + k) % capacity);
}

function total(orders: readonly BookOrder[], counts: (order: BookOrder) => boolean): bigint {
  return orders.reduce((sum, order) => (counts(order) ? sum + order.quantityWh : sum), 0n);
}

/** Demand and supply at a price, Wh. */
function curvesAt(orders: readonly BookOrder[], price: bigint) {
  return {
    buyAbove: total(orders, (o) => o.side === 'buy' && o.limitPrice > price),
    buyFrom: total(orders, (o) => o.side === 'buy' && o.limitPrice >= price),
    sellUpTo: total(orders, (o) => o.side === 'sell' && o.limitPrice <= price),
    sellBelow: total(orders, (o) => o.side === 'sell' && o.limitPrice < price),
  };
}

const smaller = (a: bigint, b: bigint): bigint => (b > a ? a : b);

/** @param orders by member index; a quantity of 0 is no order */
export function equilibrium(orders: readonly BookOrder[], interval: bigint): Equilibrium {
  const limits = [...new Set(orders.filter((o) => o.quantityWh > 0n).map((o) => o.limitPrice))].sort((a, b) => (a < b ? -1 : 1));
  const low = limits.find((x) => {
    const at = curvesAt(orders, x);
    return at.buyAbove <= at.sellUpTo;
  });
  const high = limits.findLast((x) => {
    const at = curvesAt(orders, x);
    return at.sellBelow <= at.buyFrom;
  });
  const price = low === undefined || high === undefined ? null : (low + high) / 2n;
  const at = price === null ? null : curvesAt(orders, price);
  const volumeWh = at === null ? 0n : smaller(at.buyFrom, at.sellUpTo);
  if (price === null || at === null || volumeWh === 0n || low === undefined || high === undefined) return noTrade(orders, interval);

  const rationedSide = at.sellUpTo > at.buyFrom ? 'sell' : 'buy';
  const toShare = volumeWh - (rationedSide === 'sell' ? at.sellBelow : at.buyAbove);
  const isRationed = (o: BookOrder) => o.side === rationedSide && o.limitPrice === price;
  const divisor = total(orders, isRationed);
  const share = orders.map((o) => (isRationed(o) && divisor > 0n ? (o.quantityWh * toShare) / divisor : 0n));
  const rest = orders.map((o) => (isRationed(o) && divisor > 0n ? (o.quantityWh * toShare) % divisor : 0n));
  const filledWh = orders.map((o, i) => {
    if (isRationed(o)) return share[i] as bigint;
    const inMoney = o.side === 'buy' ? o.limitPrice >= price : o.limitPrice <= price;
    return inMoney ? o.quantityWh : 0n;
  });
  let leftover = toShare - share.reduce((sum, wh) => sum + wh, 0n);
  for (const i of committedOrder(interval, orders.length)) {
    const order = orders[i] as BookOrder;
    if (leftover === 0n || !isRationed(order) || order.quantityWh === 0n) continue;
    filledWh[i] = (filledWh[i] as bigint) + 1n;
    leftover -= 1n;
  }
  return {
    price,
    volumeWh,
    filledWh,
    hints: {
      low,
      high,
      parity: (low + high) % 2n,
      rationedSide: rationedSide === 'sell' ? 1n : 0n,
      share,
      rest,
      ...claims(orders, interval, orders.map(isRationed), toShare, share),
    },
  };
}

/** What all parts of a round are told about the whole of it. */
function claims(
  orders: readonly BookOrder[],
  interval: bigint,
  rationed: readonly boolean[],
  toShare: bigint,
  share: readonly bigint[],
): Pick<EquilibriumHints, 'toShare' | 'divisor' | 'countedTotal' | 'countedBeforeStart' | 'leftover' | 'rationed'> {
  const offered = orders.reduce((sum, o, i) => (rationed[i] ? sum + o.quantityWh : sum), 0n);
  const counted = orders.flatMap((o, i) => (rationed[i] && o.quantityWh > 0n ? [i] : []));
  const start = Number(interval % BigInt(orders.length));
  return {
    toShare,
    divisor: offered === 0n ? 1n : offered,
    countedTotal: BigInt(counted.length),
    countedBeforeStart: BigInt(counted.filter((i) => i < start).length),
    leftover: toShare - share.reduce((sum, wh) => sum + wh, 0n),
    rationed,
  };
}

/** Every buyer stands below `low`, every seller at or above it. */
function noTrade(orders: readonly BookOrder[], interval: bigint): Equilibrium {
  const zeros = orders.map(() => 0n);
  const asks = orders.filter((o) => o.side === 'sell' && o.quantityWh > 0n).map((o) => o.limitPrice);
  const bids = orders.filter((o) => o.side === 'buy' && o.quantityWh > 0n).map((o) => o.limitPrice);
  const lowestAsk = asks.reduce<bigint | null>((min, x) => (min === null || x < min ? x : min), null);
  const highestBid = bids.toSorted((a, b) => (a > b ? -1 : 1))[0] ?? -1n;
  const low = lowestAsk ?? highestBid + 1n;
  // With no demand at `low` the sellers are the longer side; with nobody at all either will do.
  const supply = total(orders, (o) => o.side === 'sell' && o.limitPrice <= low);
  const side = supply > 0n ? 'sell' : 'buy';
  const rationed = orders.map((o) => o.side === side && o.limitPrice === low);
  return {
    price: null,
    volumeWh: 0n,
    filledWh: zeros,
    hints: {
      low,
      high: low,
      parity: 0n,
      rationedSide: supply > 0n ? 1n : 0n,
      share: zeros,
      rest: zeros,
      ...claims(orders, interval, rationed, 0n, zeros),
    },
  };
}
