/** Which contracts are paused, from their events: by name, with the last pause or its end. */
import type { Database } from 'better-sqlite3';
import { eventsNamed, type LedgerEvent } from './events.ts';

export interface Pause {
  readonly paused: boolean;
  readonly by: string;
  readonly event: LedgerEvent;
}
export function pausesOf(db: Database): Map<string, Pause> {
  const pauses = new Map<string, Pause>();
  for (const event of eventsNamed(db, ['Paused', 'Unpaused']))
    pauses.set(event.contract, { paused: event.name === 'Paused', by: event.args.account ?? '', event });
  return pauses;
}
export const isPaused = (db: Database, contract: string): boolean => pausesOf(db).get(contract)?.paused ?? false;
