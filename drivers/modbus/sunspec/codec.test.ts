import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DecodedPoint, decodeModel, encodePoint, scaleFactorOf } from './codec.ts';
import { buildSunSpecMap } from './image.ts';
import { layoutModel, type ModelLayout } from './layout.ts';
import { type GroupDefinition, loadModel, modelIds, type PointDefinition } from './models.ts';
import { decodeRaw, encodeRaw } from './point-codec.ts';

interface ExpectedPoint {
  raw?: number | string | null;
  value?: number | string | null;
  sf?: number;
  units?: string;
}
interface ExpectedGroup {
  points: Record<string, ExpectedPoint>;
  groups?: Record<string, ExpectedGroup[]>;
}
interface Dump {
  id: string;
  baseAddress: number;
  registersHex: string;
  expected: { models: (ExpectedGroup & { id: number; length: number; address: number })[] };
}

const fixtures = new URL('./fixtures/', import.meta.url);
const dumps = readdirSync(fixtures)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(new URL(name, fixtures), 'utf8')) as Dump);

const words = (hex: string) => (hex.match(/.{4}/g) ?? []).map((word) => Number.parseInt(word, 16));

function flatten(group: ExpectedGroup, prefix = ''): [string, ExpectedPoint][] {
  const own = Object.entries(group.points).map(([name, point]): [string, ExpectedPoint] => [prefix + name, point]);
  const nested = Object.entries(group.groups ?? {}).flatMap(([name, instances]) =>
    instances.flatMap((instance, i) => flatten(instance, `${prefix}${name}[${i}].`)),
  );
  return [...own, ...nested];
}

describe('SunSpec codec against independent decoders', () => {
  it('has the fixtures it is to be checked with', () => expect(dumps.length).toBe(5));

  it.each(dumps.map((dump): [string, Dump] => [dump.id, dump]))('reads every point of %s as pysunspec2 does', (_id, dump) => {
    const image = words(dump.registersHex);
    let compared = 0;
    for (const expected of dump.expected.models) {
      const definition = loadModel(expected.id);
      if (!definition) throw new Error(`model ${expected.id} missing`);
      const registers = image.slice(expected.address - dump.baseAddress);
      const layout = layoutModel(definition, registers);
      expect(layout.size).toBe(expected.length + 2);
      const decoded = decodeModel(layout, registers);
      for (const [path, point] of flatten(expected)) {
        if (layout.byPath.get(path)?.definition.type === 'pad') continue;
        const ours = decoded.get(path) as DecodedPoint;
        expect({ path, raw: ours?.raw, value: ours?.value }).toEqual({ path, raw: point.raw ?? null, value: point.value ?? null });
        if (point.units) expect(ours.units).toBe(point.units);
        if (point.sf !== undefined) expect(ours.scaleFactor).toBe(point.sf);
        if (ours.value === null) expect(ours.reason).toBeDefined();
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(40);
  });

  it.each(dumps.map((dump): [string, Dump] => [dump.id, dump]))('writes the registers of %s back bit for bit', (_id, dump) => {
    const image = words(dump.registersHex);
    for (const expected of dump.expected.models) {
      const registers = image.slice(expected.address - dump.baseAddress, expected.address - dump.baseAddress + expected.length + 2);
      const layout = layoutModel(loadModel(expected.id) as NonNullable<ReturnType<typeof loadModel>>, registers);
      const again = new Array<number>(layout.size).fill(0);
      for (const point of layout.points) {
        const raw = decodeRaw(point.definition, registers, point.offset);
        encodeRaw(point.definition, raw).forEach((word, i) => {
          again[point.offset + i] = word;
        });
      }
      expect(again).toEqual(registers);
    }
  });
});

const numericTypes = ['int16', 'int32', 'int64', 'uint16', 'uint32', 'uint64', 'acc16', 'acc32', 'acc64', 'enum16', 'bitfield32'] as const;
const sizes: Record<(typeof numericTypes)[number], number> = {
  int16: 1,
  int32: 2,
  int64: 4,
  uint16: 1,
  uint32: 2,
  uint64: 4,
  acc16: 1,
  acc32: 2,
  acc64: 4,
  enum16: 1,
  bitfield32: 2,
};

describe('point codec laws', () => {
  it('brings every register pattern of every integer type back unchanged', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...numericTypes),
        fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 4, maxLength: 4 }),
        (type, random) => {
          const point: PointDefinition = { name: 'X', type, size: sizes[type] };
          const registers = random.slice(0, point.size);
          expect(encodeRaw(point, decodeRaw(point, registers, 0))).toEqual(registers);
        },
      ),
    );
  });

  it('rounds an engineering value to the resolution of the device and never further', () => {
    const placed = { path: 'W', offset: 0, definition: { name: 'W', type: 'int16', size: 1, sf: 'W_SF' } as const, scaleFactor: 'W_SF' };
    fc.assert(
      fc.property(fc.double({ min: -3000, max: 3000, noNaN: true }), fc.integer({ min: -1, max: 3 }), (value, factor) => {
        const encoded = encodePoint(placed, value, factor);
        if (encoded.kind !== 'ok') throw new Error(encoded.reason);
        expect(Math.abs(Number(encoded.written) - value)).toBeLessThanOrEqual(10 ** factor / 2 + 1e-9);
      }),
    );
  });

  it('refuses a value that would read as "not implemented" or does not fit', () => {
    const placed = { path: 'W', offset: 0, definition: { name: 'W', type: 'int16', size: 1 } as const, scaleFactor: undefined };
    expect(encodePoint(placed, -32768, 0).kind).toBe('refused');
    expect(encodePoint(placed, 40000, 0).kind).toBe('refused');
    expect(encodePoint(placed, 1.5, 0).kind).toBe('refused');
    expect(encodePoint(placed, Number.NaN, 0).kind).toBe('refused');
    expect(encodePoint(placed, -32767, 0)).toMatchObject({ kind: 'ok', registers: [0x8001] });
  });

  it('keeps 64-bit energy exact beyond 2^53', () => {
    const point: PointDefinition = { name: 'Wh', type: 'acc64', size: 4 };
    expect(decodeRaw(point, encodeRaw(point, 9_007_199_254_740_993n), 0)).toBe(9_007_199_254_740_993n);
  });
});

