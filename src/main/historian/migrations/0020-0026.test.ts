import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { migration as readings } from './0020-readings.ts';
import { migration as market } from './0021-market.ts';
import { migration as settlement } from './0022-settlement.ts';
import { migration as outbox } from './0023-outbox.ts';
import { migration as certificates } from './0024-certificates.ts';
import { migration as dayPoints } from './0025-day-points.ts';
import { migration as wallet } from './0026-wallet.ts';

const all = [readings, market, settlement, outbox, certificates, dayPoints, wallet];
function migrated(): Database.Database {
  const db = new Database(':memory:');
  db.pragma('foreign_keys = ON');
  for (const step of all) step.up(db);
  return db;
}
const addReading = (db: Database.Database, sequence: number, interval: number) =>
  db.prepare("INSERT INTO reading VALUES (1, ?, 'm', ?, 10, 0, 'ab', 1, NULL, NULL, 1)").run(sequence, interval);

describe('the schema of the exchange', () => {
  it('numbers its steps without a gap and makes only STRICT tables', () => {
    expect(all.map((m) => m.version)).toEqual([20, 21, 22, 23, 24, 25, 26]);
    const tables = migrated()
      .prepare("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite%'")
      .all() as { name: string; strict: number }[];
    expect(tables.filter((t) => t.strict === 0)).toEqual([]);
    expect(tables.length).toBe(20);
  });
  it('0020 holds one reading per meter and sequence, and one per meter and interval', () => {
    const db = migrated();
    addReading(db, 1, 5);
    expect(() => addReading(db, 1, 6)).toThrow(/UNIQUE/);
    expect(() => addReading(db, 2, 5)).toThrow(/UNIQUE/);
    addReading(db, 2, 6);
  });
  it('0021 refuses a round in an unknown state and a second use of an order in a round', () => {
    const db = migrated();
    expect(() => db.prepare("INSERT INTO round (interval, state, committed_ms) VALUES (1, 'odd', 1)").run()).toThrow(/CHECK/);
    db.prepare("INSERT INTO round (interval, state, committed_ms) VALUES (1, 'committed', 1)").run();
    db.prepare("INSERT INTO member_order VALUES ('a:1', 'a', 1, 'standing', 0, 'buy', 100, 200, 1, 'ab', 1, 1)").run();
    db.prepare("INSERT INTO round_order VALUES (1, 0, 1, 'a:1', '7', NULL)").run();
    expect(() => db.prepare("INSERT INTO round_order VALUES (1, 1, 1, 'a:1', '8', NULL)").run()).toThrow(/UNIQUE/);
  });
  it('0022 keeps one batch per interval and no proof without its batch', () => {
    const db = migrated();
    expect(() => db.prepare("INSERT INTO settlement_proof VALUES (1, 'c', 'h', '{}', '[]', 1, 1)").run()).toThrow(/FOREIGN KEY/);
  });
  it('0023 queues an effect once', () => {
    const db = migrated();
    const add = () =>
      db
        .prepare("INSERT INTO outbox (id, kind, title, body, state, created_ms) VALUES ('settle:1', 'settle', 't', '{}', 'waiting', 1)")
        .run();
    add();
    expect(add).toThrow(/UNIQUE/);
  });
  it('0025 keeps one mean per interval', () => {
    const db = migrated();
    const add = () => db.prepare('INSERT INTO day_point (interval, load_w) VALUES (1, 2.5)').run();
    add();
    expect(add).toThrow(/UNIQUE/);
  });
  it('0026 takes one transaction for each number of an account, and knows which accounts the events it finds touch', () => {
    const db = new Database(':memory:');
    for (const step of all.slice(0, -1)) step.up(db);
    const [a, b] = [`0x${'A1'.repeat(20)}`, `0x${'b2'.repeat(20)}`];
    db.prepare("INSERT INTO chain_event VALUES (3, 0, 'CommunityMoney', 'Transfer', ?, '0x1')").run(
      JSON.stringify({ from: a, to: b, value: '5' }),
    );
    wallet.up(db);
    expect(db.prepare('SELECT account, block FROM chain_account ORDER BY account').all()).toEqual([
      { account: a.toLowerCase(), block: 3 },
      { account: b, block: 3 },
    ]);
    const add = (hash: string) =>
      db
        .prepare(
          "INSERT INTO member_transaction (hash, act, member_id, account, nonce, title, raw, state, created_ms) VALUES (?, 'x', 'm', 'a', 1, 't', 'r', 'waiting', 1)",
        )
        .run(hash);
    add('0x1');
    expect(() => add('0x2')).toThrow(/UNIQUE/);
  });
  it('0024 issues one certificate per device and interval', () => {
    const db = migrated();
    const add = (id: string, n: number) =>
      db.prepare("INSERT INTO certificate VALUES (?, ?, 5, 1, 'm', 'solar', 100, 'h', 'active', NULL, 1, 2, 1, NULL)").run(id, n);
    add('a', 1);
    expect(() => add('b', 2)).toThrow(/UNIQUE/);
  });
});
