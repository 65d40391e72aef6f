/** What happens when orders close: the book is frozen in its committed order and every order gets a salt. And how it is cleared, once it is bound. */
import { randomBytes } from 'node:crypto';
import { clearUniform } from '../../domain/market/clear-uniform.ts';
import { committedOrder } from '../../domain/settlement/equilibrium.ts';
import { FIELD } from '../../domain/settlement/field.ts';
import type { OrderOpening } from '../../domain/settlement/leaves.ts';
import { type BatchLayout, capacityOf } from '../../domain/settlement/limits.ts';
import type { OrderPlace } from '../proof/settler.ts';
import type { StoredOrder } from './order-store.ts';
import type { RoundOrder } from './round-store.ts';

export const randomFieldElement = (): bigint => BigInt(`0x${randomBytes(40).toString('hex')}`) % FIELD;

type Terms = Pick<StoredOrder, 'interval' | 'side' | 'quantityWh' | 'limitPrice' | 'sequence'>;

export function openingOf(order: Terms, salt: string | bigint): OrderOpening {
  return {
    scope: BigInt(order.interval),
    side: order.side,
    quantityWh: BigInt(order.quantityWh),
    limitPrice: BigInt(order.limitPrice),
    sequence: BigInt(order.sequence),
    salt: BigInt(salt),
  };
}

export interface FrozenOrder {
  readonly order: StoredOrder;
  readonly salt: bigint;
}

/**
 * The orders that count, in committed order: leaf index, rotated each interval. An order of 0 Wh withdraws: it has the leaf of somebody
 * without an order, and no salt. Who is not registered has none.
 */
export function freezeBook(
  layout: BatchLayout,
  interval: number,
  orders: readonly StoredOrder[],
  registeredMeterIds: ReadonlySet<number>,
): FrozenOrder[] {
  const byIndex = new Map(orders.filter((o) => registeredMeterIds.has(o.meterId)).map((o) => [o.meterId - 1, o]));
  return committedOrder(BigInt(interval), capacityOf(layout)).flatMap((index) => {
    const order = byIndex.get(index);
    return order ? [{ order, salt: order.quantityWh > 0 ? randomFieldElement() : 0n }] : [];
  });
}

/** What is hashed into the orders root, in the settling thread: some 0.2 ms a place. */
export function placesOf(
  layout: BatchLayout,
  orders: readonly (Terms & { readonly meterId: number; readonly salt: string | bigint })[],
  /** Of a round before places were numbered: those that had a meter. */
  registeredMeterIds?: ReadonlySet<number>,
): OrderPlace[] {
  const openings = new Map(orders.filter((o) => o.quantityWh > 0).map((o) => [o.meterId, openingOf(o, o.salt)]));
  return Array.from({ length: capacityOf(layout) }, (_, i) => ({
    meterId: registeredMeterIds?.has(i + 1) === false ? 0n : BigInt(i + 1),
    order: openings.get(i + 1) ?? null,
  }));
}

export interface ClearedBook {
  readonly price: number | null;
  readonly tradedWh: number;
  readonly welfare: string;
  readonly fills: ReadonlyMap<string, number>;
}

/** @param orders those above 0 Wh, in committed order */
export function clearBook(orders: readonly Pick<RoundOrder, 'id' | 'side' | 'quantityWh' | 'limitPrice'>[]): ClearedBook {
  const clearing = clearUniform({ orders: orders.map(({ id, side, quantityWh, limitPrice }) => ({ id, side, quantityWh, limitPrice })) });
  return {
    price: clearing.price,
    tradedWh: clearing.quantityWh,
    welfare: clearing.welfare,
    fills: new Map(clearing.fills.map((f) => [f.id, f.quantityWh])),
  };
}
