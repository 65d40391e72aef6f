// SPDX-License-Identifier: GPL-3.0-only
/** Whole ceremonies with snarkjs on a circuit of a hundred constraints, and each way to cheat or to err. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { groth16, wtns } from 'snarkjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CeremonyPins, ceremonyKeyProblem } from '../../contracts/deploy/ceremony-pins.ts';
import { verifierArguments } from '../../contracts/settlement/verifier-arguments.ts';
import { buildCircuit } from '../build.ts';
import { sha256Of } from './files.ts';
import { installedCeremony } from './installed.ts';
import { contribute as forge } from './snark.ts';
import { BEACON, type Bench, ceremonyBench, editTranscript, endThreads, makePtau, refusalOf, squares, tinyInput } from './testing/tiny.ts';
import type { Transcript } from './transcript.ts';
import { readHistory } from './zkey-contributions.ts';

const TEXT = 'a sentence that only Anna knows';
const quiet = () => {};
let bench: Bench;
let ptau: { path: string; unprepared: string; blake2b: string };
/** two contributions, no beacon yet */
let open: string;
/** the whole ceremony */
let closed: string;
let vouch: string[];

const good = async (...args: string[]): Promise<Record<string, unknown>> => {
  const answer = await bench.run(...args);
  if (answer.exitCode !== 0) throw new Error(refusalOf(answer));
  return answer.document as Record<string, unknown>;
};
const refused = async (...args: string[]): Promise<string> => refusalOf(await bench.run(...args));
let copies = 0;
/** A folder to spoil. */
const copyOf = (dir: string): string => {
  const copy = join(bench.folder, `copy-${++copies}`);
  cpSync(dir, copy, { recursive: true });
  return copy;
};
const verifyArgs = (dir: string): string[] => ['verify', '--dir', dir, ...vouch];
const beaconArgs = (dir: string): string[] => ['beacon', '--dir', dir, '--beacon', BEACON, '--iterations-exp', '10'];
const pins = (): CeremonyPins => JSON.parse(readFileSync(bench.context.pinsPath, 'utf8')) as CeremonyPins;

beforeAll(async () => {
  bench = ceremonyBench({}, TEXT);
  ptau = await makePtau(bench.folder);
  vouch = ['--ptau', ptau.path, '--ptau-hash', ptau.blake2b];
  open = join(bench.folder, 'open');
  await good('start', '--circuit', 'tiny', '--dir', open, ...vouch, '--contributors', '2', '--beacon-source', 'block 900000');
  await good('contribute', '--dir', open, '--name', 'Anna Árva');
  await good('contribute', '--dir', open, '--name', 'Béla');
  closed = copyOf(open);
  await good(...beaconArgs(closed));
}, 240_000);
afterAll(async () => {
  bench.remove();
  await endThreads();
});

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
    cpSync(ptau.path, join(dir, 'prepared.ptau'));
    const document = await good('verify', '--dir', dir, '--ptau-hash', ptau.blake2b);
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
    const other: CeremonyPins = { tiny: { verificationKeyHash: 'ab'.repeat(32), contributions: 2, transcriptSha256: '' } };
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

