/** A set-point that falls back to a safe value when nobody renews it (SunSpec *_RvrtTms, device profiles' setpointRevertS). */
export interface RevertTimer {
  remainingS: number;
  /** Seconds after a write; 0 means the set-point stays until it is changed. */
  periodS: number;
}

export function createRevertTimer(periodS: number): RevertTimer {
  return { remainingS: 0, periodS };
}

export function renew(timer: RevertTimer): void {
  timer.remainingS = timer.periodS;
}

/** True in the step in which the set-point runs out. */
export function stepRevertTimer(timer: RevertTimer, dtS: number): boolean {
  if (timer.remainingS <= 0) return false;
  timer.remainingS = Math.max(0, timer.remainingS - dtS);
  return timer.remainingS === 0;
}
