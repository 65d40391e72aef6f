/**
 * Device profiles: reviewed data files for devices that do not speak SunSpec. Each row is one labelled point with table,
 * address, type, scale and unit. Values are engineering values in the house sign (positive is import or consumption);
 * a device that counts the other way gets a negative scale, so the flip stands in the profile and nowhere else.
 */
import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const rowSchema = z.strictObject({
  /** Name of the point with its unit, e.g. `activePowerW`. */
  name: z.string().regex(/^[a-z][A-Za-z0-9]*$/),
  label: z.string().min(1),
  table: z.enum(['holding', 'input', 'coil', 'discrete']),
  address: z.int().min(0).max(0xffff),
  type: z.enum(['bit', 'uint16', 'int16', 'uint32', 'int32', 'float32']),
  /** Engineering value = register × scale; the standard's big-endian word order unless `wordOrder` says otherwise. */
  scale: z
    .number()
    .refine((scale) => scale !== 0, 'scale must not be 0')
    .default(1),
  wordOrder: z.enum(['big', 'little']).default('big'),
  unit: z.string().optional(),
  access: z.enum(['R', 'RW']),
  /** Oldest age at which the value may still be used. */
  maxAgeMs: z.int().min(100),
  /** Value after power-up and the limits the device enforces, in engineering units. */
  initial: z.number().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  /** Names of the states of an enumeration, or of the bits of a bit field when `bitNames` is true. */
  symbols: z.record(z.string(), z.int()).optional(),
});

const profileSchema = z.strictObject({
  schema: z.literal('device-profile/1'),
  id: z.string().regex(/^[a-z][a-z0-9-]*$/),
  title: z.string().min(1),
  note: z.string().optional(),
  /** What the device bears: registers in one read, requests in flight, pause between requests. */
  limits: z.strictObject({
    registersPerRead: z.int().min(1).max(125).default(125),
    inFlight: z.int().min(1).max(16).default(1),
    gapMs: z.int().min(0).max(1000).default(0),
  }),
  rows: z.array(rowSchema).min(1),
});

export type DeviceProfile = z.infer<typeof profileSchema>;
export type ProfileRow = DeviceProfile['rows'][number];

export type ParsedProfile =
  | { readonly kind: 'ok'; readonly profile: DeviceProfile }
  | { readonly kind: 'invalid'; readonly problems: string[] };

/** Registers a row takes in its table (bits take one place each). */
export function rowSize(row: ProfileRow): number {
  return row.type === 'uint32' || row.type === 'int32' || row.type === 'float32' ? 2 : 1;
}

export function parseProfile(json: unknown): ParsedProfile {
  const parsed = profileSchema.safeParse(json);
  if (!parsed.success)
    return { kind: 'invalid', problems: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) };
  const problems = [...duplicates(parsed.data), ...overlaps(parsed.data), ...mismatches(parsed.data)];
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'ok', profile: parsed.data };
}

function duplicates({ rows }: DeviceProfile): string[] {
  const names = rows.map((row) => row.name);
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))].map((name) => `${name} stands in two rows`);
}

function overlaps({ rows }: DeviceProfile): string[] {
  const problems: string[] = [];
  const taken = new Map<string, string>();
  for (const row of rows) {
    for (let i = 0; i < rowSize(row); i++) {
      const place = `${row.table} ${row.address + i}`;
      const other = taken.get(place);
      if (other !== undefined) problems.push(`${row.name} and ${other} both use ${place}`);
      taken.set(place, row.name);
    }
  }
  return problems;
}

function mismatches({ rows }: DeviceProfile): string[] {
  return rows.flatMap((row) => {
    const bits = row.table === 'coil' || row.table === 'discrete';
    if (bits !== (row.type === 'bit')) return [`${row.name}: a ${row.table} cannot hold a ${row.type}`];
    if (row.access === 'RW' && (row.table === 'input' || row.table === 'discrete'))
      return [`${row.name}: a ${row.table} cannot be written`];
    return [];
  });
}

