// SPDX-License-Identifier: GPL-3.0-only
/** Files that are there whole or not at all, and never replaced. */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, existsSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Progress } from '../keys/make-keys.ts';
import { CeremonyRefusal } from './refusal.ts';

const drafts = new Set<string>();

/** For a run that is being stopped: what it was writing goes away. */
export function removeDrafts(): void {
  for (const draft of drafts) rmSync(draft, { recursive: true, force: true });
}

/** Keeps a temporary file or folder known for as long as `use` runs, then removes it. */
export async function withDraft<T>(draft: string, use: () => Promise<T>): Promise<T> {
  drafts.add(draft);
  try {
    return await use();
  } finally {
    rmSync(draft, { recursive: true, force: true });
    drafts.delete(draft);
  }
}

/** Lets `make` write a draft beside `path` and moves it to its place. Refuses when the place is taken or another run is writing it. */
export async function makeFile<T>(path: string, make: (draft: string) => Promise<T>): Promise<T> {
  const refuseTaken = (): void => {
    if (existsSync(path))
      throw new CeremonyRefusal(
        `${path} is there already and is not overwritten. Move it away if it belongs to a run that was broken off.`,
      );
  };
  refuseTaken();
  const draft = `${path}.part`;
  try {
    // Only one run can create it.
    closeSync(openSync(draft, 'wx'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new CeremonyRefusal(`${draft} cannot be written: ${(cause as Error).message}`, { cause });
    throw new CeremonyRefusal(`Another run is writing ${basename(path)}. If none is (it was broken off), delete ${draft} and try again.`);
  }
  return withDraft(draft, async () => {
    const made = await make(draft);
    refuseTaken();
    renameSync(draft, path);
    return made;
  });
}

/** Writes beside and renames: a reader finds the old document or the new one. */
export function writeJson(path: string, value: unknown): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/** Hashes of a file's bytes, in hexadecimal, read once. */
export async function hashFile<K extends 'sha256' | 'blake2b512'>(
  path: string,
  algorithms: readonly K[],
  onProgress?: Progress,
): Promise<Record<K, string>> {
  const hashes = algorithms.map((algorithm) => [algorithm, createHash(algorithm)] as const);
  const size = statSync(path).size;
  let done = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 22 }) as AsyncIterable<Buffer>) {
    for (const [, hash] of hashes) hash.update(chunk);
    done += chunk.length;
    onProgress?.(done / size, `hashing ${basename(path)}`);
  }
  return Object.fromEntries(hashes.map(([algorithm, hash]) => [algorithm, hash.digest('hex')])) as Record<K, string>;
}

export const sha256Of = async (path: string): Promise<string> => (await hashFile(path, ['sha256'])).sha256;
