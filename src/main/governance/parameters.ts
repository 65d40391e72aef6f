/** Parameters as their events tell them, with unit and name in words. The unit is the last part of a key. */
import type { Database } from 'better-sqlite3';
import { decodeBytes32String, encodeBytes32String } from 'ethers';
import { eventsOf, evidence } from '../ledger/events.ts';

export interface ParameterNow {
  readonly key: string;
  readonly name: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly unit: string;
  readonly source: string;
  readonly since: ReturnType<typeof evidence>;
}
const UNITS: Record<string, string> = {
  gPerKWh: 'g CO2e/kWh',
  mgPerWh: 'mg CO2e/Wh',
  mcPerKWh: 'milli-cents/kWh',
  bps: 'hundredths of a per cent',
};
const GROUPS: Record<string, string> = { factor: 'Emission factor', levy: 'Levy', tariff: 'Tariff', fee: 'Fee', bond: 'Bond' };

export const keyBytes = (key: string): string => encodeBytes32String(key);
const textOf = (bytes: string): string => {
  try {
    return decodeBytes32String(bytes);
  } catch {
    return bytes;
  }
};
export const unitOf = (key: string): string => {
  const last = key.split('.').at(-1) ?? '';
  return UNITS[last] ?? last;
};
export const nameOf = (key: string): string => {
  const [group = '', subject = ''] = key.split('.');
  return GROUPS[group] ? `${GROUPS[group]}: ${subject}` : key;
};

export function parametersOf(db: Database): ParameterNow[] {
  const all = new Map<string, ParameterNow>();
  for (const event of eventsOf(db, 'Parameters', ['ParameterDefined', 'ParameterSet'])) {
    const { args } = event;
    const key = textOf(args.key ?? '');
    const now = { value: Number(args.value), source: args.source ?? '', since: evidence(event) };
    const known = all.get(key);
    if (event.name === 'ParameterDefined')
      all.set(key, { key, name: nameOf(key), unit: unitOf(key), min: Number(args.min), max: Number(args.max), ...now });
    else if (known) all.set(key, { ...known, ...now });
  }
  return [...all.values()];
}
