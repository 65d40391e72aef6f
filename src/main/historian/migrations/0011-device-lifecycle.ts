import type { Migration } from '../migration.ts';

/** Life of a device as people set it, and its history. */
export const migration: Migration = {
  version: 11,
  name: 'device-lifecycle',
  up(db) {
    db.exec(`
      CREATE TABLE device_lifecycle (
        device TEXT PRIMARY KEY,
        lifecycle TEXT NOT NULL CHECK (lifecycle IN ('discovered', 'identified', 'bound', 'commissioned', 'active', 'maintenance', 'retired')),
        since_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE device_history (
        id INTEGER PRIMARY KEY,
        device TEXT NOT NULL,
        time_ms INTEGER NOT NULL,
        text TEXT NOT NULL,
        by_whom TEXT NOT NULL
      ) STRICT;
      CREATE INDEX device_history_device ON device_history (device, id);
    `);
  },
};
