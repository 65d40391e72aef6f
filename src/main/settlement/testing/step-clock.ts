/** A clock that moves only when told: wall and monotonic time apart, so that the wall may be stepped. */
import type { Clock } from '../../kernel/ports.ts';

export interface StepClock extends Clock {
  /** Moves both clocks and runs what is due. */
  advance(ms: number): void;
  /** Someone sets the wall clock; the monotonic one does not notice. */
  stepWall(ms: number): void;
}

export function stepClock(startMs = 1_750_000_000_000): StepClock {
  let wallMs = startMs;
  let monotonicMs = 0;
  const timers = new Set<{ at: number; every: number | null; fn: () => void }>();
  const add = (fn: () => void, ms: number, every: number | null) => {
    const timer = { at: monotonicMs + ms, every, fn };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  return {
    nowMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    setTimeout: (fn, ms) => add(fn, ms, null),
    setInterval: (fn, ms) => add(fn, ms, ms),
    stepWall(ms) {
      wallMs += ms;
    },
    advance(ms) {
      const until = monotonicMs + ms;
      for (;;) {
        const next = [...timers].filter((t) => t.at <= until).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        wallMs += next.at - monotonicMs;
        monotonicMs = next.at;
        if (next.every === null) timers.delete(next);
        else next.at += next.every;
        next.fn();
      }
      wallMs += until - monotonicMs;
      monotonicMs = until;
    },
  };
}