describe('the powers of tau', () => {
  const start = (...args: string[]) => refused('start', '--circuit', 'tiny', '--dir', join(bench.folder, 'never'), ...args);

  it('are refused when their hash is not a published one and nobody vouches for it', async () => {
    expect(await start('--ptau', ptau.path)).toMatch(/none of the published powers of tau.*powersOfTau28_hez_final_08\.ptau has d6a8fb3a/);
  });

  it('are refused when they are not the file with the given hash', async () => {
    expect(await start('--ptau', ptau.path, '--ptau-hash', 'ab'.repeat(64))).toMatch(/not the file with the hash given by --ptau-hash/);
    expect(await start('--ptau', ptau.path, '--ptau-hash', 'ab'.repeat(32))).toMatch(/its SHA-256 is/);
  });

  it('are refused when they are too small for the circuit', async () => {
    expect(await refused('start', '--circuit', 'large', '--dir', join(bench.folder, 'never'), ...vouch)).toMatch(
      /too small: it has 2\^8 powers and large needs 2\^9\. Take powersOfTau28_hez_final_09\.ptau/,
    );
  });

  it('are refused when they are not prepared, not there, cut short or of another kind', async () => {
    expect(await start('--ptau', ptau.unprepared, '--ptau-hash', ptau.blake2b)).toMatch(/not prepared for phase 2/);
    expect(await start('--ptau', join(bench.folder, 'none.ptau'))).toMatch(/cannot be read/);
    const short = join(bench.folder, 'short.ptau');
    writeFileSync(short, readFileSync(ptau.path).subarray(0, 100_000));
    expect(await start('--ptau', short)).toMatch(/ends too early/);
    expect(await start('--ptau', join(open, '0000.zkey'))).toMatch(/does not begin with "ptau"/);
  });

  it('are refused when nobody contributed to them', async () => {
    const bytes = Buffer.from(readFileSync(ptau.path));
    for (let at = 12; at < bytes.length; at += 12 + Number(bytes.readBigUInt64LE(at + 4)))
      if (bytes.readUInt32LE(at) === 7) bytes.writeUInt32LE(0, at + 12);
    const bare = join(bench.folder, 'bare.ptau');
    writeFileSync(bare, bytes);
    expect(await start('--ptau', bare)).toMatch(/has no contribution: its secret is known/);
  });

  it('are recomputed from their own contributions when that is asked for', async () => {
    const dir = join(bench.folder, 'recomputed');
    await good('start', '--circuit', 'tiny', '--dir', dir, ...vouch, '--verify-ptau');
    const spoilt = Buffer.from(readFileSync(ptau.path));
    for (let at = 12; at < spoilt.length; at += 12 + Number(spoilt.readBigUInt64LE(at + 4)))
      // another power in the place of the third one
      if (spoilt.readUInt32LE(at) === 2) spoilt.copy(spoilt, at + 12 + 3 * 64, at + 12 + 5 * 64, at + 12 + 6 * 64);
    const path = join(bench.folder, 'spoilt.ptau');
    writeFileSync(path, spoilt);
    expect(await start('--ptau', path, '--ptau-hash', await sha256Of(path), '--verify-ptau')).toMatch(
      /do not follow from their contributions/,
    );
    expect(existsSync(join(bench.folder, 'never'))).toBe(false);
  });

  it('are refused by a checker whose file is not the one of the ceremony', async () => {
    const dir = copyOf(closed);
    editTranscript(dir, (t) => ({ ...t, powersOfTau: { ...t.powersOfTau, sha256: 'ab'.repeat(32) } }));
    expect(await refused(...verifyArgs(dir))).toMatch(/not the file this ceremony began with/);
    expect(await refused('verify', '--dir', closed)).toMatch(/not at .*prepared\.ptau.*--ptau FILE/);
    expect(await refused('verify', '--dir', closed, '--ptau', ptau.path)).toMatch(/none of the published/);
  });
});

/** The cheat writes the file and makes the transcript agree. */
const replaceLast = async (dir: string, entry: Partial<Transcript['contributions'][number]>): Promise<void> => {
  const last = readdirSync(dir)
    .filter((name) => /^\d+\.zkey$/.test(name))
    .sort()
    .at(-1) as string;
  const sha256 = await sha256Of(join(dir, last));
  editTranscript(dir, (t) => ({ ...t, contributions: t.contributions.map((c) => (c.file === last ? { ...c, ...entry, sha256 } : c)) }));
};

