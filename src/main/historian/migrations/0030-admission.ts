import type { Migration } from '../migration.ts';

/**
 * Admission of orders: which of a member's orders a round takes, and the book of standing orders before and after it. Each admission
 * begins with the book the one before it left. A refused order stays in its table with the reason, and never counts.
 */
export const migration: Migration = {
  version: 30,
  name: 'admission',
  up(db) {
    db.exec(`
      CREATE TABLE admission (
        interval INTEGER PRIMARY KEY REFERENCES round (interval),
        sequence INTEGER NOT NULL UNIQUE,
        idle INTEGER NOT NULL CHECK (idle IN (0, 1)),
        -- only of the first; later ones begin with book_after of the one before
        book_before TEXT NOT NULL,
        input TEXT NOT NULL,
        result TEXT NOT NULL,
        book_after TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        proven_ms INTEGER
      ) STRICT;
      CREATE TABLE admission_proof (
        interval INTEGER NOT NULL REFERENCES admission (interval),
        part INTEGER NOT NULL,
        circuit TEXT NOT NULL,
        verification_key_hash TEXT NOT NULL,
        proof TEXT NOT NULL,
        public_signals TEXT NOT NULL,
        proving_ms INTEGER NOT NULL,
        verified_ms INTEGER NOT NULL,
        PRIMARY KEY (interval, part)
      ) STRICT;
      ALTER TABLE member_order ADD COLUMN refusal TEXT;
    `);
  },
};
