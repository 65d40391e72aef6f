// `npm run -s busbar -- COMMAND`: makes what the tool needs (told on standard error), then runs it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cacheDir, node24, root } from './lib/paths.mjs';
import { ensureDependencies, ensureEngine } from './lib/steps.mjs';

/** Commands that start the engine need contracts and circuit too. */
const NEEDS_ENGINE = new Set(['demo']);
try {
  await (NEEDS_ENGINE.has(process.argv[2]) ? ensureEngine() : ensureDependencies());
} catch (error) {
  process.stderr.write(`busbar: ${error.message}\n`);
  process.exit(1);
}
const result = spawnSync(node24, ['--disable-warning=ExperimentalWarning', join(root, 'cli', 'main.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, NODE_COMPILE_CACHE: join(cacheDir, 'compile') },
});
process.exit(result.status ?? 1);
