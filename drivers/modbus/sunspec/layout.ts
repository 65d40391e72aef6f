/**
 * Where each point of a model instance lies. Repeating groups are unfolded, so that every point has one path
 * (`W`, `Crv[0].Pt[1].V`) and one offset. Source: SunSpec Device Information Model Specification 1.1, §4.2.
 */
import type { GroupDefinition, ModelDefinition, PointDefinition } from './models.ts';
import { decodeRaw } from './point-codec.ts';

export interface PlacedPoint {
  readonly path: string;
  /** Registers from the model's ID register. */
  readonly offset: number;
  readonly definition: PointDefinition;
  /** Path of the scale factor point, or a constant exponent; undefined when the point is not scaled. */
  readonly scaleFactor: string | number | undefined;
}

export interface ModelLayout {
  readonly modelId: number;
  /** Registers including the two of ID and L. */
  readonly size: number;
  readonly points: readonly PlacedPoint[];
  readonly byPath: ReadonlyMap<string, PlacedPoint>;
}

/** Answers how often a group repeats: by the point's path when the model counts it, by the group's path when it fills the rest. */
export type CountSource = (
  group: GroupDefinition,
  countPath: string | undefined,
  groupPath: string,
  usedRegisters: number,
  groupSize: number,
) => number;

interface Scope {
  readonly names: Map<string, string>;
  readonly parent: Scope | undefined;
}

const MAX_REPEAT = 1000;

/** Layout of a model instance as found on a device. `registers` starts at the ID register. */
export function layoutModel(model: ModelDefinition, registers: ArrayLike<number>): ModelLayout {
  const length = (registers[1] ?? 0) + 2;
  const placed = new Map<string, PlacedPoint>();
  return buildLayout(
    model,
    (_group, countPath, _groupPath, used, groupSize) => {
      if (countPath === undefined) return groupSize > 0 ? Math.floor((length - used) / groupSize) : 0;
      const point = placed.get(countPath);
      const count = point ? decodeRaw(point.definition, registers, point.offset) : null;
      // A device that leaves the count unimplemented has no repetition: every register of the group would be invented.
      return typeof count === 'number' ? Math.min(count, MAX_REPEAT) : 0;
    },
    placed,
  );
}

/** Layout with counts chosen by the caller, for building a device's own register map. */
export function buildLayout(model: ModelDefinition, counts: CountSource, placed = new Map<string, PlacedPoint>()): ModelLayout {
  const found: { point: PlacedPoint; scope: Scope }[] = [];
  const place = (group: GroupDefinition, prefix: string, start: number, parent: Scope | undefined): number => {
    const scope: Scope = { names: new Map(), parent };
    let offset = start;
    for (const definition of group.points) {
      const point: PlacedPoint = { path: prefix + definition.name, offset, definition, scaleFactor: definition.sf };
      scope.names.set(definition.name, point.path);
      found.push({ point, scope });
      placed.set(point.path, point);
      offset += definition.size;
    }
    for (const child of group.groups ?? []) {
      const repeated = child.count !== undefined && child.count !== 1;
      const times = repeated ? repetitions(child, scope, prefix + child.name, offset) : 1;
      for (let i = 0; i < times; i++) offset = place(child, `${prefix}${child.name}${repeated ? `[${i}]` : ''}.`, offset, scope);
    }
    return offset;
  };
  const repetitions = (child: GroupDefinition, scope: Scope, groupPath: string, used: number): number => {
    if (typeof child.count === 'number' && child.count > 0) return child.count;
    const countPath = typeof child.count === 'string' ? (resolve(scope, child.count) ?? child.count) : undefined;
    return counts(child, countPath, groupPath, used, fixedSize(child));
  };
  const size = place(model.group, '', 0, undefined);
  // Scale factors may stand behind the points that use them, so they are looked up once every scope is complete.
  const points = found.map(({ point, scope }) =>
    typeof point.scaleFactor === 'string' ? { ...point, scaleFactor: resolve(scope, point.scaleFactor) ?? point.scaleFactor } : point,
  );
  return { modelId: model.id, size, points, byPath: new Map(points.map((point) => [point.path, point])) };
}

function resolve(scope: Scope | undefined, name: string): string | undefined {
  for (let at = scope; at; at = at.parent) {
    const path = at.names.get(name);
    if (path !== undefined) return path;
  }
  return undefined;
}

function fixedSize(group: GroupDefinition): number {
  const own = group.points.reduce((sum, point) => sum + point.size, 0);
  return (group.groups ?? []).reduce((sum, child) => sum + fixedSize(child) * (typeof child.count === 'number' ? child.count : 1), own);
}
