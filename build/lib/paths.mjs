import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const cacheDir = process.env.BUSBAR_CACHE ?? join(root, '.cache');
/** The Node.js that the console runs under (the one current Electron embeds), brought by npm. */
export const node24 = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Path of Electron's binary if it is there, else null. `require('electron')` would try to download it. */
export function electronBinary() {
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(root, 'node_modules', 'electron', 'dist');
  try {
    const name = process.env.ELECTRON_OVERRIDE_DIST_PATH
      ? process.platform === 'win32'
        ? 'electron.exe'
        : 'electron'
      : readFileSync(join(root, 'node_modules', 'electron', 'path.txt'), 'utf8').trim();
    const file = join(folder, name);
    return existsSync(file) ? file : null;
  } catch {
    return null;
  }
}
