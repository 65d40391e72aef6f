// SPDX-License-Identifier: GPL-3.0-only
/** `contribute`: one person mixes a secret into the key and forgets it. `beacon`: the public random value that closes the ceremony. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { CeremonyContext } from './context.ts';
import { makeFile, sha256Of } from './files.ts';
import { checkedLast } from './history.ts';
import { CeremonyRefusal, UsageError } from './refusal.ts';
import { applyBeacon, contribute as contributeWith } from './snark.ts';
import { contributionFile, FINAL_FILE, lastStep, readTranscript, sameName, type Transcript, writeTranscript } from './transcript.ts';
import { readHistory } from './zkey-contributions.ts';

/** The key's format cuts names there. */
const LONGEST_NAME = 64;
const LEAST_TEXT = 8;

export function parseName(text: string): string {
  const name = text.normalize('NFC').trim();
  if (name === '' || name.length > LONGEST_NAME || /\p{C}/u.test(name))
    throw new UsageError(`--name takes 1 to ${LONGEST_NAME} printable characters: the name under which you publish your hash.`);
  return name;
}

function assertOpen(transcript: Transcript): void {
  if (transcript.beacon !== null)
    throw new CeremonyRefusal(
      'The ceremony is closed: its beacon was applied, and nothing may follow it. Begin a new one if it must change.',
    );
}

/** A file written by a run that died before the transcript was: its secret is gone with it. */
function assertNoOrphan(dir: string, file: string): void {
  if (existsSync(join(dir, file)))
    throw new CeremonyRefusal(`${file} is there but not in the transcript: a run was broken off. Delete ${join(dir, file)} and try again.`);
}

/** What was written must carry what was reported. */
function assertWritten(path: string, count: number, hash: string): void {
  const { contributions } = readHistory(path);
  if (contributions.length !== count || contributions.at(-1)?.hash !== hash)
    throw new CeremonyRefusal('The new file does not carry the contribution that was made. Check the disk of this computer and try again.');
}

export async function contribute(
  options: { readonly dir: string; readonly name: string; readonly from: string | null },
  context: CeremonyContext,
): Promise<Transcript> {
  const { dir } = options;
  const name = parseName(options.name);
  const transcript = readTranscript(dir);
  assertOpen(transcript);
  const taken = transcript.contributions.find((entry) => sameName(entry.name, name));
  if (taken !== undefined)
    throw new CeremonyRefusal(`${taken.name} has contributed already. Each person contributes once; a second contribution adds no safety.`);
  const last = lastStep(transcript).file;
  if (options.from !== null && resolve(options.from) !== resolve(dir, last))
    throw new CeremonyRefusal(
      `${basename(options.from)} is not the ceremony's last file: ${last} is. Building on an earlier file would skip contributions.`,
    );
  const from = await checkedLast(dir, transcript);
  const number = transcript.contributions.length + 1;
  const file = contributionFile(number);
  assertNoOrphan(dir, file);
  const text = await context.readText();
  if (text.trim().length < LEAST_TEXT)
    throw new CeremonyRefusal(
      `The random text is too short: type at least ${LEAST_TEXT} characters that nobody can guess. Nothing was written.`,
    );
  // snarkjs mixes 64 bytes of the system's randomness with this; ours are added so that neither alone is relied on.
  const entropy = `${text}${randomBytes(64).toString('hex')}`;
  const path = join(dir, file);
  const hash = await makeFile(path, async (draft) => {
    const made = await contributeWith(from, draft, name, entropy, context.progress);
    assertWritten(draft, number, made);
    return made;
  });
  const entry = { file, name, hash, sha256: await sha256Of(path), at: context.now().toISOString() };
  const next = { ...transcript, contributions: [...transcript.contributions, entry] };
  writeTranscript(dir, next);
  return next;
}

const LEAST_BEACON_BYTES = 16;
const MOST_BEACON_BYTES = 255;
const ITERATIONS = { least: 10, most: 40 };

export function parseBeacon(value: string, iterationsExp: string): { value: string; iterationsExp: number } {
  const digits = value.toLowerCase().replace(/^0x/, '');
  if (!/^(?:[0-9a-f]{2})+$/.test(digits) || digits.length < 2 * LEAST_BEACON_BYTES || digits.length > 2 * MOST_BEACON_BYTES)
    throw new UsageError(`--beacon takes ${LEAST_BEACON_BYTES} to ${MOST_BEACON_BYTES} bytes in hexadecimal, two digits each.`);
  const exponent = Number(iterationsExp);
  if (!Number.isInteger(exponent) || exponent < ITERATIONS.least || exponent > ITERATIONS.most)
    throw new UsageError(`--iterations-exp takes ${ITERATIONS.least} to ${ITERATIONS.most}: the value is hashed 2^N times. 10 is usual.`);
  return { value: digits, iterationsExp: exponent };
}

export async function beacon(
  options: { readonly dir: string; readonly value: string; readonly iterationsExp: number },
  context: CeremonyContext,
): Promise<Transcript> {
  const { dir, value, iterationsExp } = options;
  const transcript = readTranscript(dir);
  assertOpen(transcript);
  const { length } = transcript.contributions;
  if (length < transcript.requiredContributions)
    throw new CeremonyRefusal(
      `${length} of the required ${transcript.requiredContributions} people have contributed. The beacon comes last, after all of them; nothing can follow it.`,
    );
  const from = await checkedLast(dir, transcript);
  assertNoOrphan(dir, FINAL_FILE);
  const path = join(dir, FINAL_FILE);
  const hash = await makeFile(path, async (draft) => {
    const made = await applyBeacon(from, draft, value, iterationsExp, context.progress);
    assertWritten(draft, length + 1, made);
    return made;
  });
  const entry = { file: FINAL_FILE, hash, sha256: await sha256Of(path), at: context.now().toISOString(), value, iterationsExp };
  const next = { ...transcript, beacon: entry };
  writeTranscript(dir, next);
  return next;
}
