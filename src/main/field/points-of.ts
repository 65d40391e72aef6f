/** The points a device of the plant file feeds, with their full ids, labels and limits. */
import type { PlantDevice, PlantFile } from '../../shared/plant-file.ts';
import { batteryRules, gensetRules, interconnectionRules, inverterRules, meterRules, type PointRule, switchRules } from './point-rules.ts';

export interface PlacedRule {
  readonly id: string;
  readonly label: string;
  readonly rule: PointRule;
}

/** Devices measure line to neutral; the plant file's nominal voltage is line to line. */
export const lineToNeutral = (plant: PlantFile): number => plant.nominal.voltageV / Math.sqrt(3);

const highestVoltageV = (plant: PlantFile): number => Math.max(...plant.grid.buses.map((b) => b.nominalKv)) * 1000;

export function rulesOf(device: PlantDevice, plant: PlantFile): PlacedRule[] {
  const unit = plant.grid.units.find((u) => u.controller === device.id);
  const rated = { ratedW: unit?.ratedW ?? device.meter?.ratedW ?? 0, nominalV: lineToNeutral(plant) };
  const own = (rules: readonly PointRule[]): PlacedRule[] =>
    rules.map((rule) => ({ id: `${device.id}.${rule.name}`, label: `${device.name} · ${rule.label}`, rule }));
  switch (device.kind) {
    case 'meter': {
      // The interconnection meter may sit on the side of the main grid.
      const nominalV = device.id === plant.grid.interconnectionMeter ? highestVoltageV(plant) : rated.nominalV;
      return own(meterRules({ ...rated, nominalV }));
    }
    case 'battery':
      return own(batteryRules(rated));
    case 'genset':
      // The genset's controller tells line-to-line voltage.
      return own(gensetRules({ ...rated, nominalV: plant.nominal.voltageV }));
    case 'relay': {
      const switches = plant.grid.switches.filter((s) => s.relay === device.id);
      const channels = switches.flatMap((s) =>
        switchRules.map((rule) => ({ id: `${s.id}.${rule.name}`, label: `${s.name} · ${rule.label}`, rule })),
      );
      const atInterconnection = switches.some((s) => s.kind === 'interconnection');
      return atInterconnection ? [...channels, ...own(interconnectionRules({ ...rated, ratedW: plant.limits.importMaxW * 2 }))] : channels;
    }
    default:
      return own(inverterRules({ ...rated, nominalV: plant.nominal.voltageV }));
  }
}
