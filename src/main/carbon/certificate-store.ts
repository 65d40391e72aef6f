/** Rows of granular certificates. */
import type { Database } from 'better-sqlite3';
import type { z } from 'zod';
import type { Certificate } from '../../shared/contract/exchange.ts';

export interface StoredCertificate {
  readonly id: string;
  readonly number: number;
  readonly interval: number;
  readonly meterId: number;
  readonly deviceId: string;
  readonly technology: string;
  readonly energyWh: number;
  readonly holder: string;
  readonly state: z.infer<typeof Certificate>['state'];
  readonly beneficiary: string | null;
  readonly issuedMs: number;
  readonly expiresPlantMs: number;
  readonly readingSequence: number;
}
const COLUMNS = `id, number, interval, meter_id AS meterId, device_id AS deviceId, technology, energy_wh AS energyWh, holder, state, beneficiary, issued_ms AS issuedMs,
  expires_plant_ms AS expiresPlantMs, reading_sequence AS readingSequence`;

export const certificateById = (db: Database, id: string): StoredCertificate | undefined =>
  db.prepare(`SELECT ${COLUMNS} FROM certificate WHERE id = ?`).get(id) as StoredCertificate | undefined;
export const newestCertificates = (db: Database, limit: number, before: number, deviceId: string | null): StoredCertificate[] =>
  db
    .prepare(`SELECT ${COLUMNS} FROM certificate WHERE number < ? AND (? IS NULL OR device_id = ?) ORDER BY number DESC LIMIT ?`)
    .all(before, deviceId, deviceId, limit) as StoredCertificate[];

/** All that were ever cancelled, oldest first. */
export const cancelledCertificates = (db: Database): StoredCertificate[] =>
  db.prepare(`SELECT ${COLUMNS} FROM certificate WHERE state = 'cancelled' ORDER BY number`).all() as StoredCertificate[];

/**
 * One of a meter and an interval is issued once. If its round was settled anew and the meter exported something else in it, because an earlier
 * round ended and its energy counts with this one, the certificate keeps its state and tells the change.
 */
export function insertCertificate(db: Database, c: Omit<StoredCertificate, 'number' | 'state' | 'beneficiary'>): void {
  const known = certificateById(db, c.id);
  if (known) {
    if (known.energyWh === c.energyWh || known.state === 'withdrawn') return;
    db.prepare('UPDATE certificate SET energy_wh = ?, reading_sequence = ? WHERE id = ?').run(c.energyWh, c.readingSequence, c.id);
    addEvent(db, c.id, c.issuedMs, known.state, `Its round was settled anew: ${c.energyWh} Wh instead of ${known.energyWh} Wh.`);
    return;
  }
  const { next } = db.prepare('SELECT coalesce(max(number), 0) + 1 AS next FROM certificate').get() as { next: number };
  db.prepare(
    `INSERT INTO certificate (id, number, interval, meter_id, device_id, technology, energy_wh, holder, state, beneficiary, issued_ms, expires_plant_ms, reading_sequence)
     VALUES (@id, @number, @interval, @meterId, @deviceId, @technology, @energyWh, @holder, 'active', NULL, @issuedMs, @expiresPlantMs, @readingSequence)`,
  ).run({ ...c, number: next });
  addEvent(db, c.id, c.issuedMs, 'active', 'Issued from the settled round.');
}
/** The rounds from this interval on are not settled after all: what was issued from them and is still held is issued again when they are. */
export function takeBackCertificates(db: Database, interval: number): void {
  const held = "SELECT id FROM certificate WHERE interval >= ? AND state = 'active'";
  db.prepare(`DELETE FROM certificate_event WHERE certificate_id IN (${held})`).run(interval);
  db.prepare("DELETE FROM certificate WHERE interval >= ? AND state = 'active'").run(interval);
}
/**
 * The round is ended for good, and its energy counts with a later reading: what was cancelled, claimed or has expired of it must not count, too.
 * Returns what is void now, oldest first. On the chain its bundle went with the round.
 */
export function voidCertificates(db: Database, interval: number, nowMs: number, reason: string): StoredCertificate[] {
  const gone = db
    .prepare(`SELECT ${COLUMNS} FROM certificate WHERE interval = ? AND state NOT IN ('active', 'withdrawn') ORDER BY number`)
    .all(interval) as StoredCertificate[];
  for (const { id } of gone) {
    db.prepare("UPDATE certificate SET state = 'withdrawn' WHERE id = ?").run(id);
    addEvent(db, id, nowMs, 'withdrawn', `Void: ${reason}`);
  }
  return gone;
}
export function addEvent(db: Database, id: string, timeMs: number, state: string, text: string): void {
  db.prepare('INSERT INTO certificate_event (certificate_id, time_ms, state, text) VALUES (?, ?, ?, ?)').run(id, timeMs, state, text);
}
export const eventsOf = (db: Database, id: string): { timeMs: number; state: string; text: string }[] =>
  db.prepare('SELECT time_ms AS timeMs, state, text FROM certificate_event WHERE certificate_id = ? ORDER BY time_ms, rowid').all(id) as {
    timeMs: number;
    state: string;
    text: string;
  }[];
export function setCancelled(db: Database, id: string, beneficiary: string): void {
  db.prepare("UPDATE certificate SET state = 'cancelled', beneficiary = ? WHERE id = ? AND state = 'active'").run(beneficiary, id);
}
export function expireBefore(db: Database, plantMs: number, nowMs: number): number {
  const due = db.prepare("SELECT id FROM certificate WHERE state = 'active' AND expires_plant_ms <= ? LIMIT 500").all(plantMs) as {
    id: string;
  }[];
  const set = db.prepare("UPDATE certificate SET state = 'expired' WHERE id = ?");
  for (const { id } of due) {
    set.run(id);
    addEvent(db, id, nowMs, 'expired', 'Not cancelled before its end.');
  }
  return due.length;
}
