/** The book of standing orders: one leaf a member. A standing order holds until its member replaces it, or until the member's key changes. */
import { poseidon5 } from 'poseidon-lite/poseidon5';
import type { Signature } from './babyjubjub.ts';
import { type Order, type Side, sideCode } from './leaves.ts';
import { merkleRoot } from './merkle.ts';

export interface StandingOrder {
  /** registry leaf under whose key it was signed */
  readonly epoch: bigint;
  readonly side: Side;
  /** Wh; 0: the member has withdrawn its order */
  readonly quantityWh: bigint;
  /** milli-cents per kWh */
  readonly limitPrice: bigint;
  readonly sequence: bigint;
}

/** By member index; null: no standing order yet. */
export type OrderBook = readonly (StandingOrder | null)[];

export interface SignedOrder extends Order {
  readonly signature: Signature;
}

export const emptyBook = (capacity: number): OrderBook => new Array<null>(capacity).fill(null);

export function bookLeaf(order: StandingOrder | null): bigint {
  if (order === null) return 0n;
  return poseidon5([order.epoch, sideCode(order.side), order.quantityWh, order.limitPrice, order.sequence]);
}

export const bookRoot = (book: OrderBook): bigint => merkleRoot(book.map(bookLeaf));
