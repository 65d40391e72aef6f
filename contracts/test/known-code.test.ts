import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ContractFactory, concat, getCreateAddress, Interface, id, type Provider, toBeHex } from 'ethers';
import pins from '../../circuits/pins.json' with { type: 'json' };
import type { Artifacts, Manifest } from '../deploy/deploy.ts';
import { compareCode } from '../deploy/known-code.ts';
import { keysOnChain } from '../deploy/known-keys.ts';
import { builtContracts, type Chain, deploySuite, startHardhat } from './support.ts';

const chainId = 31337;

describe('the code that a ledger’s money rests on', () => {
  let chain: Chain;
  let artifacts: Artifacts;
  let manifest: Manifest;
  const at = (name: string): string => manifest.contracts[name]?.address as string;
  before(async () => {
    chain = await startHardhat();
    ({ artifacts } = await builtContracts());
    manifest = await deploySuite(chain);
  });
  after(() => chain.close());
  const compare = (provider: Provider = chain.provider, settlement = at('Settlement'), onChain = chainId) =>
    compareCode(provider, { chainId: onChain, settlement, artifacts });
  const different = async (...asked: Parameters<typeof compare>) => (await compare(...asked)).filter(({ matches }) => !matches);
  /** Whatever is done to the chain inside is undone. */
  const forAMoment = async (act: () => Promise<void>) => {
    const snapshot = await chain.provider.send('evm_snapshot', []);
    await act();
    await chain.provider.send('evm_revert', [snapshot]);
  };
  const setCode = (address: string, code: string) => chain.provider.send('hardhat_setCode', [address, code]);
  const patched = (code: string, artifact: string, immutable: string, word: string): string =>
    (artifacts.get(artifact).immutables[immutable] ?? []).reduce(
      (so, { start, length }) => so.slice(0, 2 + 2 * start) + word.slice(2) + so.slice(2 + 2 * (start + length)),
      code,
    );

  it('is found in order when it is this version’s, at the addresses that the deployment left', async () => {
    const compared = await compare();
    assert.deepEqual(
      compared.map(({ contract, address, matches }) => [contract, address, matches]),
      ['PoseidonT3', 'Settlement', 'SettleVerifier', 'AdmitVerifier', 'Poseidon8', 'PoseidonT5', 'SmartMeter', 'Parameters', 'Access'].map(
        (contract) => [contract, at(contract), true],
      ),
    );
  });

  it('is not believed of a verifier that answers the pinned hash and checks nothing', () =>
    forAMoment(async () => {
      const pinned = pins['settle-16'].verifierKeyHash;
      await setCode(at('SettleVerifier'), `0x7f${pinned.slice(2)}5f5260205ff3`);
      const [key] = await keysOnChain(chain.provider, { chainId, rpcUrl: null }, at('Settlement'));
      assert.equal(key?.trust, 'development', 'by its word it is one of ours');
      const [problem, ...more] = await different();
      assert.deepEqual([problem?.contract, more], ['SettleVerifier', []]);
      assert.match(problem?.detail ?? '', /its code is not what this version compiles Groth16Verifier to/);
    }));

  it('is not believed of a verifier of the right code that names the pinned hash and works with another key', () =>
    forAMoment(async () => {
      const pinned = pins['admit-16'].verifierKeyHash;
      const code = await chain.provider.getCode(at('AdmitVerifier'));
      await setCode(at('AdmitVerifier'), patched(code, 'Groth16Verifier', 'keyHash', pinned));
      const [, key] = await keysOnChain(chain.provider, { chainId, rpcUrl: null }, at('Settlement'));
      assert.equal(key?.keyHash, pinned);
      const [problem] = await different();
      assert.match(problem?.detail ?? '', new RegExp(`it says that the hash of its key is ${pinned}, and works with other words`));
      await setCode(at('AdmitVerifier'), patched(code, 'Groth16Verifier', '_key', toBeHex(at('Access'), 32)));
      assert.match((await different())[0]?.detail ?? '', /its key is not kept as this version keeps it/);
    }));

  it('is not believed of any contract in which one byte is another', async () => {
    for (const { contract, address } of await compare())
      await forAMoment(async () => {
        const code = await chain.provider.getCode(address);
        // Behind the code's first jumps, and in none of the blanks.
        const byte = code.slice(120, 122) === '5b' ? '00' : '5b';
        await setCode(address, code.slice(0, 120) + byte + code.slice(122));
        assert.equal((await different())[0]?.contract, contract);
        await setCode(address, '0x');
        assert.equal((await different())[0]?.contract, contract);
      });
  });

  it('is not enough where the registry or the tariffs obey another Access than Settlement does', () =>
    forAMoment(async () => {
      const { abi, bytecode } = artifacts.get('Access');
      const second = await new ContractFactory(abi, bytecode, chain.signer).deploy(await chain.signer.getAddress());
      await second.waitForDeployment();
      const other = await second.getAddress();
      for (const [contract, does] of [
        ['SmartMeter', /obeys the Access at 0x.*change which meters and keys count/],
        ['Parameters', /obeys the Access at 0x.*change the tariffs/],
      ] as const)
        await forAMoment(async () => {
          // As the council could do it, or whoever deployed the contract with the other.
          await chain.provider.send('hardhat_impersonateAccount', [at('Access')]);
          await chain.provider.send('hardhat_setBalance', [at('Access'), '0xde0b6b3a7640000']);
          const call = new Interface(['function setAuthority(address)']).encodeFunctionData('setAuthority', [other]);
          await chain.provider.send('eth_sendTransaction', [{ from: at('Access'), to: at(contract), data: call }]);
          const [problem, ...more] = await different();
          assert.deepEqual([problem?.contract, problem?.address, more], [contract, at(contract), []]);
          assert.match(problem?.detail ?? '', does);
          assert.ok(problem?.detail.includes(other));
        });
    }));

  it('is not enough where the contract was made by other code, which may have put anything into it', async () => {
    const code = await chain.provider.getCode(at('Settlement'));
    const from = await chain.signer.getAddress();
    const address = getCreateAddress({ from, nonce: await chain.provider.getTransactionCount(from) });
    const own = patched(code, 'Settlement', '_cachedThis', toBeHex(address, 32));
    // Writes the authority's slot, logs what the constructor would, and leaves Settlement's own code.
    const begin = concat([`0x73${at('Access').slice(2)}5f55`, `0x7f${id('AuthorityUpdated(address)').slice(2)}5f5fa1`]);
    const size = (own.length - 2) / 2;
    const copy = (offset: number) => concat(['0x61', toBeHex(size, 2), '0x8061', toBeHex(offset, 2), '0x5f395ff3']);
    const offset = (begin.length - 2) / 2 + (copy(0).length - 2) / 2;
    const sent = await chain.signer.sendTransaction({ data: concat([begin, copy(offset), own]) });
    assert.equal((await sent.wait())?.contractAddress, address);
    assert.equal(await chain.provider.getCode(address), own);
    const [problem] = await different(chain.provider, address);
    assert.match(problem?.detail ?? '', /it was made by other code \(transaction 0x/);
  });

  it('is not called good where the node does not show how it began, or where signatures of another chain would count', async () => {
    const silent = (getLogs: () => Promise<never[]>): Provider => {
      const { provider } = chain;
      const asked = { getCode: provider.getCode.bind(provider), call: provider.call.bind(provider), getLogs };
      return asked as unknown as Provider;
    };
    const refusing = await different(silent(() => Promise.reject(new Error('ranges of 1000 blocks only'))));
    assert.match(refusing[0]?.detail ?? '', /^not compared: this node does not give .*ranges of 1000 blocks only/);
    assert.match((await different(silent(async () => [])))[0]?.detail ?? '', /what it began with is not known/);
    assert.match((await different(chain.provider, at('Settlement'), 4242))[0]?.detail ?? '', /another chain or contract/);
  });
});
