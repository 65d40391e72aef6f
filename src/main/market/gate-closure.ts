/** What happens at a gate: the book is frozen in its committed order, its root is bound for the chain, and it is cleared. */
import { randomBytes } from 'node:crypto';
import { clearUniform } from '../../domain/market/clear-uniform.ts';
import { committedOrder } from '../../domain/settlement/equilibrium.ts';
import { FIELD } from '../../domain/settlement/field.ts';
import type { OrderOpening } from '../../domain/settlement/leaves.ts';
import { ordersRoot } from '../../domain/settlement/settle-round.ts';
import type { StoredOrder } from './order-store.ts';
import type { RoundOrder } from './round-store.ts';

/** Members of one batch; meter number n stands at index n − 1. */
export const CAPACITY = 16;

export const randomFieldElement = (): bigint => BigInt(`0x${randomBytes(40).toString('hex')}`) % FIELD;

export function openingOf(
  order: Pick<StoredOrder, 'interval' | 'side' | 'quantityWh' | 'limitPrice' | 'sequence'>,
  salt: string | bigint,
): OrderOpening {
  return {
    scope: BigInt(order.interval),
    side: order.side,
    quantityWh: BigInt(order.quantityWh),
    limitPrice: BigInt(order.limitPrice),
    sequence: BigInt(order.sequence),
    salt: BigInt(salt),
  };
}

export interface FrozenBook {
  /** In committed order: leaf index, rotated each interval. */
  readonly orders: readonly { order: StoredOrder; salt: bigint }[];
  readonly root: bigint;
}

export function freezeBook(interval: number, orders: readonly StoredOrder[], registeredMeterIds: ReadonlySet<number>): FrozenBook {
  const byIndex = new Map(orders.filter((o) => o.quantityWh > 0 && registeredMeterIds.has(o.meterId)).map((o) => [o.meterId - 1, o]));
  const frozen = committedOrder(BigInt(interval), CAPACITY).flatMap((index) => {
    const order = byIndex.get(index);
    return order ? [{ order, salt: randomFieldElement() }] : [];
  });
  return {
    orders: frozen,
    root: rootOf(
      frozen.map(({ order, salt }) => ({ ...order, salt: salt.toString() })),
      registeredMeterIds,
    ),
  };
}

/** The orders root as the chain has it; only the meter numbers of the registry matter here. */
export function rootOf(
  orders: readonly (Pick<StoredOrder, 'meterId' | 'interval' | 'side' | 'quantityWh' | 'limitPrice' | 'sequence'> & { salt: string })[],
  registeredMeterIds: ReadonlySet<number>,
): bigint {
  const openings = new Map(orders.map((o) => [o.meterId - 1, openingOf(o, o.salt)]));
  const indices = Array.from({ length: CAPACITY }, (_, i) => i);
  const meters = indices.map((i) =>
    registeredMeterIds.has(i + 1) ? { meterId: BigInt(i + 1), publicKey: [0n, 1n] as const, flags: 0 } : null,
  );
  return ordersRoot(
    CAPACITY,
    meters,
    indices.map((i) => openings.get(i) ?? null),
  );
}

export interface ClearedBook {
  readonly price: number | null;
  readonly tradedWh: number;
  readonly welfare: string;
  readonly fills: ReadonlyMap<string, number>;
}

export function clearBook(orders: readonly Pick<RoundOrder, 'id' | 'side' | 'quantityWh' | 'limitPrice'>[]): ClearedBook {
  const clearing = clearUniform({ orders: orders.map(({ id, side, quantityWh, limitPrice }) => ({ id, side, quantityWh, limitPrice })) });
  return {
    price: clearing.price,
    tradedWh: clearing.quantityWh,
    welfare: clearing.welfare,
    fills: new Map(clearing.fills.map((f) => [f.id, f.quantityWh])),
  };
}
