import { describe, expect, it } from 'vitest';
import { equilibrium } from '../../domain/settlement/equilibrium.ts';
import { NO_ORDER } from '../../domain/settlement/leaves.ts';
import { CAPACITY, clearBook, freezeBook, openingOf, rootOf } from './gate-closure.ts';
import type { StoredOrder } from './order-store.ts';

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
    const meters = (interval: number) => freezeBook(interval, orders, everybody).orders.map((o) => o.order.meterId);
    expect(meters(16)).toEqual([1, 5, 16]);
    expect(meters(17)).toEqual([5, 16, 1]);
    expect(meters(31)).toEqual([16, 1, 5]);
  });

  it('leaves out withdrawn orders and members that are not registered', () => {
    const frozen = freezeBook(16, [order(1, 'buy', 0, 20_000), order(2, 'buy', 5, 20_000), order(3, 'buy', 5, 20_000)], new Set([1, 2]));
    expect(frozen.orders.map((o) => o.order.meterId)).toEqual([2]);
  });

  it('hides equal books behind different roots, and finds the root again from its salts', () => {
    const orders = [order(1, 'buy', 10, 20_000)];
    const first = freezeBook(16, orders, everybody);
    expect(first.root).not.toBe(freezeBook(16, orders, everybody).root);
    const stored = first.orders.map(({ order: o, salt }) => ({ ...o, salt: salt.toString() }));
    expect(rootOf(stored, everybody)).toBe(first.root);
    expect(
      rootOf(
        stored.map((o) => ({ ...o, quantityWh: 11 })),
        everybody,
      ),
    ).not.toBe(first.root);
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
      const frozen = freezeBook(interval, orders, everybody).orders.map((o) => o.order);
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
