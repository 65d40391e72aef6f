/** What one person at one screen likes: kept in this browser or window only. */
import { useSyncExternalStore } from 'react';

export interface Preferences {
  readonly sound: boolean;
  /** Until when alarms are silent, wall clock; a reminder stays on screen as long. */
  readonly mutedUntilMs: number | null;
  readonly volume: number;
  readonly singleKeys: boolean;
  readonly tourSeen: boolean;
}
const KEY = 'busbar.preferences';
const DEFAULTS: Preferences = { sound: true, mutedUntilMs: null, volume: 0.5, singleKeys: true, tourSeen: false };

function read(): Preferences {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>) };
  } catch {
    return DEFAULTS;
  }
}
let current: Preferences | null = null;
const listeners = new Set<() => void>();
export const getPreferences = (): Preferences => {
  current ??= read();
  return current;
};
export function setPreferences(change: Partial<Preferences>): void {
  current = { ...getPreferences(), ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the window.
  }
  for (const listener of [...listeners]) listener();
}
export const usePreferences = (): Preferences =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, getPreferences);
