import type { Migration } from '../migration.ts';

/** Accounts of public meters on the chain, as each meter's own key signed them. The first stays. */
export const migration: Migration = {
  version: 31,
  name: 'meter accounts',
  up(db) {
    db.exec(`
      CREATE TABLE meter_account (
        meter_id INTEGER PRIMARY KEY,
        device_id TEXT NOT NULL UNIQUE,
        address TEXT NOT NULL UNIQUE,
        signature TEXT NOT NULL,
        accepted_ms INTEGER NOT NULL
      ) STRICT;
    `);
  },
};
