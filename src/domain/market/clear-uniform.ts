/** clearing/1 of an order book: one price, every order strictly in the money filled, none out of it. */
import { type ColumnClearing, clearColumns } from './clear-columns.ts';
import { thousandths } from './exact.ts';
import type { Order, OrderBook } from './order-book.ts';

export interface Fill {
  readonly id: string;
  readonly quantityWh: number;
}

export interface Clearing {
  readonly schema: 'clearing/1';
  /** Milli-cents per kWh; null when nothing trades. */
  readonly price: number | null;
  readonly quantityWh: number;
  /** Exact decimal, milli-cents. */
  readonly welfare: string;
  /** Every order with a fill above 0, in the committed order. */
  readonly fills: readonly Fill[];
}

export const columnsOf = (orders: readonly Order[]): { sell: Uint8Array; quantityWh: Float64Array; limitPrice: Float64Array } => {
  const count = orders.length;
  const sell = new Uint8Array(count);
  const quantityWh = new Float64Array(count);
  const limitPrice = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    const order = orders[i] as Order;
    sell[i] = order.side === 'sell' ? 1 : 0;
    quantityWh[i] = order.quantityWh;
    limitPrice[i] = order.limitPrice;
  }
  return { sell, quantityWh, limitPrice };
};

/** The full result, with the price interval and the margin: what a proof and an explanation need. */
export const clearUniformDetailed = (book: Pick<OrderBook, 'orders'>): ColumnClearing => {
  const { sell, quantityWh, limitPrice } = columnsOf(book.orders);
  return clearColumns(sell, quantityWh, limitPrice);
};

export const clearUniform = (book: Pick<OrderBook, 'orders'>): Clearing => clearingOf(book.orders, clearUniformDetailed(book));

export const clearingOf = (orders: readonly Order[], cleared: ColumnClearing): Clearing => ({
  schema: 'clearing/1',
  price: cleared.price,
  quantityWh: cleared.quantityWh,
  welfare: thousandths(cleared.welfareMicroCents),
  fills: fillsOf(orders, cleared.fillsWh),
});

export const fillsOf = (orders: readonly Order[], fillsWh: Float64Array): Fill[] => {
  const fills: Fill[] = [];
  for (let i = 0; i < orders.length; i += 1) {
    const quantityWh = fillsWh[i] as number;
    if (quantityWh > 0) fills.push({ id: (orders[i] as Order).id, quantityWh });
  }
  return fills;
};