/** Counts for every counted or filling group: two each, so that nesting and indices are exercised. */
function countsOf(group: GroupDefinition, prefix = ''): { counts: Record<string, number>; repeat: Record<string, number> } {
  const counts: Record<string, number> = {};
  const repeat: Record<string, number> = {};
  for (const child of group.groups ?? []) {
    if (typeof child.count === 'string') counts[child.count] = 2;
    else if (child.count === 0) repeat[prefix + child.name] = 2;
    const nested = countsOf(child, `${prefix}${child.name}.`);
    Object.assign(counts, nested.counts);
    Object.assign(repeat, nested.repeat);
  }
  return { counts, repeat };
}

describe('all published models', () => {
  const ids = modelIds();
  it('are at hand', () => expect(ids.length).toBe(112));

  it.each(ids)('model %i can be built, served and read back', (id) => {
    const definition = loadModel(id) as NonNullable<ReturnType<typeof loadModel>>;
    const { counts, repeat } = countsOf(definition.group);
    const rootCounts = Object.fromEntries(Object.entries(counts).filter(([name]) => definition.group.points.some((p) => p.name === name)));
    const image = buildSunSpecMap({ models: [{ id, counts: rootCounts, repeat }] });
    const registers = image.registers.slice(2);
    const layout: ModelLayout = layoutModel(definition, registers);
    expect(registers[0]).toBe(id);
    expect(layout.size).toBe(image.registers.length - 4);
    for (const point of layout.points) {
      const factor = scaleFactorOf(layout, point, registers);
      if (point.scaleFactor !== undefined && typeof point.scaleFactor === 'string') {
        expect(layout.byPath.has(point.scaleFactor), `${point.path} names the scale factor ${point.scaleFactor}`).toBe(true);
        expect(factor).toBeNull();
      }
    }
  });
});
