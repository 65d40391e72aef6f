import type { Migration } from '../migration.ts';

/**
 * Members' openings: the key each member's openings are sealed for (as its meter key signed it), and the newest opening of each member,
 * sealed, kept before it is sent, with what its gateway answered. `delivered_*` tell the last one that a gateway has on its own disk.
 */
export const migration: Migration = {
  version: 27,
  name: 'openings',
  up(db) {
    db.exec(`
      CREATE TABLE member_sealing_key (
        member_id TEXT PRIMARY KEY,
        public_key TEXT NOT NULL,
        signature TEXT NOT NULL,
        accepted_ms INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE member_opening (
        member_id TEXT PRIMARY KEY,
        interval INTEGER NOT NULL,
        public_key TEXT NOT NULL,
        message TEXT NOT NULL,
        sealed_ms INTEGER NOT NULL,
        answer TEXT CHECK (answer IN ('kept', 'refused')),
        reason TEXT,
        delivered_interval INTEGER,
        delivered_ms INTEGER
      ) STRICT;
    `);
  },
};
