import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clearUniform, clearUniformDetailed } from './clear-uniform.ts';
import { thousandths } from './exact.ts';
import type { Order } from './order-book.ts';

const buy = (id: string, quantityWh: number, limitPrice: number): Order => ({ id, side: 'buy', quantityWh, limitPrice });
const sell = (id: string, quantityWh: number, limitPrice: number): Order => ({ id, side: 'sell', quantityWh, limitPrice });
const clear = (...orders: Order[]) => clearUniform({ orders });
const filled = (...orders: Order[]) => Object.fromEntries(clear(...orders).fills.map((f) => [f.id, f.quantityWh]));

/** Tries every whole-Wh allocation of a tiny book: the largest welfare, and the largest quantity that has it. */
const bestByTrying = (orders: readonly Order[]): { welfare: number; quantityWh: number } => {
  const best = { welfare: 0, quantityWh: 0 };
  const descend = (index: number, boughtWh: number, soldWh: number, welfare: number): void => {
    const order = orders[index];
    if (order === undefined) {
      if (boughtWh !== soldWh) return;
      if (welfare > best.welfare || (welfare === best.welfare && boughtWh > best.quantityWh))
        Object.assign(best, { welfare, quantityWh: boughtWh });
      return;
    }
    for (let q = 0; q <= order.quantityWh; q += 1) {
      if (order.side === 'buy') descend(index + 1, boughtWh + q, soldWh, welfare + q * order.limitPrice);
      else descend(index + 1, boughtWh, soldWh + q, welfare - q * order.limitPrice);
    }
  };
  descend(0, 0, 0, 0);
  return best;
};

/** Every whole price that clears, straight from the definition: what must trade on one side fits what may trade on the other. */
const clearingPricesByTrying = (orders: readonly Order[], from: number, to: number): number[] => {
  const sum = (test: (o: Order) => boolean): number => orders.filter(test).reduce((total, o) => total + o.quantityWh, 0);
  const prices: number[] = [];
  for (let p = from; p <= to; p += 1) {
    const mustBuy = sum((o) => o.side === 'buy' && o.limitPrice > p);
    const mayBuy = sum((o) => o.side === 'buy' && o.limitPrice >= p);
    const mustSell = sum((o) => o.side === 'sell' && o.limitPrice < p);
    const maySell = sum((o) => o.side === 'sell' && o.limitPrice <= p);
    if (mustBuy <= maySell && mustSell <= mayBuy) prices.push(p);
  }
  return prices;
};

const books = (maxOrders: number, maxWh: number, maxPrice: number) =>
  fc
    .array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: maxWh }), fc.integer({ min: -maxPrice, max: maxPrice })), {
      maxLength: maxOrders,
    })
    .map((rows) => rows.map(([isBuy, q, p], i) => (isBuy ? buy(`o${i}`, q, p) : sell(`o${i}`, q, p))));

describe('the uniform price', () => {
  it('is the midpoint, rounded down, of the prices at which the same trades happen', () => {
    expect(clear(buy('b', 1500, 20001), sell('s', 1500, 10000))).toEqual({
      schema: 'clearing/1',
      price: 15000,
      quantityWh: 1500,
      welfare: '15001.5',
      fills: [
        { id: 'b', quantityWh: 1500 },
        { id: 's', quantityWh: 1500 },
      ],
    });
  });

  it('rounds down, not towards zero, when energy has a negative price', () => {
    expect(clear(buy('b', 1, -3), sell('s', 1, -6)).price).toBe(-5);
  });

  it('is null when the book is empty, one-sided, or does not cross', () => {
    const nothing = { schema: 'clearing/1', price: null, quantityWh: 0, welfare: '0', fills: [] };
    expect(clear()).toEqual(nothing);
    expect(clear(buy('b', 10, 5))).toEqual(nothing);
    expect(clear(sell('s', 10, 5))).toEqual(nothing);
    expect(clear(buy('b', 10, 5), sell('s', 10, 6))).toEqual(nothing);
  });

  it('does not listen to idle orders of 0 Wh', () => {
    expect(clear(buy('b', 10, 20), sell('s', 10, 10), buy('idle', 0, 1000), sell('idle2', 0, -1000), sell('idle3', 0, 11))).toMatchObject({
      price: 15,
      quantityWh: 10,
    });
  });

  it('trades even where buyer and seller ask the very same price', () => {
    expect(clear(buy('b', 7, 100), sell('s', 7, 100))).toMatchObject({ price: 100, quantityWh: 7, welfare: '0' });
  });

  it('fills a marginal bid in part rather than dropping it', () => {
    // Dropping it is a known fault of pay-as-clear engines: 1 unit at 19 instead of 2 at 15.
    expect(filled(buy('b1', 1, 19), buy('b2', 3, 15), sell('s', 2, 10))).toEqual({ b1: 1, b2: 1, s: 2 });
  });

  it('shares what is left by quantity, rounded down, and gives the Wh left over one each in the committed order', () => {
    expect(filled(buy('a', 5, 50), buy('b', 3, 50), buy('c', 3, 50), sell('s', 7, 10))).toEqual({ a: 4, b: 2, c: 1, s: 7 });
    expect(filled(buy('c', 3, 50), buy('b', 3, 50), buy('a', 5, 50), sell('s', 7, 10))).toEqual({ c: 2, b: 2, a: 3, s: 7 });
    expect(filled(buy('a', 1, 50), buy('idle', 0, 50), buy('b', 1, 50), buy('c', 1, 50), sell('s', 2, 10))).toEqual({ a: 1, b: 1, s: 2 });
  });

  it('lets sellers share when they are the long side', () => {
    expect(clear(sell('s1', 10, 30), sell('s2', 20, 30), buy('b', 9, 60))).toMatchObject({
      price: 30,
      fills: [
        { id: 's1', quantityWh: 3 },
        { id: 's2', quantityWh: 6 },
        { id: 'b', quantityWh: 9 },
      ],
    });
  });

  it('keeps money exact where doubles would not', () => {
    const large = 2 ** 51;
    const wh = 2 ** 40 + 1;
    const result = clear(buy('b', wh, large), sell('s', wh, -large + 1));
    expect(result.welfare).toBe(thousandths(BigInt(wh) * (BigInt(large) + BigInt(large) - 1n)));
    expect(result.price).toBe(0);
  });
});

