import type { Migration } from '../migration.ts';

/** Every act on the plant by its idempotency key: sent at most once, with what was read back. */
export const migration: Migration = {
  version: 10,
  name: 'commands',
  up(db) {
    db.exec(`
      CREATE TABLE command (
        id TEXT PRIMARY KEY,
        target TEXT NOT NULL,
        action TEXT NOT NULL,
        requested TEXT NOT NULL,
        by_whom TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('sending', 'verified', 'mismatch', 'unknown', 'refused')),
        message TEXT NOT NULL,
        sent_ms INTEGER,
        verified_ms INTEGER
      ) STRICT;
      CREATE INDEX command_created ON command (created_ms);
    `);
  },
};
