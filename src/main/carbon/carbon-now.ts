/** Carbon intensity of what the community uses right now, from what its devices measure and published life-cycle factors. */
import { EMISSION_FACTORS, type Technology } from '../../domain/carbon/emission-factors.ts';
import { mixIntensity } from '../../domain/carbon/intensity.ts';
import type { SourceKind } from '../../shared/contract/grid.ts';
import type { PlantFile } from '../../shared/plant-file.ts';
import type { ProcessImage } from '../kernel/ports.ts';

export interface MixEntry {
  readonly source: SourceKind;
  readonly powerW: number;
  readonly gPerKwh: number;
  readonly factorSource: string;
}
export interface CarbonNow {
  readonly gPerKwh: number | null;
  readonly mix: MixEntry[];
  readonly timeMs: number | null;
}

const TECHNOLOGY: Partial<Record<PlantFile['devices'][number]['kind'], { source: SourceKind; technology: Technology }>> = {
  'solar-inverter': { source: 'solar', technology: 'solar-rooftop' },
  'wind-inverter': { source: 'wind', technology: 'wind-onshore' },
  'hydro-controller': { source: 'hydro', technology: 'hydro' },
  genset: { source: 'genset', technology: 'diesel' },
};

/** The battery gives back what it was charged with: its factor follows the mix while it charges, from the main grid's at the start. */
export function createCarbonNow(plant: PlantFile, image: () => ProcessImage | null): () => CarbonNow {
  let storedGPerKwh = plant.carbon.gridIntensityGPerKwh;
  return () => {
    const points = image();
    if (!points) return { gPerKwh: null, mix: [], timeMs: null };
    let timeMs: number | null = null;
    const power = (id: string): number | null => {
      const v = points.read(id);
      if (v.value === null || (v.quality !== 'good' && v.quality !== 'estimated')) return null;
      timeMs = Math.max(timeMs ?? 0, v.timeMs ?? 0);
      return v.value;
    };
    const bySource = new Map<SourceKind, MixEntry>();
    const add = (source: SourceKind, powerW: number, gPerKwh: number, factorSource: string): void => {
      if (powerW <= 0) return;
      bySource.set(source, { source, powerW: (bySource.get(source)?.powerW ?? 0) + powerW, gPerKwh, factorSource });
    };
    for (const device of plant.devices) {
      const known = TECHNOLOGY[device.kind];
      const factor = known && EMISSION_FACTORS[known.technology];
      if (known && factor) add(known.source, -(power(`${device.id}.W`) ?? 0), factor.gCo2PerKWh.median, factor.source);
    }
    const exchangeW = power('grid.exchangeW');
    add('grid', exchangeW ?? 0, plant.carbon.gridIntensityGPerKwh, plant.carbon.source);
    const withoutStore = mixIntensity([...bySource.values()].map((m) => ({ gCo2PerKWh: m.gPerKwh, energyWh: m.powerW }))).gCo2PerKWh;
    for (const device of plant.devices.filter((d) => d.kind === 'battery')) {
      const powerW = power(`${device.id}.W`) ?? 0;
      // Slow average: about half an hour of samples.
      if (powerW > 0 && withoutStore !== null) storedGPerKwh += (withoutStore - storedGPerKwh) * 0.0005;
      add('battery', -powerW, storedGPerKwh, 'mix at which it was charged');
    }
    const mix = [...bySource.values()];
    return { gPerKwh: mixIntensity(mix.map((m) => ({ gCo2PerKWh: m.gPerKwh, energyWh: m.powerW }))).gCo2PerKWh, mix, timeMs };
  };
}
