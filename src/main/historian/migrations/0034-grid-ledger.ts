import type { Migration } from '../migration.ts';

/**
 * What the console must remember of its grid record: which emergency of the plant stands behind an entry of the outbox, and which plant time a
 * demand-response event of the chain began and ended at. An event's start is part of its key, so that another event under the same number
 * after a change of the chain's past gets times of its own.
 */
export const migration: Migration = {
  version: 34,
  name: 'grid ledger',
  up(db) {
    db.exec(`
      CREATE TABLE emergency_trip (
        id TEXT PRIMARY KEY,
        started_ms INTEGER NOT NULL,
        level TEXT NOT NULL,
        level_name TEXT NOT NULL,
        chain_level INTEGER NOT NULL CHECK (chain_level BETWEEN 1 AND 3),
        by_whom TEXT NOT NULL,
        cause TEXT NOT NULL,
        journal_sequence INTEGER
      ) STRICT;
      CREATE TABLE demand_window (
        request INTEGER NOT NULL,
        starts_s INTEGER NOT NULL,
        starts_plant_ms INTEGER NOT NULL,
        ends_plant_ms INTEGER,
        PRIMARY KEY (request, starts_s)
      ) STRICT, WITHOUT ROWID;
    `);
  },
};
