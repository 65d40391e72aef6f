// SPDX-License-Identifier: GPL-3.0-only
/** `transcript.json`: the record that travels with the ceremony's files and is published with them. It holds no secret and no path. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeJson } from './files.ts';
import { CeremonyRefusal } from './refusal.ts';

/** Fewer is no ceremony: one person would know the secret. */
export const LEAST_CONTRIBUTIONS = 2;
export const DEFAULT_CONTRIBUTIONS = 3;

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const Blake2b = z.string().regex(/^[0-9a-f]{128}$/);
const FileName = z.string().regex(/^[0-9a-z]+\.zkey$/);

const Contribution = z.strictObject({
  file: FileName,
  name: z.string().min(1),
  /** BLAKE2b-512 by which the contributor publishes it */
  hash: Blake2b,
  /** of the file */
  sha256: Sha256,
  at: z.iso.datetime(),
});

const Transcript = z.strictObject({
  schema: z.literal('ceremony-transcript/1'),
  circuit: z.string(),
  /** of sources, library and compiler when it was begun */
  sourceHash: z.string(),
  constraints: z.int(),
  r1csSha256: Sha256,
  /** BLAKE2b-512 that snarkjs gives the circuit's part of the key */
  circuitHash: Blake2b,
  powersOfTau: z.strictObject({ file: z.string(), power: z.int(), blake2b: Blake2b, sha256: Sha256, publishedAs: z.string().nullable() }),
  requiredContributions: z.int().min(LEAST_CONTRIBUTIONS),
  /** what public value the beacon will be and when it comes out, said before the first contribution; null when it was not said */
  beaconSource: z.string().nullable(),
  start: z.strictObject({ file: FileName, sha256: Sha256, at: z.iso.datetime() }),
  contributions: z.array(Contribution),
  beacon: Contribution.omit({ name: true })
    .extend({ value: z.string().regex(/^(?:[0-9a-f]{2})+$/), iterationsExp: z.int() })
    .nullable(),
});
export type Transcript = z.infer<typeof Transcript>;

export const TRANSCRIPT_FILE = 'transcript.json';
export const START_FILE = '0000.zkey';
export const FINAL_FILE = 'final.zkey';
export const contributionFile = (number: number): string => `${String(number).padStart(4, '0')}.zkey`;

const pathIn = (dir: string): string => join(dir, TRANSCRIPT_FILE);
export const hasTranscript = (dir: string): boolean => existsSync(pathIn(dir));

export function readTranscript(dir: string): Transcript {
  if (!hasTranscript(dir))
    throw new CeremonyRefusal(
      `There is no ceremony in ${dir}: transcript.json is missing. Begin one with start, or name the folder you were sent.`,
    );
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(pathIn(dir), 'utf8'));
  } catch {
    throw new CeremonyRefusal(`transcript.json in ${dir} is no JSON document. Fetch it again from whom you got the folder.`);
  }
  const parsed = Transcript.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CeremonyRefusal(
    `transcript.json in ${dir} is malformed at ${issue?.path.join('.') || 'its root'}: ${issue?.message}. Fetch it again.`,
  );
}

export const writeTranscript = (dir: string, transcript: Transcript): void => writeJson(pathIn(dir), transcript);

/** The last file of the ceremony so far. */
export function lastStep(transcript: Transcript): { readonly file: string; readonly sha256: string } {
  return transcript.beacon ?? transcript.contributions.at(-1) ?? transcript.start;
}

/** Two spellings of one name are the same person. */
export const sameName = (a: string, b: string): boolean => plain(a) === plain(b);
const plain = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s\p{P}]+/gu, ' ')
    .trim();
