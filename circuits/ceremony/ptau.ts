// SPDX-License-Identifier: GPL-3.0-only
/** Whether a powers-of-tau file may serve: prepared, contributed to, large enough, and the one that everybody knows. */
import { basename } from 'node:path';
import type { Progress } from '../keys/make-keys.ts';
import { withBinFile } from './bin-file.ts';
import { hashFile } from './files.ts';
import { PUBLISHED_PTAU } from './published-ptau.ts';
import { CeremonyRefusal, UsageError } from './refusal.ts';

export interface PtauFacts {
  /** name of the file without its folder */
  readonly file: string;
  readonly power: number;
  readonly contributions: number;
  readonly blake2b: string;
  readonly sha256: string;
  /** name under which it is published, or null when only --ptau-hash vouches for it */
  readonly publishedAs: string | null;
}

const HEADER = 1;
const CONTRIBUTIONS = 7;
/** Lagrange values of tau in G1 and G2, of alpha tau and beta tau: what "prepare phase2" adds. */
const PREPARED = [12, 13, 14, 15] as const;
/** The scalar field has 2^28 roots of unity. */
const MOST_POWER = 28;
const FIELD_BYTES = 32;

export const parsePtauHash = (text: string | null): string | null => {
  if (text === null) return null;
  const hash = text.toLowerCase().replaceAll(/\s+/g, '');
  if (!/^(?:[0-9a-f]{64}|[0-9a-f]{128})$/.test(hash))
    throw new UsageError(`--ptau-hash takes a SHA-256 (64 hexadecimal digits) or a BLAKE2b-512 (128), not "${text}".`);
  return hash;
};

function readHeader(path: string): { power: number; contributions: number } {
  return withBinFile(path, 'ptau', (file) => {
    const fieldBytes = file.read(HEADER, 0, 4).readUInt32LE(0);
    if (fieldBytes !== FIELD_BYTES) throw new CeremonyRefusal(`${basename(path)} is over another curve than bn128. Take one for bn128.`);
    const power = file.read(HEADER, 4 + fieldBytes, 4).readUInt32LE(0);
    if (power < 1 || power > MOST_POWER)
      throw new CeremonyRefusal(`${basename(path)} claims 2^${power} powers; the curve allows up to 2^${MOST_POWER}.`);
    if (!PREPARED.every((section) => file.has(section)))
      throw new CeremonyRefusal(
        `${basename(path)} is not prepared for phase 2. Take the published "final" file, or run: npx snarkjs powersoftau prepare phase2 ${basename(path)} prepared.ptau -v`,
      );
    const contributions = file.has(CONTRIBUTIONS) ? file.read(CONTRIBUTIONS, 0, 4).readUInt32LE(0) : 0;
    if (contributions === 0)
      throw new CeremonyRefusal(
        `${basename(path)} has no contribution: its secret is known to everybody. Take a public file: docs/ceremony.md.`,
      );
    return { power, contributions };
  });
}

function vouchedFor(path: string, power: number, hashes: { sha256: string; blake2b512: string }, given: string | null): string | null {
  const published = PUBLISHED_PTAU.find((entry) => entry.blake2b === hashes.blake2b512);
  if (given !== null && given !== (given.length === 64 ? hashes.sha256 : hashes.blake2b512))
    throw new CeremonyRefusal(
      `${basename(path)} is not the file with the hash given by --ptau-hash: its ${given.length === 64 ? `SHA-256 is ${hashes.sha256}` : `BLAKE2b-512 is ${hashes.blake2b512}`}. Fetch it again; if it stays, ask where the file and the hash come from.`,
    );
  if (published !== undefined) return published.file;
  if (given !== null) return null;
  const expected = PUBLISHED_PTAU.find((entry) => entry.power === power);
  throw new CeremonyRefusal(
    `${basename(path)} (BLAKE2b-512 ${hashes.blake2b512}) is none of the published powers of tau this tool knows; ${expected === undefined ? 'none of its size is known' : `${expected.file} has ${expected.blake2b}`}. Fetch it again. If it is from another public ceremony, get its hash from a second source and pass it: --ptau-hash HEX.`,
  );
}

/** Reads and hashes the file. `given` is the hash by which a person vouches for it. */
export async function inspectPtau(path: string, given: string | null, onProgress: Progress): Promise<PtauFacts> {
  const { power, contributions } = readHeader(path);
  const hashes = await hashFile(path, ['sha256', 'blake2b512'], onProgress);
  const publishedAs = vouchedFor(path, power, hashes, given);
  return { file: basename(path), power, contributions, blake2b: hashes.blake2b512, sha256: hashes.sha256, publishedAs };
}

export function assertLargeEnough(ptau: Pick<PtauFacts, 'file' | 'power'>, circuit: string, power: number): void {
  if (ptau.power >= power) return;
  const wanted = PUBLISHED_PTAU.find((entry) => entry.power === power);
  throw new CeremonyRefusal(
    `${ptau.file} is too small: it has 2^${ptau.power} powers and ${circuit} needs 2^${power}. Take ${wanted?.file ?? 'a larger file'} or a larger one.`,
  );
}
