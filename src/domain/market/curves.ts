/** The supply and demand steps of a book, to draw beside its clearing. */
import { type Clearing, clearingOf, clearUniformDetailed } from './clear-uniform.ts';
import type { Order, OrderBook } from './order-book.ts';

export interface CurveStep {
  /** Milli-cents per kWh. */
  readonly price: number;
  /** Wh up to and with this price. */
  readonly cumulativeWh: number;
}

export interface ClearingCurves {
  /** Dearest first. */
  readonly demand: CurveStep[];
  /** Cheapest first. */
  readonly supply: CurveStep[];
  readonly clearing: Clearing;
  readonly priceLow: number | null;
  readonly priceHigh: number | null;
}

export const clearingCurves = (book: Pick<OrderBook, 'orders'>): ClearingCurves => {
  const cleared = clearUniformDetailed(book);
  return {
    demand: steps(book.orders.filter((o) => o.side === 'buy').sort((a, b) => b.limitPrice - a.limitPrice)),
    supply: steps(book.orders.filter((o) => o.side === 'sell').sort((a, b) => a.limitPrice - b.limitPrice)),
    clearing: clearingOf(book.orders, cleared),
    priceLow: cleared.priceLow,
    priceHigh: cleared.priceHigh,
  };
};

const steps = (orders: readonly Order[]): CurveStep[] => {
  const result: CurveStep[] = [];
  let cumulativeWh = 0;
  for (const order of orders) {
    if (order.quantityWh === 0) continue;
    cumulativeWh += order.quantityWh;
    if (result.at(-1)?.price === order.limitPrice) result.pop();
    result.push({ price: order.limitPrice, cumulativeWh });
  }
  return result;
};
