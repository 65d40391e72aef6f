/**
 * Numbers as an operator reads them. Power in kW, energy in kWh, prices in ct/kWh, money in the plant's currency; a true minus sign;
 * never more digits than the meter can tell. Money is computed with BigInt, never with floating point.
 */
import type { Unit } from '../../shared/values.ts';

export interface Shown {
  readonly text: string;
  readonly unit: string;
}
const MINUS = '−';
const THIN = ' ';

/** Fixed decimals, grouped thousands, true minus, never "−0". */
export function fixed(value: number, decimals: number): string {
  const magnitude = Math.abs(value).toFixed(decimals);
  const [whole = '0', fraction] = magnitude.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, THIN);
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return value < 0 && /[1-9]/.test(magnitude) ? MINUS + text : text;
}

/** Unit as stored → unit as shown, its factor and its decimals. */
const SHOWN: Record<Unit, { unit: string; factor: number; decimals: number }> = {
  W: { unit: 'kW', factor: 1e-3, decimals: 1 },
  var: { unit: 'kvar', factor: 1e-3, decimals: 1 },
  VA: { unit: 'kVA', factor: 1e-3, decimals: 1 },
  Wh: { unit: 'kWh', factor: 1e-3, decimals: 2 },
  V: { unit: 'V', factor: 1, decimals: 1 },
  A: { unit: 'A', factor: 1, decimals: 1 },
  Hz: { unit: 'Hz', factor: 1, decimals: 3 },
  'Hz/s': { unit: 'Hz/s', factor: 1, decimals: 3 },
  '%': { unit: '%', factor: 1, decimals: 1 },
  pu: { unit: 'pu', factor: 1, decimals: 3 },
  '°C': { unit: '°C', factor: 1, decimals: 1 },
  'g/kWh': { unit: 'g/kWh', factor: 1, decimals: 0 },
  'mc/kWh': { unit: 'ct/kWh', factor: 1e-3, decimals: 2 },
  s: { unit: 's', factor: 1, decimals: 0 },
  deg: { unit: '°', factor: 1, decimals: 1 },
  '': { unit: '', factor: 1, decimals: 2 },
};

export const shownUnit = (unit: Unit): string => SHOWN[unit].unit;
export const shownNumber = (value: number, unit: Unit): number => value * SHOWN[unit].factor;

export function quantity(value: number, unit: Unit, decimals?: number): Shown {
  const shown = SHOWN[unit];
  return { text: fixed(value * shown.factor, decimals ?? shown.decimals), unit: shown.unit };
}
export const power = (watts: number): string => `${fixed(watts / 1000, 1)} kW`;
export const energy = (wattHours: number, decimals = 2): string => `${fixed(wattHours / 1000, decimals)} kWh`;
export const price = (milliCentsPerKwh: number): string => `${fixed(milliCentsPerKwh / 1000, 2)} ct/kWh`;

/** Micro-cents as a decimal string → "12.34". One currency unit is 10^8 micro-cents; half is rounded away from zero. */
export function money(microCents: string | bigint, decimals = 2): string {
  const amount = typeof microCents === 'bigint' ? microCents : BigInt(microCents);
  const magnitude = amount < 0n ? -amount : amount;
  const divisor = 10n ** BigInt(8 - decimals);
  const rounded = (magnitude + divisor / 2n) / divisor;
  const digits = rounded.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals).replace(/\B(?=(\d{3})+$)/g, THIN);
  const text = decimals === 0 ? whole : `${whole}.${digits.slice(-decimals)}`;
  return amount < 0n && rounded !== 0n ? MINUS + text : text;
}

/** "12 s", "3 min", "2 h", "5 d": how long ago or how long still, at a glance. */
export function span(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 90) return `${s} s`;
  if (s < 90 * 60) return `${Math.round(s / 60)} min`;
  if (s < 36 * 3600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} d`;
}
/** "04:07", for clocks that count down. */
export function countdown(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(s / 60)
    .toString()
    .padStart(2, '0')}:${(s % 60).toString().padStart(2, '0')}`;
}
export const milliseconds = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${fixed(ms / 1000, ms < 10_000 ? 2 : 1)} s`);
export function bytes(n: number): string {
  if (n < 1e6) return `${fixed(n / 1e3, 0)} kB`;
  if (n < 1e9) return `${fixed(n / 1e6, 0)} MB`;
  return `${fixed(n / 1e9, 1)} GB`;
}
export const count = (n: number, one: string, many = `${one}s`): string => `${fixed(n, 0)} ${n === 1 ? one : many}`;

/** "0x12ab…9f" for hashes and addresses; the whole stands in the title. */
export const short = (hash: string, head = 8, tail = 4): string =>
  hash.length <= head + tail + 1 ? hash : `${hash.slice(0, head)}…${hash.slice(-tail)}`;

/** Word for a direction of power: positive is import, consumption and charging. */
export function direction(watts: number, kind: 'exchange' | 'battery' | 'unit'): string {
  if (Math.abs(watts) < 50) return kind === 'battery' ? 'resting' : kind === 'exchange' ? 'balanced' : 'idle';
  if (kind === 'exchange') return watts > 0 ? 'import' : 'export';
  if (kind === 'battery') return watts > 0 ? 'charging' : 'discharging';
  return watts > 0 ? 'taking' : 'feeding';
}

const formats = new Map<string, Intl.DateTimeFormat>();
function dateFormat(timeZone: string, kind: TimeKind): Intl.DateTimeFormat {
  const key = `${timeZone} ${kind}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', { ...KINDS[kind], timeZone, hourCycle: 'h23' });
    formats.set(key, format);
  }
  return format;
}
const KINDS = {
  time: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
  minute: { hour: '2-digit', minute: '2-digit' },
  date: { day: '2-digit', month: 'short' },
  full: { day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  dayMinute: { day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;
export type TimeKind = keyof typeof KINDS;

export const time = (ms: number, timeZone: string, kind: TimeKind = 'time'): string =>
  dateFormat(timeZone, kind).format(ms).replace(',', '');
export const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
