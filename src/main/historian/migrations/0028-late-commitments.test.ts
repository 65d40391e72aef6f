import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { migration as outbox } from './0023-outbox.ts';
import { migration } from './0028-late-commitments.ts';

describe('the schema of late commitments', () => {
  it('0028 shows members one root for each interval, keeps one receipt of each, and lets the outbox wait', () => {
    const db = new Database(':memory:');
    db.pragma('foreign_keys = ON');
    outbox.up(db);
    db.prepare(
      "INSERT INTO outbox (id, kind, title, body, state, created_ms) VALUES ('settle:1', 'settle', 't', '{}', 'waiting', 1)",
    ).run();
    migration.up(db);
    expect(db.prepare('SELECT not_before_ms AS n FROM outbox').get()).toEqual({ n: null });
    const open = (root: string) => db.prepare('INSERT INTO late_commitment (interval, orders_root, opened_ms) VALUES (5, ?, 1)').run(root);
    open('7');
    expect(() => open('8')).toThrow(/UNIQUE/);
    const receipt = (interval: number) => db.prepare("INSERT INTO late_receipt VALUES (?, 'm', '0x1', '0x2', 1)").run(interval);
    receipt(5);
    expect(() => receipt(5)).toThrow(/UNIQUE/);
    expect(() => receipt(6)).toThrow(/FOREIGN KEY/);
    expect(() => db.prepare("UPDATE late_commitment SET outcome = 'perhaps'").run()).toThrow(/CHECK/);
  });
});