/** Loads a shipped profile by id (`genset`) or any profile by absolute path or URL; throws with every problem named. */
export function loadProfile(source: string | URL): DeviceProfile {
  const location = typeof source === 'string' && !isAbsolute(source) ? new URL(`${source}.json`, profileDirectory()) : source;
  const parsed = parseProfile(JSON.parse(readFileSync(location, 'utf8')));
  if (parsed.kind === 'ok') return parsed.profile;
  const name = typeof location === 'string' ? location : fileURLToPath(location);
  throw new Error(`The device profile ${name} is not usable: ${parsed.problems.join('; ')}`);
}

let directory: URL | undefined;

/** Where the shipped profiles lie; packagers that move them say so here. */
export function setProfileDirectory(url: URL): void {
  directory = url;
}

function profileDirectory(): URL {
  return directory ?? new URL('./profiles/', import.meta.url);
}

/** Engineering value of a row from its words (or bit); null for a float that is not a number. */
export function decodeRow(row: ProfileRow, words: ArrayLike<number>, at = 0): number | null {
  const first = words[at] as number;
  if (row.type === 'bit' || row.type === 'uint16') return scaled(first, row.scale);
  if (row.type === 'int16') return scaled((first << 16) >> 16, row.scale);
  const second = words[at + 1] as number;
  const bits = (row.wordOrder === 'big' ? first * 0x10000 + second : second * 0x10000 + first) >>> 0;
  if (row.type === 'float32') {
    const value = new Float32Array(Uint32Array.of(bits).buffer)[0] as number;
    return Number.isNaN(value) ? null : scaled(value, row.scale);
  }
  return scaled(row.type === 'int32' ? bits | 0 : bits, row.scale);
}

export type EncodedRow =
  | { readonly kind: 'ok'; readonly words: number[]; readonly written: number }
  | { readonly kind: 'refused'; readonly reason: string };

const ranges: Readonly<Record<string, readonly [number, number]>> = {
  bit: [0, 1],
  uint16: [0, 0xffff],
  int16: [-0x8000, 0x7fff],
  uint32: [0, 0xffffffff],
  int32: [-0x80000000, 0x7fffffff],
};

/** Words for an engineering value; `written` is what the device will hold after rounding to its resolution. */
export function encodeRow(row: ProfileRow, value: number): EncodedRow {
  const unit = row.unit ? ` ${row.unit}` : '';
  if (!Number.isFinite(value)) return { kind: 'refused', reason: `${row.label}: ${value} is not a number` };
  if (value < (row.minimum ?? -Infinity) || value > (row.maximum ?? Infinity)) {
    return { kind: 'refused', reason: `${row.label}: ${value}${unit} is outside ${row.minimum ?? '−∞'} to ${row.maximum ?? '∞'}${unit}` };
  }
  if (row.type === 'float32') {
    const bits = new Uint32Array(Float32Array.of(value / row.scale).buffer)[0] as number;
    return { kind: 'ok', words: split(bits, row), written: Math.fround(value / row.scale) * row.scale };
  }
  const raw = Math.round(value / row.scale);
  const [low, high] = ranges[row.type] as readonly [number, number];
  if (raw < low || raw > high) return { kind: 'refused', reason: `${row.label}: ${value}${unit} does not fit into ${row.type}` };
  return { kind: 'ok', words: rowSize(row) === 1 ? [raw & 0xffff] : split(raw >>> 0, row), written: scaled(raw, row.scale) };
}

function split(bits: number, row: ProfileRow): number[] {
  const words = [bits >>> 16, bits & 0xffff];
  return row.wordOrder === 'big' ? words : words.reverse();
}

/** raw × scale without binary dust: 5000 × 0.01 is 50 and −0 is 0. */
function scaled(raw: number, scale: number): number {
  const inverse = 1 / scale;
  const value = Math.abs(scale) < 1 && Number.isInteger(Math.round(inverse * 1e6) / 1e6) ? raw / Math.round(inverse) : raw * scale;
  return value === 0 ? 0 : value;
}
