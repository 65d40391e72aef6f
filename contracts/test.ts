/**
 * Runs every test of the contracts: Solidity (unit, fuzz, invariant), then TypeScript on Hardhat's network and on anvil.
 * The last line is `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const hardhat = join(root, 'node_modules', 'hardhat', 'dist', 'src', 'cli.js');
createRequire(import.meta.url).resolve('hardhat'); // says plainly when dependencies are missing

/** Echoes Hardhat's output, the compiler's harmless note on transient storage left out, and returns what it printed. */
const run = (args: readonly string[]): Promise<{ code: number; output: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [hardhat, ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', HARDHAT_DISABLE_TELEMETRY: '1' },
    });
    let output = '';
    const take = (chunk: Buffer) => {
      output += chunk.toString();
      process.stdout.write(chunk);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });

const countOf = (output: string, word: string): number =>
  [...output.matchAll(new RegExp(`^\\s+(\\d+) ${word}\\b`, 'gm'))].reduce((sum, match) => sum + Number(match[1]), 0);

let passed = 0;
let failed = 0;
const build = await run(['build']);
if (build.code !== 0) failed += 1;
else {
  for (const suite of ['solidity', 'nodejs']) {
    const { code, output } = await run(['test', suite, '--no-compile']);
    passed += countOf(output, 'passing');
    failed += Math.max(countOf(output, 'failing'), code === 0 ? 0 : 1);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
