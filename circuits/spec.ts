// SPDX-License-Identifier: GPL-3.0-only
/** Which circuits exist and what they consist of. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CIRCUITS_DIR = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

export interface CircuitSpec {
  /** also the name of its artefacts: settle-16 */
  readonly name: string;
  /** text of the main file */
  readonly source: string;
  readonly publicSignals: readonly string[];
}

export const SETTLE_PUBLIC = ['registryRoot', 'ordersRoot', 'oldRoot', 'newRoot', 'domain', 'terms', 'totals', 'flows'] as const;
const FLOWS_PER_BATCH = 3;

export function settleCircuit(capacity: number): CircuitSpec {
  const levels = Math.log2(capacity);
  if (!Number.isInteger(levels) || levels < 1) throw new Error(`a batch of ${capacity} is no power of two from 2 upwards`);
  return {
    name: `settle-${capacity}`,
    publicSignals: SETTLE_PUBLIC,
    source: `pragma circom 2.1.6;\n\ninclude "settle.circom";\n\ncomponent main {public [${SETTLE_PUBLIC.join(', ')}]} = Settle(${capacity}, ${levels}, ${FLOWS_PER_BATCH});\n`,
  };
}

/** The circuit whose artefacts have this name: settle-16. */
export function circuitByName(name: string): CircuitSpec {
  const capacity = /^settle-(\d{1,4})$/.exec(name)?.[1];
  if (capacity === undefined) throw new Error(`there is no circuit "${name}"; circuits are named settle-16`);
  return settleCircuit(Number(capacity));
}

/** All circuit files of this folder, by path relative to it. */
export function circuitFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(CIRCUITS_DIR, { recursive: true, encoding: 'utf8' }))
    if (entry.endsWith('.circom')) files.set(entry.replaceAll('\\', '/'), readFileSync(join(CIRCUITS_DIR, entry), 'utf8'));
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function packageVersion(name: string): string {
  const version: unknown = require(`${name}/package.json`).version;
  return String(version);
}

/** Version of the key maker: raise it when keys of the same circuit change. */
const KEY_MAKER = 2;

/** Changes whenever circuit, library or compiler change: what a ceremony's key belongs to. */
export const sourceHash = (spec: CircuitSpec): string => hashWith(spec, '');

/** Changes when the key maker changes as well: what development keys belong to. */
export const contentHash = (spec: CircuitSpec): string => hashWith(spec, `\0keys ${KEY_MAKER}`);

function hashWith(spec: CircuitSpec, keys: string): string {
  const hash = createHash('sha256');
  hash.update(spec.source);
  for (const [path, text] of circuitFiles()) hash.update(`\0${path}\0${text}`);
  hash.update(`\0circomlib ${packageVersion('circomlib')}\0circom2 ${packageVersion('circom2')}${keys}`);
  return hash.digest('hex').slice(0, 16);
}
