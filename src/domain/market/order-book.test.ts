import { describe, expect, it } from 'vitest';
import { clearingCurves } from './curves.ts';
import { type Order, parseOrderBook } from './order-book.ts';

const order = { id: 'b1', side: 'buy', quantityWh: 1500, limitPrice: 12345 };
const problemsOf = (json: unknown): string => {
  const parsed = parseOrderBook(json);
  return parsed.kind === 'refused' ? parsed.problems.join('; ') : '';
};
const bookOf = (...orders: unknown[]) => ({ schema: 'order-book/1', orders });

describe('an order book', () => {
  it('is read', () => {
    const json = { ...bookOf(order, { id: 's1', side: 'sell', quantityWh: 0, limitPrice: -7 }), mechanism: 'mcafee' };
    expect(parseOrderBook(json)).toEqual({ kind: 'ok', book: json });
  });

  it.each<[string, unknown, string]>([
    ['is another document', { schema: 'feeder-case/1' }, 'it says "feeder-case/1"'],
    ['has an unknown field', { ...bookOf(order), gate: 3 }, 'unknown field "gate"'],
    ['has an order with an unknown field', bookOf({ ...order, price: 3 }), 'unknown field "price" in orders[0]'],
    ['names one order twice', bookOf(order, { ...order, side: 'sell' }), 'order "b1" is in the book more than once'],
    ['has a negative quantity', bookOf({ ...order, quantityWh: -1 }), 'orders[0].quantityWh must be at least 0, not -1'],
    ['has a broken Wh', bookOf({ ...order, quantityWh: 1.5 }), 'orders[0].quantityWh must be a whole number'],
    [
      'has a price that is a text',
      bookOf({ ...order, limitPrice: '12' }),
      'orders[0].limitPrice must be a whole number below 2^53, not "12"',
    ],
    ['has NaN for a price', bookOf({ ...order, limitPrice: Number.NaN }), 'orders[0].limitPrice'],
    ['has no side', bookOf({ id: 'x', quantityWh: 1, limitPrice: 1 }), 'orders[0].side is missing'],
    ['has a side that is neither', bookOf({ ...order, side: 'bid' }), 'orders[0].side must be "buy" or "sell", not "bid"'],
    ['has an empty id', bookOf({ ...order, id: '' }), 'orders[0].id'],
    ['asks for a mechanism we do not have', { ...bookOf(order), mechanism: 'vcg' }, 'mechanism must be "uniform" or "mcafee"'],
    ['has no orders list', { schema: 'order-book/1' }, 'orders is missing'],
    ['adds up beyond exact numbers', bookOf({ ...order, quantityWh: 2 ** 53 - 1 }, { ...order, id: 'b2' }), 'add up to more than'],
  ])('is refused by name when it %s', (_, json, sentence) => {
    expect(problemsOf(json)).toContain(sentence);
  });

  it('says only the first problems of a book that is wrong throughout', () => {
    const parsed = parseOrderBook(bookOf(...Array.from({ length: 500 }, () => ({ side: 'x' }))));
    expect(parsed.kind === 'refused' && parsed.problems.at(-1)).toMatch(/^and \d+ more problems$/);
  });
});

describe('the curves of a book', () => {
  it('step through the limits with the quantity up to each', () => {
    const o = (id: string, side: 'buy' | 'sell', quantityWh: number, limitPrice: number): Order => ({ id, side, quantityWh, limitPrice });
    const curves = clearingCurves({
      orders: [
        o('a', 'buy', 5, 30),
        o('b', 'buy', 2, 40),
        o('c', 'buy', 1, 30),
        o('i', 'buy', 0, 99),
        o('s', 'sell', 4, 10),
        o('t', 'sell', 4, 35),
      ],
    });
    expect(curves.demand).toEqual([
      { price: 40, cumulativeWh: 2 },
      { price: 30, cumulativeWh: 8 },
    ]);
    expect(curves.supply).toEqual([
      { price: 10, cumulativeWh: 4 },
      { price: 35, cumulativeWh: 8 },
    ]);
    expect(curves.clearing).toMatchObject({ price: 30, quantityWh: 4 });
    expect([curves.priceLow, curves.priceHigh]).toEqual([30, 30]);
  });
});
