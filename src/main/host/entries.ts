/**
 * Files that run as processes or workers of their own. In a checkout they are TypeScript; the desktop build puts them beside its main file.
 * Packaged, a process starts from inside the archive, where its dependencies are; the worker thread carries its few dependencies with it
 * and starts from the unpacked copy.
 */
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rootDir } from './paths.ts';

const SOURCES = {
  plant: ['plant', 'main.ts'],
  prover: ['src', 'main', 'proof', 'prover-child.ts'],
  settler: ['src', 'main', 'proof', 'settler-worker.ts'],
} as const;

export type EntryName = keyof typeof SOURCES;

const here = dirname(fileURLToPath(import.meta.url));
const inCheckout = basename(here) === 'host';
/** `out/main`, whichever chunk of it this file went into. */
const bundleDir = basename(here) === 'chunks' ? dirname(here) : here;

export function entryFile(name: EntryName): string {
  if (inCheckout) return join(rootDir, ...SOURCES[name]);
  return name === 'settler' ? join(rootDir, 'out', 'main', 'settler.js') : join(bundleDir, `${name}.js`);
}
