/** A discovered SunSpec device seen from the console: tag groups to poll and prepared writes of control points. */
import { blockRequests, planBlocks, type Span, sliceOf } from '../blocks.ts';
import { type PreparedWrite, prepare } from '../profile-tags.ts';
import type { TagGroup, TagValue } from '../tag-group.ts';
import { applyScale, encodePoint, scaleFactorOf } from './codec.ts';
import type { DiscoveredModel } from './discover.ts';
import type { PlacedPoint } from './layout.ts';
import { decodeRaw, type PointValue } from './point-codec.ts';

export interface PointReference {
  readonly tag: string;
  readonly modelId: number;
  /** Which of several models of one id; 0 when absent. */
  readonly index?: number;
  readonly path: string;
}

interface Located extends PointReference {
  readonly point: PlacedPoint;
  readonly span: Span;
  readonly factor: { readonly point: PlacedPoint; readonly span: Span } | undefined;
}

export function findModel(models: readonly DiscoveredModel[], id: number, index = 0): DiscoveredModel | undefined {
  return models.find((model) => model.id === id && model.index === index);
}

/**
 * Points of one device that are read together. Scale factors are read with the values they belong to, since some devices
 * change them while running. Points the device's models do not have come as null with the reason `no-such-point`.
 */
export function sunspecTagGroup(options: {
  id: string;
  unit: number;
  models: readonly DiscoveredModel[];
  points: readonly PointReference[];
  maxAgeMs: number;
  periodMs?: number;
}): TagGroup {
  const located: Located[] = [];
  const missing: TagValue[] = [];
  for (const reference of options.points) {
    const model = findModel(options.models, reference.modelId, reference.index);
    const point = model?.layout?.byPath.get(reference.path);
    if (!model || !point) missing.push({ tag: reference.tag, value: null, reason: 'no-such-point' });
    else located.push({ ...reference, point, span: spanOf(model, point), factor: factorOf(model, point) });
  }
  const blocks = planBlocks(
    located.flatMap(({ span, factor }) => (factor ? [span, factor.span] : [span])),
    { maxGap: 24 },
  );
  return {
    id: options.id,
    maxAgeMs: options.maxAgeMs,
    ...(options.periodMs !== undefined && { periodMs: options.periodMs }),
    requests: blockRequests(options.unit, blocks),
    decode: (results) => [...located.map((at) => decodeLocated(at, blocks, results)), ...missing],
  };
}

function decodeLocated(at: Located, blocks: readonly Span[], results: readonly (readonly number[])[]): TagValue {
  const words = sliceOf(at.span, blocks, results);
  if (!words) return { tag: at.tag, value: null, reason: 'not-read' };
  const raw = decodeRaw(at.point.definition, words, 0);
  const decoded = applyScale(at.point, raw, factorValue(at, blocks, results));
  return {
    tag: at.tag,
    value: decoded.value,
    ...(decoded.units && { units: decoded.units }),
    ...(decoded.reason && { reason: decoded.reason }),
  };
}

function factorValue(at: Located, blocks: readonly Span[], results: readonly (readonly number[])[]): number | null {
  if (typeof at.point.scaleFactor === 'number') return at.point.scaleFactor;
  if (!at.factor) return at.point.scaleFactor === undefined ? 0 : null;
  const words = sliceOf(at.factor.span, blocks, results);
  const factor = words ? decodeRaw(at.factor.point.definition, words, 0) : null;
  return typeof factor === 'number' && Math.abs(factor) <= 10 ? factor : null;
}

function spanOf(model: DiscoveredModel, point: PlacedPoint): Span {
  return { table: 'holding', address: model.address + point.offset, count: point.definition.size };
}

function factorOf(model: DiscoveredModel, point: PlacedPoint): Located['factor'] {
  if (typeof point.scaleFactor !== 'string') return undefined;
  const factor = model.layout?.byPath.get(point.scaleFactor);
  return factor && { point: factor, span: spanOf(model, factor) };
}

/** The write of one control point in engineering units, with its read-back. Scale factors are those seen at discovery. */
export function sunspecWrite(options: { unit: number; model: DiscoveredModel; path: string; value: PointValue }): PreparedWrite {
  const { unit, model, path, value } = options;
  const point = model.layout?.byPath.get(path);
  if (!model.layout || !point) return { kind: 'refused', reason: `this device has no point ${path} in SunSpec model ${model.id}` };
  if (point.definition.access !== 'RW') return { kind: 'refused', reason: `point ${path} of SunSpec model ${model.id} can only be read` };
  const encoded = encodePoint(point, value, scaleFactorOf(model.layout, point, model.registers ?? []));
  if (encoded.kind === 'refused') return encoded;
  const written = typeof encoded.written === 'string' || encoded.written === null ? Number.NaN : Number(encoded.written);
  return prepare({ unit, table: 'holding', address: model.address + point.offset, values: encoded.registers }, written);
}
