import type { Migration } from '../migration.ts';

/** The one emergency shutdown that may be under way, so that it goes on after a crash. */
export const migration: Migration = {
  version: 13,
  name: 'emergency',
  up(db) {
    db.exec(`
      CREATE TABLE emergency (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        phase TEXT NOT NULL CHECK (phase IN ('ready', 'acting', 'done', 'recovering')),
        drill INTEGER NOT NULL CHECK (drill IN (0, 1)),
        level TEXT,
        started_ms INTEGER,
        by_whom TEXT,
        relays TEXT NOT NULL,
        recovery TEXT NOT NULL
      ) STRICT;
    `);
  },
};
