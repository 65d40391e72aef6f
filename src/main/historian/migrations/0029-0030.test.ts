import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { migration as readings } from './0020-readings.ts';
import { migration as market } from './0021-market.ts';
import { migration as settlement } from './0022-settlement.ts';
import { migration as parts } from './0029-parts.ts';
import { migration as admission } from './0030-admission.ts';

const opened = (steps: readonly { up(db: Database.Database): void }[]): Database.Database => {
  const db = new Database(':memory:');
  db.pragma('foreign_keys = ON');
  for (const step of steps) step.up(db);
  return db;
};

describe('the schema of admission and parts', () => {
  it('0029 turns a batch and its proof into one part of one, and the ledger keeps its 16 places', () => {
    const db = opened([readings, market, settlement]);
    db.prepare("INSERT INTO round (interval, state, committed_ms) VALUES (5, 'proven', 1)").run();
    const input = JSON.stringify({ capacity: 16, interval: '5n' });
    const result = JSON.stringify({ words: { newRoot: '7n' }, publicSignals: ['1', '2'], witnessInput: { a: '1' } });
    db.prepare('INSERT INTO settlement_batch VALUES (5, 1, ?, ?, ?, ?, 1)').run('{}', input, result, '{}');
    db.prepare(`INSERT INTO settlement_proof VALUES (5, 'settle-16', 'h', '{}', '["1","2"]', 900, 1)`).run();
    parts.up(db);
    const row = db.prepare('SELECT input, result FROM settlement_batch').get() as { input: string; result: string };
    expect(JSON.parse(row.input)).toEqual({ layout: { batchMembers: 16, parts: 1 }, interval: '5n' });
    expect(JSON.parse(row.result)).toEqual({
      words: { newRoot: '7n' },
      batches: [{ words: { newRoot: '7n' }, publicSignals: ['1', '2'], witnessInput: { a: '1' } }],
    });
    expect(db.prepare('SELECT interval, part, proving_ms AS ms FROM settlement_proof').all()).toEqual([{ interval: 5, part: 0, ms: 900 }]);
    expect(db.prepare('SELECT batch_members AS n, parts AS k FROM settlement_layout').get()).toEqual({ n: 16, k: 1 });
  });

  it('0029 keeps one proof for each part and leaves the layout of a new ledger open', () => {
    const db = opened([readings, market, settlement, parts]);
    expect(db.prepare('SELECT * FROM settlement_layout').all()).toEqual([]);
    db.prepare("INSERT INTO round (interval, state, committed_ms) VALUES (5, 'proven', 1)").run();
    db.prepare("INSERT INTO settlement_batch VALUES (5, 1, '', '{}', '{}', '{}', 1)").run();
    const add = (part: number) => db.prepare("INSERT INTO settlement_proof VALUES (5, ?, 'c', 'h', '{}', '[]', 1, 1)").run(part);
    add(0);
    add(1);
    expect(() => add(1)).toThrow(/UNIQUE/);
  });

  it('0030 keeps one admission for each round, in one chain, and the orders that were there count as before', () => {
    const db = opened([readings, market]);
    db.prepare("INSERT INTO member_order VALUES ('a:1', 'a', 1, 'standing', 0, 'buy', 100, 200, 1, 'ab', 1, 1)").run();
    for (const step of [settlement, parts, admission]) step.up(db);
    expect(db.prepare('SELECT refusal FROM member_order').all()).toEqual([{ refusal: null }]);
    const add = (interval: number, sequence: number) =>
      db.prepare("INSERT INTO admission VALUES (?, ?, 0, '', '{}', '{}', '[]', 1, NULL)").run(interval, sequence);
    expect(() => add(1, 1)).toThrow(/FOREIGN KEY/);
    db.prepare("INSERT INTO round (interval, state, committed_ms) VALUES (1, 'committed', 1), (2, 'committed', 1)").run();
    add(1, 1);
    expect(() => add(2, 1)).toThrow(/UNIQUE/);
    expect(() => db.prepare("INSERT INTO admission_proof VALUES (2, 0, 'c', 'h', '{}', '[]', 1, 1)").run()).toThrow(/FOREIGN KEY/);
  });
});
