/** A whole model instance between registers and engineering values. */
import type { ModelLayout, PlacedPoint } from './layout.ts';
import { decodeRaw, encodeRaw, type PointValue, scale, unscale } from './point-codec.ts';

export interface DecodedPoint {
  readonly raw: PointValue;
  /** Engineering value in `units`; null with a `reason` when there is none. */
  readonly value: PointValue;
  readonly units?: string;
  readonly scaleFactor?: number;
  readonly reason?: 'not-implemented' | 'scale-factor-missing';
}

/** Largest exponent the standard allows; anything beyond is a broken device, not a value. */
const MAX_SCALE_FACTOR = 10;

/** Every point of a model; `registers` starts at the model's ID register and may be longer than the model. */
export function decodeModel(layout: ModelLayout, registers: ArrayLike<number>): Map<string, DecodedPoint> {
  const decoded = new Map<string, DecodedPoint>();
  for (const point of layout.points) {
    if (point.definition.type === 'pad') continue;
    decoded.set(point.path, decodePoint(layout, point, registers));
  }
  return decoded;
}

/** One point of a model whose scale factors lie in the same `registers`. */
export function decodePoint(layout: ModelLayout, point: PlacedPoint, registers: ArrayLike<number>): DecodedPoint {
  return applyScale(point, decodeRaw(point.definition, registers, point.offset), scaleFactorOf(layout, point, registers));
}

/** The exponent in force for a point: 0 when it has none, null when the device does not tell it. */
export function scaleFactorOf(layout: ModelLayout, point: PlacedPoint, registers: ArrayLike<number>): number | null {
  if (point.scaleFactor === undefined) return 0;
  if (typeof point.scaleFactor === 'number') return point.scaleFactor;
  const source = layout.byPath.get(point.scaleFactor);
  if (!source) return null;
  const factor = decodeRaw(source.definition, registers, source.offset);
  return typeof factor === 'number' && Math.abs(factor) <= MAX_SCALE_FACTOR ? factor : null;
}

export function applyScale(point: PlacedPoint, raw: PointValue, scaleFactor: number | null): DecodedPoint {
  const units = point.definition.units;
  if (raw === null) return { raw, value: null, ...(units && { units }), reason: 'not-implemented' };
  if (typeof raw === 'string' || point.scaleFactor === undefined) return { raw, value: raw, ...(units && { units }) };
  if (scaleFactor === null) return { raw, value: null, ...(units && { units }), reason: 'scale-factor-missing' };
  return { raw, value: scale(raw, scaleFactor), scaleFactor, ...(units && { units }) };
}

export type EncodedPoint =
  | { readonly kind: 'ok'; readonly registers: number[]; readonly written: PointValue }
  | { readonly kind: 'refused'; readonly reason: string };

/** Registers for an engineering value; `written` is what those registers say, after rounding to the device's resolution. */
export function encodePoint(point: PlacedPoint, value: PointValue, scaleFactor: number | null): EncodedPoint {
  const { definition } = point;
  if (typeof value === 'number' && !Number.isFinite(value)) return { kind: 'refused', reason: `${point.path}: ${value} is not a number` };
  const float = definition.type === 'float32' || definition.type === 'float64';
  try {
    if (value === null || typeof value === 'string' || float || point.scaleFactor === undefined) {
      if (typeof value === 'number' && !float && definition.type !== 'string' && !Number.isInteger(value)) {
        return { kind: 'refused', reason: `${point.path}: ${value} must be a whole number` };
      }
      return { kind: 'ok', registers: encodeRaw(definition, value), written: value };
    }
    if (scaleFactor === null) {
      return { kind: 'refused', reason: `${point.path}: the device does not tell the scale factor ${point.scaleFactor}` };
    }
    const raw = unscale(value, scaleFactor);
    return { kind: 'ok', registers: encodeRaw(definition, raw), written: scale(raw, scaleFactor) };
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) return { kind: 'refused', reason: error.message };
    throw error;
  }
}
