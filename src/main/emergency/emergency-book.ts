/** The one emergency that may be under way, on disk: a console that crashed goes on where it stood. */
import type { Store } from '../kernel/ports.ts';

export interface EmergencyRecord {
  readonly phase: 'ready' | 'acting' | 'done' | 'recovering';
  readonly drill: boolean;
  readonly level: string | null;
  readonly startedMs: number | null;
  readonly by: string | null;
  /** Switches that were open before: recovery leaves them as they were. */
  readonly wereOpen: readonly string[];
  /** Opened by a lower level before this one: recovery brings them back too. */
  readonly alsoOpened: readonly string[];
  /** Ids of the recovery steps done. */
  readonly recovered: readonly string[];
}

export const ready: EmergencyRecord = {
  phase: 'ready',
  drill: false,
  level: null,
  startedMs: null,
  by: null,
  wereOpen: [],
  alsoOpened: [],
  recovered: [],
};

export function loadEmergency(store: Store): EmergencyRecord {
  const row = store.read.prepare('SELECT phase, drill, level, started_ms, by_whom, relays, recovery FROM emergency WHERE id = 1').get() as
    | {
        phase: EmergencyRecord['phase'];
        drill: number;
        level: string | null;
        started_ms: number | null;
        by_whom: string | null;
        relays: string;
        recovery: string;
      }
    | undefined;
  if (!row) return ready;
  const relays = JSON.parse(row.relays) as Pick<EmergencyRecord, 'wereOpen' | 'alsoOpened'>;
  return {
    phase: row.phase,
    drill: row.drill === 1,
    level: row.level,
    startedMs: row.started_ms,
    by: row.by_whom,
    wereOpen: relays.wereOpen,
    alsoOpened: relays.alsoOpened,
    recovered: JSON.parse(row.recovery) as string[],
  };
}

export function saveEmergency(store: Store, r: EmergencyRecord): void {
  store.write((db) =>
    db
      .prepare(
        `INSERT INTO emergency VALUES (1, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET phase = excluded.phase, drill = excluded.drill, level = excluded.level, started_ms = excluded.started_ms,
           by_whom = excluded.by_whom, relays = excluded.relays, recovery = excluded.recovery`,
      )
      .run(
        r.phase,
        r.drill ? 1 : 0,
        r.level,
        r.startedMs,
        r.by,
        JSON.stringify({ wereOpen: r.wereOpen, alsoOpened: r.alsoOpened }),
        JSON.stringify(r.recovered),
      ),
  );
}
