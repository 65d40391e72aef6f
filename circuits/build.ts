// SPDX-License-Identifier: GPL-3.0-only
/**
 * Makes what the prover needs: compiled circuit, proving key, verification key; cached by content under `<cacheDir>/<name>-<hash>/`.
 *
 *   node circuits/build.ts [--layout 16x1] [--circuit settle-16 …] [--cache-dir .cache/circuits] [--pin]
 *
 * A layout stands for its two circuits, settle and admit. It prints `progress <0..1> <text>` lines. `--pin` records the verification key's hash in `pins.json` after a wanted change of the circuit.
 */
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { CeremonyPins } from '../contracts/deploy/ceremony-pins.ts';
import { verifierKeyHash } from '../contracts/settlement/verifier-arguments.ts';
import { installedCeremony, isCeremonyDirectory } from './ceremony/installed.ts';
import { compileCircuit } from './compile.ts';
import { makeDevelopmentKey, type Progress } from './keys/make-keys.ts';
import { admitCircuit, CIRCUITS_DIR, type CircuitSpec, circuitByName, contentHash, parseLayout, settleCircuit } from './spec.ts';

/** Written last: a folder with it is complete. */
export interface ArtifactManifest {
  readonly schema: 'circuit-artifacts/1';
  readonly name: string;
  readonly contentHash: string;
  readonly constraints: number;
  readonly publicSignals: readonly string[];
  readonly keyOrigin: 'development' | 'ceremony';
  readonly verificationKeyHash: string;
  readonly keySeconds: number;
  readonly compileSeconds: number;
}

export interface BuildOptions {
  readonly cacheDir: string;
  readonly onProgress?: Progress;
  readonly signal?: AbortSignal;
  /** records the verification key's hash instead of comparing it */
  readonly pin?: boolean;
  /** the ceremony keys that are trusted; those of this version by default */
  readonly ceremonyPins?: CeremonyPins;
  /** the development keys that are known; those of this version by default */
  readonly pins?: Pins;
}

const PINS = join(CIRCUITS_DIR, 'pins.json');
export type Pins = Record<string, { contentHash: string; verificationKeyHash: string; verifierKeyHash: string }>;

function readPins(): Pins {
  return existsSync(PINS) ? (JSON.parse(readFileSync(PINS, 'utf8')) as Pins) : {};
}

/** SHA-256 of the key's canonical JSON (keys in snarkjs's order, no white space). */
export function verificationKeyHash(verificationKey: unknown): string {
  return createHash('sha256').update(JSON.stringify(verificationKey)).digest('hex');
}

