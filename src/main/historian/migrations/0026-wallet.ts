import type { Migration } from '../migration.ts';

/**
 * Accounts on the chain: who has which (as the member's meter key signed it), transactions a member's gateway signed and the console
 * relays, and which accounts an event of the chain touches. Transactions are kept before they are sent; their bytes never change.
 */
export const migration: Migration = {
  version: 26,
  name: 'wallet',
  up(db) {
    db.exec(`
      CREATE TABLE member_account (
        member_id TEXT PRIMARY KEY,
        address TEXT NOT NULL UNIQUE,
        signature TEXT NOT NULL,
        accepted_ms INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE member_transaction (
        hash TEXT PRIMARY KEY,
        act TEXT NOT NULL,
        member_id TEXT NOT NULL,
        account TEXT NOT NULL,
        nonce INTEGER NOT NULL,
        title TEXT NOT NULL,
        raw TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'final', 'failed')),
        created_ms INTEGER NOT NULL,
        block INTEGER,
        block_hash TEXT,
        gas_used INTEGER,
        last_error TEXT,
        UNIQUE (account, nonce)
      ) STRICT;
      CREATE INDEX member_transaction_open ON member_transaction (account, nonce) WHERE state IN ('waiting', 'sent');
      ALTER TABLE chain_event ADD COLUMN time_s INTEGER;
      CREATE TABLE chain_account (
        account TEXT NOT NULL,
        block INTEGER NOT NULL,
        log_index INTEGER NOT NULL,
        PRIMARY KEY (account, block, log_index)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO chain_account (account, block, log_index)
        SELECT DISTINCT lower(a.value), e.block, e.log_index FROM chain_event e, json_each(e.arguments) a
        WHERE a.type = 'text' AND length(a.value) = 42 AND a.value GLOB '0x*';
    `);
  },
};
