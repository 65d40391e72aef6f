/**
 * Shortcuts. Single keys act only when nothing is being typed; they can be switched off in Settings. `g` and a letter or number goes to a
 * page. The list is what the help overlay shows.
 */
import { useEffect, useRef } from 'react';
import { getPreferences } from './preferences.ts';
import { navigate, type Page } from './router.ts';

export const PAGE_KEYS: readonly { page: Page; letter: string; digit: string; label: string }[] = [
  { page: 'overview', letter: 'o', digit: '1', label: 'Overview' },
  { page: 'grid', letter: 'g', digit: '2', label: 'Grid' },
  { page: 'balance', letter: 'b', digit: '3', label: 'Balance' },
  { page: 'market', letter: 'm', digit: '4', label: 'Market' },
  { page: 'settlement', letter: 's', digit: '5', label: 'Settlement' },
  { page: 'carbon', letter: 'c', digit: '6', label: 'Carbon' },
  { page: 'devices', letter: 'd', digit: '7', label: 'Devices' },
  { page: 'participants', letter: 'p', digit: '8', label: 'Participants' },
  { page: 'alarms', letter: 'a', digit: '9', label: 'Alarms' },
  { page: 'journal', letter: 'j', digit: '0', label: 'Journal' },
  { page: 'settings', letter: 't', digit: ',', label: 'Settings' },
  { page: 'emergency', letter: 'e', digit: '.', label: 'Emergency' },
];

export interface ShellKeys {
  help(): void;
  acknowledge(): void;
  acknowledgeAll(): void;
  mute(): void;
  lock(): void;
  training(): void;
}
export const SHELL_KEYS: readonly { key: string; does: string }[] = [
  { key: '?', does: 'Show or hide this list' },
  { key: 'e', does: 'Go to Emergency' },
  { key: 'a', does: 'Acknowledge the alarm at the left of the strip' },
  { key: 'Shift A', does: 'Acknowledge every alarm in the strip' },
  { key: 'm', does: 'Mute the alarm sound for 10 minutes, or sound again' },
  { key: 'f', does: 'Training faults (simulated plant)' },
  { key: 'l', does: 'Lock the screen' },
  { key: '/', does: 'Search on this page' },
  { key: 'Esc', does: 'Close a face-plate or dialog' },
];

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

export function useShellKeys(keys: ShellKeys, onSequence: (waiting: boolean) => void): void {
  const latest = useRef({ keys, onSequence });
  latest.current = { keys, onSequence };
  useEffect(() => {
    let goUntilMs = 0;
    const endGo = () => {
      goUntilMs = 0;
      latest.current.onSequence(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
      if (!getPreferences().singleKeys) return;
      const dialogOpen = document.querySelector('[role="dialog"][aria-modal="true"]') !== null;
      const { keys: act } = latest.current;
      if (goUntilMs > 0) {
        const inTime = performance.now() < goUntilMs;
        endGo();
        const hit = PAGE_KEYS.find((p) => p.letter === event.key.toLowerCase() || p.digit === event.key);
        if (inTime && hit !== undefined) {
          event.preventDefault();
          navigate(hit.page);
          return;
        }
      }
      if (event.key === '?') {
        event.preventDefault();
        act.help();
        return;
      }
      if (event.key === 'e') {
        // Always one key away, also from inside a dialog.
        event.preventDefault();
        navigate('emergency');
        return;
      }
      if (dialogOpen) return;
      const run: Record<string, () => void> = {
        g: () => {
          goUntilMs = performance.now() + 2500;
          latest.current.onSequence(true);
          setTimeout(() => {
            if (goUntilMs !== 0 && performance.now() >= goUntilMs) endGo();
          }, 2600);
        },
        a: act.acknowledge,
        A: act.acknowledgeAll,
        m: act.mute,
        f: act.training,
        l: act.lock,
        '/': () => document.querySelector<HTMLInputElement>('main input[type="search"]')?.focus(),
      };
      const found = run[event.key];
      if (found === undefined) return;
      event.preventDefault();
      found();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}
