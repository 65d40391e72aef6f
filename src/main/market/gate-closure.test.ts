import { describe, expect, it } from 'vitest';
import { equilibrium } from '../../domain/settlement/equilibrium.ts';
import { NO_ORDER, orderLeaf } from '../../domain/settlement/leaves.ts';
import { merkleRoot } from '../../domain/settlement/merkle.ts';
import { clearBook, type FrozenOrder, freezeBook, openingOf, placesOf } from './gate-closure.ts';
import type { StoredOrder } from './order-store.ts';

const CAPACITY = 16;
const layout = { batchMembers: 16, parts: 1 } as const;
const everybody = new Set(Array.from({ length: CAPACITY }, (_, i) => i + 1));
const order = (meterId: number, side: 'buy' | 'sell', quantityWh: number, limitPrice: number): StoredOrder => ({
  id: `m${meterId}:1`,
  memberId: `m${meterId}`,
  meterId,
  kind: 'standing',
  interval: 0,
  side,
  quantityWh,
  limitPrice,
  sequence: 1,
  signature: '',
  receivedMs: 0,
  receivedPlantMs: 0,
});

describe('the gate', () => {
  it('freezes the book in an order that is rotated each interval', () => {
    const orders = [order(1, 'buy', 10, 20_000), order(5, 'sell', 10, 10_000), order(16, 'buy', 10, 20_000)];
    const meters = (interval: number) => freezeBook(layout, interval, orders, everybody).map((o) => o.order.meterId);
    expect(meters(16)).toEqual([1, 5, 16]);
    expect(meters(17)).toEqual([5, 16, 1]);
    expect(meters(31)).toEqual([16, 1, 5]);
  });

  it('keeps a withdrawn order in the book, with an empty leaf, and none of a member that is not registered', () => {
    const orders = [order(1, 'buy', 0, 20_000), order(2, 'buy', 5, 20_000), order(3, 'buy', 5, 20_000)];
    const frozen = freezeBook(layout, 16, orders, new Set([1, 2]));
    expect(frozen.map((o) => o.order.meterId)).toEqual([1, 2]);
    const places = placesOf(
      layout,
      frozen.map((f) => ({ ...f.order, salt: f.salt })),
      new Set([1, 2]),
    );
    expect(places.slice(0, 3).map(({ meterId, order: o }) => [meterId, o?.quantityWh ?? null])).toEqual([
      [1n, null],
      [2n, 5n],
      [0n, null],
    ]);
  });

  it('hides equal books behind different roots, and finds the root again from its salts, in one part or in four', () => {
    const orders = [order(1, 'buy', 10, 20_000)];
    const root = (frozen: readonly FrozenOrder[], of: { batchMembers: 4 | 16; parts: number } = layout) =>
      merkleRoot(
        placesOf(
          of,
          frozen.map((f) => ({ ...f.order, salt: f.salt })),
          everybody,
        ).map(({ meterId, order: o }) => orderLeaf(meterId, o ?? NO_ORDER)),
      );
    const first = freezeBook(layout, 16, orders, everybody);
    expect(root(first)).not.toBe(root(freezeBook(layout, 16, orders, everybody)));
    expect(root(first)).toBe(root(first, { batchMembers: 4, parts: 4 }));
    expect(root(first.map((f) => ({ ...f, order: { ...f.order, quantityWh: 11 } })))).not.toBe(root(first));
  });

  it('clears every book exactly as the settlement circuit will check it', () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    for (let round = 0; round < 300; round++) {
      const interval = 1_944_000 + round;
      const orders = Array.from({ length: CAPACITY }, (_, i) => i + 1)
        .filter(() => random(4) > 0)
        .map((meterId) => order(meterId, random(2) ? 'buy' : 'sell', 1 + random(60), 8_000 + random(5) * 1_000));
      const frozen = freezeBook(layout, interval, orders, everybody).map((o) => o.order);
      const cleared = clearBook(frozen);
      const byIndex = Array.from({ length: CAPACITY }, (_, i) => {
        const found = orders.find((o) => o.meterId === i + 1);
        return found ? openingOf(found, 1n) : NO_ORDER;
      });
      const checked = equilibrium(byIndex, BigInt(interval));
      expect(cleared.price === null ? null : BigInt(cleared.price)).toBe(checked.price);
      expect(byIndex.map((_, i) => BigInt(cleared.fills.get(`m${i + 1}:1`) ?? 0))).toEqual(checked.filledWh);
    }
  });
});
