import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrations } from '../historian/migrations/index.ts';
import { type OpenStore, openStore } from '../historian/store.ts';
import { systemClock } from '../kernel/system-clock.ts';
import { openJournal } from './journal.ts';

let dir: string;
let store: OpenStore;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'busbar-journal-'));
  store = openStore(join(dir, 'console.sqlite'), migrations);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});
const fill = () => {
  const journal = openJournal(store, systemClock);
  for (let i = 1; i <= 5; i++) journal.record({ who: 'Ada', kind: 'act', title: `Act ${i}`, text: 'done 100 %', target: 'q-pcc' });
  return journal;
};
const tamper = (sql: string) => {
  const db = new Database(store.file);
  db.exec(sql);
  db.close();
};

describe('the journal', () => {
  it('verifies when nobody touched it, and goes on after a restart', () => {
    fill();
    const again = openJournal(store, systemClock);
    expect(again.record({ who: 'Ada', kind: 'act', title: 'Act 6', text: '' })).toBe(6);
    expect(again.verify()).toEqual({ valid: true, entries: 6, firstBroken: null });
  });

  it.each([
    ['a changed word', "UPDATE journal SET text = 'nothing' WHERE sequence = 3", 3],
    ['a removed entry', 'DELETE FROM journal WHERE sequence = 3', 4],
    ['an entry slipped in at the end', "INSERT INTO journal VALUES (6, 1, 'Eve', 'act', 'x', 'y', NULL, 'done', 'ff')", 6],
    ['a changed time', 'UPDATE journal SET time_ms = time_ms + 1 WHERE sequence = 1', 1],
  ])('shows %s', (_what, sql, at) => {
    const journal = fill();
    tamper(sql as string);
    expect(journal.verify()).toMatchObject({ valid: false, firstBroken: at });
  });

  it('finds by word and takes the per cent sign literally', () => {
    const journal = fill();
    expect(journal.list({ limit: 10, text: '100 %' }).total).toBe(5);
    expect(journal.list({ limit: 10, text: '%' }).total).toBe(5);
    expect(journal.list({ limit: 10, text: '_' }).total).toBe(0);
    expect(journal.list({ limit: 2, beforeSequence: 4 }).entries.map((e) => e.sequence)).toEqual([3, 2]);
  });
});
