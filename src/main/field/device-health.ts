/** State of a device from what its polls gave: pure, so that a night of faults can be replayed. */
import type { z } from 'zod';
import type { DeviceState } from '../../shared/contract/operations.ts';

export type HealthState = z.infer<typeof DeviceState>;

export interface Health {
  readonly startedMs: number;
  /** Monotonic time of the last poll that gave plausible values. */
  readonly lastGoodMs: number | null;
  readonly latencyMs: number | null;
  readonly failures: number;
  readonly garbageInARow: number;
  readonly lastFailure: string | null;
}

export const initialHealth = (nowMs: number): Health => ({
  startedMs: nowMs,
  lastGoodMs: null,
  latencyMs: null,
  failures: 0,
  garbageInARow: 0,
  lastFailure: null,
});

export type PollResult =
  | { kind: 'good'; latencyMs: number }
  | { kind: 'garbage'; reason: string }
  /** `answered`: something came back, but no data: not Modbus, or an exception. */
  | { kind: 'failed'; reason: string; answered: boolean };

export function afterPoll(health: Health, result: PollResult, nowMs: number): Health {
  switch (result.kind) {
    case 'good': {
      const latencyMs = health.latencyMs === null ? result.latencyMs : health.latencyMs * 0.7 + result.latencyMs * 0.3;
      return { ...health, lastGoodMs: nowMs, latencyMs, failures: 0, garbageInARow: 0, lastFailure: null };
    }
    case 'garbage':
      return { ...health, garbageInARow: health.garbageInARow + 1, lastFailure: result.reason };
    case 'failed':
      return {
        ...health,
        failures: health.failures + 1,
        // What does not answer at all sends no garbage any more: it is on its way to silent.
        garbageInARow: result.answered ? health.garbageInARow + 1 : 0,
        lastFailure: result.reason,
      };
  }
}

const GARBAGE_IN_A_ROW = 2;
const SLOW_LATENCY_MS = 400;
const STARTING_MS = 8000;

export function stateOf(
  health: Health,
  device: { pollMs: number; maxAgeMs: number },
  nowMs: number,
): { state: HealthState; why: string | null } {
  if (health.garbageInARow >= GARBAGE_IN_A_ROW) {
    return { state: 'garbage', why: health.lastFailure ?? 'It sends implausible values' };
  }
  const sinceMs = nowMs - (health.lastGoodMs ?? health.startedMs);
  if (health.lastGoodMs === null) {
    if (sinceMs < STARTING_MS) return { state: 'starting', why: 'Waiting for the first answer' };
    return { state: 'silent', why: health.lastFailure ?? 'It has not answered yet' };
  }
  if (sinceMs > device.maxAgeMs) return { state: 'silent', why: health.lastFailure ?? `Nothing heard for ${Math.round(sinceMs / 1000)} s` };
  if (health.latencyMs !== null && health.latencyMs > SLOW_LATENCY_MS) {
    return { state: 'slow', why: `It takes ${Math.round(health.latencyMs)} ms to answer` };
  }
  return { state: 'online', why: null };
}
