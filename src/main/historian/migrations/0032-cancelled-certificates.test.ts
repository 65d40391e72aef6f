import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { migration as certificates } from './0024-certificates.ts';
import { migration } from './0032-cancelled-certificates.ts';

describe('0032', () => {
  it('finds the cancelled certificates without going through all of them', () => {
    const db = new Database(':memory:');
    certificates.up(db);
    migration.up(db);
    const plan = db.prepare("EXPLAIN QUERY PLAN SELECT id FROM certificate WHERE state = 'cancelled' ORDER BY number").all() as {
      detail: string;
    }[];
    expect(plan.map((p) => p.detail).join()).toMatch(/USING INDEX certificate_cancelled/);
  });
});
