import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { migration } from './0027-openings.ts';

describe('the schema of the openings', () => {
  it('0027 keeps one key and one opening for each member, and knows only two answers of a gateway', () => {
    const db = new Database(':memory:');
    migration.up(db);
    const tables = db.prepare("SELECT strict FROM pragma_table_list WHERE schema = 'main' AND name LIKE 'member_%'").all();
    expect(tables).toEqual([{ strict: 1 }, { strict: 1 }]);
    const key = () => db.prepare("INSERT INTO member_sealing_key VALUES ('m', 'ab', 'cd', 1)").run();
    key();
    expect(key).toThrow(/UNIQUE/);
    const opening = (member: string, answer: string | null) =>
      db.prepare("INSERT INTO member_opening VALUES (?, 5, 'ab', '{}', 1, ?, NULL, NULL, NULL)").run(member, answer);
    opening('m', null);
    expect(() => opening('m', null)).toThrow(/UNIQUE/);
    expect(() => opening('n', 'lost')).toThrow(/CHECK/);
    opening('n', 'kept');
  });
});
