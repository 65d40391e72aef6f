import type { Migration } from '../migration.ts';

/**
 * What a batch needs to be proven again at any time: the settlement's input and the state before it. The state after the last batch
 * is the start of the next. JSON with decimal strings for field elements.
 */
export const migration: Migration = {
  version: 22,
  name: 'settlement',
  up(db) {
    db.exec(`
      CREATE TABLE settlement_batch (
        interval INTEGER PRIMARY KEY REFERENCES round (interval),
        sequence INTEGER NOT NULL UNIQUE,
        state_before TEXT NOT NULL,
        input TEXT NOT NULL,
        result TEXT NOT NULL,
        state_after TEXT NOT NULL,
        created_ms INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE settlement_proof (
        interval INTEGER PRIMARY KEY REFERENCES settlement_batch (interval),
        circuit TEXT NOT NULL,
        verification_key_hash TEXT NOT NULL,
        proof TEXT NOT NULL,
        public_signals TEXT NOT NULL,
        proving_ms INTEGER NOT NULL,
        verified_ms INTEGER NOT NULL
      ) STRICT;
    `);
  },
};
