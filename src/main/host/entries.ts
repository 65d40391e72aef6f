/** Files that run as processes or workers of their own. In a checkout they are TypeScript; the desktop build puts them beside its main file. */
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rootDir } from './paths.ts';

const SOURCES = {
  plant: ['plant', 'main.ts'],
  prover: ['src', 'main', 'proof', 'prover-child.ts'],
  settler: ['src', 'main', 'proof', 'settler-worker.ts'],
} as const;

export type EntryName = keyof typeof SOURCES;

/** True inside `out/main/*.js`. */
const bundled = basename(dirname(fileURLToPath(import.meta.url))) !== 'host';

export function entryFile(name: EntryName): string {
  if (bundled) return join(rootDir, 'out', 'main', `${name}.js`);
  return join(rootDir, ...SOURCES[name]);
}
