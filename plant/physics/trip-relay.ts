/** Interface protection: the shall-trip table of the plant file, evaluated with one timer per step. */
import type { TripProfile } from '../../src/shared/plant-file.ts';

export type TripCause = 'under-frequency' | 'over-frequency' | 'under-voltage' | 'over-voltage';

interface Step {
  readonly cause: TripCause;
  readonly beyond: (frequencyHz: number, voltagePu: number) => boolean;
  readonly clearingTimeS: number;
}

export interface TripRelay {
  readonly steps: readonly Step[];
  readonly timersS: Float64Array;
}

export function createTripRelay(profile: Omit<TripProfile, 'id' | 'source'>): TripRelay {
  const steps: Step[] = [
    ...profile.underFrequency.map(
      (s): Step => ({ cause: 'under-frequency', beyond: (f) => f < s.threshold, clearingTimeS: s.clearingTimeS }),
    ),
    ...profile.overFrequency.map(
      (s): Step => ({ cause: 'over-frequency', beyond: (f) => f > s.threshold, clearingTimeS: s.clearingTimeS }),
    ),
    ...profile.underVoltage.map(
      (s): Step => ({ cause: 'under-voltage', beyond: (_f, v) => v < s.threshold, clearingTimeS: s.clearingTimeS }),
    ),
    ...profile.overVoltage.map(
      (s): Step => ({ cause: 'over-voltage', beyond: (_f, v) => v > s.threshold, clearingTimeS: s.clearingTimeS }),
    ),
  ];
  return { steps, timersS: new Float64Array(steps.length) };
}

/** Advances the timers; returns why it trips in this step, or null. A value back inside its band resets its timer. */
export function stepTripRelay(relay: TripRelay, frequencyHz: number, voltagePu: number, dtS: number): TripCause | null {
  let tripped: TripCause | null = null;
  relay.steps.forEach((step, i) => {
    if (!step.beyond(frequencyHz, voltagePu)) {
      relay.timersS[i] = 0;
      return;
    }
    relay.timersS[i] = (relay.timersS[i] as number) + dtS;
    if (tripped === null && (relay.timersS[i] as number) >= step.clearingTimeS - 1e-9) tripped = step.cause;
  });
  return tripped;
}

export function resetTripRelay(relay: TripRelay): void {
  relay.timersS.fill(0);
}
