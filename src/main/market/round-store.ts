/** Rows of market rounds: one per delivery interval, from the frozen book to the receipt. */
import type { Database } from 'better-sqlite3';
import { ORDER_COLUMNS, type StoredOrder } from './order-store.ts';

export type RoundState = 'committed' | 'cleared' | 'metered' | 'proving' | 'proven' | 'sent' | 'settled' | 'failed';

export interface StoredRound {
  readonly interval: number;
  /** measure: nobody could trade in it, it only takes the registers. */
  readonly kind: 'market' | 'measure';
  readonly state: RoundState;
  readonly price: number | null;
  readonly tradedWh: number;
  readonly welfare: string;
  readonly ordersRoot: string | null;
  readonly lateCommitted: 0 | 1;
  readonly message: string | null;
  readonly gridMoney: string;
  readonly committedMs: number;
  readonly clearedMs: number | null;
  readonly meteredMs: number | null;
  readonly provingMs: number | null;
  readonly provenMs: number | null;
  readonly sentMs: number | null;
  readonly settledMs: number | null;
}

export interface RoundOrder extends StoredOrder {
  readonly position: number;
  readonly salt: string;
  readonly filledWh: number | null;
}

export interface RoundMember {
  readonly interval: number;
  readonly meterId: number;
  readonly positionWh: number;
  readonly importWh: number | null;
  readonly exportWh: number | null;
  readonly imbalanceWh: number | null;
  readonly money: string;
  readonly balanceAfter: string | null;
  readonly readingSequence: number | null;
}

const COLUMNS = `interval, kind, state, price, traded_wh AS tradedWh, welfare, orders_root AS ordersRoot, late_committed AS lateCommitted, message, grid_money AS gridMoney,
  committed_ms AS committedMs, cleared_ms AS clearedMs, metered_ms AS meteredMs, proving_ms AS provingMs, proven_ms AS provenMs, sent_ms AS sentMs, settled_ms AS settledMs`;

export const roundAt = (db: Database, interval: number): StoredRound | undefined =>
  db.prepare(`SELECT ${COLUMNS} FROM round WHERE interval = ?`).get(interval) as StoredRound | undefined;
export const openRounds = (db: Database): StoredRound[] =>
  db.prepare(`SELECT ${COLUMNS} FROM round WHERE state NOT IN ('settled', 'failed') ORDER BY interval`).all() as StoredRound[];
export const newestRounds = (db: Database, limit: number, before = Number.MAX_SAFE_INTEGER): StoredRound[] =>
  db.prepare(`SELECT ${COLUMNS} FROM round WHERE interval < ? ORDER BY interval DESC LIMIT ?`).all(before, limit) as StoredRound[];
export const lastInterval = (db: Database): number | null =>
  (db.prepare('SELECT max(interval) AS n FROM round').get() as { n: number | null }).n;

/** Some round stands on the meters' registers: it was settled in the clear, and nothing has taken it back since. */
export const someSettled = (db: Database): boolean =>
  db.prepare("SELECT 1 FROM round WHERE state IN ('metered', 'proving', 'proven', 'sent', 'settled') LIMIT 1").get() !== undefined;

/** What was frozen when orders closed, in its committed order: every member's order that counts, withdrawn ones (0 Wh) too. */
export const committedOrders = (db: Database, interval: number): RoundOrder[] =>
  db
    .prepare(
      `SELECT ${ORDER_COLUMNS}, r.position, r.salt, r.filled_wh AS filledWh FROM round_order r JOIN member_order o ON o.id = r.order_id WHERE r.interval = ? ORDER BY r.position`,
    )
    .all(interval) as RoundOrder[];
/** The book that is cleared: committed orders above 0 Wh, in committed order. */
export const roundOrders = (db: Database, interval: number): RoundOrder[] =>
  committedOrders(db, interval).filter((order) => order.quantityWh > 0);
export const countRoundOrders = (db: Database, interval: number): number =>
  (
    db
      .prepare(
        'SELECT count(*) AS n FROM round_order r JOIN member_order o ON o.id = r.order_id WHERE r.interval = ? AND o.quantity_wh > 0',
      )
      .get(interval) as { n: number }
  ).n;

/** Rounds under way in which this meter's member has an order committed. */
export const openWithOrderOf = (db: Database, meterId: number): number =>
  openRounds(db).filter((round) => roundOrders(db, round.interval).some((order) => order.meterId === meterId)).length;

