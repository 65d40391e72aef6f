// SPDX-License-Identifier: GPL-3.0-only
/** `start`: circuit and powers of tau become the key without contributions. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCircuit } from '../compile.ts';
import { domainPower } from '../keys/make-keys.ts';
import { readR1cs } from '../keys/r1cs.ts';
import { type CircuitSpec, sourceHash } from '../spec.ts';
import { type CeremonyContext, part } from './context.ts';
import { makeFile, sha256Of, withDraft } from './files.ts';
import { assertLargeEnough, inspectPtau } from './ptau.ts';
import { CeremonyRefusal, UsageError } from './refusal.ts';
import { newZkey, verifyPtau } from './snark.ts';
import { hasTranscript, START_FILE, type Transcript, writeTranscript } from './transcript.ts';

export interface StartOptions {
  readonly circuit: string;
  readonly dir: string;
  readonly ptau: string;
  readonly ptauHash: string | null;
  /** recomputes the powers of tau from their own contributions: hours for a large file */
  readonly verifyPtau: boolean;
  /** people who must have contributed before the ceremony may be finished */
  readonly contributions: number;
  readonly beaconSource: string | null;
}

/** Compiles the circuit in a folder that goes away again; `use` gets the constraints and the witness program. */
export function withCompiled<T>(
  context: CeremonyContext,
  circuit: string,
  use: (compiled: { r1csPath: string; wasmPath: string; constraints: number; r1csSha256: string; workDir: string }) => Promise<T>,
): Promise<T> {
  const workDir = mkdtempSync(join(tmpdir(), 'busbar-ceremony-'));
  return withDraft(workDir, async () => {
    context.progress(0.05, `compiling circuit ${circuit}`);
    const compiled = await compileCircuit(context.circuit(circuit), workDir);
    return use({ ...compiled, r1csSha256: await sha256Of(compiled.r1csPath), workDir });
  });
}

function specOf(context: CeremonyContext, circuit: string): CircuitSpec {
  try {
    return context.circuit(circuit);
  } catch (cause) {
    throw new UsageError(`--circuit: ${(cause as Error).message}`, { cause });
  }
}

function assertEmpty(dir: string): void {
  if (hasTranscript(dir))
    throw new CeremonyRefusal(`There is a ceremony in ${dir} already. Name a new folder; a ceremony is never begun over another.`);
  const keys = existsSync(dir) ? readdirSync(dir).filter((name) => /\.zkey(?:\.part)?$/.test(name)) : [];
  if (keys.length > 0)
    throw new CeremonyRefusal(`${dir} holds ${keys.join(', ')} without a transcript. Name a new folder, or move these files away.`);
}

export async function start(options: StartOptions, context: CeremonyContext): Promise<Transcript> {
  const { circuit, dir, ptau } = options;
  const spec = specOf(context, circuit);
  assertEmpty(dir);
  const facts = await inspectPtau(ptau, options.ptauHash, part(context.progress, 0, 0.05));
  context.say(
    facts.publishedAs === null
      ? `Powers of tau: 2^${facts.power}, ${facts.contributions} contributions; the hash is the one you gave. Everybody who checks this ceremony must trust that file too.`
      : `Powers of tau: ${facts.publishedAs}, ${facts.contributions} contributions; the hash is the published one.`,
  );
  return withCompiled(context, circuit, async (compiled) => {
    assertLargeEnough(facts, circuit, domainPower(readR1cs(compiled.r1csPath)));
    if (options.verifyPtau) await verifyPtau(ptau, part(context.progress, 0.05, 0.5));
    mkdirSync(dir, { recursive: true });
    const zkeyPath = join(dir, START_FILE);
    const circuitHash = await makeFile(zkeyPath, (draft) =>
      newZkey(compiled.r1csPath, ptau, draft, part(context.progress, options.verifyPtau ? 0.5 : 0.1, 1)),
    );
    const { publishedAs, file, power, blake2b, sha256 } = facts;
    const transcript: Transcript = {
      schema: 'ceremony-transcript/1',
      circuit,
      sourceHash: sourceHash(spec),
      constraints: compiled.constraints,
      r1csSha256: compiled.r1csSha256,
      circuitHash,
      powersOfTau: { file, power, blake2b, sha256, publishedAs },
      requiredContributions: options.contributions,
      beaconSource: options.beaconSource,
      start: { file: START_FILE, sha256: await sha256Of(zkeyPath), at: context.now().toISOString() },
      contributions: [],
      beacon: null,
    };
    writeTranscript(dir, transcript);
    return transcript;
  });
}
