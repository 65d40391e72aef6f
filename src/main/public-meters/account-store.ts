/** Rows of public meters' accounts. */
import type { Database } from 'better-sqlite3';

export interface MeterAccountRow {
  readonly meterId: number;
  readonly deviceId: string;
  readonly address: string;
}
const COLUMNS = 'meter_id AS meterId, device_id AS deviceId, address';

export const accountOf = (db: Database, deviceId: string): MeterAccountRow | undefined =>
  db.prepare(`SELECT ${COLUMNS} FROM meter_account WHERE device_id = ?`).get(deviceId) as MeterAccountRow | undefined;
export const publicMeterIds = (db: Database): number[] =>
  (db.prepare('SELECT meter_id AS meterId FROM meter_account').all() as { meterId: number }[]).map((r) => r.meterId);
export function insertAccount(db: Database, row: MeterAccountRow, signature: string, nowMs: number): void {
  db.prepare('INSERT INTO meter_account VALUES (?, ?, ?, ?, ?)').run(row.meterId, row.deviceId, row.address, signature, nowMs);
}
