import type { Migration } from '../migration.ts';

/**
 * A meter may get another key, and another device that counts its readings from 1 again. A reading is unique by (meter, interval) alone, and of
 * a key it is known after which interval it began to count: the first reading under it is a baseline.
 */
export const migration: Migration = {
  version: 37,
  name: 'key epochs',
  up(db) {
    db.exec(`
      ALTER TABLE meter_key ADD COLUMN after_interval INTEGER NOT NULL DEFAULT -1;
      CREATE TABLE reading_by_interval (
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
        PRIMARY KEY (meter_id, interval)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO reading_by_interval SELECT * FROM reading;
      DROP TABLE reading;
      ALTER TABLE reading_by_interval RENAME TO reading;
      CREATE INDEX reading_interval ON reading (interval);
    `);
  },
};
