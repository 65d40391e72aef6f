// `npm run ceremony -- COMMAND`: installs dependencies if they are missing (told on standard error), then runs the ceremony's program.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cacheDir, node24, root } from './lib/paths.mjs';
import { ensureDependencies } from './lib/steps.mjs';

try {
  await ensureDependencies();
} catch (error) {
  process.stderr.write(`busbar: ${error.message}\n`);
  process.exit(1);
}
// Ctrl-C reaches both; the ceremony tidies up and this one waits for it.
process.on('SIGINT', () => {});
const program = join(root, 'circuits', 'ceremony', 'main.ts');
// snarkjs leaves files it has read open until the end, which Node remarks on.
const quiet = ['ExperimentalWarning', 'DEP0137', 'Warning'].map((type) => `--disable-warning=${type}`);
const result = spawnSync(node24, [...quiet, program, ...process.argv.slice(2)], {
  stdio: 'inherit',
  // Files are named from where the person stands, not from the checkout.
  cwd: process.env.INIT_CWD ?? process.cwd(),
  env: { ...process.env, NODE_COMPILE_CACHE: join(cacheDir, 'compile') },
});
process.exit(result.status ?? 1);
