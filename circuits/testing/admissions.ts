// SPDX-License-Identifier: GPL-3.0-only
/** Honest admissions of two members that forgeries start from. */
import { type Admission, admitRound } from '../../src/domain/settlement/admit-round.ts';
import type { Order, RegisteredMeter } from '../../src/domain/settlement/leaves.ts';
import { capacityOf } from '../../src/domain/settlement/limits.ts';
import { emptyBook, type OrderBook, type SignedOrder } from '../../src/domain/settlement/order-book.ts';
import { layoutOf, type Size, signedOrder, TEST_DOMAIN, testMeter, testSalts } from '../../src/domain/settlement/testing/community.ts';

export const INTERVAL = 101n;

export const signed = (index: number, terms: Partial<Order>, scalar?: bigint, meterId?: bigint): SignedOrder =>
  signedOrder(index, { scope: 0n, side: 'buy', quantityWh: 1_000n, limitPrice: 20_000n, sequence: 3n, ...terms }, scalar, meterId);

interface Variant {
  readonly orders: readonly (SignedOrder | null)[];
  readonly book?: OrderBook;
  readonly idle?: boolean;
  readonly meters?: readonly (RegisteredMeter | null)[];
  readonly size?: Size;
  readonly interval?: bigint;
  readonly numbered?: true;
}

export function admitted(variant: Variant): Admission {
  const layout = layoutOf(variant.size ?? 2);
  const capacity = capacityOf(layout);
  const admission = admitRound({
    layout,
    domain: TEST_DOMAIN,
    interval: variant.interval ?? INTERVAL,
    idle: variant.idle ?? false,
    meters: variant.meters ?? Array.from({ length: capacity }, (_, i) => testMeter(i)),
    book: variant.book ?? emptyBook(capacity),
    orders: variant.orders,
    salts: testSalts(capacity, 99),
    ...(variant.numbered && { numbered: true }),
  });
  if (admission.kind !== 'admitted') throw new Error(`the honest admission was refused: ${admission.detail}`);
  return admission;
}

/** The book in which member 0 buys 1000 Wh, sequence 3, until further notice. */
export const bookOfOne = (size?: Size): OrderBook => admitted({ orders: [signed(0, {})], interval: 100n, ...(size && { size }) }).book;

/** Member 0's standing order holds; member 1 signs for this interval. */
export const holding = (size?: Size) =>
  admitted({
    book: bookOfOne(size),
    orders: [null, signed(1, { scope: INTERVAL, side: 'sell', quantityWh: 500n, limitPrice: 12_000n, sequence: 1n })],
    ...(size && { size }),
  });
/** Member 0's standing order holds; nobody signs anything. */
export const standing = () => admitted({ book: bookOfOne(), orders: [] });
/** Member 0 replaces its standing order, member 1 signs its first. */
export const replacing = () =>
  admitted({
    book: bookOfOne(),
    orders: [signed(0, { side: 'sell', quantityWh: 300n, sequence: 4n }), signed(1, { sequence: 9n })],
  });
/** Member 0 withdraws its standing order. */
export const withdrawn = () => admitted({ book: bookOfOne(), orders: [signed(0, { quantityWh: 0n, sequence: 4n }), null] });
/** Member 1 signs that it wants nothing this time. */
export const nothingWanted = () =>
  admitted({ book: bookOfOne(), orders: [null, signed(1, { scope: INTERVAL, quantityWh: 0n, limitPrice: 12_000n })] });
/** A round that only measures. */
export const idle = () => admitted({ book: bookOfOne(), orders: [], idle: true });
/** Nobody has an order. */
export const quiet = () => admitted({ orders: [] });
/** Member 0 has a new meter: its old standing order is void. */
export const rekeyed = () => admitted({ book: bookOfOne(), orders: [], meters: [{ ...testMeter(0), flags: 1 }, testMeter(1)] });
/** Nobody is registered at place 1. */
export const withGap = () => admitted({ book: bookOfOne(), orders: [], meters: [testMeter(0), null] });
