/**
 * Clearing of large books. Peer: nodejs-order-book, a continuous order book, which is fed the very same orders one by one.
 * `sortLimitRatio`: time of merely sorting the limits of the book over the time of clearing it, both on typed arrays; a clearing that sorts
 * stays below 1.
 */
import { OrderBook as ContinuousBook, Side } from 'nodejs-order-book';
import { clearColumns } from '../src/domain/market/clear-columns.ts';
import { clearUniform, columnsOf } from '../src/domain/market/clear-uniform.ts';
import type { Order } from '../src/domain/market/order-book.ts';
import { type Benchmark, medianMs } from './harness.ts';

/** Prices 8 to 30 cents per kWh, half of them bids: the book market engines are usually measured with. */
const randomBook = (count: number): Order[] => {
  let state = 12345;
  const random = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x80000000;
  };
  return Array.from({ length: count }, (_, i) => ({
    id: `order-${i}`,
    side: random() < 0.5 ? 'buy' : 'sell',
    quantityWh: 1 + Math.floor(random() * 5000),
    limitPrice: 8000 + Math.floor(random() * 22_000),
  }));
};

const feedContinuous = (orders: readonly Order[]): number => {
  const book = new ContinuousBook();
  let matched = 0;
  for (const o of orders) {
    const result = book.limit({ id: o.id, side: o.side === 'buy' ? Side.BUY : Side.SELL, size: o.quantityWh, price: o.limitPrice });
    if (result.err !== null) throw result.err;
    matched += result.done.length;
  }
  return matched;
};

export const run = (say: (line: string) => void): Benchmark => {
  const tenThousand = randomBook(10_000);
  const hundredThousand = randomBook(100_000);
  const million = columnsOf(randomBook(1_000_000));

  const tenThousandOrdersMs = medianMs(() => clearUniform({ orders: tenThousand }));
  const documentMs = medianMs(() => clearUniform({ orders: hundredThousand }));
  say(`100,000 orders to a clearing document: ${documentMs.toFixed(2)} ms`);
  const millionMs = medianMs(() => clearColumns(million.sell, million.quantityWh, million.limitPrice), { warmups: 2, minRuns: 9 });
  const sortMs = medianMs(() => million.limitPrice.slice().sort(), { warmups: 2, minRuns: 9 });
  say(`1,000,000 orders on columns: ${millionMs.toFixed(2)} ms; sorting their limits alone: ${sortMs.toFixed(2)} ms`);
  const peerMs = medianMs(() => feedContinuous(hundredThousand), { warmups: 1, minRuns: 3, minTimeMs: 0 });
  say(`100,000 orders into nodejs-order-book: ${peerMs.toFixed(0)} ms`);

  return {
    figures: {
      ordersPerSecond: 100_000 / (documentMs / 1000),
      columnOrdersPerSecond: 1_000_000 / (millionMs / 1000),
      tenThousandOrdersMs,
      sortLimitRatio: sortMs / millionMs,
      peerOrdersPerSecond: 100_000 / (peerMs / 1000),
    },
    peer: 'nodejs-order-book 10.1.1, the same 100,000 orders one by one',
    ratio: peerMs / documentMs,
  };
};