describe('any clearing of any book', () => {
  it('has the largest welfare any allocation could have, and the largest quantity that has it', () => {
    fc.assert(
      fc.property(books(6, 3, 4), (orders) => {
        const result = clearUniformDetailed({ orders });
        const best = bestByTrying(orders);
        expect(Number(result.welfareMicroCents)).toBe(best.welfare);
        expect(result.quantityWh).toBe(best.quantityWh);
      }),
      { numRuns: 1500 },
    );
  });

  it('has exactly the interval of clearing prices that the definition gives', () => {
    fc.assert(
      fc.property(books(40, 6, 12), (orders) => {
        const result = clearUniformDetailed({ orders });
        if (result.quantityWh === 0) {
          expect(result.price).toBeNull();
          return;
        }
        const prices = clearingPricesByTrying(orders, -13, 13);
        expect([result.priceLow, result.priceHigh]).toEqual([prices[0], prices.at(-1)]);
        expect(result.price).toBe(Math.floor(((prices[0] as number) + (prices.at(-1) as number)) / 2));
      }),
      { numRuns: 1500 },
    );
  });

  it('buys what it sells, fills what is in the money, and nothing out of it or beyond its order', () => {
    fc.assert(
      fc.property(books(60, 5000, 300), (orders) => {
        const { price, quantityWh, fillsWh } = clearUniformDetailed({ orders });
        let bought = 0;
        let sold = 0;
        orders.forEach((o, i) => {
          const fill = fillsWh[i] as number;
          expect(Number.isSafeInteger(fill) && fill >= 0 && fill <= o.quantityWh).toBe(true);
          if (o.side === 'buy') bought += fill;
          else sold += fill;
          if (price === null) return;
          const gain = o.side === 'buy' ? o.limitPrice - price : price - o.limitPrice;
          if (gain > 0) expect(fill).toBe(o.quantityWh);
          if (gain < 0) expect(fill).toBe(0);
        });
        expect([bought, sold]).toEqual([quantityWh, quantityWh]);
      }),
      { numRuns: 800 },
    );
  });

  it('shares the margin within one Wh of pro rata, earlier orders first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 30 }),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        (quantities, share) => {
          const offered = quantities.reduce((a, b) => a + b, 0);
          const wanted = Math.floor(offered * share);
          fc.pre(wanted > 0);
          const orders = [buy('b', wanted, 90), ...quantities.map((q, i) => sell(`s${i}`, q, 40))];
          const { fillsWh, margin } = clearUniformDetailed({ orders });
          let left = margin?.leftoverWh ?? Number.NaN;
          quantities.forEach((q, i) => {
            const floor = Number((BigInt(q) * BigInt(wanted)) / BigInt(offered));
            const extra = left > 0 && q > 0 ? 1 : 0;
            left -= extra;
            expect(fillsWh[i + 1]).toBe(floor + extra);
          });
        },
      ),
      { numRuns: 400 },
    );
  });

  it('is decided by limits and quantities, not by names or by the order of arrival, up to the Wh left over', () => {
    fc.assert(
      fc.property(books(30, 400, 20), fc.infiniteStream(fc.nat()), (orders, stream) => {
        const shuffled = orders
          .map((o) => ({ o, key: stream.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ o }) => o);
        const first = clearUniform({ orders });
        const second = clearUniform({ orders: shuffled });
        expect([second.price, second.quantityWh, second.welfare]).toEqual([first.price, first.quantityWh, first.welfare]);
        const before = new Map(first.fills.map((f) => [f.id, f.quantityWh]));
        const after = new Map(second.fills.map((f) => [f.id, f.quantityWh]));
        for (const { id } of orders) expect(Math.abs((before.get(id) ?? 0) - (after.get(id) ?? 0))).toBeLessThanOrEqual(1);
        expect(clearUniform({ orders })).toEqual(first);
      }),
      { numRuns: 400 },
    );
  });

  it('does not change when every limit moves by the same amount, except that the price moves with them', () => {
    fc.assert(
      fc.property(books(30, 400, 20), fc.integer({ min: -1e6, max: 1e6 }), (orders, shift) => {
        const first = clearUniform({ orders });
        const moved = clearUniform({ orders: orders.map((o) => ({ ...o, limitPrice: o.limitPrice + shift })) });
        expect(moved.price).toBe(first.price === null ? null : first.price + shift);
        expect([moved.welfare, moved.fills]).toEqual([first.welfare, first.fills]);
      }),
      { numRuns: 300 },
    );
  });

  it('finds the same in a wide book whose prices lie far apart', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: -(2 ** 50), max: 2 ** 50 })), {
          minLength: 100,
          maxLength: 400,
        }),
        (rows) => {
          const orders = rows.map(([isBuy, q, p], i) => (isBuy ? buy(`o${i}`, q, p) : sell(`o${i}`, q, p)));
          const result = clearUniformDetailed({ orders });
          // Merit order by sorting: a second way to the same quantity and welfare.
          const demand = orders
            .filter((o) => o.side === 'buy')
            .sort((a, b) => b.limitPrice - a.limitPrice)
            .map((o) => ({ ...o }));
          const supply = orders
            .filter((o) => o.side === 'sell')
            .sort((a, b) => a.limitPrice - b.limitPrice)
            .map((o) => ({ ...o }));
          let quantity = 0;
          let welfare = 0n;
          for (let d = 0, s = 0; d < demand.length && s < supply.length; ) {
            const b = demand[d] as { quantityWh: number; limitPrice: number };
            const a = supply[s] as { quantityWh: number; limitPrice: number };
            if (b.limitPrice < a.limitPrice) break;
            const q = Math.min(b.quantityWh, a.quantityWh);
            quantity += q;
            welfare += BigInt(q) * (BigInt(b.limitPrice) - BigInt(a.limitPrice));
            b.quantityWh -= q;
            a.quantityWh -= q;
            if (b.quantityWh === 0) d += 1;
            if (a.quantityWh === 0) s += 1;
          }
          expect(result.quantityWh).toBe(quantity);
          expect(result.welfareMicroCents).toBe(welfare);
        },
      ),
      { numRuns: 60 },
    );
  });
});

