/** Layers of the one-line: a tint under bars and lines. Greys and muted hues only; limits are alarms' business. */
import type { Quality, Value } from '../../../shared/values.ts';

export const LAYERS = [
  { value: 'flow', label: 'Flow', about: 'power and direction' },
  { value: 'voltage', label: 'Voltage', about: 'darker blue is lower, sand is higher than 1.00 pu' },
  { value: 'loading', label: 'Loading', about: 'the stronger the tint, the more of the rating is used' },
  { value: 'price', label: 'Price', about: 'one price for the whole plant: the market clears without bottlenecks between buses' },
  { value: 'quality', label: 'Data quality', about: 'tinted where the value is not measured and fresh' },
] as const;
export type Layer = (typeof LAYERS)[number]['value'];

const good = (v: Value | undefined): number | null =>
  v === undefined || v.value === null || v.quality === 'bad' || v.quality === 'missing' ? null : v.value;
const mix = (colour: string, percent: number) =>
  `color-mix(in srgb, var(--${colour}) ${Math.round(Math.max(0, Math.min(100, percent)))}%, transparent)`;

export function shade(layer: Layer, of: { voltage?: Value; loading?: Value; quality?: Quality }): string | null {
  if (layer === 'voltage' && 'voltage' in of) {
    const v = good(of.voltage);
    if (v === null || v === 0) return null;
    return v < 1 ? mix('wind', 10 + (1 - v) * 900) : mix('solar', 10 + (v - 1) * 900);
  }
  if (layer === 'loading' && 'loading' in of) {
    const l = good(of.loading);
    return l === null ? null : mix('load', 4 + l * 0.6);
  }
  if (layer === 'quality') return of.quality === 'good' ? null : of.quality === 'estimated' ? mix('wind', 25) : mix('genset', 75);
  return null;
}
