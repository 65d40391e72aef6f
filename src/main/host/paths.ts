/** Where things lie: in a checkout, and unpacked beside the archive in a packaged console. The one place that knows. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the checkout, or of the unpacked resources of a packaged console (`resources/app.asar.unpacked`). */
export const rootDir: string = findRoot();

function findRoot(): string {
  const resources = (process as { resourcesPath?: string }).resourcesPath;
  if (resources && existsSync(join(resources, 'app.asar.unpacked'))) return join(resources, 'app.asar.unpacked');
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const up = dirname(folder);
    if (up === folder) throw new Error('busbar: package.json was not found above this file');
    folder = up;
  }
  return folder;
}

/** Built things that are not in git: contract artefacts, circuits and development keys. */
export const cacheDir: string = process.env.BUSBAR_CACHE ?? join(rootDir, '.cache');
export const rendererDir: string = join(rootDir, 'out', 'renderer');
export const defaultPlantFile: string = join(rootDir, 'plant', 'plants', 'rural1.json');

/** A plain Node for our build scripts: Electron's own binary would open a second console instead of running them. */
export const scriptNode: string = process.versions.electron
  ? join(rootDir, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  : process.execPath;

/** Per user, per plant; `--data` overrides. */
export function defaultDataDir(plantId: string): string {
  const base =
    process.platform === 'win32'
      ? join(process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'Busbar')
      : process.platform === 'darwin'
        ? join(homedir(), 'Library', 'Application Support', 'Busbar')
        : join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'busbar');
  return join(base, plantId);
}
