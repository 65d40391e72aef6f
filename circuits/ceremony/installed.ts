// SPDX-License-Identifier: GPL-3.0-only
/** A ceremony's artefacts in the cache. They lie in a folder of their own, which development keys never touch. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CeremonyPins, ceremonyKeyProblem, ceremonyPins } from '../../contracts/deploy/ceremony-pins.ts';
import { type CircuitSpec, sourceHash } from '../spec.ts';

const SUFFIX = '-ceremony';

export const ceremonyDirectory = (cacheDir: string, spec: CircuitSpec): string =>
  join(cacheDir, `${spec.name}-${sourceHash(spec)}${SUFFIX}`);

export const isCeremonyDirectory = (name: string): boolean => name.endsWith(SUFFIX);

/** The folder of the ceremony's key for the circuit as it is now, or null. Throws when that key is not pinned. */
export function installedCeremony(cacheDir: string, spec: CircuitSpec, pins: CeremonyPins = ceremonyPins): string | null {
  const directory = ceremonyDirectory(cacheDir, spec);
  if (!existsSync(join(directory, 'manifest.json'))) return null;
  const key: unknown = JSON.parse(readFileSync(join(directory, 'verification_key.json'), 'utf8'));
  const problem = ceremonyKeyProblem(spec.name, key, pins);
  if (problem !== null) throw new Error(`${problem} It lies in ${directory}.`);
  return directory;
}