describe('who cheats or errs', () => {
  it('is found out by an altered file', async () => {
    const dir = copyOf(closed);
    const bytes = Buffer.from(readFileSync(join(dir, '0001.zkey')));
    bytes.writeUInt8((bytes.readUInt8(bytes.length - 900) + 1) % 256, bytes.length - 900);
    writeFileSync(join(dir, '0001.zkey'), bytes);
    expect(await refused(...verifyArgs(dir))).toMatch(/0001\.zkey was altered: its SHA-256/);
  });

  it('is found out by an altered key although the transcript was made to agree', async () => {
    const dir = copyOf(open);
    const bytes = Buffer.from(readFileSync(join(dir, '0002.zkey')));
    for (let at = 12; at < bytes.length; at += 12 + Number(bytes.readBigUInt64LE(at + 4)))
      // two points C change places: each is a true point of the key, in the wrong place
      if (bytes.readUInt32LE(at) === 8) {
        const first = Buffer.from(bytes.subarray(at + 12, at + 12 + 64));
        bytes.copy(bytes, at + 12, at + 12 + 64, at + 12 + 128);
        first.copy(bytes, at + 12 + 64);
      }
    writeFileSync(join(dir, '0002.zkey'), bytes);
    await replaceLast(dir, {});
    expect(await refused(...verifyArgs(dir), '--partial')).toMatch(/do not follow from the circuit.*L section does not match/);
  });

  it('is found out when a contribution was skipped', async () => {
    const dir = copyOf(open);
    const hash = await forge(join(dir, '0000.zkey'), join(dir, '0002.zkey'), 'Béla', 'text', quiet);
    await replaceLast(dir, { hash });
    expect(await refused(...verifyArgs(dir), '--partial')).toMatch(
      /0002\.zkey lacks a contribution of the transcript: number 1 \(Anna Árva.*not at all/,
    );
    expect(await refused('contribute', '--dir', dir, '--name', 'Cili')).toMatch(/lacks a contribution/);
  });

  it('is found out when a contribution was struck from the transcript only', async () => {
    const dir = copyOf(closed);
    editTranscript(dir, (t) => ({ ...t, contributions: t.contributions.slice(1), requiredContributions: 2 }));
    expect(await refused(...verifyArgs(dir))).toMatch(/1 of 2 required people/);
    expect(await refused(...verifyArgs(dir), '--partial')).toMatch(/carries 1 contributions|lacks a contribution/);
  });

  it('cannot build on an earlier file than the last', async () => {
    expect(await refused('contribute', '--dir', open, '--name', 'Cili', '--in', join(open, '0001.zkey'))).toMatch(
      /0001\.zkey is not the ceremony's last file: 0002\.zkey is/,
    );
    expect(existsSync(join(open, '0003.zkey'))).toBe(false);
  });

  it('cannot contribute twice, however the name is spelt', async () => {
    expect(await refused('contribute', '--dir', open, '--name', ' anna  ÁRVA ')).toMatch(/Anna Árva has contributed already/);
    const dir = copyOf(open);
    const hash = await forge(join(dir, '0001.zkey'), join(dir, '0002.zkey'), 'ANNA-ÁRVA', 'text', quiet);
    await replaceLast(dir, { hash, name: 'ANNA-ÁRVA' });
    expect(await refused(...verifyArgs(dir), '--partial')).toMatch(/ANNA-ÁRVA is in the transcript twice/);
  });

  it('cannot put another name on a contribution', async () => {
    const dir = copyOf(closed);
    editTranscript(dir, (t) => ({ ...t, contributions: t.contributions.map((c, k) => (k === 0 ? { ...c, name: 'Dávid' } : c)) }));
    expect(await refused(...verifyArgs(dir))).toMatch(/number 1 \(Dávid.*under another name/);
  });

  it('is refused by whoever has another circuit', async () => {
    const other = ceremonyBench({ circuit: () => squares('tiny', 101) });
    try {
      expect(refusalOf(await other.run(...verifyArgs(closed)))).toMatch(/for another circuit: this checkout compiles tiny/);
    } finally {
      other.remove();
    }
    const dir = copyOf(closed);
    editTranscript(dir, (t) => ({ ...t, circuit: 'settle-5000' }));
    expect(await refused(...verifyArgs(dir))).toMatch(/for settle-5000, which this version does not have/);
  });

  it('cannot begin with another key than circuit and powers of tau give', async () => {
    const dir = copyOf(open);
    for (const name of ['0000.zkey', '0001.zkey', '0002.zkey']) writeFileSync(join(dir, name), '');
    const start = join(dir, '0000.zkey');
    cpSync(join(open, '0001.zkey'), start, { force: true });
    const sha256 = await sha256Of(start);
    editTranscript(dir, (t) => ({ ...t, start: { ...t.start, sha256 }, contributions: [] }));
    expect(await refused(...verifyArgs(dir), '--partial')).toMatch(/carries 1 contributions where the transcript tells of 0/);
    const other = copyOf(open);
    rmSync(join(other, '0000.zkey'));
    editTranscript(other, (t) => ({ ...t, start: { ...t.start, sha256 } }));
    expect(await refused(...verifyArgs(other), '--partial')).toMatch(/not the one that circuit and powers of tau give/);
  });

  it('cannot pass an open ceremony off as a closed one', async () => {
    expect(await refused(...verifyArgs(open))).toMatch(/beacon is missing: without it the last contributor chose the key/);
    expect(await good(...verifyArgs(open), '--partial')).toMatchObject({ isComplete: false });
  });

  it('cannot pass too few people off as enough', async () => {
    expect(await refused(...verifyArgs(closed), '--contributors', '3')).toMatch(/2 of 3 required people have contributed/);
    const dir = join(bench.folder, 'lonely');
    await good('start', '--circuit', 'tiny', '--dir', dir, ...vouch, '--contributors', '2');
    await good('contribute', '--dir', dir, '--name', 'Anna');
    expect(await refused(...beaconArgs(dir))).toMatch(/1 of the required 2 people have contributed/);
    expect(await refused(...verifyArgs(dir))).toMatch(/1 of 2 required people/);
    editTranscript(dir, (t) => ({ ...t, requiredContributions: 1 }));
    expect(await refused(...verifyArgs(dir))).toMatch(/malformed at requiredContributions/);
  });

  it('cannot claim another beacon, or go on after it', async () => {
    const dir = copyOf(closed);
    editTranscript(dir, (t) => ({ ...t, beacon: t.beacon === null ? null : { ...t.beacon, value: '43'.repeat(32) } }));
    expect(await refused(...verifyArgs(dir))).toMatch(/number 3 \(the beacon/);
    expect(await refused('contribute', '--dir', closed, '--name', 'Cili')).toMatch(/The ceremony is closed/);
    expect(await refused(...beaconArgs(closed))).toMatch(/The ceremony is closed/);
  });

  it('cannot begin a ceremony over another, or write over a file of a run that was broken off', async () => {
    expect(await refused('start', '--circuit', 'tiny', '--dir', open, ...vouch)).toMatch(/There is a ceremony in .* already/);
    const dir = copyOf(open);
    writeFileSync(join(dir, '0003.zkey'), 'half');
    expect(await refused('contribute', '--dir', dir, '--name', 'Cili')).toMatch(/0003\.zkey is there but not in the transcript/);
    const second = copyOf(open);
    writeFileSync(join(second, '0003.zkey.part'), '');
    expect(await refused('contribute', '--dir', second, '--name', 'Cili')).toMatch(/Another run is writing 0003\.zkey/);
    expect(existsSync(join(second, '0003.zkey'))).toBe(false);
  });

  it('cannot contribute with hardly any text', async () => {
    const short = ceremonyBench({}, '  abc  ');
    try {
      expect(refusalOf(await short.run('contribute', '--dir', open, '--name', 'Cili'))).toMatch(/random text is too short/);
    } finally {
      short.remove();
    }
  });
});

describe('a command called wrongly', () => {
  it.each([
    [['start', '--circuit', 'none', '--ptau', 'x', '--dir', 'y'], /there is no circuit "none"/],
    [['start', '--circuit', 'tiny', '--ptau', 'x'], /--dir is missing/],
    [['start', '--circuit', 'tiny', '--ptau', 'x', '--dir', 'y', '--contributors', '1'], /one person alone would know/],
    [['start', '--circuit', 'tiny', '--ptau', 'x', '--dir', 'y', '--ptau-hash', 'abc'], /--ptau-hash takes/],
    [['contribute', '--dir', 'x', '--name', 'a\nb'], /printable characters/],
    [['contribute', '--dir', 'x', '--name', 'a', '--entropy', 'text'], /entropy/],
    [['beacon', '--dir', 'x', '--beacon', 'abc', '--iterations-exp', '10'], /--beacon takes/],
    [['beacon', '--dir', 'x', '--beacon', BEACON, '--iterations-exp', '9'], /--iterations-exp takes/],
    [['dance'], /There is no command "dance"/],
    [[], /Name a command/],
  ] as const)('%j ends with 2 and says why', async (args, sentence) => {
    const answer = await bench.run(...args);
    expect(answer.exitCode).toBe(2);
    expect(refusalOf(answer)).toMatch(sentence);
  });
});
