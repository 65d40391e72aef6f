import type { Migration } from '../migration.ts';

/**
 * Orders bound while the chain was away: the root each interval's members were shown (one for each interval, ever) with the operator's
 * signature, their receipts, and what became of it. An entry of the outbox that has to wait for a time of the chain's is told until when.
 */
export const migration: Migration = {
  version: 28,
  name: 'late commitments',
  up(db) {
    db.exec(`
      CREATE TABLE late_commitment (
        interval INTEGER PRIMARY KEY,
        orders_root TEXT NOT NULL,
        opened_ms INTEGER NOT NULL,
        -- orders-notice/1, kept before the first member sees it
        notice TEXT,
        -- in-time: it reached the chain after all; late: by receipts; failed: too few of them
        outcome TEXT CHECK (outcome IN ('in-time', 'late', 'failed')),
        given INTEGER,
        needed INTEGER
      ) STRICT;
      CREATE TABLE late_receipt (
        interval INTEGER NOT NULL REFERENCES late_commitment (interval),
        member_id TEXT NOT NULL,
        account TEXT NOT NULL,
        signature TEXT NOT NULL,
        received_ms INTEGER NOT NULL,
        PRIMARY KEY (interval, member_id)
      ) STRICT, WITHOUT ROWID;
      ALTER TABLE outbox ADD COLUMN not_before_ms INTEGER;
    `);
  },
};