export function artifactDirectory(cacheDir: string, spec: CircuitSpec): string {
  return join(cacheDir, `${spec.name}-${contentHash(spec)}`);
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

export function readManifest(directory: string): ArtifactManifest | null {
  const path = join(directory, 'manifest.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as ArtifactManifest) : null;
}

function exportVerificationKey(zkeyPath: string, outputPath: string): Promise<void> {
  return new Promise((done, fail) => {
    const child = fork(fileURLToPath(new URL('./keys/export-vkey.ts', import.meta.url)), [zkeyPath, outputPath], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('error', fail);
    child.on('exit', (code) => (code === 0 ? done() : fail(new Error(`reading the verification key ended with ${code}`))));
  });
}

/** True: it is the pinned key. False: this version pins none of this content, so nothing tells a right key from a wrong one. */
function checkPin(spec: CircuitSpec, key: unknown, content: string, { pin = false, pins: given }: BuildOptions): boolean {
  const pins = given ?? readPins();
  const hash = verificationKeyHash(key);
  if (pin) {
    pins[spec.name] = { contentHash: content, verificationKeyHash: hash, verifierKeyHash: verifierKeyHash(key) };
    writeFileSync(PINS, `${JSON.stringify(Object.fromEntries(Object.entries(pins).sort()), null, 2)}\n`);
    return true;
  }
  const pinned = pins[spec.name];
  if (pinned?.contentHash !== content) return false;
  if (pinned.verificationKeyHash !== hash)
    throw new Error(
      `the key made for ${spec.name} is not the pinned one (${hash} instead of ${pinned.verificationKeyHash}). Delete the cache folder and try again; if it stays, the tools are not those of package-lock.json`,
    );
  return true;
}

/** Tells the console which folder holds the artefacts in use. */
function point(cacheDir: string, spec: CircuitSpec, directory: string): void {
  writeFileSync(join(cacheDir, `${spec.name}.json`), `${JSON.stringify({ directory: basename(directory) })}\n`);
}

/** Builds what is missing and returns where it is. Safe to call at every start: with a full cache it only reads one file. */
export async function buildCircuit(spec: CircuitSpec, options: BuildOptions): Promise<{ directory: string; manifest: ArtifactManifest }> {
  const progress: Progress = options.onProgress ?? (() => {});
  const usable = installedCeremony(options.cacheDir, spec, options.ceremonyPins);
  if (usable !== null) {
    point(options.cacheDir, spec, usable);
    progress(1, `circuit ${spec.name} is ready, with its ceremony's key`);
    return { directory: usable, manifest: readManifest(usable) as ArtifactManifest };
  }
  const content = contentHash(spec);
  const directory = artifactDirectory(options.cacheDir, spec);
  let manifest = readManifest(directory);
  let pinned: boolean;
  if (manifest === null) {
    // Made beside its place and moved there whole: a build that was killed leaves no half artefacts.
    const draft = `${directory}.${process.pid}.tmp`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    try {
      progress(0, `compiling circuit ${spec.name}`);
      const compileStart = performance.now();
      const compiled = await compileCircuit(spec, draft, options.signal);
      const keyStart = performance.now();
      const zkeyPath = join(draft, `${spec.name}.zkey`);
      await makeDevelopmentKey(
        compiled.r1csPath,
        zkeyPath,
        (fraction, text) => progress(0.45 + 0.5 * fraction, `${text} for ${spec.name} (insecure development key)`),
        options.signal,
      );
      const keyPath = join(draft, 'verification_key.json');
      await exportVerificationKey(zkeyPath, keyPath);
      const keyEnd = performance.now();
      const key = readJson(keyPath);
      manifest = {
        schema: 'circuit-artifacts/1',
        name: spec.name,
        contentHash: content,
        constraints: compiled.constraints,
        publicSignals: spec.publicSignals,
        keyOrigin: 'development',
        verificationKeyHash: verificationKeyHash(key),
        compileSeconds: Math.round((keyStart - compileStart) / 100) / 10,
        keySeconds: Math.round((keyEnd - keyStart) / 100) / 10,
      };
      pinned = checkPin(spec, key, content, options);
      // The constraints are needed again only by a ceremony, which compiles anew.
      rmSync(compiled.r1csPath);
      writeFileSync(join(draft, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
      rmSync(directory, { recursive: true, force: true });
      renameSync(draft, directory);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  } else pinned = checkPin(spec, readJson(join(directory, 'verification_key.json')), content, options);
  point(options.cacheDir, spec, directory);
  progress(1, pinned ? `circuit ${spec.name} is ready` : `circuit ${spec.name} is ready, with a key that is not pinned in this version`);
  return { directory, manifest };
}

/** Removes development keys of earlier contents. A ceremony's key stays: it cannot be made again. */
export function dropOldArtifacts(cacheDir: string, spec: CircuitSpec): void {
  const keep = `${spec.name}-${contentHash(spec)}`;
  for (const entry of existsSync(cacheDir) ? readdirSync(cacheDir) : [])
    if (entry.startsWith(`${spec.name}-`) && entry !== keep && !entry.endsWith('.tmp') && !isCeremonyDirectory(entry))
      rmSync(join(cacheDir, entry), { recursive: true, force: true });
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      layout: { type: 'string' },
      circuit: { type: 'string', multiple: true },
      'cache-dir': { type: 'string', default: resolve(CIRCUITS_DIR, '..', '.cache', 'circuits') },
      pin: { type: 'boolean', default: false },
    },
  });
  const layout = values.layout ?? (values.circuit === undefined ? '16x1' : undefined);
  const ofLayout = layout === undefined ? [] : [settleCircuit, admitCircuit].map((circuit) => circuit(parseLayout(layout)));
  const specs = [...ofLayout, ...(values.circuit ?? []).map(circuitByName)];
  mkdirSync(values['cache-dir'], { recursive: true });
  const fractions = specs.map(() => 0);
  // Side by side: the compiler takes one core.
  await Promise.all(
    specs.map(async (spec, k) => {
      const { directory, manifest } = await buildCircuit(spec, {
        cacheDir: values['cache-dir'],
        pin: values.pin,
        onProgress(fraction, text) {
          fractions[k] = fraction;
          const total = fractions.reduce((sum, one) => sum + one, 0) / specs.length;
          console.log(`progress ${total.toFixed(3)} ${text}`);
        },
      });
      dropOldArtifacts(values['cache-dir'], spec);
      console.log(`ready ${directory} (${manifest.constraints} constraints, key in ${manifest.keySeconds} s)`);
    }),
  );
}
