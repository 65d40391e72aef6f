/**
 * One report of the whole grid for each market interval: means of measured values over it. A value that was not good for at least half of the
 * interval is unknown, and then nothing is reported, because the contract has no word for unknown.
 */
import type { PlantFile } from '../../shared/plant-file.ts';
import type { Value } from '../../shared/values.ts';
import type { ProcessImage } from '../kernel/ports.ts';

export interface GridMeans {
  readonly frequencyMHz: number;
  /** At the interconnection, phase to neutral. */
  readonly voltageMV: number;
  readonly demandW: number;
  readonly supplyW: number;
}
export type IntervalReport =
  | { readonly kind: 'known'; readonly interval: number; readonly means: GridMeans; readonly exchangeW: number | null }
  | { readonly kind: 'unknown'; readonly interval: number; readonly why: string };

const NAMES = {
  frequency: 'the frequency',
  voltage: 'the voltage at the interconnection',
  demand: 'demand',
  supply: 'supply',
  exchange: 'the exchange',
};
type Column = keyof typeof NAMES;
const COLUMNS = Object.keys(NAMES) as Column[];
const GOOD_SHARE = 0.5;

export interface StatusRecorder {
  /** Takes the present values; once the interval has changed, the report of the finished one. Its first, partial interval is not reported. */
  sample(interval: number, image: ProcessImage): IntervalReport | null;
}

export function createStatusRecorder(plant: PlantFile): StatusRecorder {
  const phaseV = plant.nominal.voltageV / Math.sqrt(3);
  const voltage = plant.grid.interconnectionMeter;
  const points: Record<Column, string> = {
    frequency: 'grid.frequencyHz',
    voltage: `${voltage}.V`,
    demand: 'grid.demandW',
    supply: 'grid.supplyW',
    exchange: 'grid.exchangeW',
  };
  let running: number | null = null;
  let whole = false;
  let samples = 0;
  let sums = new Map<Column, { sum: number; n: number }>();

  const finish = (interval: number): IntervalReport => {
    const mean = (column: Column): number | null => {
      const s = sums.get(column);
      return s && samples > 0 && s.n / samples >= GOOD_SHARE ? s.sum / s.n : null;
    };
    const [hz, volt, demand, supply, exchange] = COLUMNS.map(mean) as [number | null, ...(number | null)[]];
    const missing = COLUMNS.filter((c) => c !== 'exchange' && mean(c) === null).map((c) => NAMES[c]);
    if (hz === null || volt == null || demand == null || supply == null)
      return {
        kind: 'unknown',
        interval,
        why: `Not reported: ${missing.join(', ')} ${missing.length === 1 ? 'was' : 'were'} not known for at least half of the interval.`,
      };
    // Devices tell line to neutral or line to line; the two are too far apart to be confused.
    const neutral = volt > phaseV * 1.4 ? volt / Math.sqrt(3) : volt;
    return {
      kind: 'known',
      interval,
      means: {
        frequencyMHz: Math.round(hz * 1000),
        voltageMV: Math.round(neutral * 1000),
        demandW: Math.max(0, Math.round(demand)),
        supplyW: Math.max(0, Math.round(supply)),
      },
      exchangeW: exchange == null ? null : Math.round(Math.abs(exchange)),
    };
  };
  const good = (v: Value): v is Value & { value: number } => v.quality === 'good' && v.value !== null && Number.isFinite(v.value);

  return {
    sample(interval, image) {
      let report: IntervalReport | null = null;
      if (interval !== running) {
        if (running !== null && whole && interval === running + 1) report = finish(running);
        whole = running !== null && interval === running + 1;
        running = interval;
        samples = 0;
        sums = new Map();
      }
      samples++;
      for (const column of COLUMNS) {
        const v = image.read(points[column]);
        if (!good(v)) continue;
        const s = sums.get(column) ?? { sum: 0, n: 0 };
        s.sum += v.value;
        s.n++;
        sums.set(column, s);
      }
      return report;
    },
  };
}
