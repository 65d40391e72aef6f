// SPDX-License-Identifier: GPL-3.0-only
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { artifactDirectory, buildCircuit, type Pins, verificationKeyHash } from './build.ts';
import { circuitByName, contentHash } from './spec.ts';

const spec = circuitByName('settle-2');
const key = { protocol: 'groth16' };
let cacheDir: string;
beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'busbar-circuits-'));
  const built = artifactDirectory(cacheDir, spec);
  mkdirSync(built);
  writeFileSync(join(built, 'verification_key.json'), JSON.stringify(key));
  writeFileSync(join(built, 'manifest.json'), JSON.stringify({ schema: 'circuit-artifacts/1', name: spec.name }));
});
afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

const said = async (pins: Pins): Promise<string[]> => {
  const lines: string[] = [];
  await buildCircuit(spec, { cacheDir, pins, ceremonyPins: {}, onProgress: (_, text) => lines.push(text) });
  return lines;
};
const pin = { contentHash: contentHash(spec), verificationKeyHash: verificationKeyHash(key), verifierKeyHash: '0x' };

describe('a circuit that is built', () => {
  it('is ready when its key is the pinned one, and refused when the pinned one is another', async () => {
    expect(await said({ 'settle-2': pin })).toEqual(['circuit settle-2 is ready']);
    await expect(said({ 'settle-2': { ...pin, verificationKeyHash: '00' } })).rejects.toThrow(/is not the pinned one/);
  });

  it('says that its key is not pinned when the pin is of another content or there is none', async () => {
    const unpinned = ['circuit settle-2 is ready, with a key that is not pinned in this version'];
    expect(await said({ 'settle-2': { ...pin, contentHash: 'stale' } })).toEqual(unpinned);
    expect(await said({})).toEqual(unpinned);
  });
});
