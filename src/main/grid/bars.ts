/** The six analogue bars of the overview, each with scale, normal band, limit and where it is measured. */
import type { Bar, GridState } from '../../shared/contract/grid.ts';
import type { PlantFile } from '../../shared/plant-file.ts';
import type { Value } from '../../shared/values.ts';
import type { ControlService } from '../control/control-service.ts';
import type { FieldService } from '../field/field-service.ts';
import type { GridService } from './grid-service.ts';
import { createSpark, type Spark } from './spark-ring.ts';

export interface Bars {
  sample(monotonicMs: number): void;
  list(): Bar[];
}

const MISSING: Value = { value: null, quality: 'missing', timeMs: null, reason: 'Nothing is fed' };

export function createBars(plant: PlantFile, deps: { field: FieldService; grid: GridService; control: ControlService }): Bars {
  const { field, grid, control } = deps;
  const { limits, nominal } = plant;
  const battery = plant.grid.units.find((u) => u.kind === 'battery');
  const sparks = new Map<string, Spark>();
  const names = new Map(plant.grid.buses.map((b) => [b.id, b.name]));

  const extreme = (state: GridState, pick: (a: number, b: number) => boolean): { value: Value; where: string | null } => {
    let best: { value: Value; where: string | null } = { value: MISSING, where: null };
    for (const [id, bus] of Object.entries(state.buses)) {
      if (bus.state !== 'energised' || bus.vmPu.value === null || bus.vmPu.value < 0.3) continue;
      if (best.value.value === null || pick(bus.vmPu.value, best.value.value)) best = { value: bus.vmPu, where: names.get(id) ?? id };
    }
    return best;
  };
  const soc = (): Value => (battery?.controller ? field.image.read(`${battery.controller}.SoC`) : MISSING);
  const now = (): Record<string, { value: Value; where: string | null }> => {
    const state = grid.state();
    return {
      frequency: { value: grid.frequency(), where: null },
      vMin: extreme(state, (a, b) => a < b),
      vMax: extreme(state, (a, b) => a > b),
      exchange: { value: grid.exchange(), where: null },
      reserve: { value: control.reserve().upW, where: null },
      soc: { value: soc(), where: battery?.name ?? null },
    };
  };
  const scale = (): Omit<Bar, 'value' | 'where' | 'spark'>[] => {
    const band = nominal.frequencyHz - limits.frequencyMinHz;
    const reserveScaleW = Math.max(
      1000,
      ...plant.grid.units.filter((u) => u.kind === 'battery' || u.kind === 'genset').map((u) => u.ratedW * 2),
    );
    return [
      {
        id: 'frequency',
        label: 'Frequency',
        unit: 'Hz',
        low: nominal.frequencyHz - 2 * band,
        high: nominal.frequencyHz + 2 * band,
        normalLow: limits.frequencyMinHz,
        normalHigh: limits.frequencyMaxHz,
        setPoint: nominal.frequencyHz,
      },
      {
        id: 'vMin',
        label: 'Lowest voltage',
        unit: 'pu',
        low: limits.voltageMinPu - 0.05,
        high: limits.voltageMaxPu + 0.05,
        normalLow: limits.voltageMinPu,
        normalHigh: limits.voltageMaxPu,
        setPoint: 1,
      },
      {
        id: 'vMax',
        label: 'Highest voltage',
        unit: 'pu',
        low: limits.voltageMinPu - 0.05,
        high: limits.voltageMaxPu + 0.05,
        normalLow: limits.voltageMinPu,
        normalHigh: limits.voltageMaxPu,
        setPoint: 1,
      },
      {
        id: 'exchange',
        label: 'Exchange with the main grid',
        unit: 'W',
        low: -limits.exportMaxW * 1.2,
        high: limits.importMaxW * 1.2,
        normalLow: -limits.exportMaxW,
        normalHigh: plant.control.peakImportW,
        setPoint: null,
      },
      {
        id: 'reserve',
        label: 'Reserve',
        unit: 'W',
        low: 0,
        high: reserveScaleW,
        normalLow: reserveScaleW * 0.1,
        normalHigh: null,
        setPoint: null,
      },
      {
        id: 'soc',
        label: 'State of charge',
        unit: '%',
        low: 0,
        high: 100,
        normalLow: plant.control.batterySocMinPercent,
        normalHigh: plant.control.batterySocMaxPercent,
        setPoint: null,
      },
    ];
  };
  const fixed = scale();
  for (const bar of fixed) sparks.set(bar.id, createSpark());

  return {
    sample(monotonicMs) {
      for (const [id, { value }] of Object.entries(now())) {
        sparks.get(id)?.add(value.quality === 'good' || value.quality === 'estimated' ? value.value : null, monotonicMs);
      }
    },
    list() {
      const values = now();
      return fixed.map((bar) => ({
        ...bar,
        ...(values[bar.id] ?? { value: MISSING, where: null }),
        spark: sparks.get(bar.id)?.values() ?? [],
      }));
    },
  };
}
