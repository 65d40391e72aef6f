/** Which key the console takes from the cache, with artefacts as a ceremony leaves them (their key is made up: no proof is asked for). */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ceremonyDirectory } from '../../../circuits/ceremony/installed.ts';
import { circuitByName } from '../../../circuits/spec.ts';
import { verificationKeyHash } from '../../../contracts/deploy/ceremony-pins.ts';
import { ensureCircuitArtifacts, readArtifacts } from './artifacts.ts';
import { assertKeyAllowed, assertKeyPinned } from './key-policy.ts';

const NAME = 'settle-2';
const key = { protocol: 'groth16', curve: 'bn128', IC: [['1', '2', '1']] };
let cache: string;
let directory: string;

beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), 'busbar-artifacts-'));
  directory = ceremonyDirectory(cache, circuitByName(NAME));
  mkdirSync(directory, { recursive: true });
  for (const ending of ['wasm', 'zkey']) writeFileSync(join(directory, `${NAME}.${ending}`), ending);
  writeFileSync(join(directory, 'verification_key.json'), JSON.stringify(key));
  const manifest = {
    schema: 'circuit-artifacts/1',
    name: NAME,
    constraints: 3,
    keyOrigin: 'ceremony',
    // What the manifest claims must not count, only the key that lies there.
    verificationKeyHash: 'ab'.repeat(32),
    keySeconds: 1,
  };
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
  writeFileSync(join(cache, `${NAME}.json`), JSON.stringify({ directory: basename(directory) }));
});
afterAll(() => rmSync(cache, { recursive: true, force: true }));

describe("a ceremony's key in the cache", () => {
  it('is refused with a sentence while it is not pinned, and no development key takes its place', async () => {
    await expect(ensureCircuitArtifacts({ cacheDir: cache, layout: { batchMembers: 2, parts: 1 } })).rejects.toMatchObject({
      code: 'proof.failed',
      message: expect.stringMatching(/claims to come from a ceremony, but no key of that circuit is pinned/),
    });
    expect(JSON.parse(readFileSync(join(cache, `${NAME}.json`), 'utf8'))).toEqual({ directory: basename(directory) });
    expect(existsSync(join(directory, 'manifest.json'))).toBe(true);
  }, 180_000);

  it('is believed when the pin is the hash of the key itself', () => {
    expect(readArtifacts(cache, NAME)?.manifest.keyOrigin).toBe('ceremony');
    const pin = (hash: string) => ({ [NAME]: { verificationKeyHash: hash, verifierKeyHash: '', contributions: 3, transcriptSha256: '' } });
    expect(() => assertKeyPinned(NAME, 'ceremony', key, pin(verificationKeyHash(key)))).not.toThrow();
    expect(() => assertKeyPinned(NAME, 'ceremony', key, pin('ab'.repeat(32)))).toThrow(/the pinned key is abababab/);
    expect(() => assertKeyPinned('settle-16', 'ceremony', key, pin(verificationKeyHash(key)))).toThrow(/no key of that circuit is pinned/);
    expect(() => assertKeyPinned('toString', 'ceremony', key, {})).toThrow(/no key of that circuit is pinned/);
  });

  it('may serve any chain, where a development key serves its own only', () => {
    const abroad = { chainId: 1, rpcUrl: 'https://node.example' };
    expect(() => assertKeyAllowed('ceremony', abroad)).not.toThrow();
    expect(() => assertKeyAllowed('development', abroad)).toThrow(/npm run ceremony/);
    expect(() => assertKeyPinned(NAME, 'development', key, {})).not.toThrow();
  });
});
