import type { Migration } from '../migration.ts';

/** Lock-out tags, who commands which unit, modes of the control functions, and what control must remember over a restart. */
export const migration: Migration = {
  version: 12,
  name: 'tags-and-modes',
  up(db) {
    db.exec(`
      CREATE TABLE lockout_tag (
        id TEXT PRIMARY KEY,
        element TEXT NOT NULL,
        text TEXT NOT NULL,
        by_whom TEXT NOT NULL,
        hung_ms INTEGER NOT NULL,
        removed_by TEXT,
        removed_ms INTEGER
      ) STRICT;
      CREATE INDEX lockout_tag_element ON lockout_tag (element) WHERE removed_ms IS NULL;
      CREATE TABLE unit_mode (
        unit TEXT PRIMARY KEY,
        mode TEXT NOT NULL CHECK (mode IN ('auto', 'manual', 'passive'))
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE function_mode (
        function TEXT PRIMARY KEY,
        mode TEXT NOT NULL CHECK (mode IN ('auto', 'manual', 'off'))
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE control_memory (
        key TEXT PRIMARY KEY,
        json TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
    `);
  },
};
