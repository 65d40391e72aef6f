import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { migration as commands } from './0010-commands.ts';
import { migration as lifecycle } from './0011-device-lifecycle.ts';
import { migration as tags } from './0012-tags-and-modes.ts';
import { migration as emergency } from './0013-emergency.ts';

const all = [commands, lifecycle, tags, emergency];
function migrated(): Database.Database {
  const db = new Database(':memory:');
  for (const step of all) step.up(db);
  return db;
}

it('makes only STRICT tables', () => {
  const tables = migrated()
    .prepare("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite%'")
    .all() as {
    strict: number;
  }[];
  expect(tables.length).toBe(8);
  expect(tables.every((t) => t.strict === 1)).toBe(true);
});
it('0010 takes a command id once and only the states there are', () => {
  const db = migrated();
  const put = (id: string, state: string) =>
    db.prepare("INSERT INTO command VALUES (?, 't', 'a', '1', 'x', 1, ?, '', NULL, NULL)").run(id, state);
  put('c1', 'sending');
  expect(() => put('c1', 'sending')).toThrow(/UNIQUE/);
  expect(() => put('c2', 'perhaps')).toThrow(/CHECK/);
});
it('0011 holds one life per device', () => {
  const db = migrated();
  db.prepare("INSERT INTO device_lifecycle VALUES ('m', 'maintenance', 1)").run();
  expect(() => db.prepare("INSERT INTO device_lifecycle VALUES ('m', 'active', 2)").run()).toThrow(/UNIQUE/);
});
it('0012 refuses a mode that does not exist', () => {
  const db = migrated();
  expect(() => db.prepare("INSERT INTO unit_mode VALUES ('u', 'off')").run()).toThrow(/CHECK/);
  expect(() => db.prepare("INSERT INTO function_mode VALUES ('f', 'passive')").run()).toThrow(/CHECK/);
});
it('0013 holds one emergency', () => {
  const db = migrated();
  const put = (id: number) => db.prepare("INSERT INTO emergency VALUES (?, 'acting', 0, 'l', 1, 'x', '[]', '[]')").run(id);
  put(1);
  expect(() => put(2)).toThrow(/CHECK/);
});
