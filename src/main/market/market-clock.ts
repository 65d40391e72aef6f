/**
 * The market's clock. On a simulated plant it runs `speed` times faster than the wall and stands still while the console is off; on a
 * real plant it is the wall clock, held whenever that steps back. It never runs backwards: every few seconds a ceiling a little ahead is
 * made durable, and a start after a crash goes on from there.
 */
import type { Kernel, MarketClock, Service } from '../kernel/ports.ts';

export interface MarketClockOptions {
  /** Plant time per wall time, 1 on a real plant. */
  readonly speed: number;
  /** Where a simulated plant's time begins on its first start; default: now, at the start of an interval. */
  readonly startPlantTimeMs?: number;
}

export interface ClockMessage {
  schema: 'clock/1';
  plantTimeMs: number;
  wallTimeMs: number;
  speed: number;
  intervalMs: number;
}

export interface MarketClockService extends MarketClock, Service {
  /** What is published retained on `busbar/clock`. */
  message(): ClockMessage;
  /** The shortest interval in wall time that has been asked for. */
  requiredIntervalMs(): number;
  /** As requireIntervalAtLeastMs, but may also relax what was required before. */
  setLeastIntervalMs(wallMs: number): void;
}

const PERSIST_EVERY_MS = 5_000;

export function createMarketClock(
  kernel: Pick<Kernel, 'clock' | 'store' | 'journal' | 'plant' | 'simulated' | 'log'>,
  options: MarketClockOptions,
): MarketClockService {
  const { clock, store, plant } = kernel;
  const intervalMs = plant.market.intervalMs;
  const listeners = new Set<() => void>();
  let speed = kernel.simulated ? options.speed : 1;
  let anchorPlantMs = 0;
  let anchorMonotonicMs = 0;
  let highWaterMs = 0;
  let requiredMs = 0;
  let running = false;
  let cancel = () => {};

  const raw = (): number => (kernel.simulated ? anchorPlantMs + (clock.monotonicMs() - anchorMonotonicMs) * speed : clock.nowMs());
  const plantNowMs = (): number => {
    if (!running) return highWaterMs;
    highWaterMs = Math.max(highWaterMs, Math.floor(raw()));
    return highWaterMs;
  };
  const persist = (plantTimeMs: number): void => {
    store.write((db) =>
      db
        .prepare(
          `INSERT INTO market_clock (id, plant_time_ms, wall_time_ms, speed) VALUES (1, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET plant_time_ms = max(plant_time_ms, excluded.plant_time_ms), wall_time_ms = excluded.wall_time_ms, speed = excluded.speed`,
        )
        .run(Math.floor(plantTimeMs), clock.nowMs(), speed),
    );
  };
  /** Durable ceiling: nothing is told to anybody beyond it before the next one is written. */
  const persistCeiling = (): void => persist(plantNowMs() + (kernel.simulated ? speed * PERSIST_EVERY_MS * 2 : 0));
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const persistSafely = (): void => {
    try {
      persistCeiling();
    } catch (cause) {
      kernel.log.error('market clock: its time could not be made durable', { cause: String(cause) });
    }
  };

  /** Speed is what was asked for, or less when an interval must last longer. Small differences are not worth a change. */
  const setLeast = (wallMs: number): void => {
    requiredMs = wallMs;
    if (!kernel.simulated) return;
    const next = Math.min(options.speed, wallMs > 0 ? intervalMs / wallMs : options.speed);
    if (next === speed || (next < options.speed && Math.abs(next / speed - 1) < 0.1 && next > speed)) return;
    if (running) {
      anchorPlantMs = plantNowMs();
      anchorMonotonicMs = clock.monotonicMs();
    }
    const before = speed;
    speed = next;
    if (!running) return;
    persistSafely();
    kernel.journal.record({
      who: 'market clock',
      kind: 'decision',
      title: next < before ? 'Slow the market' : 'Let the market run faster',
      text: `An interval now lasts ${(intervalMs / next / 1000).toFixed(0)} s instead of ${(intervalMs / before / 1000).toFixed(0)} s; it must leave time for a proof on this machine.`,
      outcome: 'done',
    });
    tell();
  };

  return {
    name: 'market clock',
    async start() {
      const row = store.read.prepare('SELECT plant_time_ms FROM market_clock WHERE id = 1').get() as { plant_time_ms: number } | undefined;
      const first = options.startPlantTimeMs ?? Math.floor(clock.nowMs() / intervalMs) * intervalMs;
      anchorPlantMs = row?.plant_time_ms ?? (kernel.simulated ? first : clock.nowMs());
      anchorMonotonicMs = clock.monotonicMs();
      highWaterMs = anchorPlantMs;
      running = true;
      persistCeiling();
      cancel = clock.setInterval(persistSafely, PERSIST_EVERY_MS);
      tell();
    },
    async stop() {
      if (!running) return;
      cancel();
      const now = plantNowMs();
      running = false;
      // A clean stop gives the ceiling back: time goes on exactly where it stopped.
      store.write((db) => db.prepare('UPDATE market_clock SET plant_time_ms = ?, wall_time_ms = ? WHERE id = 1').run(now, clock.nowMs()));
    },
    plantNowMs,
    speed: () => speed,
    intervalMs: () => intervalMs,
    currentInterval: () => Math.floor(plantNowMs() / intervalMs),
    wallMsUntil: (plantTimeMs) => (plantTimeMs - plantNowMs()) / speed,
    requiredIntervalMs: () => requiredMs,
    requireIntervalAtLeastMs: (wallMs) => setLeast(Math.max(requiredMs, wallMs)),
    setLeastIntervalMs: setLeast,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    message: () => ({ schema: 'clock/1', plantTimeMs: plantNowMs(), wallTimeMs: clock.nowMs(), speed, intervalMs }),
  };
}
