// SPDX-License-Identifier: GPL-3.0-only
/** `verify`: everything again from the circuit's source, the powers of tau and the key, trusting nothing that the folder says of itself. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CeremonyContext, part } from './context.ts';
import { sha256Of } from './files.ts';
import { assertFile, assertHistory } from './history.ts';
import { inspectPtau } from './ptau.ts';
import { CeremonyRefusal } from './refusal.ts';
import { newZkey, verifyFromInit } from './snark.ts';
import { withCompiled } from './start.ts';
import { lastStep, readTranscript, sameName, type Transcript } from './transcript.ts';

export interface VerifyOptions {
  readonly dir: string;
  /** null: the file of the transcript's name in the folder */
  readonly ptau: string | null;
  readonly ptauHash: string | null;
  /** an open ceremony: the beacon and contributions may still be to come */
  readonly isPartial: boolean;
  /** what the checker asks for, when that is more than the transcript */
  readonly contributions: number | null;
}

export interface Verified {
  readonly transcript: Transcript;
  /** files of earlier steps that are not in the folder; the last file proves their contributions all the same */
  readonly absent: readonly string[];
}

function ptauPath({ dir, ptau }: VerifyOptions, transcript: Transcript): string {
  const path = ptau ?? join(dir, transcript.powersOfTau.file);
  if (existsSync(path)) return path;
  throw new CeremonyRefusal(`The powers of tau are not at ${path}. Say where they are: --ptau FILE.`);
}

function assertPeople(transcript: Transcript, options: VerifyOptions): void {
  const { contributions } = transcript;
  for (const [k, { name }] of contributions.entries())
    if (contributions.slice(0, k).some((earlier) => sameName(earlier.name, name)))
      throw new CeremonyRefusal(
        `${name} is in the transcript twice. The same person twice is one contributor; the ceremony needs different ones.`,
      );
  if (options.isPartial) return;
  const needed = Math.max(transcript.requiredContributions, options.contributions ?? 0);
  if (contributions.length < needed)
    throw new CeremonyRefusal(
      `${contributions.length} of ${needed} required people have contributed. Go on with contribute (--partial checks an open ceremony).`,
    );
  if (transcript.beacon === null)
    throw new CeremonyRefusal(
      'The beacon is missing: without it the last contributor chose the key. Close the ceremony with beacon (--partial checks an open one).',
    );
}

function assertKnown(context: CeremonyContext, circuit: string): void {
  try {
    context.circuit(circuit);
  } catch (cause) {
    throw new CeremonyRefusal(`The ceremony is for ${circuit}, which this version does not have: ${(cause as Error).message}.`, { cause });
  }
}

/** Returns the names of files that are not here. Those that are here must be the transcript's. */
async function checkFiles(dir: string, transcript: Transcript): Promise<string[]> {
  const steps = [transcript.start, ...transcript.contributions, ...(transcript.beacon === null ? [] : [transcript.beacon])];
  const absent: string[] = [];
  for (const [count, { file, sha256 }] of steps.entries()) {
    const path = join(dir, file);
    if (count < steps.length - 1 && !existsSync(path)) {
      absent.push(file);
      continue;
    }
    await assertFile(path, file, sha256);
    assertHistory(path, file, transcript, count);
  }
  return absent;
}

/** Runs `use` with the witness program that was compiled for the check, when all is well. */
export async function verified<T>(
  options: VerifyOptions,
  context: CeremonyContext,
  use: (result: Verified, wasmPath: string) => Promise<T>,
): Promise<T> {
  const { dir } = options;
  const transcript = readTranscript(dir);
  const { circuit, powersOfTau } = transcript;
  assertKnown(context, circuit);
  assertPeople(transcript, options);
  const absent = await checkFiles(dir, transcript);
  const ptau = ptauPath(options, transcript);
  const facts = await inspectPtau(ptau, options.ptauHash, part(context.progress, 0, 0.05));
  if (facts.sha256 !== powersOfTau.sha256)
    throw new CeremonyRefusal(
      `${facts.file} is not the file this ceremony began with (${powersOfTau.file}, BLAKE2b-512 ${powersOfTau.blake2b}). Give that one: --ptau FILE.`,
    );
  return withCompiled(context, circuit, async (compiled) => {
    if (compiled.r1csSha256 !== transcript.r1csSha256)
      throw new CeremonyRefusal(
        `The ceremony is for another circuit: this checkout compiles ${circuit} to ${compiled.r1csSha256.slice(0, 16)}…, the transcript says ${transcript.r1csSha256.slice(0, 16)}…. Check out the version the ceremony was begun with and install its dependencies.`,
      );
    const initPath = join(compiled.workDir, 'init.zkey');
    await newZkey(compiled.r1csPath, ptau, initPath, part(context.progress, 0.1, 0.7));
    if ((await sha256Of(initPath)) !== transcript.start.sha256)
      throw new CeremonyRefusal(
        'The key without contributions is not the one that circuit and powers of tau give. The ceremony was begun wrongly; begin a new one.',
      );
    await verifyFromInit(initPath, ptau, join(dir, lastStep(transcript).file), part(context.progress, 0.7, 1));
    return use({ transcript, absent }, compiled.wasmPath);
  });
}

export const verify = (options: VerifyOptions, context: CeremonyContext): Promise<Verified> =>
  verified(options, context, (result) => Promise.resolve(result));
