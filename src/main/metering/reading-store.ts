/** Rows of accepted readings and of what was refused. */
import type { Database } from 'better-sqlite3';

export interface StoredReading {
  readonly meterId: number;
  readonly sequence: number;
  readonly deviceId: string;
  readonly interval: number;
  readonly importWh: number;
  readonly exportWh: number;
  readonly signature: string;
  readonly receivedMs: number;
  /** Growth since the reading before; null for a meter's first one. */
  readonly importDeltaWh: number | null;
  readonly exportDeltaWh: number | null;
  readonly intervalsCovered: number;
}

const COLUMNS = `meter_id AS meterId, sequence, device_id AS deviceId, interval, import_wh AS importWh, export_wh AS exportWh, signature,
  received_ms AS receivedMs, import_delta_wh AS importDeltaWh, export_delta_wh AS exportDeltaWh, intervals_covered AS intervalsCovered`;

export const lastReading = (db: Database, meterId: number): StoredReading | undefined =>
  db.prepare(`SELECT ${COLUMNS} FROM reading WHERE meter_id = ? ORDER BY interval DESC LIMIT 1`).get(meterId) as StoredReading | undefined;
export const readingAt = (db: Database, meterId: number, interval: number): StoredReading | undefined =>
  db.prepare(`SELECT ${COLUMNS} FROM reading WHERE meter_id = ? AND interval = ?`).get(meterId, interval) as StoredReading | undefined;
/** Readings of a meter for intervals after one, oldest first. */
export const readingsAfter = (db: Database, meterId: number, interval: number, limit: number): StoredReading[] =>
  db
    .prepare(`SELECT ${COLUMNS} FROM reading WHERE meter_id = ? AND interval > ? ORDER BY interval LIMIT ?`)
    .all(meterId, interval, limit) as StoredReading[];
export const readingsOf = (db: Database, interval: number): StoredReading[] =>
  db.prepare(`SELECT ${COLUMNS} FROM reading WHERE interval = ?`).all(interval) as StoredReading[];

export function insertReading(db: Database, r: StoredReading): void {
  db.prepare('INSERT INTO reading VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
    r.meterId,
    r.sequence,
    r.deviceId,
    r.interval,
    r.importWh,
    r.exportWh,
    r.signature,
    r.receivedMs,
    r.importDeltaWh,
    r.exportDeltaWh,
    r.intervalsCovered,
  );
}

export interface Refusal {
  readonly kind: 'reading' | 'identity' | 'order';
  readonly source: string;
  readonly reason: string;
  readonly detail: string;
  readonly payload: string;
}
/** Bounded: a babbling device may not fill the disk. */
const QUARANTINE_ROWS = 20_000;

export function quarantine(db: Database, refusal: Refusal, nowMs: number): void {
  const { lastInsertRowid } = db
    .prepare('INSERT INTO quarantine (received_ms, kind, source, reason, detail, payload) VALUES (?, ?, ?, ?, ?, ?)')
    .run(nowMs, refusal.kind, refusal.source, refusal.reason, refusal.detail, refusal.payload.slice(0, 4000));
  if (Number(lastInsertRowid) % 100 === 0)
    db.prepare('DELETE FROM quarantine WHERE id <= ?').run(Number(lastInsertRowid) - QUARANTINE_ROWS);
}
export const quarantined = (db: Database, source: string): number =>
  (db.prepare('SELECT count(*) AS n FROM quarantine WHERE source = ?').get(source) as { n: number }).n;
export const quarantinedByKind = (db: Database, kind: Refusal['kind']): number =>
  (db.prepare('SELECT count(*) AS n FROM quarantine WHERE kind = ?').get(kind) as { n: number }).n;
