import type { Migration } from '../migration.ts';

/** Journal (hash-chained), people, settings, alarms and their events. Times are Unix ms, UTC. */
export const migration0001: Migration = {
  version: 1,
  name: 'platform',
  up(db) {
    db.exec(`
      CREATE TABLE journal (
        sequence INTEGER PRIMARY KEY,
        time_ms INTEGER NOT NULL,
        who TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('act','decision','event','fault')),
        title TEXT NOT NULL,
        text TEXT NOT NULL,
        target TEXT,
        outcome TEXT NOT NULL CHECK (outcome IN ('done','refused','failed','noted')),
        hash TEXT NOT NULL
      ) STRICT;
      CREATE TABLE person (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL CHECK (role IN ('auditor','operator','technician','supervisor')),
        password TEXT NOT NULL,
        disabled INTEGER NOT NULL DEFAULT 0,
        created_ms INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
      CREATE TABLE alarm (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        source TEXT NOT NULL,
        record TEXT NOT NULL
      ) STRICT;
      CREATE TABLE alarm_event (
        id INTEGER PRIMARY KEY,
        alarm TEXT NOT NULL,
        title TEXT NOT NULL,
        priority INTEGER NOT NULL,
        source TEXT NOT NULL,
        event TEXT NOT NULL CHECK (event IN ('raised','cleared','acknowledged','shelved','unshelved','suppressed')),
        time_ms INTEGER NOT NULL,
        by_whom TEXT,
        value TEXT
      ) STRICT;
      CREATE INDEX alarm_event_time ON alarm_event (time_ms);
    `);
  },
};
