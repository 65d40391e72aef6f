/** Puts together what an admission is made from: registry, book of standing orders, and the orders the round committed before its gate. */
import type { Database } from 'better-sqlite3';
import { unpackSignature } from '../../domain/settlement/babyjubjub.ts';
import { type BatchLayout, capacityOf } from '../../domain/settlement/limits.ts';
import { emptyBook, type OrderBook, type SignedOrder } from '../../domain/settlement/order-book.ts';
import type { HeldOrders } from '../market/held-orders.ts';
import { committedOrders, type RoundOrder, type StoredRound } from '../market/round-store.ts';
import { type AdmissionInput, latestBook } from './admission-store.ts';
import { epochOf, type Places } from './registry.ts';

export interface AdmissionSources {
  readonly domain: bigint;
  readonly layout: BatchLayout;
  readonly meters: Places;
}

/** What the book after the last admission holds, under the keys the meters have now. */
export function heldOrders(db: Database, meters: Places): HeldOrders {
  const book = latestBook(db)?.book ?? [];
  return new Map(
    book.flatMap((standing, i) => {
      const meter = meters[i];
      if (!standing || !meter || standing.epoch !== epochOf(meter)) return [];
      const { side, quantityWh, limitPrice, sequence } = standing;
      return [[i + 1, { side, quantityWh: Number(quantityWh), limitPrice: Number(limitPrice), sequence: Number(sequence) }] as const];
    }),
  );
}

function signed(order: RoundOrder): SignedOrder | null {
  const signature = unpackSignature(Buffer.from(order.signature, 'hex'));
  return (
    signature && {
      scope: BigInt(order.interval),
      side: order.side,
      quantityWh: BigInt(order.quantityWh),
      limitPrice: BigInt(order.limitPrice),
      sequence: BigInt(order.sequence),
      signature,
    }
  );
}

/** The salts are those of the gate, so that the orders admitted are under the root that was committed. */
export function admissionInput(
  db: Database,
  round: StoredRound,
  { domain, layout, meters }: AdmissionSources,
): { input: AdmissionInput; book: OrderBook; sequence: number } {
  const latest = latestBook(db);
  const book = latest?.book ?? emptyBook(capacityOf(layout));
  const orderAt = new Map(committedOrders(db, round.interval).map((o) => [o.meterId - 1, o]));
  /** True when the round's order is the standing one that the book holds already, under the key the meter still has. */
  const holds = (i: number, order: RoundOrder): boolean => {
    const [meter, standing] = [meters[i], book[i]];
    if (order.kind !== 'standing' || !meter || !standing) return false;
    return standing.sequence === BigInt(order.sequence) && standing.epoch === epochOf(meter);
  };
  return {
    sequence: (latest?.sequence ?? 0) + 1,
    book,
    input: {
      layout,
      domain,
      interval: BigInt(round.interval),
      idle: round.kind === 'measure',
      meters,
      numbered: true,
      orders: meters.map((_, i) => {
        const order = orderAt.get(i);
        return order && !holds(i, order) ? signed(order) : null;
      }),
      salts: meters.map((_, i) => BigInt(orderAt.get(i)?.salt ?? 0)),
    },
  };
}
