// SPDX-License-Identifier: GPL-3.0-only
/** Which powers of tau a ceremony may begin with. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Of } from './files.ts';
import { editTranscript } from './testing/tiny.ts';
import { tinyCeremony } from './testing/tiny-ceremony.ts';

const ceremony = tinyCeremony();
const { bench, open, closed, vouch, good, refused, copyOf, verifyArgs, unprepared, ptauPath } = ceremony;
beforeAll(ceremony.prepare, 240_000);
afterAll(ceremony.end);

describe('the powers of tau', () => {
  const start = (...args: string[]) => refused('start', '--circuit', 'tiny', '--dir', join(bench.folder, 'never'), ...args);

  it('are refused when their hash is not a published one and nobody vouches for it', async () => {
    expect(await start('--ptau', ptauPath)).toMatch(/none of the published powers of tau.*powersOfTau28_hez_final_08\.ptau has d6a8fb3a/);
  });

  it('are refused when they are not the file with the given hash', async () => {
    expect(await start('--ptau', ptauPath, '--ptau-hash', 'ab'.repeat(64))).toMatch(/not the file with the hash given by --ptau-hash/);
    expect(await start('--ptau', ptauPath, '--ptau-hash', 'ab'.repeat(32))).toMatch(/its SHA-256 is/);
  });

  it('are refused when they are too small for the circuit', async () => {
    expect(await refused('start', '--circuit', 'large', '--dir', join(bench.folder, 'never'), ...vouch)).toMatch(
      /too small: it has 2\^8 powers and large needs 2\^9\. Take powersOfTau28_hez_final_09\.ptau/,
    );
  });

  it('are refused when they are not prepared, not there, cut short or of another kind', async () => {
    expect(await start('--ptau', unprepared, ...vouch.slice(2))).toMatch(/not prepared for phase 2/);
    expect(await start('--ptau', join(bench.folder, 'none.ptau'))).toMatch(/cannot be read/);
    const short = join(bench.folder, 'short.ptau');
    writeFileSync(short, readFileSync(ptauPath).subarray(0, 100_000));
    expect(await start('--ptau', short)).toMatch(/ends too early/);
    expect(await start('--ptau', join(open, '0000.zkey'))).toMatch(/does not begin with "ptau"/);
  });

  it('are refused when nobody contributed to them', async () => {
    const bytes = Buffer.from(readFileSync(ptauPath));
    for (let at = 12; at < bytes.length; at += 12 + Number(bytes.readBigUInt64LE(at + 4)))
      if (bytes.readUInt32LE(at) === 7) bytes.writeUInt32LE(0, at + 12);
    const bare = join(bench.folder, 'bare.ptau');
    writeFileSync(bare, bytes);
    expect(await start('--ptau', bare)).toMatch(/has no contribution: its secret is known/);
  });

  it('are recomputed from their own contributions when that is asked for', async () => {
    const dir = join(bench.folder, 'recomputed');
    await good('start', '--circuit', 'tiny', '--dir', dir, ...vouch, '--verify-ptau');
    const spoilt = Buffer.from(readFileSync(ptauPath));
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
    expect(await refused('verify', '--dir', closed, '--ptau', ptauPath)).toMatch(/none of the published/);
  });
});
