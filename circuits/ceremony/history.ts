// SPDX-License-Identifier: GPL-3.0-only
/** Whether a key file is the one that the transcript tells of: its bytes, and the contributions it carries. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Of } from './files.ts';
import { CeremonyRefusal } from './refusal.ts';
import { lastStep, type Transcript } from './transcript.ts';
import { readHistory, type ZkeyContribution } from './zkey-contributions.ts';

/** Refuses a file whose bytes are not those of the transcript. */
export async function assertFile(path: string, file: string, sha256: string): Promise<void> {
  if (!existsSync(path)) throw new CeremonyRefusal(`${file} is missing in this folder. Ask whoever sent the folder for it.`);
  const found = await sha256Of(path);
  if (found !== sha256)
    throw new CeremonyRefusal(
      `${file} was altered: its SHA-256 is ${found}, the transcript says ${sha256}. Fetch it again; if it stays, stop and ask its contributor for the file.`,
    );
}

interface Step {
  readonly who: string;
  readonly name: string | null;
  readonly hash: string;
  readonly beacon: ZkeyContribution['beacon'];
}

function stepsOf(transcript: Transcript): Step[] {
  const steps: Step[] = transcript.contributions.map(({ name, hash }) => ({ who: name, name, hash, beacon: null }));
  const { beacon } = transcript;
  if (beacon !== null) steps.push({ who: 'the beacon', name: null, hash: beacon.hash, beacon });
  return steps;
}

/** Refuses a key that does not carry exactly the transcript's first `count` contributions (the beacon counts as the last one). */
export function assertHistory(path: string, file: string, transcript: Transcript, count: number): void {
  const { circuitHash, contributions } = readHistory(path);
  if (circuitHash !== transcript.circuitHash)
    throw new CeremonyRefusal(
      `${file} is a key of another circuit or of other powers of tau than the transcript tells. Do not go on from it.`,
    );
  const steps = stepsOf(transcript).slice(0, count);
  for (const [k, step] of steps.entries()) {
    const found = contributions[k];
    const isSame =
      found !== undefined &&
      found.hash === step.hash &&
      (step.name === null || found.name === step.name) &&
      found.beacon?.value === step.beacon?.value &&
      found.beacon?.iterationsExp === step.beacon?.iterationsExp;
    if (isSame) continue;
    const where = contributions.some(({ hash }) => hash === step.hash) ? 'at another place or under another name' : 'not at all';
    throw new CeremonyRefusal(
      `${file} lacks a contribution of the transcript: number ${k + 1} (${step.who}, hash ${step.hash.slice(0, 16)}…) is in it ${where}. Somebody skipped or replaced it; go back to the last file that verifies.`,
    );
  }
  if (contributions.length > steps.length)
    throw new CeremonyRefusal(
      `${file} carries ${contributions.length} contributions where the transcript tells of ${steps.length}. Ask its sender for the transcript that belongs to it.`,
    );
}

/** The newest file of the ceremony, checked against the transcript: what the next contribution builds on. */
export async function checkedLast(dir: string, transcript: Transcript): Promise<string> {
  const { file, sha256 } = lastStep(transcript);
  const path = join(dir, file);
  await assertFile(path, file, sha256);
  assertHistory(path, file, transcript, transcript.contributions.length + (transcript.beacon === null ? 0 : 1));
  return path;
}
