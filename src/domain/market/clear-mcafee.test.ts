import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clear } from './clear.ts';
import { clearMcAfee } from './clear-mcafee.ts';
import type { Order } from './order-book.ts';

const book = (bids: readonly (readonly [number, number])[], asks: readonly (readonly [number, number])[]): { orders: Order[] } => ({
  orders: [
    ...bids.map(([limitPrice, quantityWh], i): Order => ({ id: `b${i + 1}`, side: 'buy', quantityWh, limitPrice })),
    ...asks.map(([limitPrice, quantityWh], i): Order => ({ id: `s${i + 1}`, side: 'sell', quantityWh, limitPrice })),
  ],
});
const units = (prices: readonly number[]): [number, number][] => prices.map((p) => [p, 1]);
const fills = (result: { fills: readonly { id: string; quantityWh: number }[] }) =>
  Object.fromEntries(result.fills.map((f) => [f.id, f.quantityWh]));

const someBook = fc
  .record({
    bids: fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 9 })), { maxLength: 8 }),
    asks: fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 9 })), { maxLength: 8 }),
    unit: fc.boolean(),
  })
  .map(({ bids, asks, unit }) => (unit ? book(units(bids.map(([p]) => p)), units(asks.map(([p]) => p))) : book(bids, asks)));

describe('trade reduction after McAfee', () => {
  it('trades all matching pairs when the first pair left out sets a price they accept', () => {
    const result = clearMcAfee(book(units([100, 90, 80, 70, 60]), units([80, 85, 95, 100, 110])));
    expect(result).toMatchObject({ price: 87, buyerPrice: 87, sellerPrice: 87, quantityWh: 2, surplus: '0', welfare: '0.025' });
  });

  it('leaves the last pair out when it does not, and keeps the difference as surplus', () => {
    // Left-out pair 10/90: midpoint 50 is above the last matching bid of 40.
    const result = clearMcAfee(book(units([60, 40, 10]), units([20, 30, 90])));
    expect(result).toMatchObject({
      price: null,
      buyerPrice: 40,
      sellerPrice: 30,
      quantityWh: 1,
      surplus: '0.01',
      efficientWelfare: '0.05',
    });
    expect(fills(result)).toEqual({ b1: 1, s1: 1 });
  });

  it('agrees with the published case of unit orders', () => {
    const c = JSON.parse(readFileSync(new URL('./fixtures/pymarket_market1.json', import.meta.url), 'utf8'));
    const price = (o: { price: number }) => o.price * 1000;
    const result = clearMcAfee(book(units(c.bids.map(price)), units(c.offers.map(price))));
    expect(result.quantityWh).toBe(c.expected.mcAfee.trades);
    expect(result.buyerPrice).toBe(c.expected.mcAfee.buyerPrice * 1000);
    expect(result.sellerPrice).toBe(c.expected.mcAfee.sellerPrice * 1000);
  });

  it('agrees with the published cases of orders of different size', () => {
    const c = JSON.parse(readFileSync(new URL('./fixtures/pymarket_dataset3.json', import.meta.url), 'utf8'));
    const row = (o: { price: number; qty: number }): [number, number] => [Math.round(o.price * 1000), Math.round(o.qty * 1000)];
    const result = clearMcAfee(book(c.bids.map(row), c.offers.map(row)));
    expect(result).toMatchObject({ buyerPrice: 3000, sellerPrice: 2500, quantityWh: 2500 });
    expect(fills(result)).toEqual({ b1: 800, b3: 1700, s1: 1000, s2: 1500 });
  });

  it('trades nothing when nothing crosses, or the book is empty', () => {
    expect(clearMcAfee(book([], []))).toMatchObject({ price: null, quantityWh: 0, fills: [] });
    expect(clearMcAfee(book(units([5]), units([6])))).toMatchObject({ price: null, buyerPrice: null, quantityWh: 0, fills: [] });
  });

  it('is what a book asks for by name', () => {
    const { orders } = book(units([4]), units([1]));
    expect(clear({ schema: 'order-book/1', orders, mechanism: 'mcafee' })).toMatchObject({ mechanism: 'mcafee' });
    expect(clear({ schema: 'order-book/1', orders })).not.toHaveProperty('mechanism');
  });

  it('never runs a deficit, never trades at a loss to anyone, and buys what it sells', () => {
    fc.assert(
      fc.property(someBook, ({ orders }) => {
        const result = clearMcAfee({ orders });
        const filled = fills(result);
        let bought = 0;
        let sold = 0;
        for (const o of orders) {
          const q = filled[o.id] ?? 0;
          expect(q).toBeLessThanOrEqual(o.quantityWh);
          if (q === 0) continue;
          if (o.side === 'buy') {
            bought += q;
            expect(o.limitPrice).toBeGreaterThanOrEqual(result.buyerPrice as number);
          } else {
            sold += q;
            expect(o.limitPrice).toBeLessThanOrEqual(result.sellerPrice as number);
          }
        }
        expect(bought).toBe(sold);
        expect(Number(result.surplus)).toBeGreaterThanOrEqual(0);
        expect(Number(result.welfare)).toBeLessThanOrEqual(Number(result.efficientWelfare));
      }),
      { numRuns: 800 },
    );
  });

  it('gives a unit buyer nothing to gain by misstating the limit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 40 }),
        (bids, asks, lie) => {
          // Even limits keep the midpoint whole, so that rounding cannot favour anyone.
          const truth = bids.map((p) => 2 * p);
          const value = truth[0] as number;
          const offers = units(asks.map((p) => 2 * p));
          const gain = (stated: number): number => {
            const result = clearMcAfee(book(units([stated, ...truth.slice(1)]), offers));
            return (fills(result).b1 ?? 0) * (value - (result.buyerPrice ?? 0));
          };
          // Ties are broken by the committed order, in which b1 comes first either way.
          expect(gain(2 * lie)).toBeLessThanOrEqual(gain(value));
        },
      ),
      { numRuns: 1000 },
    );
  });
});
