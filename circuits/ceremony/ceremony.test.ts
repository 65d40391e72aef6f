// SPDX-License-Identifier: GPL-3.0-only
/** A whole ceremony of two people and a beacon with snarkjs on a circuit of a hundred constraints, and the key that comes of it. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { groth16, wtns } from 'snarkjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CeremonyPins, ceremonyKeyProblem } from '../../contracts/deploy/ceremony-pins.ts';
import { verifierArguments } from '../../contracts/settlement/verifier-arguments.ts';
import { proveGroth16 } from '../../src/main/proof/groth16-prove.ts';
import { buildCircuit } from '../build.ts';
import { sha256Of } from './files.ts';
import { installedCeremony } from './installed.ts';
import { BEACON, tinyInput } from './testing/tiny.ts';
import { tinyCeremony } from './testing/tiny-ceremony.ts';
import { readHistory } from './zkey-contributions.ts';

const TEXT = 'a sentence that only Anna knows';
const ceremony = tinyCeremony(TEXT);
const { bench, open, closed, vouch, good, refused, copyOf, verifyArgs, beaconArgs, ptauPath } = ceremony;
beforeAll(ceremony.prepare, 240_000);
afterAll(ceremony.end);

const pins = (): CeremonyPins => JSON.parse(readFileSync(bench.context.pinsPath, 'utf8')) as CeremonyPins;

describe('a ceremony of two people and a beacon', () => {
  it('verifies from the circuit, the powers of tau and the key, and tells each hash', async () => {
    const document = await good(...verifyArgs(closed));
    const { contributions } = readHistory(join(closed, 'final.zkey'));
    expect(document).toMatchObject({
      schema: 'ceremony-verified/1',
      circuit: 'tiny',
      isComplete: true,
      absent: [],
      beaconSource: 'block 900000',
    });
    expect(document.contributions).toEqual(contributions.slice(0, 2).map(({ name, hash }) => ({ name, hash })));
    expect(contributions.map(({ name }) => name)).toEqual(['Anna Árva', 'Béla', 'beacon']);
    expect(contributions[2]?.beacon).toEqual({ value: BEACON, iterationsExp: 10 });
  });

  it('tells its progress, which only grows, on each command', async () => {
    bench.fractions.length = 0;
    await good(...verifyArgs(closed));
    expect(bench.fractions.length).toBeGreaterThan(5);
    expect(bench.fractions).toEqual([...bench.fractions].sort((a, b) => a - b));
  });

  it('verifies without the files in between, and says that they were not compared', async () => {
    const dir = join(bench.folder, 'published');
    mkdirSync(dir);
    for (const name of ['final.zkey', 'transcript.json']) cpSync(join(closed, name), join(dir, name));
    cpSync(ptauPath, join(dir, 'prepared.ptau'));
    const document = await good('verify', '--dir', dir, ...vouch.slice(2));
    expect(document.absent).toEqual(['0000.zkey', '0001.zkey', '0002.zkey']);
  });

  it('keeps nothing of the typed text in any file', () => {
    for (const name of readdirSync(closed)) expect(readFileSync(join(closed, name)).includes(TEXT), name).toBe(false);
  });

  it('leaves no draft behind', () => {
    expect(readdirSync(closed).sort()).toEqual(['0000.zkey', '0001.zkey', '0002.zkey', 'final.zkey', 'transcript.json']);
  });

  it('makes other keys of the same circuit, powers of tau and texts, because the system adds its randomness', async () => {
    const again = join(bench.folder, 'again');
    await good('start', '--circuit', 'tiny', '--dir', again, ...vouch);
    await good('contribute', '--dir', again, '--name', 'Anna Árva');
    expect(readFileSync(join(again, '0000.zkey'))).toEqual(readFileSync(join(open, '0000.zkey')));
    expect(readHistory(join(again, '0001.zkey')).contributions[0]?.hash).not.toBe(
      readHistory(join(open, '0001.zkey')).contributions[0]?.hash,
    );
  });
});

describe('the finished key', () => {
  it('proves, and its proof verifies under the key that the verifier contract is given', async () => {
    const done = await good('finish', '--dir', closed, ...vouch);
    const directory = done.directory as string;
    const witness: { type: 'mem'; data?: Uint8Array } = { type: 'mem' };
    const input = tinyInput(1234567n);
    await wtns.calculate(input, join(directory, 'tiny.wasm'), witness);
    const { proof, publicSignals } = await groth16.prove(join(directory, 'tiny.zkey'), witness);
    const key: unknown = JSON.parse(readFileSync(join(directory, 'verification_key.json'), 'utf8'));
    expect(publicSignals).toEqual([input.result]);
    expect(await groth16.verify(key, publicSignals, proof)).toBe(true);
    expect(await groth16.verify(key, [(BigInt(input.result) + 1n).toString()], proof)).toBe(false);
    // and so does the console's, whose steps are its own
    const own = await proveGroth16(join(directory, 'tiny.zkey'), witness.data as Uint8Array<ArrayBuffer>, () => {});
    expect(own.publicSignals).toEqual(publicSignals);
    expect(own.proof).not.toEqual(proof);
    expect(await groth16.verify(key, own.publicSignals, own.proof)).toBe(true);
    expect(await groth16.verify(key, [(BigInt(input.result) + 1n).toString()], own.proof)).toBe(false);
    await expect(proveGroth16(join(directory, 'tiny.zkey'), new Uint8Array(12), () => {})).rejects.toThrow('this is no witness');
    expect(verifierArguments(key)[0]).toHaveLength(14 + 2 * 2);
    expect(JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'))).toMatchObject({
      schema: 'circuit-artifacts/1',
      name: 'tiny',
      constraints: 100,
      keyOrigin: 'ceremony',
      verificationKeyHash: pins().tiny?.verificationKeyHash,
    });
    expect(ceremonyKeyProblem('tiny', key, pins())).toBeNull();
    expect(pins().tiny).toMatchObject({ contributions: 2, transcriptSha256: await sha256Of(join(closed, 'transcript.json')) });
  });

  it('is what the build gives from then on: no development key is made or put in its place', async () => {
    const spec = bench.context.circuit('tiny');
    const built = await buildCircuit(spec, { cacheDir: bench.context.cacheDir, ceremonyPins: pins() });
    expect(built.manifest.keyOrigin).toBe('ceremony');
    const pointer = JSON.parse(readFileSync(join(bench.context.cacheDir, 'tiny.json'), 'utf8')) as { directory: string };
    expect(join(bench.context.cacheDir, pointer.directory)).toBe(built.directory);
    expect(readdirSync(bench.context.cacheDir)).toHaveLength(2);
  });

  it('is refused by the build and the console while it is not pinned', async () => {
    const spec = bench.context.circuit('tiny');
    expect(() => installedCeremony(bench.context.cacheDir, spec, {})).toThrow(/no key of that circuit is pinned/);
    await expect(buildCircuit(spec, { cacheDir: bench.context.cacheDir, ceremonyPins: {} })).rejects.toThrow(
      /no key of that circuit is pinned/,
    );
    const other: CeremonyPins = {
      tiny: { verificationKeyHash: 'ab'.repeat(32), verifierKeyHash: '', contributions: 2, transcriptSha256: '' },
    };
    expect(() => installedCeremony(bench.context.cacheDir, spec, other)).toThrow(/the pinned key is abababab/);
  });

  it('is installed a second time without a change, and pinned once', async () => {
    const before = readFileSync(bench.context.pinsPath);
    expect(await good('finish', '--dir', closed, ...vouch)).toMatchObject({ isNewPin: false });
    expect(readFileSync(bench.context.pinsPath)).toEqual(before);
  });

  it('does not replace the pin or the folder of another ceremony', async () => {
    const other = copyOf(open);
    await good('contribute', '--dir', other, '--name', 'Cili');
    await good(...beaconArgs(other));
    expect(await refused('finish', '--dir', other, ...vouch)).toMatch(/Another key of tiny is pinned/);
    const before = readFileSync(bench.context.pinsPath);
    writeFileSync(bench.context.pinsPath, '{}');
    expect(await refused('finish', '--dir', other, ...vouch)).toMatch(/lies in .* and is not overwritten/);
    expect(readFileSync(bench.context.pinsPath, 'utf8')).toBe('{}');
    writeFileSync(bench.context.pinsPath, before);
  });

  it('is not made from an open ceremony', async () => {
    expect(await refused('finish', '--dir', open, ...vouch, '--out', join(bench.folder, 'nowhere'))).toMatch(/beacon is missing/);
    expect(existsSync(join(bench.folder, 'nowhere'))).toBe(false);
  });
});
