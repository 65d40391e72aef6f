import { describe, expect, it } from 'vitest';
import vectors from '../../../circuits/vectors/settlement.json' with { type: 'json' };
import { type AdmitInput, admitRound } from './admit-round.ts';
import type { Order } from './leaves.ts';
import type { BatchLayout } from './limits.ts';
import { bookLeaf, bookRoot, emptyBook, type OrderBook, type SignedOrder } from './order-book.ts';
import { ordersRoot } from './settle-round.ts';
import { scalarOf, signedOrder, TEST_DOMAIN, testMeter, testSalts } from './testing/community.ts';

const LAYOUT: BatchLayout = { batchMembers: 4, parts: 1 };
const meters = [0, 1, 2, 3].map(testMeter);

const signed = (index: number, terms: Partial<Order>, scalar?: bigint): SignedOrder =>
  signedOrder(index, { scope: 0n, side: 'buy', quantityWh: 500n, limitPrice: 20_000n, sequence: 1n, ...terms }, scalar);

const admit = (orders: (SignedOrder | null)[], change: Partial<AdmitInput> = {}) =>
  admitRound({
    layout: LAYOUT,
    domain: TEST_DOMAIN,
    interval: 101n,
    idle: false,
    meters,
    book: emptyBook(4),
    orders,
    salts: testSalts(4, 1),
    ...change,
  });

function book(orders: (SignedOrder | null)[], before: OrderBook = emptyBook(4)): OrderBook {
  const admission = admit(orders, { book: before, interval: 100n });
  if (admission.kind !== 'admitted') throw new Error(admission.detail);
  return admission.book;
}

describe('admission of orders', () => {
  it('lets a standing order hold until its member replaces it', () => {
    const first = book([signed(0, { sequence: 5n })]);
    const holds = admit([], { book: first });
    expect(holds).toMatchObject({ kind: 'admitted', orders: [{ scope: 0n, quantityWh: 500n, sequence: 5n }, null, null, null] });
    const replaced = admit([signed(0, { quantityWh: 80n, sequence: 6n })], { book: first });
    expect(replaced).toMatchObject({
      orders: [{ quantityWh: 80n }, null, null, null],
      book: [{ quantityWh: 80n, sequence: 6n }, null, null, null],
    });
  });

  it('takes an order for this interval instead, once, and keeps the standing one', () => {
    const first = book([signed(0, { sequence: 5n })]);
    const admission = admit([signed(0, { scope: 101n, side: 'sell', quantityWh: 7n, sequence: 2n })], { book: first });
    expect(admission).toMatchObject({ orders: [{ scope: 101n, side: 'sell', quantityWh: 7n }, null, null, null], book: first });
  });

  it('commits to exactly what it says stands under the root', () => {
    const admission = admit([signed(0, {}), null, signed(2, { scope: 101n })]);
    if (admission.kind !== 'admitted') throw new Error(admission.detail);
    expect(admission.ordersRoot).toBe(ordersRoot(4, meters, admission.orders));
    expect(admission.bookRoot).toBe(bookRoot(admission.book));
  });

  it('voids a standing order when its member has a new key', () => {
    const first = book([signed(0, {})]);
    const rekeyed = meters.map((meter, i) => (i === 0 ? { ...meter, publicKey: testMeter(9).publicKey } : meter));
    expect(admit([], { book: first, meters: rekeyed })).toMatchObject({ orders: [null, null, null, null], book: [null, null, null, null] });
  });

  it('leaves every order out of a round that only measures, and keeps the book', () => {
    const first = book([signed(0, {})]);
    expect(admit([], { book: first, idle: true })).toMatchObject({ orders: [null, null, null, null], book: first });
    expect(admit([signed(1, {})], { idle: true })).toMatchObject({ kind: 'refused', reason: 'bad-input' });
  });

  it.each<[string, () => ReturnType<typeof admit>, RegExp]>([
    ['signed with a foreign key', () => admit([signed(0, {}, scalarOf(3))]), /signature/],
    ['for another interval', () => admit([signed(0, { scope: 99n })]), /interval 99/],
    ['of nobody who is registered', () => admit([signed(0, {})], { meters: [null] }), /no meter/],
    ['beyond its width', () => admit([signed(0, { quantityWh: 1n << 32n })]), /range/],
    ['with a sequence beyond its width', () => admit([signed(0, { sequence: 1n << 48n })]), /sequence/],
  ])('refuses an order %s, and says whose', (_what, refused, detail) => {
    expect(refused()).toMatchObject({ kind: 'refused', reason: 'bad-order', index: 0, detail: expect.stringMatching(detail) });
  });

  it('refuses an older standing order, however well it is signed', () => {
    const first = book([signed(0, { sequence: 5n })]);
    for (const sequence of [4n, 5n])
      expect(admit([signed(0, { sequence })], { book: first })).toMatchObject({ reason: 'bad-order', index: 0 });
  });

  it('hashes as the shared vectors say', () => {
    expect(bookLeaf({ epoch: 1n, side: 'sell', quantityWh: 2n, limitPrice: 3n, sequence: 4n }).toString()).toBe(vectors.bookLeaf);
    expect(bookRoot(emptyBook(16)).toString()).toBe(vectors.emptyBookRoot16);
  });
});
