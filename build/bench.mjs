// `npm run bench -- NAME`: makes what benchmarks need, then runs one.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cacheDir, node24, root } from './lib/paths.mjs';
import { ensureEngine } from './lib/steps.mjs';

try {
  await ensureEngine();
} catch (error) {
  process.stderr.write(`busbar: ${error.message}\n`);
  process.exit(1);
}
const result = spawnSync(node24, ['--disable-warning=ExperimentalWarning', join(root, 'bench', 'main.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, NODE_COMPILE_CACHE: join(cacheDir, 'compile') },
});
process.exit(result.status ?? 1);
