import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { migration as readings } from './0020-readings.ts';
import { migration } from './0037-key-epochs.ts';

describe('0037', () => {
  it('keeps every reading, and takes a sequence again for a later interval but no interval twice', () => {
    const db = new Database(':memory:');
    readings.up(db);
    const add = (sequence: number, interval: number) =>
      db.prepare("INSERT INTO reading VALUES (2, ?, 'meter-2', ?, 1000, 5, 'ab', 1, NULL, NULL, 0)").run(sequence, interval);
    db.prepare("INSERT INTO meter_key VALUES (2, 'meter-2', '1', '2', 0, 's', 'f', 1, NULL)").run();
    add(1, 100);
    add(2, 101);
    migration.up(db);
    expect(db.prepare('SELECT sequence, interval FROM reading').all()).toEqual([
      { sequence: 1, interval: 100 },
      { sequence: 2, interval: 101 },
    ]);
    expect(db.prepare('SELECT after_interval AS n FROM meter_key').get()).toEqual({ n: -1 });
    add(1, 102);
    expect(() => add(3, 102)).toThrow(/UNIQUE/);
  });
});
