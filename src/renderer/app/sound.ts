/** A sound for each new alarm, told apart by priority: more and higher tones for what is more urgent. No files: made by the Web Audio API. */
import { useEffect, useRef } from 'react';
import type { AlarmPriority } from '../../shared/contract/session.ts';
import { useTopic } from './hooks.ts';
import { getPreferences } from './preferences.ts';

/** Tone in Hz and seconds from the start, per priority. */
export const TONES: Record<AlarmPriority, readonly { hz: number; atS: number; lengthS: number }[]> = {
  1: [0, 0.18, 0.36, 0.72, 0.9, 1.08].map((atS) => ({ hz: 1046, atS, lengthS: 0.12 })),
  2: [0, 0.25].map((atS) => ({ hz: 784, atS, lengthS: 0.16 })),
  3: [{ hz: 587, atS: 0, lengthS: 0.22 }],
  4: [{ hz: 440, atS: 0, lengthS: 0.16 }],
};

let context: AudioContext | null = null;
export function playAlarm(priority: AlarmPriority): void {
  const { sound, mutedUntilMs, volume } = getPreferences();
  if (!sound || (mutedUntilMs !== null && mutedUntilMs > Date.now())) return;
  try {
    context ??= new AudioContext();
    void context.resume();
    const start = context.currentTime + 0.02;
    for (const { hz, atS, lengthS } of TONES[priority]) {
      const tone = context.createOscillator();
      const gain = context.createGain();
      tone.type = 'triangle';
      tone.frequency.value = hz;
      gain.gain.setValueAtTime(0, start + atS);
      gain.gain.linearRampToValueAtTime(volume * 0.4, start + atS + 0.015);
      gain.gain.setValueAtTime(volume * 0.4, start + atS + lengthS - 0.03);
      gain.gain.linearRampToValueAtTime(0, start + atS + lengthS);
      tone.connect(gain).connect(context.destination);
      tone.start(start + atS);
      tone.stop(start + atS + lengthS);
    }
  } catch {
    // No audio device: the strip still shows the alarm.
  }
}

/** Sounds once per new alarm, the most urgent of those that came together; repeats every 10 s while a priority 1 stands unacknowledged. */
export function useAlarmSound(): void {
  const strip = useTopic('status', {}, (s) =>
    s.alarms.strip.map(({ id, priority, active, raisedMs }) => ({ key: `${id}@${raisedMs}`, priority, active })),
  );
  const known = useRef<Set<string> | null>(null);
  useEffect(() => {
    if (strip === undefined) return;
    const fresh = known.current === null ? [] : strip.filter((s) => !known.current?.has(s.key));
    known.current = new Set([...(known.current ?? []), ...strip.map((s) => s.key)]);
    const urgent = fresh.reduce<AlarmPriority | null>((p, s) => (p === null || s.priority < p ? s.priority : p), null);
    if (urgent !== null) playAlarm(urgent);
  }, [strip]);
  const critical = strip?.some((s) => s.priority === 1 && s.active) ?? false;
  useEffect(() => {
    if (!critical) return;
    const timer = setInterval(() => playAlarm(1), 10_000);
    return () => clearInterval(timer);
  }, [critical]);
}
