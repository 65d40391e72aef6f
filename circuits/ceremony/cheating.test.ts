// SPDX-License-Identifier: GPL-3.0-only
/** Each way to cheat in a ceremony or to err, and the sentence it is refused with. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Of } from './files.ts';
import { contribute as forge } from './snark.ts';
import { BEACON, ceremonyBench, editTranscript, refusalOf, squares } from './testing/tiny.ts';
import { tinyCeremony } from './testing/tiny-ceremony.ts';
import type { Transcript } from './transcript.ts';

const quiet = () => {};
const ceremony = tinyCeremony();
const { bench, open, closed, vouch, good, refused, copyOf, verifyArgs, beaconArgs } = ceremony;
beforeAll(ceremony.prepare, 240_000);
afterAll(ceremony.end);

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
