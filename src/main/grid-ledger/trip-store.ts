/** Rows of emergencies of the plant that belong on the chain. */
import type { Database } from 'better-sqlite3';

export interface TripRow {
  /** `emergency:<started>:<level>`; entries of the outbox begin with it. */
  readonly id: string;
  readonly startedMs: number;
  readonly level: string;
  readonly levelName: string;
  readonly chainLevel: number;
  readonly by: string;
  /** 32 bytes as on the chain. */
  readonly cause: string;
  readonly journal: number | null;
}
export function addTrip(db: Database, t: TripRow): void {
  db.prepare('INSERT INTO emergency_trip VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
    t.id,
    t.startedMs,
    t.level,
    t.levelName,
    t.chainLevel,
    t.by,
    t.cause,
    t.journal,
  );
}
/** Newest first. */
export const tripsOf = (db: Database, limit: number): TripRow[] =>
  db
    .prepare(
      `SELECT id, started_ms AS startedMs, level, level_name AS levelName, chain_level AS chainLevel, by_whom AS "by", cause, journal_sequence AS journal
       FROM emergency_trip ORDER BY started_ms DESC LIMIT ?`,
    )
    .all(limit) as TripRow[];
