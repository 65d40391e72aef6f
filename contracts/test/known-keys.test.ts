import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import pins from '../../circuits/pins.json' with { type: 'json' };
import { verificationKeyHash } from '../deploy/ceremony-pins.ts';
import type { Manifest } from '../deploy/deploy.ts';
import { isTrusted, judgeKey, type KnownKeys, keysOnChain } from '../deploy/known-keys.ts';
import { verifierKeyHash } from '../settlement/verifier-arguments.ts';
import { anyVerificationKey } from './any-key.ts';
import { openCircuitProver } from './circuit-prover.ts';
import { type Chain, deploySuite, startHardhat } from './support.ts';

const cache = fileURLToPath(new URL('../../.cache/circuits', import.meta.url));
const addressOf = (manifest: Manifest): string => manifest.contracts.Settlement?.address as string;

describe('the keys under which a chain takes proofs', () => {
  let chain: Chain;
  before(async () => {
    chain = await startHardhat();
  });
  after(() => chain.close());
  const trusts = async (manifest: Manifest, chainId: number, known?: KnownKeys, rpcUrl: string | null = null) =>
    (await keysOnChain(chain.provider, { chainId, rpcUrl }, addressOf(manifest), known)).map(({ circuit, trust }) => [circuit, trust]);

  it('are pinned by both hashes of one key', () => {
    const built = Object.entries(pins).flatMap(([name, pin]) => {
      const path = join(cache, `${name}-${pin.contentHash}`, 'verification_key.json');
      return existsSync(path) ? [{ pin, key: JSON.parse(readFileSync(path, 'utf8')) as unknown }] : [];
    });
    for (const { pin, key } of built)
      assert.deepEqual([verificationKeyHash(key), verifierKeyHash(key)], [pin.verificationKeyHash, pin.verifierKeyHash]);
  });

  it('are known when they are the development keys, which are for a development chain only', async () => {
    const provers = [await openCircuitProver('settle-2'), await openCircuitProver('admit-2')] as const;
    const [settle, admit] = provers.map(({ key, close }) => {
      close();
      return key;
    });
    const manifest = await deploySuite(chain, {
      depth: 1,
      batchMembers: 2,
      settlement: { ...(settle && { settle }), ...(admit && { admit }) },
    });
    const [onChain] = await keysOnChain(chain.provider, { chainId: 31337, rpcUrl: null }, addressOf(manifest));
    assert.equal(onChain?.verifier, manifest.contracts.SettleVerifier?.address);
    assert.equal(onChain?.keyHash, verifierKeyHash(settle?.verificationKey), 'the chain hashes as we do');
    assert.deepEqual(await trusts(manifest, 31337), [
      ['settle-2', 'development'],
      ['admit-2', 'development'],
    ]);
    assert.deepEqual(await trusts(manifest, 31337, undefined, 'http://127.0.0.1:8545'), await trusts(manifest, 31337));
    const forgeable = [
      ['settle-2', 'forgeable'],
      ['admit-2', 'forgeable'],
    ];
    assert.deepEqual(await trusts(manifest, 4242), forgeable);
    assert.deepEqual(await trusts(manifest, 31337, undefined, 'https://node.example.org'), forgeable, 'a chain of that number elsewhere');
  });

  it('are known when a ceremony made and this version pinned them, and unknown else', async () => {
    const manifest = await deploySuite(chain);
    const key = anyVerificationKey(8).verificationKey;
    const pin = { verificationKeyHash: '', verifierKeyHash: verifierKeyHash(key), contributions: 5, transcriptSha256: '' };
    assert.deepEqual(await trusts(manifest, 4242, { ceremony: { 'settle-16': pin } }), [
      ['settle-16', 'ceremony'],
      ['admit-16', 'unknown'],
    ]);
    const ofOther = judgeKey(
      { circuit: 'admit-16', keyHash: pin.verifierKeyHash, chainId: 31337, rpcUrl: null },
      { ceremony: { 'settle-16': pin } },
    );
    assert.equal(ofOther.trust, 'unknown', 'the key of another circuit');
    assert.equal(isTrusted(ofOther), false);
    assert.match(
      ofOther.detail,
      /ask the operator for the ceremony's transcript .*node circuits\/build.ts --circuit admit-16" says whether, and with --pin/,
    );
    const abroad = judgeKey({ circuit: 'admit-16', keyHash: '0x', chainId: 4242, rpcUrl: null });
    assert.doesNotMatch(abroad.detail, /--pin/, 'a trial of one’s own is on a development chain');
    assert.equal(judgeKey({ circuit: 'constructor', keyHash: '0x', chainId: 31337, rpcUrl: null }).trust, 'unknown');
  });
});
