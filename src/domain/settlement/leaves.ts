/** Messages that members sign and leaves of the three trees. Formats: docs/settlement.md §3. */
import { poseidon4 } from 'poseidon-lite/poseidon4';
import { poseidon5 } from 'poseidon-lite/poseidon5';
import { poseidon7 } from 'poseidon-lite/poseidon7';
import { poseidon8 } from 'poseidon-lite/poseidon8';
import type { Point } from './babyjubjub.ts';
import { ORDER_TAG } from './limits.ts';

/** What the meter registry knows of one meter. `meterId` is 1-based; `flags` bit 0 = renewable only, bits 1..4 = technology. */
export interface RegisteredMeter {
  readonly meterId: bigint;
  readonly publicKey: Point;
  readonly flags: number;
}

/** Cumulative registers in Wh at the end of `interval`. */
export interface Reading {
  readonly interval: bigint;
  readonly importWh: bigint;
  readonly exportWh: bigint;
  readonly sequence: bigint;
}

export type Side = 'buy' | 'sell';

/** An order as its member signed it. `scope` is the interval it is for, or 0 for a standing order. */
export interface Order {
  readonly scope: bigint;
  readonly side: Side;
  readonly quantityWh: bigint;
  /** milli-cents per kWh */
  readonly limitPrice: bigint;
  readonly sequence: bigint;
}

/** An order with the salt that hides it in the orders tree. */
export interface OrderOpening extends Order {
  readonly salt: bigint;
}

/** One member's account. Everything the chain holds of it is its leaf's hash. */
export interface MemberState {
  /** Registry leaf of the meter that `importWh` and `exportWh` belong to; 0 before the first reading. A new meter or key starts a new epoch. */
  readonly epoch: bigint;
  /** micro-cents; never below 0, and 0 whenever `debt` is above 0 */
  readonly balance: bigint;
  /** micro-cents the default account has laid out for this member */
  readonly debt: bigint;
  readonly importWh: bigint;
  readonly exportWh: bigint;
  readonly sequence: bigint;
  /** Wh traded (+ bought, − sold) in intervals whose delivery no reading has shown yet */
  readonly carriedWh: bigint;
  readonly salt: bigint;
}

/** Carried positions are stored shifted, so that a leaf holds small non-negative numbers only. */
export const CARRIED_OFFSET = 1n << 48n;

export const EMPTY_MEMBER: MemberState = {
  epoch: 0n,
  balance: 0n,
  debt: 0n,
  importWh: 0n,
  exportWh: 0n,
  sequence: 0n,
  carriedWh: 0n,
  salt: 0n,
};
export const NO_ORDER: OrderOpening = { scope: 0n, side: 'buy', quantityWh: 0n, limitPrice: 0n, sequence: 0n, salt: 0n };

export function sideCode(side: Side): bigint {
  return side === 'sell' ? 1n : 0n;
}

export function registryLeaf(meter: RegisteredMeter): bigint {
  return poseidon4([meter.meterId, meter.publicKey[0], meter.publicKey[1], BigInt(meter.flags)]);
}

/** What a meter signs for an interval. */
export function readingMessage(meterId: bigint, reading: Reading): bigint {
  return poseidon5([meterId, reading.interval, reading.importWh, reading.exportWh, reading.sequence]);
}

/** What a member signs for an order. */
export function orderMessage(meterId: bigint, order: Order): bigint {
  return poseidon7([meterId, order.scope, sideCode(order.side), order.quantityWh, order.limitPrice, order.sequence, ORDER_TAG]);
}

/**
 * The number in the order leaf of a place. In a `numbered` round every place bears its own, whether a meter stands there or not, so that the
 * committed root holds when a meter comes or goes after orders have closed; in older rounds it is 0 where none stood. Which of the two a round is, its
 * committed root tells.
 */
export const orderNumber = (meter: RegisteredMeter | null | undefined, index: number, numbered: boolean | undefined): bigint =>
  meter?.meterId ?? (numbered ? BigInt(index + 1) : 0n);

export function orderLeaf(meterId: bigint, order: OrderOpening): bigint {
  return poseidon7([meterId, order.scope, sideCode(order.side), order.quantityWh, order.limitPrice, order.sequence, order.salt]);
}

export function stateLeaf(member: MemberState): bigint {
  const carried = member.carriedWh + CARRIED_OFFSET;
  return poseidon8([member.epoch, member.balance, member.debt, member.importWh, member.exportWh, member.sequence, carried, member.salt]);
}
