/**
 * The market's clock. On a simulated plant it runs `speed` times faster than the wall and stands still while the console is off; on a
 * real plant it is the wall clock, held whenever that steps back. It never runs backwards: every few seconds a ceiling a little ahead is
 * made durable, and a start after a crash goes on from there. A real plant's wall clock that had jumped ahead by more than an interval and was
 * set right is believed at the next start: what it told meanwhile is not made durable, or the market would stand still until time caught up.
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
  /** From gate closure to delivery: gateways give no receipt from then on. */
  gateLeadMs: number;
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
  kernel: Pick<Kernel, 'clock' | 'store' | 'journal' | 'plant' | 'simulated' | 'log' | 'alarms'>,
  options: MarketClockOptions,
): MarketClockService {
  const { clock, store, plant } = kernel;
  const { intervalMs, gateClosesBeforeEndMs: gateLeadMs } = plant.market;
  const log = kernel.log.child('market clock');
  const listeners = new Set<() => void>();
  let speed = kernel.simulated ? options.speed : 1;
  let anchorPlantMs = 0;
  let anchorMonotonicMs = 0;
  let highWaterMs = 0;
  let requiredMs = 0;
  let running = false;
  let seen = { wallMs: 0, monotonicMs: 0 };
  let cancel = () => {};

  const raw = (): number => (kernel.simulated ? anchorPlantMs + (clock.monotonicMs() - anchorMonotonicMs) * speed : clock.nowMs());
  const plantNowMs = (): number => {
    if (!running) return highWaterMs;
    highWaterMs = Math.max(highWaterMs, Math.floor(raw()));
    return highWaterMs;
  };
  /** How far the market's time is ahead of a real plant's wall clock, when that is more than a small step back explains. */
  const strayMs = (plantTimeMs: number): number => {
    const aheadMs = plantTimeMs - clock.nowMs();
    return !kernel.simulated && aheadMs > intervalMs ? aheadMs : 0;
  };
  const durable = (plantTimeMs: number): number => Math.floor(strayMs(plantTimeMs) > 0 ? clock.nowMs() : plantTimeMs);
  const persist = (plantTimeMs: number): void => {
    store.write((db) =>
      db
        .prepare(
          `INSERT INTO market_clock (id, plant_time_ms, wall_time_ms, speed) VALUES (1, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET plant_time_ms = ${kernel.simulated ? 'max(plant_time_ms, excluded.plant_time_ms)' : 'excluded.plant_time_ms'}, wall_time_ms = excluded.wall_time_ms, speed = excluded.speed`,
        )
        .run(durable(plantTimeMs), clock.nowMs(), speed),
    );
  };
  /** Durable ceiling: nothing is told to anybody beyond it before the next one is written. */
  const persistCeiling = (): void => persist(plantNowMs() + (kernel.simulated ? speed * PERSIST_EVERY_MS * 2 : 0));
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const words = (ms: number): string => `${Math.round(ms / 60_000)} minutes`;
  /** A real plant's wall clock that was set: forward it takes the market with it, back it holds it still. Both are said. */
  const watchWall = (): void => {
    if (kernel.simulated) return;
    const now = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
    const jumpMs = now.wallMs - seen.wallMs - (now.monotonicMs - seen.monotonicMs);
    seen = now;
    if (jumpMs > intervalMs) {
      log.warn('the wall clock jumped ahead, and the market with it', { jumpMs });
      kernel.journal.record({
        who: 'market clock',
        kind: 'fault',
        title: 'The wall clock jumped ahead',
        text: `It went ${words(jumpMs)} ahead at once, and the market with it: the intervals between have no round. If it was wrong, set it right and start the console again.`,
        outcome: 'done',
      });
    }
    const heldMs = strayMs(plantNowMs());
    const value = `the market’s time is ${words(heldMs)} ahead of the wall clock`;
    kernel.alarms.set('market.clockHeld', 'market', heldMs > 0, { sourceName: 'Market clock', page: 'market', value });
  };
  const persistSafely = (): void => {
    try {
      persistCeiling();
      watchWall();
    } catch (cause) {
      kernel.log.error('market clock: its time could not be made durable', { cause: String(cause) });
    }
  };

  kernel.alarms.define({
    kind: 'market.clockHeld',
    priority: 2,
    title: 'The market stands still: its clock is ahead',
    cause:
      'The wall clock had been ahead and was set back by more than an interval. The market’s time never runs backwards while the console runs.',
    consequence: 'No gate closes and no round opens until the wall clock has caught up.',
    action: 'Make sure that the wall clock is right now, then start the console again: it goes on from the wall clock.',
    respondWithinS: 900,
  });

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
      text: `An interval now lasts ${(intervalMs / next / 1000).toFixed(0)} s instead of ${(intervalMs / before / 1000).toFixed(0)} s; it must leave time for the proofs of a round, and for binding its orders, on this machine.`,
      outcome: 'done',
    });
    tell();
  };

  return {
    name: 'market clock',
    async start() {
      const row = store.read.prepare('SELECT plant_time_ms FROM market_clock WHERE id = 1').get() as { plant_time_ms: number } | undefined;
      const first = options.startPlantTimeMs ?? Math.floor(clock.nowMs() / intervalMs) * intervalMs;
      const kept = row?.plant_time_ms ?? (kernel.simulated ? first : clock.nowMs());
      anchorPlantMs = durable(kept);
      if (strayMs(kept) > 0)
        log.warn('the time kept from the last run is ahead of the wall clock by more than an interval; the wall clock counts', {
          keptMs: kept,
        });
      seen = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
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
      store.write((db) =>
        db.prepare('UPDATE market_clock SET plant_time_ms = ?, wall_time_ms = ? WHERE id = 1').run(durable(now), clock.nowMs()),
      );
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
    message: () => ({ schema: 'clock/1', plantTimeMs: plantNowMs(), wallTimeMs: clock.nowMs(), speed, intervalMs, gateLeadMs }),
  };
}
