/** Commands by their idempotency key, in SQLite: what was asked, by whom, and what was read back. */
import type { CommandOutcome } from '../../shared/contract/grid.ts';
import type { Store } from '../kernel/ports.ts';

export interface CommandRequest {
  readonly id: string;
  readonly target: string;
  readonly action: string;
  readonly requested: string;
  readonly by: string;
  readonly createdMs: number;
}

interface Row {
  state: 'sending' | CommandOutcome['state'];
  message: string;
  sent_ms: number | null;
  verified_ms: number | null;
}

export interface CommandRecord {
  find(id: string): CommandOutcome | null;
  begin(request: CommandRequest): void;
  finish(request: CommandRequest, outcome: CommandOutcome): void;
}

export function createCommandRecord(store: Store): CommandRecord {
  return {
    find(id) {
      const row = store.read.prepare('SELECT state, message, sent_ms, verified_ms FROM command WHERE id = ?').get(id) as Row | undefined;
      if (!row) return null;
      // Found half-way after a crash: nobody knows whether the device took it. It is read back by the next poll, never sent twice.
      if (row.state === 'sending') {
        return {
          state: 'unknown',
          message: 'The console stopped while this command was under way. Look at the present position before acting again.',
          sentMs: row.sent_ms,
          verifiedMs: null,
        };
      }
      return { state: row.state, message: row.message, sentMs: row.sent_ms, verifiedMs: row.verified_ms };
    },
    begin(r) {
      store.write((db) =>
        db
          .prepare("INSERT INTO command VALUES (?, ?, ?, ?, ?, ?, 'sending', '', ?, NULL)")
          .run(r.id, r.target, r.action, r.requested, r.by, r.createdMs, r.createdMs),
      );
    },
    finish(r, o) {
      store.write((db) =>
        db
          .prepare(
            `INSERT INTO command VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, message = excluded.message, sent_ms = excluded.sent_ms, verified_ms = excluded.verified_ms`,
          )
          .run(r.id, r.target, r.action, r.requested, r.by, r.createdMs, o.state, o.message, o.sentMs, o.verifiedMs),
      );
    },
  };
}
