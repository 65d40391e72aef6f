/** Mean powers of each market interval, for the plant's day on the Overview. Sampled from the process image once a second. */
import type { z } from 'zod';
import type { DayPoint } from '../../shared/contract/grid.ts';
import type { Kernel, MarketClock, ProcessImage } from '../kernel/ports.ts';

type Point = z.infer<typeof DayPoint>;
const COLUMNS = ['load', 'solar', 'wind', 'hydro', 'genset', 'battery', 'exchange', 'carbon'] as const;
type Column = (typeof COLUMNS)[number];

export interface DayRecorder {
  sample(): void;
  points(count?: number): Point[];
}

export function createDayRecorder(
  kernel: Pick<Kernel, 'store' | 'plant'>,
  deps: { image: () => ProcessImage | null; marketClock: Pick<MarketClock, 'currentInterval'>; carbonGPerKwh: () => number | null },
): DayRecorder {
  const { store, plant } = kernel;
  const points = (kind: string) => plant.devices.filter((d) => d.kind === kind).map((d) => `${d.id}.W`);
  const sources: Record<Exclude<Column, 'carbon'>, { points: string[]; sign: 1 | -1 }> = {
    load: { points: ['grid.demandW'], sign: 1 },
    solar: { points: points('solar-inverter'), sign: -1 },
    wind: { points: points('wind-inverter'), sign: -1 },
    hydro: { points: points('hydro-controller'), sign: -1 },
    genset: { points: points('genset'), sign: -1 },
    battery: { points: points('battery'), sign: 1 },
    exchange: { points: ['grid.exchangeW'], sign: 1 },
  };
  let interval = -1;
  let sums = new Map<Column, { sum: number; n: number }>();
  const mean = (column: Column): number | null => {
    const entry = sums.get(column);
    return entry && entry.n > 0 ? entry.sum / entry.n : null;
  };
  const flush = (): void => {
    if (interval < 0 || sums.size === 0) return;
    const values = COLUMNS.map(mean);
    store.write((db) =>
      db
        .prepare(
          'INSERT OR REPLACE INTO day_point (interval, load_w, solar_w, wind_w, hydro_w, genset_w, battery_w, exchange_w, carbon_g_per_kwh) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        )
        .run(interval, ...values),
    );
  };
  const add = (column: Column, value: number | null): void => {
    if (value === null) return;
    const entry = sums.get(column) ?? { sum: 0, n: 0 };
    entry.sum += value;
    entry.n++;
    sums.set(column, entry);
  };
  const toPoint = (at: number, values: readonly (number | null)[], price: number | null): Point => {
    const [
      loadW = null,
      solarW = null,
      windW = null,
      hydroW = null,
      gensetW = null,
      batteryW = null,
      exchangeW = null,
      carbonGPerKwh = null,
    ] = values;
    return {
      interval: at,
      startMs: at * plant.market.intervalMs,
      loadW,
      solarW,
      windW,
      hydroW,
      gensetW,
      batteryW,
      exchangeW,
      price,
      carbonGPerKwh,
    };
  };
  const priceOf = (at: number): number | null =>
    (store.read.prepare('SELECT price FROM round WHERE interval = ?').get(at) as { price: number | null } | undefined)?.price ?? null;

  return {
    sample() {
      const image = deps.image();
      const now = deps.marketClock.currentInterval();
      if (now !== interval) {
        flush();
        interval = now;
        sums = new Map();
      }
      if (!image) return;
      for (const [column, { points: ids, sign }] of Object.entries(sources) as [Column, { points: string[]; sign: 1 | -1 }][]) {
        const values = ids.map((id) => image.read(id)).map((v) => (v.quality === 'good' || v.quality === 'estimated' ? v.value : null));
        const known = values.filter((v) => v !== null);
        if (known.length > 0) add(column, sign * known.reduce((sum, v) => sum + v, 0));
      }
      add('carbon', deps.carbonGPerKwh());
    },
    points(count = 96) {
      const rows = store.read
        .prepare('SELECT * FROM day_point WHERE interval < ? ORDER BY interval DESC LIMIT ?')
        .all(interval, count - 1) as Record<string, number | null>[];
      const past = rows
        .map((r) =>
          toPoint(
            r.interval as number,
            ['load_w', 'solar_w', 'wind_w', 'hydro_w', 'genset_w', 'battery_w', 'exchange_w', 'carbon_g_per_kwh'].map((c) => r[c] ?? null),
            priceOf(r.interval as number),
          ),
        )
        .reverse();
      return interval < 0 ? past : [...past, toPoint(interval, COLUMNS.map(mean), priceOf(interval))];
    },
  };
}
