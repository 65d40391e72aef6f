// SPDX-License-Identifier: GPL-3.0-only
/** circom (compiled to wasm) in a process of its own. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { CIRCUITS_DIR, type CircuitSpec, circuitFiles } from './spec.ts';

const require = createRequire(import.meta.url);

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

/**
 * Compiles `spec` into `directory` (r1cs, wasm). The compiler's virtual file system sees only folders above its working directory, so the
 * sources are copied beside the result.
 * @param files replaces the folder's own circuit files; mutation tests pass changed ones
 */
export async function compileCircuit(
  spec: CircuitSpec,
  directory: string,
  options: { files?: ReadonlyMap<string, string>; optimise?: 1 | 2; signal?: AbortSignal } = {},
): Promise<Compiled> {
  mkdirSync(directory, { recursive: true });
  const work = mkdtempSync(join(directory, 'compile-'));
  try {
    for (const [path, text] of options.files ?? circuitFiles()) {
      mkdirSync(dirname(join(work, path)), { recursive: true });
      writeFileSync(join(work, path), text);
    }
    cpSync(join(dirname(require.resolve('circomlib/package.json')), 'circuits'), join(work, 'circomlib', 'circuits'), { recursive: true });
    writeFileSync(join(work, `${spec.name}.circom`), spec.source);
    const output = await run(
      [`${spec.name}.circom`, '--r1cs', '--wasm', `--O${options.optimise ?? 2}`, '-l', '.', '-o', '.'],
      work,
      options.signal,
    );
    const constraints = Number(/non-linear constraints: (\d+)/.exec(output)?.[1]) + Number(/\nlinear constraints: (\d+)/.exec(output)?.[1]);
    if (!Number.isInteger(constraints)) throw new Error(`circom printed no constraint count: ${output.slice(-500)}`);
    const r1csPath = join(directory, `${spec.name}.r1cs`);
    const wasmPath = join(directory, `${spec.name}.wasm`);
    renameSync(join(work, `${spec.name}.r1cs`), r1csPath);
    renameSync(join(work, `${spec.name}_js`, `${spec.name}.wasm`), wasmPath);
    return { r1csPath, wasmPath, constraints };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

export { CIRCUITS_DIR };
