/**
 * The beat of control: cycles start on multiples of the period on the monotonic clock, so that a late one does not push the next. Jitter is
 * the distance between the planned and the actual start, measured in the process that does the work.
 */
import type { Clock } from '../kernel/ports.ts';

export interface CycleTimer {
  stop(): void;
  /** 99th percentile over the last ten minutes, ms. */
  jitterP99Ms(): number;
  /** Cycles that were skipped altogether because the process was held up. */
  missed(): number;
}

const KEPT = 600;

export function startCycle(clock: Clock, periodMs: number, run: () => void, onBeat?: (jitterMs: number) => void): CycleTimer {
  const jitter = new Float64Array(KEPT);
  let count = 0;
  let missed = 0;
  let stopped = false;
  let cancel: () => void = () => {};
  let plannedMs = clock.monotonicMs() + periodMs;

  const plan = (): void => {
    cancel = clock.setTimeout(fire, Math.max(0, plannedMs - clock.monotonicMs()));
  };
  const fire = (): void => {
    if (stopped) return;
    const nowMs = clock.monotonicMs();
    // Timers may fire a fraction of a millisecond early; that is no jitter worth the name.
    const lateMs = Math.max(0, nowMs - plannedMs);
    jitter[count % KEPT] = lateMs;
    onBeat?.(lateMs);
    count += 1;
    const behind = Math.max(0, Math.floor((nowMs - plannedMs) / periodMs));
    missed += behind;
    plannedMs += (behind + 1) * periodMs;
    plan();
    run();
  };
  plan();
  return {
    stop() {
      stopped = true;
      cancel();
    },
    jitterP99Ms() {
      const n = Math.min(count, KEPT);
      if (n === 0) return 0;
      const sorted = jitter.slice(0, n).sort();
      return sorted[Math.min(n - 1, Math.ceil(n * 0.99) - 1)] as number;
    },
    missed: () => missed,
  };
}
