// SPDX-License-Identifier: GPL-3.0-only
/** Compiles circuits for tests (cached by content) and says whether inputs satisfy them. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { WitnessCalculatorBuilder } from 'circom_runtime';
import type { WitnessInput } from '../../src/domain/settlement/witness.ts';
import { compileWitness } from '../compile.ts';
import { CIRCUITS_DIR, type CircuitSpec, circuitFiles, packageVersion } from '../spec.ts';

const CACHE = resolve(CIRCUITS_DIR, '..', '.cache', 'circuits', 'witness');

/** Path of the wasm that computes witnesses of `spec` with these files. */
export async function witnessCircuit(spec: CircuitSpec, files: ReadonlyMap<string, string> = circuitFiles(spec.entry)): Promise<string> {
  const hash = createHash('sha256')
    .update(spec.source)
    .update(JSON.stringify([...files]))
    .update(packageVersion('circomlib'))
    .update(packageVersion('circom2'));
  const wasmPath = join(CACHE, `${spec.name}-${hash.digest('hex').slice(0, 16)}.wasm`);
  if (!existsSync(wasmPath)) {
    mkdirSync(CACHE, { recursive: true });
    await compileWitness(spec, wasmPath, files);
  }
  return wasmPath;
}

type Calculator = Awaited<ReturnType<typeof WitnessCalculatorBuilder>>;
const calculators = new Map<string, Promise<Calculator>>();

/** Null when the inputs satisfy the circuit, else the place that refused them. */
export async function refusal(wasmPath: string, input: WitnessInput): Promise<string | null> {
  let calculator = calculators.get(wasmPath);
  if (calculator === undefined) {
    calculator = WitnessCalculatorBuilder(readFileSync(wasmPath), { sanityCheck: true });
    calculators.set(wasmPath, calculator);
  }
  try {
    await (await calculator)._doCalculateWitness(input, true);
    return null;
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    // Anything but a failed assertion is a fault of the test, not a refusal.
    if (!text.includes('Assert Failed')) throw cause;
    return text.replaceAll(/\s+/g, ' ').trim();
  }
}
