import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { migration } from './0034-grid-ledger.ts';

it('0034 keeps an emergency once and a window for each start of a demand-response event', () => {
  const db = new Database(':memory:');
  migration.up(db);
  const trip = db.prepare("INSERT INTO emergency_trip VALUES (?, 1, 'everything', 'Everything', ?, 'Ines', '0x00', 7)");
  trip.run('emergency:1', 3);
  expect(() => trip.run('emergency:1', 3)).toThrow(/UNIQUE/);
  expect(() => trip.run('emergency:2', 0)).toThrow(/CHECK/);
  const window = db.prepare('INSERT INTO demand_window (request, starts_s, starts_plant_ms) VALUES (1, ?, 900000)');
  window.run(100);
  window.run(101);
  expect(() => window.run(100)).toThrow(/UNIQUE/);
  const loose = db.prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite%' AND strict = 0").all();
  expect(loose).toEqual([]);
});
