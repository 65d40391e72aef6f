// SPDX-License-Identifier: GPL-3.0-only
/** Which circuits exist and what they consist of. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BatchLayout, circuitName, layoutProblem } from '../src/domain/settlement/limits.ts';

export const CIRCUITS_DIR = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

export interface CircuitSpec {
  /** also the name of its artefacts: settle-16 */
  readonly name: string;
  /** the circuit file that `source` instantiates */
  readonly entry: string;
  /** text of the main file */
  readonly source: string;
  readonly publicSignals: readonly string[];
}

export const SETTLE_PUBLIC = ['registryRoot', 'ordersRoot', 'oldRoot', 'newRoot', 'domain', 'terms', 'totals', 'flows'] as const;
const PART_PUBLIC = ['carryIn', 'carryOut'] as const;
export const ADMIT_PUBLIC = ['registryRoot', 'ordersRoot', 'oldBook', 'newBook', 'domain', 'scope'] as const;
const FLOWS_PER_BATCH = 3;

export function settleCircuit(layout: BatchLayout): CircuitSpec {
  const signals = layout.parts === 1 ? SETTLE_PUBLIC : [...SETTLE_PUBLIC, ...PART_PUBLIC];
  return spec('settle', layout, signals, (levels, depth) => `Settle(${layout.batchMembers}, ${levels}, ${FLOWS_PER_BATCH}, ${depth})`);
}

export function admitCircuit(layout: BatchLayout): CircuitSpec {
  return spec('admit', layout, ADMIT_PUBLIC, (levels, depth) => `Admit(${layout.batchMembers}, ${levels}, ${depth})`);
}

function spec(
  kind: 'settle' | 'admit',
  layout: BatchLayout,
  publicSignals: readonly string[],
  call: (levels: number, depth: number) => string,
): CircuitSpec {
  const problem = layoutProblem(layout);
  if (problem !== null) throw new Error(problem);
  const entry = `${kind}.circom`;
  const main = call(Math.log2(layout.batchMembers), Math.log2(layout.parts));
  return {
    name: circuitName(kind, layout),
    entry,
    publicSignals,
    source: `pragma circom 2.1.6;\n\ninclude "${entry}";\n\ncomponent main {public [${publicSignals.join(', ')}]} = ${main};\n`,
  };
}

/** "16x1" or "16": sixteen members in one batch; "64x4": 256 members in four. */
export function parseLayout(text: string): BatchLayout {
  const match = /^(\d{1,4})(?:x(\d{1,4}))?$/.exec(text);
  const layout = { batchMembers: Number(match?.[1]), parts: Number(match?.[2] ?? 1) } as BatchLayout;
  const problem = match === null ? `"${text}" is no layout: write 16x1 or 64x4` : layoutProblem(layout);
  if (problem !== null) throw new Error(problem);
  return layout;
}

/** settle-16, settle-64x4, admit-16 … */
export function circuitByName(name: string): CircuitSpec {
  const match = /^(settle|admit)-(.+)$/.exec(name);
  if (match === null) throw new Error(`there is no circuit "${name}"; circuits are called settle-16, admit-16, settle-64x4 …`);
  const layout = parseLayout(match[2] as string);
  return match[1] === 'settle' ? settleCircuit(layout) : admitCircuit(layout);
}

/** The circuit files that `entry` is made of, by path relative to this folder. */
export function circuitFiles(entry: string): Map<string, string> {
  const files = new Map<string, string>();
  const read = (path: string): void => {
    if (files.has(path)) return;
    const text = readFileSync(join(CIRCUITS_DIR, path), 'utf8');
    files.set(path, text);
    for (const [, included] of text.matchAll(/^include "([^"]+)";$/gm))
      if (included !== undefined && !included.startsWith('circomlib/')) read(posix.normalize(posix.join(posix.dirname(path), included)));
  };
  read(entry);
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function packageVersion(name: string): string {
  const version: unknown = require(`${name}/package.json`).version;
  return String(version);
}

/** Version of the key maker: raise it when keys of the same circuit change. */
const KEY_MAKER = 2;

/** Changes whenever circuit, library, compiler or key maker change; artefacts are cached under it. */
export function contentHash(spec: CircuitSpec): string {
  const hash = createHash('sha256');
  hash.update(spec.source);
  for (const [path, text] of circuitFiles(spec.entry)) hash.update(`\0${path}\0${text}`);
  hash.update(`\0circomlib ${packageVersion('circomlib')}\0circom2 ${packageVersion('circom2')}\0keys ${KEY_MAKER}`);
  return hash.digest('hex').slice(0, 16);
}
