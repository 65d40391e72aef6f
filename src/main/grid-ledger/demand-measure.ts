/**
 * From validated readings to what is recorded after an event. An event's times are the chain's; the plant's own time runs differently on a
 * simulated plant, so the moment an event begins and ends is noted in plant time while it happens, durably.
 */
import type { Database } from 'better-sqlite3';
import { BASELINE_INTERVALS, meanW, type Response, responseOf } from '../../domain/grid/demand-response.ts';
import type { Kernel, MarketClock } from '../kernel/ports.ts';
import type { ChainDemandEvent } from './demand-events.ts';

/** Later than this the console was off or the chain away: a simulated plant's time stood still meanwhile. */
const NOTICED_IN_TIME_MS = 10_000;

interface Window {
  readonly startsPlantMs: number;
  readonly endsPlantMs: number | null;
}

export function createDemandMeasure(
  kernel: Pick<Kernel, 'store' | 'simulated'>,
  marketClock: Pick<MarketClock, 'plantNowMs' | 'speed' | 'intervalMs' | 'currentInterval'>,
) {
  const { store } = kernel;
  const windowOf = (e: ChainDemandEvent): Window | undefined =>
    store.read
      .prepare(
        'SELECT starts_plant_ms AS startsPlantMs, ends_plant_ms AS endsPlantMs FROM demand_window WHERE request = ? AND starts_s = ?',
      )
      .get(e.id, e.startsS) as Window | undefined;
  /** Plant time of a moment of the chain that has just passed. */
  const plantAt = (momentMs: number, chainNowMs: number): number => {
    if (!kernel.simulated) return momentMs;
    const lateMs = chainNowMs - momentMs;
    return Math.floor(marketClock.plantNowMs() - (lateMs <= NOTICED_IN_TIME_MS ? lateMs * marketClock.speed() : 0));
  };

  return {
    /** Notes the plant times of what began or ended since it was asked last. */
    note(events: readonly ChainDemandEvent[], chainNowMs: number): void {
      for (const e of events) {
        const window = windowOf(e);
        if (!window && chainNowMs >= e.startsS * 1000)
          store.write((db) =>
            db
              .prepare('INSERT INTO demand_window (request, starts_s, starts_plant_ms) VALUES (?, ?, ?)')
              .run(e.id, e.startsS, plantAt(e.startsS * 1000, chainNowMs)),
          );
        else if (window && window.endsPlantMs === null && chainNowMs >= e.endsS * 1000)
          store.write((db) =>
            db
              .prepare('UPDATE demand_window SET ends_plant_ms = ? WHERE request = ? AND starts_s = ?')
              .run(plantAt(e.endsS * 1000, chainNowMs), e.id, e.startsS),
          );
      }
    },
    /** null while the event is not over. */
    measure(e: ChainDemandEvent, meterId: number, offeredW: number): Response | null {
      const window = windowOf(e);
      if (!window || window.endsPlantMs === null) return null;
      const intervalMs = marketClock.intervalMs();
      const from = Math.floor(window.startsPlantMs / intervalMs) - BASELINE_INTERVALS;
      const drawn = drawnOf(store.read, meterId, from, Math.floor(window.endsPlantMs / intervalMs));
      return responseOf({ drawn, startsMs: window.startsPlantMs, endsMs: window.endsPlantMs, intervalMs, offeredW });
    },
    /** Mean of what a member drew in the last whole intervals, W; null when a reading of them is missing. */
    drawnW(meterId: number): number | null {
      // The last interval's reading may still be on its way.
      const end = marketClock.currentInterval() - 1;
      const wh = [...drawnOf(store.read, meterId, end - BASELINE_INTERVALS, end).values()];
      return wh.length === 0 ? null : meanW(wh, marketClock.intervalMs());
    },
  };
}

/** Energy drawn by readings that cover exactly one interval, `from` ≤ interval < `end`. */
function drawnOf(db: Database, meterId: number, from: number, end: number): Map<number, number> {
  const rows = db
    .prepare(
      `SELECT interval, import_delta_wh AS wh FROM reading
       WHERE meter_id = ? AND interval >= ? AND interval < ? AND intervals_covered = 1 AND import_delta_wh IS NOT NULL`,
    )
    .all(meterId, from, end) as { interval: number; wh: number }[];
  return new Map(rows.map((r) => [r.interval, r.wh]));
}
