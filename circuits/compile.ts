// SPDX-License-Identifier: GPL-3.0-only
/** circom (compiled to wasm) in a process of its own. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type CircuitSpec, circuitFiles } from './spec.ts';

const require = createRequire(import.meta.url);
/** Colours in the compiler's output. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
const ESCAPES = /\u001b\[[\d;]*m/g;

export interface Compiled {
  readonly r1csPath: string;
  readonly wasmPath: string;
  readonly constraints: number;
}

function run(args: readonly string[], cwd: string, signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [require.resolve('circom2/cli.js'), ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'], signal });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('error', reject);
    child.on('exit', (code, killed) => {
      if (code === 0) resolve(output);
      else reject(new Error(`circom ended with ${code ?? killed}: ${output.slice(-1500)}`));
    });
  });
}

async function runInSources<T>(
  spec: CircuitSpec,
  directory: string,
  files: ReadonlyMap<string, string>,
  args: readonly string[],
  signal: AbortSignal | undefined,
  take: (work: string, output: string) => T,
): Promise<T> {
  mkdirSync(directory, { recursive: true });
  const work = mkdtempSync(join(directory, 'compile-'));
  try {
    for (const [path, text] of files) {
      mkdirSync(dirname(join(work, path)), { recursive: true });
      writeFileSync(join(work, path), text);
    }
    cpSync(join(dirname(require.resolve('circomlib/package.json')), 'circuits'), join(work, 'circomlib', 'circuits'), { recursive: true });
    writeFileSync(join(work, `${spec.name}.circom`), spec.source);
    return take(work, await run([`${spec.name}.circom`, ...args, '-l', '.', '-o', '.'], work, signal));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Compiles `spec` into `directory` (r1cs, wasm). The compiler's virtual file system sees only folders above its working directory, so the
 * sources are copied beside the result.
 */
export function compileCircuit(spec: CircuitSpec, directory: string, signal?: AbortSignal): Promise<Compiled> {
  return runInSources(spec, directory, circuitFiles(spec.entry), ['--r1cs', '--wasm', '--O2'], signal, (work, output) => {
    const count = (name: string) => Number(new RegExp(`^${name} constraints: (\\d+)`, 'm').exec(output.replaceAll(ESCAPES, ''))?.[1]);
    const constraints = count('non-linear') + count('linear');
    if (!Number.isInteger(constraints)) throw new Error(`circom printed no constraint count: ${output.slice(-500)}`);
    const r1csPath = join(directory, `${spec.name}.r1cs`);
    const wasmPath = join(directory, `${spec.name}.wasm`);
    renameSync(join(work, `${spec.name}.r1cs`), r1csPath);
    renameSync(join(work, `${spec.name}_js`, `${spec.name}.wasm`), wasmPath);
    return { r1csPath, wasmPath, constraints };
  });
}

/** Compiles only what computes and checks witnesses, without optimising: quick, for tests, which also pass changed circuits. */
export function compileWitness(
  spec: CircuitSpec,
  wasmPath: string,
  files: ReadonlyMap<string, string> = circuitFiles(spec.entry),
): Promise<void> {
  return runInSources(spec, dirname(wasmPath), files, ['--wasm', '--O0'], undefined, (work) => {
    renameSync(join(work, `${spec.name}_js`, `${spec.name}.wasm`), wasmPath);
  });
}
