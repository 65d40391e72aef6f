/**
 * A SunSpec device's own register map: built from model ids, filled in engineering units, served as a `ModbusUnit`.
 * The map starts with "SunS" and ends with model 0xFFFF, length 0 (specification §6.3).
 */
import { type ModbusUnit, modbusException, type Table } from '../unit.ts';
import { decodePoint, encodePoint, scaleFactorOf } from './codec.ts';
import { buildLayout, type ModelLayout, type PlacedPoint } from './layout.ts';
import { loadModel } from './models.ts';
import { encodeRaw, type PointValue } from './point-codec.ts';

export interface ModelInstance {
  readonly id: number;
  /** Engineering values by path; what is not named reads as "not implemented". */
  readonly values?: Readonly<Record<string, PointValue>>;
  /** Values of the count points that fix how often groups repeat, e.g. `{ NPt: 4, NCrv: 2 }`. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Repetitions of groups that fill the rest of the model, by group path. */
  readonly repeat?: Readonly<Record<string, number>>;
}

export interface PointWrite {
  readonly modelId: number;
  readonly path: string;
  readonly value: PointValue;
}

export interface SunSpecImage {
  readonly baseAddress: number;
  readonly registers: Uint16Array;
  readonly unit: ModbusUnit;
  get(modelId: number, path: string): PointValue;
  /** Throws RangeError when the path is unknown or the value does not fit: the device's own firmware would be wrong. */
  set(modelId: number, path: string, value: PointValue): void;
  setAll(modelId: number, values: Readonly<Record<string, PointValue>>): void;
  /** Called after a master wrote; returns how to stop listening. */
  onWrite(listener: (writes: readonly PointWrite[]) => void): () => void;
}

interface Placed {
  readonly id: number;
  readonly start: number;
  readonly layout: ModelLayout;
  readonly view: Uint16Array;
}

export function buildSunSpecMap(options: { baseAddress?: number; models: readonly ModelInstance[] }): SunSpecImage {
  const baseAddress = options.baseAddress ?? 40000;
  const layouts = options.models.map((instance) => ({ instance, layout: layoutFor(instance) }));
  const total = 2 + layouts.reduce((sum, { layout }) => sum + layout.size, 0) + 2;
  const registers = new Uint16Array(total);
  registers.set([0x5375, 0x6e53], 0);
  registers.set([0xffff, 0], total - 2);
  const placed = new Map<number, Placed>();
  let start = 2;
  for (const { instance, layout } of layouts) {
    if (placed.has(instance.id)) throw new RangeError(`SunSpec model ${instance.id} appears twice in one map`);
    const model: Placed = { id: instance.id, start, layout, view: registers.subarray(start, start + layout.size) };
    placed.set(instance.id, model);
    fill(model, instance);
    start += layout.size;
  }
  const listeners = new Set<(writes: readonly PointWrite[]) => void>();
  const find = (modelId: number, path: string): [Placed, PlacedPoint] => {
    const model = placed.get(modelId);
    const point = model?.layout.byPath.get(path);
    if (!model || !point) throw new RangeError(`this device has no point ${path} in SunSpec model ${modelId}`);
    return [model, point];
  };
  const image: SunSpecImage = {
    baseAddress,
    registers,
    get(modelId, path) {
      const [model, point] = find(modelId, path);
      return decodePoint(model.layout, point, model.view).value;
    },
    set(modelId, path, value) {
      const [model, point] = find(modelId, path);
      store(model, point, value);
    },
    setAll(modelId, values) {
      for (const [path, value] of Object.entries(values)) image.set(modelId, path, value);
    },
    onWrite(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    unit: {
      read: (table, address, count) => readImage(registers, baseAddress, table, address, count),
      write(table, address, values) {
        const from = address - baseAddress;
        if (table !== 'holding' || from < 0 || from + values.length > total) throw modbusException(2);
        const touched = writablePoints([...placed.values()], from, values.length);
        if (!touched) throw modbusException(2, 'not every register of this write belongs to a writable point');
        registers.set(values, from);
        const writes = touched.map(([model, point]) => ({
          modelId: model.id,
          path: point.path,
          value: decodePoint(model.layout, point, model.view).value,
        }));
        for (const listener of listeners) listener(writes);
      },
    },
  };
  return image;
}

function layoutFor(instance: ModelInstance): ModelLayout {
  const definition = loadModel(instance.id);
  if (!definition) throw new RangeError(`SunSpec model ${instance.id} is not published`);
  return buildLayout(definition, (_group, countPath, groupPath) =>
    countPath === undefined ? (instance.repeat?.[groupPath] ?? 0) : (instance.counts?.[countPath] ?? 0),
  );
}

function fill(model: Placed, instance: ModelInstance): void {
  const { layout, view } = model;
  for (const point of layout.points) view.set(encodeRaw(point.definition, null), point.offset);
  view.set([instance.id, layout.size - 2], 0);
  for (const [path, count] of Object.entries(instance.counts ?? {})) {
    const point = layout.byPath.get(path);
    if (!point) throw new RangeError(`SunSpec model ${instance.id} has no count ${path}`);
    store(model, point, count);
  }
  const values = Object.entries(instance.values ?? {});
  const isFactor = (path: string) => layout.byPath.get(path)?.definition.type === 'sunssf';
  for (const [path, value] of [...values.filter(([path]) => isFactor(path)), ...values.filter(([path]) => !isFactor(path))]) {
    const point = layout.byPath.get(path);
    if (!point) throw new RangeError(`SunSpec model ${instance.id} has no point ${path}`);
    store(model, point, value);
  }
}

function store(model: Placed, point: PlacedPoint, value: PointValue): void {
  const encoded = encodePoint(point, value, scaleFactorOf(model.layout, point, model.view));
  if (encoded.kind === 'refused') throw new RangeError(`SunSpec model ${model.id}: ${encoded.reason}`);
  model.view.set(encoded.registers, point.offset);
}

function readImage(registers: Uint16Array, baseAddress: number, table: Table, address: number, count: number): number[] {
  const from = address - baseAddress;
  if (table !== 'holding' || from < 0 || from + count > registers.length) throw modbusException(2);
  return Array.from(registers.subarray(from, from + count));
}

/** Points wholly inside the range, if the range holds nothing but writable points; undefined otherwise. */
function writablePoints(models: readonly Placed[], from: number, count: number): [Placed, PlacedPoint][] | undefined {
  const touched: [Placed, PlacedPoint][] = [];
  let covered = 0;
  for (const model of models) {
    for (const point of model.layout.points) {
      const start = model.start + point.offset;
      const end = start + point.definition.size;
      if (end <= from || start >= from + count) continue;
      if (point.definition.access !== 'RW' || start < from || end > from + count) return undefined;
      touched.push([model, point]);
      covered += point.definition.size;
    }
  }
  return covered === count ? touched : undefined;
}
