import type { Database } from 'better-sqlite3';

/** One numbered step of the schema. Steps are never edited once released; a new need is a new number. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  up(db: Database): void;
}
