// SPDX-License-Identifier: GPL-3.0-only
/** `finish`: a verified ceremony becomes artefacts as `circuits/build.ts` makes them, and its key becomes one that the console trusts. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type CeremonyPin, type CeremonyPins, verificationKeyHash } from '../../contracts/deploy/ceremony-pins.ts';
import { verifierKeyHash } from '../../contracts/settlement/verifier-arguments.ts';
import type { ArtifactManifest } from '../build.ts';
import { sourceHash } from '../spec.ts';
import { type CeremonyContext, part } from './context.ts';
import { sha256Of, withDraft, writeJson } from './files.ts';
import { ceremonyDirectory } from './installed.ts';
import { CeremonyRefusal } from './refusal.ts';
import { exportVerificationKey } from './snark.ts';
import { FINAL_FILE, TRANSCRIPT_FILE } from './transcript.ts';
import { type Verified, type VerifyOptions, verified } from './verify.ts';

export interface FinishOptions extends Omit<VerifyOptions, 'isPartial'> {
  /** cache of artefacts, `.cache/circuits` of the checkout by default */
  readonly out: string;
}

export interface Finished {
  readonly circuit: string;
  readonly directory: string;
  readonly pin: CeremonyPin;
  readonly isNewPin: boolean;
}

const readPins = (path: string): CeremonyPins => (existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as CeremonyPins) : {});

/** Another pinned key of the same circuit is not replaced silently: proofs of a running ledger depend on it. */
function assertPinFree(pinsPath: string, circuit: string, hash: string): void {
  const pin = readPins(pinsPath)[circuit];
  if (pin !== undefined && pin.verificationKeyHash !== hash)
    throw new CeremonyRefusal(
      `Another key of ${circuit} is pinned (${pin.verificationKeyHash.slice(0, 16)}…). If this ceremony shall replace it, remove its entry from ${basename(pinsPath)} first; a ledger deployed with it keeps its verifier.`,
    );
}

function writePin(pinsPath: string, circuit: string, pin: CeremonyPin): boolean {
  const pins = readPins(pinsPath);
  if (pins[circuit] !== undefined) return false;
  writeJson(pinsPath, Object.fromEntries(Object.entries({ ...pins, [circuit]: pin }).sort(([a], [b]) => (a < b ? -1 : 1))));
  return true;
}

async function install(
  options: FinishOptions,
  context: CeremonyContext,
  result: Verified,
  wasmPath: string,
  began: number,
): Promise<Finished> {
  const { circuit, constraints, contributions } = result.transcript;
  const spec = context.circuit(circuit);
  const directory = ceremonyDirectory(options.out, spec);
  const key = await exportVerificationKey(join(options.dir, FINAL_FILE));
  const hash = verificationKeyHash(key);
  assertPinFree(context.pinsPath, circuit, hash);
  const transcriptPath = join(options.dir, TRANSCRIPT_FILE);
  const pin = {
    verificationKeyHash: hash,
    verifierKeyHash: verifierKeyHash(key),
    contributions: contributions.length,
    transcriptSha256: await sha256Of(transcriptPath),
  };
  if (existsSync(directory)) {
    const there: unknown = JSON.parse(readFileSync(join(directory, 'verification_key.json'), 'utf8'));
    if (verificationKeyHash(there) !== hash)
      throw new CeremonyRefusal(`Another ceremony's key of ${circuit} lies in ${directory} and is not overwritten. Move it away first.`);
  } else {
    const draft = `${directory}.${process.pid}.tmp`;
    await withDraft(draft, async () => {
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft, { recursive: true });
      copyFileSync(wasmPath, join(draft, `${circuit}.wasm`));
      copyFileSync(join(options.dir, FINAL_FILE), join(draft, `${circuit}.zkey`));
      copyFileSync(transcriptPath, join(draft, TRANSCRIPT_FILE));
      writeFileSync(join(draft, 'verification_key.json'), `${JSON.stringify(key, null, 1)}\n`);
      const manifest: ArtifactManifest = {
        schema: 'circuit-artifacts/1',
        name: circuit,
        contentHash: sourceHash(spec),
        constraints,
        publicSignals: spec.publicSignals,
        keyOrigin: 'ceremony',
        verificationKeyHash: hash,
        compileSeconds: 0,
        keySeconds: Math.round((performance.now() - began) / 100) / 10,
      };
      writeJson(join(draft, 'manifest.json'), manifest);
      renameSync(draft, directory);
    });
  }
  const isNewPin = writePin(context.pinsPath, circuit, pin);
  writeJson(join(options.out, `${circuit}.json`), { directory: basename(directory) });
  return { circuit, directory, pin, isNewPin };
}

export function finish(options: FinishOptions, context: CeremonyContext): Promise<Finished> {
  const began = performance.now();
  return verified({ ...options, isPartial: false }, { ...context, progress: part(context.progress, 0, 0.98) }, (result, wasmPath) =>
    install(options, context, result, wasmPath, began),
  );
}
