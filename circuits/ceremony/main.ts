// SPDX-License-Identifier: GPL-3.0-only
/** `npm run ceremony`: a program of its own, started by `build/ceremony.mjs`. */
import { join, resolve } from 'node:path';
import { CIRCUITS_DIR, circuitByName } from '../spec.ts';
import { runCeremony } from './cli.ts';
import { readTextFrom } from './entropy.ts';
import { removeDrafts } from './files.ts';
import { stderrProgress } from './progress.ts';

const root = resolve(CIRCUITS_DIR, '..');

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    removeDrafts();
    process.stderr.write('\nStopped. Nothing half-done is left; run the same command again.\n');
    process.exit(signal === 'SIGINT' ? 130 : 143);
  });

const progress = stderrProgress(process.stderr);
try {
  const answer = await runCeremony(process.argv.slice(2), {
    circuit: circuitByName,
    readText: () => readTextFrom(process.stdin, process.stderr),
    say: (line) => process.stderr.write(`${line}\n`),
    progress: progress.show,
    now: () => new Date(),
    pinsPath: join(root, 'contracts', 'deploy', 'ceremony-pins.json'),
    cacheDir: join(process.env.BUSBAR_CACHE ?? join(root, '.cache'), 'circuits'),
  });
  process.exitCode = answer.exitCode;
  const document = answer.document === null ? '' : `${JSON.stringify(answer.document, null, process.stdout.isTTY ? 2 : 0)}\n`;
  // snarkjs's threads would keep the process alive; a pipe may need a moment to take the document.
  process.stdout.write(document, () => process.exit());
} catch (error) {
  removeDrafts();
  process.stderr.write(`This should not have happened: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
} finally {
  progress.stop();
}
