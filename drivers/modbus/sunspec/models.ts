/**
 * SunSpec model definitions as data: the JSON files of sunspec/models, unchanged, in `data/`.
 * Source: SunSpec Device Information Model Specification 1.1, §4 (JSON encoding).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Register types of the SunSpec information model (specification §4.3). */
export type PointType =
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'acc16'
  | 'acc32'
  | 'acc64'
  | 'bitfield16'
  | 'bitfield32'
  | 'bitfield64'
  | 'enum16'
  | 'enum32'
  | 'float32'
  | 'float64'
  | 'string'
  | 'sunssf'
  | 'count'
  | 'pad'
  | 'ipaddr'
  | 'ipv6addr'
  | 'eui48';

export interface PointSymbol {
  readonly name: string;
  readonly value: number;
  readonly label?: string;
}

export interface PointDefinition {
  readonly name: string;
  readonly type: PointType;
  /** Length in 16-bit registers. */
  readonly size: number;
  /** Decimal exponent: the name of a `sunssf` point in scope, or a constant. */
  readonly sf?: string | number;
  readonly units?: string;
  /** `RW` points may be written by a client; absent means read only. */
  readonly access?: 'R' | 'RW';
  readonly mandatory?: 'M' | 'O';
  readonly value?: number | string;
  readonly label?: string;
  readonly desc?: string;
  readonly symbols?: readonly PointSymbol[];
}

export interface GroupDefinition {
  readonly name: string;
  readonly type?: 'group' | 'sync';
  /** Repetitions: a constant, the name of a point in scope, or 0 for "as many as the model length holds". */
  readonly count?: number | string;
  readonly points: readonly PointDefinition[];
  readonly groups?: readonly GroupDefinition[];
}

export interface ModelDefinition {
  readonly id: number;
  readonly group: GroupDefinition;
}

let directory: string | undefined;
const loaded = new Map<number, ModelDefinition>();

/** Where the model files lie; packagers that move them say so here before the first `loadModel`. */
export function setModelDirectory(path: string): void {
  directory = path;
  loaded.clear();
}

function modelDirectory(): string {
  directory ??= fileURLToPath(new URL('./data/', import.meta.url));
  return directory;
}

/** The definition of one model, or undefined for an id that is not published (vendor models). */
export function loadModel(id: number): ModelDefinition | undefined {
  const known = loaded.get(id);
  if (known) return known;
  const path = join(modelDirectory(), `model_${id}.json`);
  if (!existsSync(path)) return undefined;
  const model = JSON.parse(readFileSync(path, 'utf8')) as ModelDefinition;
  loaded.set(id, model);
  return model;
}

/** Ids of all models at hand, ascending. */
export function modelIds(): number[] {
  return readdirSync(modelDirectory())
    .map((name) => /^model_(\d+)\.json$/.exec(name)?.[1])
    .filter((id) => id !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}
