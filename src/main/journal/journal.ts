/**
 * The journal: every act and decision, each entry hashed over its content and the hash before it, so that nothing can be changed,
 * removed or slipped in without the chain showing it.
 */
import { createHash } from 'node:crypto';
import type { JournalEntry } from '../../shared/contract/operations.ts';
import type { Clock, Journal, Store } from '../kernel/ports.ts';

export interface JournalVerdict {
  readonly valid: boolean;
  readonly entries: number;
  readonly firstBroken: number | null;
}

export interface OpenJournal extends Journal {
  list(query: { limit: number; beforeSequence?: number | undefined; text?: string | undefined; kind?: string | undefined }): {
    entries: JournalEntry[];
    total: number;
  };
  verify(): JournalVerdict;
  /** One JSON object a line, oldest first; each line carries its hash, so that the export verifies by itself. */
  exportLines(): string;
  onEntry(listener: (entry: JournalEntry) => void): () => void;
}

interface Row {
  sequence: number;
  time_ms: number;
  who: string;
  kind: JournalEntry['kind'];
  title: string;
  text: string;
  target: string | null;
  outcome: JournalEntry['outcome'];
  hash: string;
}

const GENESIS = '0'.repeat(64);

/** SHA-256 over the previous hash and the entry as a JSON array in this fixed order. */
export function entryHash(previous: string, e: Omit<JournalEntry, 'hash'>): string {
  return createHash('sha256')
    .update(JSON.stringify([previous, e.sequence, e.timeMs, e.who, e.kind, e.title, e.text, e.target, e.outcome]))
    .digest('hex');
}

export function openJournal(store: Store, clock: Clock): OpenJournal {
  const listeners = new Set<(entry: JournalEntry) => void>();
  const entryOf = (r: Row): JournalEntry => ({
    sequence: r.sequence,
    timeMs: r.time_ms,
    who: r.who,
    kind: r.kind,
    title: r.title,
    text: r.text,
    target: r.target,
    outcome: r.outcome,
    hash: r.hash,
  });
  return {
    record(given) {
      const entry = store.write((db) => {
        const last = db.prepare('SELECT sequence, hash FROM journal ORDER BY sequence DESC LIMIT 1').get() as
          | { sequence: number; hash: string }
          | undefined;
        const bare = {
          sequence: (last?.sequence ?? 0) + 1,
          timeMs: clock.nowMs(),
          who: given.who,
          kind: given.kind,
          title: given.title,
          text: given.text,
          target: given.target ?? null,
          outcome: given.outcome ?? (given.kind === 'act' ? 'done' : 'noted'),
        } as const;
        const full: JournalEntry = { ...bare, hash: entryHash(last?.hash ?? GENESIS, bare) };
        db.prepare('INSERT INTO journal (sequence, time_ms, who, kind, title, text, target, outcome, hash) VALUES (?,?,?,?,?,?,?,?,?)').run(
          full.sequence,
          full.timeMs,
          full.who,
          full.kind,
          full.title,
          full.text,
          full.target,
          full.outcome,
          full.hash,
        );
        return full;
      });
      for (const listener of listeners) listener(entry);
      return entry.sequence;
    },
    list({ limit, beforeSequence, text, kind }) {
      const where: string[] = [];
      const args: (string | number)[] = [];
      if (kind) {
        where.push('kind = ?');
        args.push(kind);
      }
      if (text) {
        where.push("(title LIKE ? ESCAPE '\\' OR text LIKE ? ESCAPE '\\' OR who LIKE ? ESCAPE '\\' OR target LIKE ? ESCAPE '\\')");
        const like = `%${text.replace(/[\\%_]/g, (c) => `\\${c}`)}%`;
        args.push(like, like, like, like);
      }
      const filter = where.length > 0 ? `WHERE ${where.join(' AND ')}` : '';
      const total = (store.read.prepare(`SELECT count(*) AS n FROM journal ${filter}`).get(...args) as { n: number }).n;
      const page = beforeSequence === undefined ? filter : `${filter ? `${filter} AND` : 'WHERE'} sequence < ?`;
      const rows = store.read
        .prepare(`SELECT * FROM journal ${page} ORDER BY sequence DESC LIMIT ?`)
        .all(...args, ...(beforeSequence === undefined ? [] : [beforeSequence]), limit) as Row[];
      return { entries: rows.map(entryOf), total };
    },
    verify() {
      let previous = GENESIS;
      let expected = 1;
      let entries = 0;
      for (const row of store.read.prepare('SELECT * FROM journal ORDER BY sequence').iterate() as IterableIterator<Row>) {
        const { hash, ...bare } = entryOf(row);
        if (row.sequence !== expected || entryHash(previous, bare) !== hash) return { valid: false, entries, firstBroken: row.sequence };
        previous = hash;
        expected++;
        entries++;
      }
      return { valid: true, entries, firstBroken: null };
    },
    exportLines() {
      const lines: string[] = [];
      for (const row of store.read.prepare('SELECT * FROM journal ORDER BY sequence').iterate() as IterableIterator<Row>)
        lines.push(JSON.stringify(entryOf(row)));
      return `${lines.join('\n')}\n`;
    },
    onEntry(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
