// `npm run package`: makes every build, then an installer for this computer's system with electron-builder. Arguments go through, e.g. `-- --dir`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { electronBinary, node24, root } from './lib/paths.mjs';
import { ensureConsole, ensureDesktop } from './lib/steps.mjs';

try {
  await ensureConsole();
  await ensureDesktop();
} catch (error) {
  process.stderr.write(`busbar: ${error.message}\n`);
  process.exit(1);
}
const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? (electronBinary() ? join(root, 'node_modules', 'electron', 'dist') : null);
const args = ['--publish', 'never', ...(dist ? [`--config.electronDist=${dist}`] : []), ...process.argv.slice(2)];
const result = spawnSync(node24, [join(root, 'node_modules', 'electron-builder', 'cli.js'), ...args], { cwd: root, stdio: 'inherit' });
if (result.status !== 0)
  process.stderr.write(
    'busbar: The package could not be made. electron-builder says why above; most often Electron’s binary could not be fetched from this network.\n',
  );
process.exit(result.status ?? 1);
