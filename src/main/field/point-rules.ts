/**
 * From a device's own tags to the plant's points: one table per kind of device. Names, labels, units, the house sign (positive is
 * consumption; SunSpec sources count generation positive and are turned here) and what is plausible.
 */
import type { Unit } from '../../shared/values.ts';

export interface PointRule {
  readonly name: string;
  readonly label: string;
  readonly unit: Unit;
  /** Limits outside of which a value is refused as garbage. */
  readonly low: number;
  readonly high: number;
  /** Counters and states change rarely: the historian keeps them on change and once a minute. */
  readonly slow?: boolean;
}

type Rated = { ratedW: number; nominalV: number };

/** Twice the rating, and some room for very small ones: more is not power but noise. */
const power = (name: string, label: string, { ratedW }: Rated): PointRule => {
  const bound = Math.max(5000, ratedW * 2);
  return { name, label, unit: name.startsWith('VAR') ? 'var' : 'W', low: -bound, high: bound };
};
const voltage = ({ nominalV }: Rated): PointRule => ({ name: 'V', label: 'Voltage', unit: 'V', low: 0, high: nominalV * 1.6 });
/** 0 is what a device without voltage shows. */
const frequency: PointRule = { name: 'Hz', label: 'Frequency', unit: 'Hz', low: 0, high: 75 };
const state: PointRule = { name: 'state', label: 'State', unit: '', low: 0, high: 100, slow: true };
const flag = (name: string, label: string): PointRule => ({ name, label, unit: '', low: 0, high: 1, slow: true });
const counter = (name: string, label: string): PointRule => ({ name, label, unit: 'Wh', low: 0, high: 1e15, slow: true });

export const meterRules = (rated: Rated): PointRule[] => [
  power('W', 'Active power', rated),
  power('VAR', 'Reactive power', rated),
  voltage(rated),
  frequency,
  counter('importWh', 'Imported energy'),
  counter('exportWh', 'Exported energy'),
  flag('coverOpen', 'Terminal cover open'),
];
export const inverterRules = (rated: Rated): PointRule[] => [
  power('W', 'Active power', rated),
  power('VAR', 'Reactive power', rated),
  voltage(rated),
  frequency,
  { name: 'limitPercent', label: 'Power limit', unit: '%', low: 0, high: 100 },
  state,
];
export const batteryRules = (rated: Rated): PointRule[] => [
  power('W', 'Active power', rated),
  power('VAR', 'Reactive power', rated),
  { name: 'SoC', label: 'State of charge', unit: '%', low: 0, high: 100 },
  { ...power('W', '', rated), name: 'setW', label: 'Power set-point' },
  voltage(rated),
  frequency,
  state,
  flag('forming', 'Forms the island'),
];
export const gensetRules = (rated: Rated): PointRule[] => [
  power('W', 'Active power', rated),
  power('VAR', 'Reactive power', rated),
  { ...power('W', '', rated), name: 'setW', label: 'Power set-point' },
  voltage(rated),
  frequency,
  state,
  flag('running', 'Running'),
  { name: 'fuelPercent', label: 'Fuel level', unit: '%', low: 0, high: 100 },
];
export const interconnectionRules = (rated: Rated): PointRule[] => [
  { name: 'gridHz', label: 'Grid side frequency', unit: 'Hz', low: 0, high: 75 },
  { name: 'busHz', label: 'Bus side frequency', unit: 'Hz', low: 0, high: 75 },
  { name: 'gridV', label: 'Grid side voltage', unit: 'V', low: 0, high: 60_000 },
  { name: 'busV', label: 'Bus side voltage', unit: 'V', low: 0, high: 60_000 },
  { name: 'angleDeg', label: 'Angle across the breaker', unit: 'deg', low: -360, high: 360 },
  flag('syncOk', 'Synchronism check permits closing'),
  flag('gridHealthy', 'Main grid healthy'),
  power('W', 'Active power through the breaker', rated),
];
export const switchRules: PointRule[] = [flag('closed', 'Closed'), flag('tripped', 'Tripped by protection')];

export const implausible = (rule: PointRule, value: number): string | null =>
  Number.isFinite(value) && value >= rule.low && value <= rule.high ? null : `${rule.label} of ${value} ${rule.unit} cannot be`;
