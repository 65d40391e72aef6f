import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { migration } from './0031-meter-accounts.ts';

describe('0031', () => {
  it('keeps one account for each public meter, and no account for two', () => {
    const db = new Database(':memory:');
    migration.up(db);
    const add = (meter: number, device: string, address: string) =>
      db.prepare("INSERT INTO meter_account VALUES (?, ?, ?, 'ab', 1)").run(meter, device, address);
    add(17, 'meter-carport', '0x1');
    expect(() => add(17, 'meter-weir', '0x2')).toThrow(/UNIQUE/);
    expect(() => add(18, 'meter-weir', '0x1')).toThrow(/UNIQUE/);
    add(18, 'meter-weir', '0x2');
  });
});
