import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrations } from './migrations/index.ts';
import { openStore } from './store.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'busbar-store-'));
  file = join(dir, 'console.sqlite');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the store', () => {
  it('brings an empty folder to the newest schema, every table STRICT', () => {
    const store = openStore(file, migrations);
    const version = store.read.pragma('user_version', { simple: true });
    expect(version).toBe(Math.max(...migrations.map((m) => m.version)));
    const tables = store.read
      .prepare("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all() as { name: string; strict: number }[];
    expect(tables.length).toBeGreaterThan(10);
    expect(tables.filter((t) => t.strict === 0)).toEqual([]);
    store.close();
  });

  it('numbers its migrations once each', () => {
    const numbers = migrations.map((m) => m.version);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('rolls the whole act back when a part of it fails, nested parts too', () => {
    const store = openStore(file, migrations);
    expect(() =>
      store.write((db) => {
        db.prepare("INSERT INTO setting VALUES ('a', '1')").run();
        store.write((inner) => inner.prepare("INSERT INTO setting VALUES ('b', '1')").run());
        throw new Error('half-way');
      }),
    ).toThrow('half-way');
    expect(store.read.prepare('SELECT count(*) AS n FROM setting').get()).toEqual({ n: 0 });
    store.close();
  });

  it('refuses a database of a newer version and leaves every byte as it was', () => {
    openStore(file, migrations).close();
    const db = new Database(file);
    db.pragma('user_version = 9999');
    db.close();
    const before = readFileSync(file);
    expect(() => openStore(file, migrations)).toThrowError(/newer Busbar.*--data/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('refuses a file that is no database, in one sentence, and leaves it as it was', () => {
    writeFileSync(file, 'this is not a database, but somebody’s shopping list. '.repeat(40));
    const before = readFileSync(file);
    expect(() => openStore(file, migrations)).toThrowError(/damaged.*backup/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('refuses another program’s database', () => {
    const other = new Database(file);
    other.exec('CREATE TABLE mail (id INTEGER)');
    other.close();
    expect(() => openStore(file, migrations)).toThrowError(/another program/);
  });

  it('says that a damaged database is damaged', () => {
    const store = openStore(file, migrations);
    store.write((db) => {
      for (let i = 0; i < 3000; i++) db.prepare('INSERT INTO setting VALUES (?, ?)').run(`key-${i}`, 'x'.repeat(60));
    });
    store.close();
    const bytes = readFileSync(file);
    for (let page = 20; page < 40; page++) bytes.fill(0xa5, page * 4096, page * 4096 + 4096);
    const broken = join(dir, 'broken.sqlite');
    writeFileSync(broken, bytes);
    expect(() => openStore(broken, migrations)).toThrowError(/damaged/);
    copyFileSync(broken, file);
  });

  it('turns a full disk into a sentence and keeps what was there', () => {
    const store = openStore(file, migrations);
    store.write((db) => db.prepare("INSERT INTO setting VALUES ('kept', 'yes')").run());
    const pages = store.write((db) => {
      const now = db.pragma('page_count', { simple: true }) as number;
      db.pragma(`max_page_count = ${now + 2}`);
      return now;
    });
    expect(pages).toBeGreaterThan(0);
    expect(() =>
      store.write((db) => {
        for (let i = 0; i < 1000; i++) db.prepare('INSERT INTO setting VALUES (?, ?)').run(`fill-${i}`, 'x'.repeat(1000));
      }),
    ).toThrowError(/full.*Free some space/);
    expect(store.read.prepare("SELECT value FROM setting WHERE key = 'kept'").get()).toEqual({ value: 'yes' });
    expect(store.read.prepare("SELECT count(*) AS n FROM setting WHERE key LIKE 'fill%'").get()).toEqual({ n: 0 });
    store.close();
  });
});
