import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { migration0001 } from './0001-platform.ts';

it('lays journal, people, settings and alarms, and refuses a role nobody knows', () => {
  const db = new Database(':memory:');
  migration0001.up(db);
  const names = (
    db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name").all() as { name: string }[]
  ).map((r) => r.name);
  expect(names).toEqual(['alarm', 'alarm_event', 'journal', 'person', 'setting']);
  expect(() => db.prepare("INSERT INTO person VALUES ('1','A','a','king','x',0,0)").run()).toThrow(/CHECK/);
  expect(() => db.prepare("INSERT INTO journal VALUES (1,'now','w','act','t','t',NULL,'done','h')").run()).toThrow(/TEXT|INTEGER/);
});
