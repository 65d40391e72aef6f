/**
 * Standing orders that the book of the last admission holds. The chain has its root, so that it is the book that counts and not the table of
 * orders: a row that was changed or lost since is put right from it, or no round could be admitted any more.
 */
import type { Database } from 'better-sqlite3';
import type { CommunityMember } from './community.ts';
import type { StoredOrder } from './order-store.ts';

export interface HeldOrder {
  readonly side: 'buy' | 'sell';
  readonly quantityWh: number;
  readonly limitPrice: number;
  readonly sequence: number;
}
/** By meter number; only those signed under the key the meter still has. */
export type HeldOrders = ReadonlyMap<number, HeldOrder>;

export const isHeld = (order: Pick<StoredOrder, 'kind' | keyof HeldOrder>, held: HeldOrder | undefined): boolean =>
  held !== undefined &&
  order.kind === 'standing' &&
  order.sequence === held.sequence &&
  order.side === held.side &&
  order.quantityWh === held.quantityWh &&
  order.limitPrice === held.limitPrice;

/** The member's order for the interval, or a standing one newer than the book's, comes before what the book holds. */
export const isMissing = (held: HeldOrder, counting: StoredOrder | undefined): boolean =>
  counting === undefined ||
  (counting.kind === 'standing' && (counting.sequence < held.sequence || (counting.sequence === held.sequence && !isHeld(counting, held))));

/** It counts at any gate afterwards, whatever was changed in its row: its meter and the time it came, too. */
export function restoreHeld(db: Database, member: Pick<CommunityMember, 'memberId' | 'meterId'>, held: HeldOrder, nowMs: number): void {
  const terms = { ...held, meterId: member.meterId };
  const { changes } = db
    .prepare(
      `UPDATE member_order SET kind = 'standing', interval = 0, side = @side, quantity_wh = @quantityWh, limit_price = @limitPrice,
         received_plant_ms = 0, refusal = NULL
       WHERE meter_id = @meterId AND sequence = @sequence`,
    )
    .run(terms);
  if (changes > 0) return;
  db.prepare(
    `INSERT INTO member_order (id, member_id, meter_id, kind, interval, side, quantity_wh, limit_price, sequence, signature, received_ms, received_plant_ms)
     VALUES (@id, @memberId, @meterId, 'standing', 0, @side, @quantityWh, @limitPrice, @sequence, '', @nowMs, 0)
     ON CONFLICT (id) DO UPDATE SET meter_id = excluded.meter_id, kind = 'standing', interval = 0, side = excluded.side, quantity_wh = excluded.quantity_wh,
       limit_price = excluded.limit_price, sequence = excluded.sequence, received_plant_ms = 0, refusal = NULL`,
  ).run({ ...terms, memberId: member.memberId, id: `${member.memberId}:${held.sequence}`, nowMs });
}

/** Whatever else is stored of the meter does not count. */
export const refuseOthers = (db: Database, meterId: number, held: HeldOrder, why: string): void =>
  void db
    .prepare("UPDATE member_order SET refusal = ? WHERE meter_id = ? AND refusal IS NULL AND NOT (kind = 'standing' AND sequence = ?)")
    .run(why, meterId, held.sequence);
