/**
 * Plant time as the console tells it (`busbar/clock`), or running by itself. It never goes back: after a step back it waits until the
 * told time has caught up.
 */
export interface ClockMessage {
  plantTimeMs: number;
  wallTimeMs: number;
  speed: number;
  intervalMs: number;
  /** From gate closure to delivery; absent: 0. */
  gateLeadMs?: number | undefined;
}

export interface PlantClock {
  /** Null while a clock is to be followed and has not been heard of yet. */
  now(): { plantTimeMs: number; speed: number } | null;
  follow(message: ClockMessage): void;
  /** Plant time stands still until the next message: the console that owns it is gone, and its market with it. */
  hold(): void;
  intervalMs(): number;
  /** How long before delivery the gate closes, as the console told; 0 before it did. */
  gateLeadMs(): number;
}

/**
 * `monotonicMs` drives it, `wallMs` (UTC) only places a message that was sent a while ago. `freeRun`: start there without waiting for messages.
 */
export function createPlantClock(options: {
  monotonicMs: () => number;
  wallMs: () => number;
  intervalMs: number;
  floorMs?: number;
  freeRun?: { startMs: number; speed: number };
}): PlantClock {
  let anchor: { plantMs: number; atMs: number; speed: number } | null = options.freeRun
    ? { plantMs: options.freeRun.startMs, atMs: options.monotonicMs(), speed: options.freeRun.speed }
    : null;
  let intervalMs = options.intervalMs;
  let gateLeadMs = 0;
  let latestMs = options.floorMs ?? Number.NEGATIVE_INFINITY;
  const toldMs = (): number => (anchor ? anchor.plantMs + (options.monotonicMs() - anchor.atMs) * anchor.speed : latestMs);
  return {
    intervalMs: () => intervalMs,
    gateLeadMs: () => gateLeadMs,
    follow(message) {
      const ageMs = Math.max(0, options.wallMs() - message.wallTimeMs);
      anchor = { plantMs: message.plantTimeMs + ageMs * message.speed, atMs: options.monotonicMs(), speed: message.speed };
      intervalMs = message.intervalMs;
      gateLeadMs = message.gateLeadMs ?? 0;
    },
    hold() {
      if (!anchor || options.freeRun) return;
      anchor = { plantMs: toldMs(), atMs: options.monotonicMs(), speed: 0 };
    },
    now() {
      if (!anchor) return null;
      latestMs = Math.max(latestMs, toldMs());
      return { plantTimeMs: latestMs, speed: anchor.speed };
    },
  };
}