export function insertRound(
  db: Database,
  round: { interval: number; kind: 'market' | 'measure'; ordersRoot: string; message: string | null; nowMs: number },
  orders: readonly { orderId: string; meterId: number; salt: string }[],
): void {
  db.prepare("INSERT INTO round (interval, kind, state, orders_root, message, committed_ms) VALUES (?, ?, 'committed', ?, ?, ?)").run(
    round.interval,
    round.kind,
    round.ordersRoot,
    round.message,
    round.nowMs,
  );
  const insert = db.prepare('INSERT INTO round_order (interval, position, meter_id, order_id, salt) VALUES (?, ?, ?, ?, ?)');
  for (const [position, order] of orders.entries()) insert.run(round.interval, position, order.meterId, order.orderId, order.salt);
}

export function setCleared(
  db: Database,
  interval: number,
  result: { price: number | null; tradedWh: number; welfare: string; fills: ReadonlyMap<string, number>; late: boolean },
  nowMs: number,
): void {
  db.prepare(
    "UPDATE round SET state = 'cleared', price = ?, traded_wh = ?, welfare = ?, late_committed = ?, cleared_ms = ? WHERE interval = ? AND state = 'committed'",
  ).run(result.price, result.tradedWh, result.welfare, result.late ? 1 : 0, nowMs, interval);
  const fill = db.prepare('UPDATE round_order SET filled_wh = ? WHERE interval = ? AND order_id = ?');
  for (const order of committedOrders(db, interval)) fill.run(result.fills.get(order.id) ?? 0, interval, order.id);
}

const STAMP: Partial<Record<RoundState, string>> = {
  metered: 'metered_ms',
  proving: 'proving_ms',
  proven: 'proven_ms',
  sent: 'sent_ms',
  settled: 'settled_ms',
};
/**
 * A failed round has no price and no fills: whatever was cleared does not count.
 * @param nowMs stamps the state's time; null leaves the time it had
 */
export function setRoundState(
  db: Database,
  interval: number,
  state: RoundState,
  nowMs: number | null,
  message: string | null = null,
): void {
  const stamp = nowMs === null ? undefined : STAMP[state];
  db.prepare(`UPDATE round SET state = ?, message = ?${stamp ? `, ${stamp} = ${nowMs}` : ''} WHERE interval = ?`).run(
    state,
    message,
    interval,
  );
  if (state !== 'failed') return;
  db.prepare("UPDATE round SET price = NULL, traded_wh = 0, welfare = '0' WHERE interval = ?").run(interval);
  db.prepare('UPDATE round_order SET filled_wh = 0 WHERE interval = ?').run(interval);
}

export const roundMembers = (db: Database, interval: number): RoundMember[] =>
  db
    .prepare(
      `SELECT interval, meter_id AS meterId, position_wh AS positionWh, import_wh AS importWh, export_wh AS exportWh, imbalance_wh AS imbalanceWh, money,
         balance_after AS balanceAfter, reading_sequence AS readingSequence FROM round_member WHERE interval = ? ORDER BY meter_id`,
    )
    .all(interval) as RoundMember[];
export function insertRoundMember(db: Database, m: RoundMember): void {
  db.prepare(
    `INSERT INTO round_member (interval, meter_id, position_wh, import_wh, export_wh, imbalance_wh, money, balance_after, reading_sequence)
     VALUES (@interval, @meterId, @positionWh, @importWh, @exportWh, @imbalanceWh, @money, @balanceAfter, @readingSequence)`,
  ).run(m);
}
/** Lines of one member, newest first. */
export const memberLines = (db: Database, meterId: number, limit: number): (RoundMember & { price: number | null })[] =>
  db
    .prepare(
      `SELECT m.interval, m.meter_id AS meterId, m.position_wh AS positionWh, m.import_wh AS importWh, m.export_wh AS exportWh, m.imbalance_wh AS imbalanceWh, m.money,
         m.balance_after AS balanceAfter, m.reading_sequence AS readingSequence, r.price FROM round_member m JOIN round r USING (interval) WHERE m.meter_id = ? ORDER BY m.interval DESC LIMIT ?`,
    )
    .all(meterId, limit) as (RoundMember & { price: number | null })[];
