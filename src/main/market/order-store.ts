/** Rows of members' signed orders. */
import type { Database } from 'better-sqlite3';
import type { z } from 'zod';
import type { CurveStep, Order } from '../../shared/contract/exchange.ts';

export interface StoredOrder {
  /** `<memberId>:<sequence>` */
  readonly id: string;
  readonly memberId: string;
  readonly meterId: number;
  readonly kind: 'standing' | 'interval';
  /** 0 for a standing order. */
  readonly interval: number;
  readonly side: 'buy' | 'sell';
  readonly quantityWh: number;
  readonly limitPrice: number;
  readonly sequence: number;
  readonly signature: string;
  readonly receivedMs: number;
  readonly receivedPlantMs: number;
  /** Why it does not count, found after it had been stored; absent or null for an order that counts. */
  readonly refusal?: string | null;
}

export const ORDER_COLUMNS = `o.id, o.member_id AS memberId, o.meter_id AS meterId, o.kind, o.interval, o.side, o.quantity_wh AS quantityWh, o.limit_price AS limitPrice,
  o.sequence, o.signature, o.received_ms AS receivedMs, o.received_plant_ms AS receivedPlantMs, o.refusal`;

/** A member's order takes the place of a refused one that bears its number: nobody can use up a member's numbers. */
export function insertOrder(db: Database, o: StoredOrder): void {
  db.prepare(
    `INSERT INTO member_order (id, member_id, meter_id, kind, interval, side, quantity_wh, limit_price, sequence, signature, received_ms, received_plant_ms)
     VALUES (@id, @memberId, @meterId, @kind, @interval, @side, @quantityWh, @limitPrice, @sequence, @signature, @receivedMs, @receivedPlantMs)
     ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, interval = excluded.interval, side = excluded.side, quantity_wh = excluded.quantity_wh, limit_price = excluded.limit_price,
       signature = excluded.signature, received_ms = excluded.received_ms, received_plant_ms = excluded.received_plant_ms, refusal = NULL WHERE refusal IS NOT NULL`,
  ).run(o);
}
export const refuseOrder = (db: Database, id: string, why: string): void =>
  void db.prepare('UPDATE member_order SET refusal = ? WHERE id = ?').run(why, id);
export const orderById = (db: Database, id: string): StoredOrder | undefined =>
  db.prepare(`SELECT ${ORDER_COLUMNS} FROM member_order o WHERE o.id = ?`).get(id) as StoredOrder | undefined;
export const lastSequence = (db: Database, meterId: number): number =>
  (db.prepare('SELECT max(sequence) AS n FROM member_order WHERE meter_id = ? AND refusal IS NULL').get(meterId) as { n: number | null })
    .n ?? 0;
/** Newest standing order's number; 0 before the first. */
export const lastStandingSequence = (db: Database, meterId: number): number =>
  (
    db.prepare("SELECT max(sequence) AS n FROM member_order WHERE meter_id = ? AND kind = 'standing' AND refusal IS NULL").get(meterId) as {
      n: number | null;
    }
  ).n ?? 0;
export const ordersOf = (db: Database, memberId: string, limit: number): StoredOrder[] =>
  db
    .prepare(`SELECT ${ORDER_COLUMNS} FROM member_order o WHERE o.member_id = ? ORDER BY o.sequence DESC LIMIT ?`)
    .all(memberId, limit) as StoredOrder[];

/** The order of each meter that counts for an interval: its newest one for that interval, else its newest standing order; 0 Wh withdraws. */
export function effectiveOrders(db: Database, interval: number, receivedBeforePlantMs = Number.MAX_SAFE_INTEGER): StoredOrder[] {
  return db
    .prepare(
      `SELECT ${ORDER_COLUMNS} FROM member_order o WHERE o.sequence = coalesce(
         (SELECT max(i.sequence) FROM member_order i WHERE i.meter_id = o.meter_id AND i.kind = 'interval' AND i.interval = @interval AND i.received_plant_ms < @before AND i.refusal IS NULL),
         (SELECT max(s.sequence) FROM member_order s WHERE s.meter_id = o.meter_id AND s.kind = 'standing' AND s.received_plant_ms < @before AND s.refusal IS NULL))
       ORDER BY o.meter_id`,
    )
    .all({ interval, before: receivedBeforePlantMs }) as StoredOrder[];
}

export type OrderView = z.infer<typeof Order>;
export function viewOf(order: StoredOrder, memberName: string, state: OrderView['state'], filledWh: number | null = null): OrderView {
  const { id, kind, side, quantityWh, limitPrice, sequence, receivedMs, refusal } = order;
  const view = { id, member: order.memberId, memberName, kind, side, quantityWh, limitPrice, sequence, receivedMs, filledWh };
  return refusal ? { ...view, state: 'refused', refusal } : { ...view, state };
}

/** Steps to draw: demand dearest first, supply cheapest first; each step names its order. */
export function curveOf(
  orders: readonly Pick<StoredOrder, 'id' | 'side' | 'quantityWh' | 'limitPrice'>[],
  side: 'buy' | 'sell',
): z.infer<typeof CurveStep>[] {
  let atWh = 0;
  return orders
    .filter((o) => o.side === side && o.quantityWh > 0)
    .toSorted((a, b) => (side === 'buy' ? b.limitPrice - a.limitPrice : a.limitPrice - b.limitPrice))
    .map((o) => {
      const fromWh = atWh;
      atWh += o.quantityWh;
      return { order: o.id, fromWh, toWh: atWh, price: o.limitPrice };
    });
}
