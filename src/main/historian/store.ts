/**
 * The ledger-grade store: one SQLite file for journal, readings, orders, rounds and outbox. WAL with synchronous=FULL, so that what
 * was answered "committed" survives a crash. Opening refuses what it cannot serve, in one sentence, and damages nothing.
 */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Fault } from '../../shared/errors.ts';
import type { Store } from '../kernel/ports.ts';
import type { Migration } from './migration.ts';

export interface OpenStore extends Store {
  close(): void;
  readonly file: string;
}

/** Name in `application_id` that tells our files from other SQLite files ("BUSB"). */
const APPLICATION_ID = 0x42555342;

export function openStore(file: string, migrations: readonly Migration[]): OpenStore {
  let db: Database.Database;
  const fresh = !existsSync(file);
  try {
    db = new Database(file);
  } catch (cause) {
    throw storageFault(cause, file);
  }
  try {
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma('busy_timeout = 5000');
    db.pragma('journal_size_limit = 16777216');
    // Looked at before anything is set: a database that is not ours to write keeps every byte.
    checkIdentity(db, file, fresh);
    checkVersion(db, file, migrations);
    db.pragma('journal_mode = WAL');
    migrate(db, migrations);
  } catch (cause) {
    db.close();
    throw storageFault(cause, file);
  }
  const read = new Database(file, { readonly: true });
  read.pragma('query_only = ON');
  let depth = 0;
  return {
    file,
    read,
    write(fn) {
      if (depth > 0) return fn(db);
      depth++;
      try {
        return db.transaction(() => fn(db)).immediate();
      } catch (cause) {
        throw storageFault(cause, file);
      } finally {
        depth--;
      }
    },
    close() {
      read.close();
      db.close();
    },
  };
}

function checkIdentity(db: Database.Database, file: string, fresh: boolean): void {
  const id = db.pragma('application_id', { simple: true }) as number;
  const tables = (db.prepare("SELECT count(*) AS n FROM sqlite_master WHERE type = 'table'").get() as { n: number }).n;
  if (fresh || (id === 0 && tables === 0)) {
    db.pragma(`application_id = ${APPLICATION_ID}`);
    return;
  }
  if (id !== APPLICATION_ID) {
    throw new Fault(
      'storage.corrupt',
      `${file} is a database of another program. Choose another data folder with --data, or move that file away.`,
    );
  }
  const check = db.pragma('quick_check(1)', { simple: true }) as string;
  if (check !== 'ok') throw corrupt(file, check);
}

function checkVersion(db: Database.Database, file: string, migrations: readonly Migration[]): void {
  const latest = Math.max(0, ...migrations.map((m) => m.version));
  const current = db.pragma('user_version', { simple: true }) as number;
  if (current > latest) {
    throw new Fault(
      'storage.newer',
      `The database ${file} was written by a newer Busbar (schema ${current}; this one knows ${latest}). Install the newer version again, or start with another folder: --data DIR. Nothing was changed.`,
    );
  }
}

function migrate(db: Database.Database, migrations: readonly Migration[]): void {
  const current = db.pragma('user_version', { simple: true }) as number;
  const sorted = [...migrations].sort((a, b) => a.version - b.version);
  for (const step of sorted) {
    if (step.version <= current) continue;
    db.transaction(() => {
      step.up(db);
      db.pragma(`user_version = ${step.version}`);
    }).immediate();
  }
}

function corrupt(file: string, detail: string): Fault {
  return new Fault(
    'storage.corrupt',
    `The database ${file} is damaged (${detail}). It was not changed. Restore the folder from a backup, or start with another folder: --data DIR.`,
  );
}

/** Turns SQLite's errors into sentences; anything else passes through. */
export function storageFault(cause: unknown, file: string): unknown {
  const code = (cause as { code?: string } | null)?.code ?? '';
  if (cause instanceof Fault) return cause;
  if (code === 'SQLITE_FULL') {
    return new Fault(
      'storage.full',
      `The disk that holds ${file} is full. Free some space; nothing was half-written and the console goes on by itself.`,
      { cause, retry: 'later' },
    );
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return corrupt(file, (cause as Error).message);
  if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') {
    return new Fault('storage.locked', `${file} is in use by another program. Close it and start again.`, { cause, retry: 'later' });
  }
  if (code === 'SQLITE_CANTOPEN' || code === 'SQLITE_READONLY' || code === 'SQLITE_IOERR') {
    return new Fault(
      'storage.corrupt',
      `${file} cannot be opened for writing (${(cause as Error).message}). Check the folder’s rights and disk.`,
      { cause },
    );
  }
  return cause;
}
