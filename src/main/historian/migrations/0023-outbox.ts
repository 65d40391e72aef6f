import type { Migration } from '../migration.ts';

/**
 * What belongs on the chain, in strict order. `id` names the effect (commit:1234, settle:1234 …) and is unique, so that no effect is
 * queued twice. Every signed attempt is kept before it is sent: after a crash its hash and nonce tell what became of it.
 */
export const migration: Migration = {
  version: 23,
  name: 'outbox',
  up(db) {
    db.exec(`
      CREATE TABLE outbox (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        title TEXT NOT NULL,
        body TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'final', 'failed')),
        created_ms INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        nonce INTEGER,
        transaction_hash TEXT,
        block INTEGER,
        block_hash TEXT,
        gas_used INTEGER,
        final_ms INTEGER,
        last_error TEXT
      ) STRICT;
      CREATE INDEX outbox_open ON outbox (sequence) WHERE state NOT IN ('final');
      CREATE TABLE outbox_attempt (
        hash TEXT PRIMARY KEY,
        sequence INTEGER NOT NULL REFERENCES outbox (sequence),
        nonce INTEGER NOT NULL,
        raw TEXT NOT NULL,
        signed_ms INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX outbox_attempt_sequence ON outbox_attempt (sequence);
      CREATE TABLE chain_block (
        height INTEGER PRIMARY KEY,
        hash TEXT NOT NULL
      ) STRICT;
      CREATE TABLE chain_event (
        block INTEGER NOT NULL,
        log_index INTEGER NOT NULL,
        contract TEXT NOT NULL,
        name TEXT NOT NULL,
        arguments TEXT NOT NULL,
        transaction_hash TEXT NOT NULL,
        PRIMARY KEY (block, log_index)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX chain_event_name ON chain_event (contract, name, block);
    `);
  },
};
