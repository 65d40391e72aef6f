import type { Migration } from '../migration.ts';

/**
 * Rounds settled in several parts: the ledger's layout, kept for life, and one proof for each part. A batch's result holds its parts in a
 * list; what was written before is one part of one.
 */
export const migration: Migration = {
  version: 29,
  name: 'parts',
  up(db) {
    db.exec(`
      CREATE TABLE settlement_layout (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        batch_members INTEGER NOT NULL,
        parts INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE settlement_part_proof (
        interval INTEGER NOT NULL REFERENCES settlement_batch (interval),
        part INTEGER NOT NULL,
        circuit TEXT NOT NULL,
        verification_key_hash TEXT NOT NULL,
        proof TEXT NOT NULL,
        public_signals TEXT NOT NULL,
        proving_ms INTEGER NOT NULL,
        verified_ms INTEGER NOT NULL,
        PRIMARY KEY (interval, part)
      ) STRICT;
      INSERT INTO settlement_part_proof
        SELECT interval, 0, circuit, verification_key_hash, proof, public_signals, proving_ms, verified_ms FROM settlement_proof;
      DROP TABLE settlement_proof;
      ALTER TABLE settlement_part_proof RENAME TO settlement_proof;
    `);
    const update = db.prepare('UPDATE settlement_batch SET input = ?, result = ? WHERE interval = ?');
    for (const row of db.prepare('SELECT interval, input, result FROM settlement_batch').all() as {
      interval: number;
      input: string;
      result: string;
    }[]) {
      const { capacity, ...input } = JSON.parse(row.input) as Record<string, unknown>;
      const { publicSignals, witnessInput, ...result } = JSON.parse(row.result) as Record<string, unknown>;
      if (capacity === undefined) continue;
      update.run(
        JSON.stringify({ layout: { batchMembers: capacity, parts: 1 }, ...input }),
        JSON.stringify({ ...result, batches: [{ words: result.words, publicSignals, ...(witnessInput ? { witnessInput } : {}) }] }),
        row.interval,
      );
    }
    db.exec(`
      INSERT INTO settlement_layout (id, batch_members, parts)
        SELECT 1, json_extract(input, '$.layout.batchMembers'), 1 FROM settlement_batch ORDER BY sequence DESC LIMIT 1;
    `);
  },
};