interface AuctionCase {
  id: string;
  bids: { id: string; price: number; qty: number }[];
  offers: { id: string; price: number; qty: number }[];
  expected: {
    welfare: number;
    volumeMax: number;
    priceInterval: [number, number] | null;
    mustBeFullyAccepted?: Record<string, number>;
    mustBeRejected?: string[];
  };
}

const fixtures = new URL('./fixtures/', import.meta.url);
const cases = readdirSync(fixtures)
  .filter((name) => name.endsWith('.json'))
  .map((name): AuctionCase => JSON.parse(readFileSync(new URL(name, fixtures), 'utf8')));

/** kWh to Wh and currency per kWh to milli-cents per kWh, exactly. */
const scaled = (c: AuctionCase): Order[] => [
  ...c.bids.map((b) => buy(b.id, Math.round(b.qty * 1000), Math.round(b.price * 1e5))),
  ...c.offers.map((o) => sell(o.id, Math.round(o.qty * 1000), Math.round(o.price * 1e5))),
];

describe('the published auction', () => {
  it('has cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(10);
  });

  it.each(cases.map((c) => [c.id, c] as const))('clears as it should: %s', (_, c) => {
    const orders = scaled(c);
    const result = clearUniformDetailed({ orders });
    expect(Number(result.welfareMicroCents) / 1e8).toBeCloseTo(c.expected.welfare, 6);
    expect(result.quantityWh).toBe(Math.round(c.expected.volumeMax * 1000));
    const interval = c.expected.priceInterval?.map((p) => Math.round(p * 1e5)) ?? [null, null];
    expect([result.priceLow, result.priceHigh]).toEqual(interval);
    const fills = new Map(orders.map((o, i) => [o.id, result.fillsWh[i]]));
    for (const [id, qty] of Object.entries(c.expected.mustBeFullyAccepted ?? {})) expect(fills.get(id)).toBe(Math.round(qty * 1000));
    for (const id of c.expected.mustBeRejected ?? []) expect(fills.get(id)).toBe(0);
  });

  it('of unit bids 100,90,80,70,60 and asks 80,85,95,100,110 trades two units between 85 and 90', () => {
    const orders = [
      ...[100, 90, 80, 70, 60].map((p, i) => buy(`b${i}`, 1, p)),
      ...[80, 85, 95, 100, 110].map((p, i) => sell(`s${i}`, 1, p)),
    ];
    expect(clearUniformDetailed({ orders })).toMatchObject({
      quantityWh: 2,
      priceLow: 85,
      priceHigh: 90,
      price: 87,
      welfareMicroCents: 25n,
    });
  });
});
