import type { Migration } from '../migration.ts';

/**
 * Meters' public keys and the readings they signed. A reading is unique by (meter, sequence) and by (meter, interval): the same
 * message delivered twice changes nothing. Registers are cumulative Wh.
 */
export const migration: Migration = {
  version: 20,
  name: 'readings',
  up(db) {
    db.exec(`
      CREATE TABLE meter_key (
        meter_id INTEGER PRIMARY KEY,
        device_id TEXT NOT NULL UNIQUE,
        ax TEXT NOT NULL,
        ay TEXT NOT NULL,
        flags INTEGER NOT NULL,
        serial TEXT NOT NULL,
        firmware TEXT NOT NULL,
        accepted_ms INTEGER NOT NULL,
        registration TEXT
      ) STRICT;
      CREATE TABLE reading (
        meter_id INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        device_id TEXT NOT NULL,
        interval INTEGER NOT NULL,
        import_wh INTEGER NOT NULL,
        export_wh INTEGER NOT NULL,
        signature TEXT NOT NULL,
        received_ms INTEGER NOT NULL,
        import_delta_wh INTEGER,
        export_delta_wh INTEGER,
        intervals_covered INTEGER NOT NULL,
        PRIMARY KEY (meter_id, sequence),
        UNIQUE (meter_id, interval)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX reading_interval ON reading (interval);
      CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY,
        received_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        source TEXT NOT NULL,
        reason TEXT NOT NULL,
        detail TEXT NOT NULL,
        payload TEXT NOT NULL
      ) STRICT;
      CREATE INDEX quarantine_source ON quarantine (source, id);
    `);
  },
};
