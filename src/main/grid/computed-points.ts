/** Points the console computes: kept beside the measured ones under `grid.`, recorded each second, never mistaken for measurements. */
import type { z } from 'zod';
import type { PointInfo } from '../../shared/contract/grid.ts';
import type { Unit, Value } from '../../shared/values.ts';
import type { Sample } from '../kernel/ports.ts';

const POINTS: Record<string, { label: string; unit: Unit }> = {
  frequencyHz: { label: 'Frequency', unit: 'Hz' },
  exchangeW: { label: 'Exchange with the main grid (+ import)', unit: 'W' },
  demandW: { label: 'Demand', unit: 'W' },
  supplyW: { label: 'Supply', unit: 'W' },
  lossW: { label: 'Losses', unit: 'W' },
  vMinPu: { label: 'Lowest voltage', unit: 'pu' },
  vMaxPu: { label: 'Highest voltage', unit: 'pu' },
  solarW: { label: 'Solar generation', unit: 'W' },
  windW: { label: 'Wind generation', unit: 'W' },
  hydroW: { label: 'Hydro generation', unit: 'W' },
  biomassW: { label: 'Biomass generation', unit: 'W' },
  gensetW: { label: 'Genset generation', unit: 'W' },
  batteryW: { label: 'Battery (+ discharge)', unit: 'W' },
};
const MISSING: Value = { value: null, quality: 'missing', timeMs: null, reason: 'Not computed yet' };

export interface ComputedPoints {
  set(name: string, value: Value): void;
  read(point: string): Value;
  points(): z.infer<typeof PointInfo>[];
  samples(nowMs: number): Sample[];
}

export function computedPoints(): ComputedPoints {
  const values = new Map<string, Value>();
  return {
    set(name, value) {
      if (POINTS[name]) values.set(`grid.${name}`, value);
    },
    read: (point) => values.get(point) ?? MISSING,
    points: () =>
      [...values.keys()].map((id) => {
        const about = POINTS[id.slice('grid.'.length)] as { label: string; unit: Unit };
        return { id, label: about.label, unit: about.unit, device: 'grid', deviceName: 'Grid (computed)', maxAgeMs: 5000 };
      }),
    samples: (nowMs) =>
      [...values].flatMap(([point, v]) => (v.value === null ? [] : [{ point, timeMs: nowMs, value: v.value, quality: v.quality }])),
  };
}
