/** What a community begins with is worked out by the contract, and is what the engine begins with. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Contract, ContractFactory } from 'ethers';
import { type BatchLayout, capacityOf } from '../../src/domain/settlement/limits.ts';
import { merkleRoot } from '../../src/domain/settlement/merkle.ts';
import { bookRoot, emptyBook } from '../../src/domain/settlement/order-book.ts';
import { genesisState, stateRoot } from '../../src/domain/settlement/state.ts';
import { type Artifacts, linkBytecode } from '../deploy/artifacts.ts';
import { poseidon8Constants } from '../settlement/poseidon8-constants.ts';
import { verifierArguments } from '../settlement/verifier-arguments.ts';
import { anyVerificationKey, builtContracts, type Chain, startHardhat } from './support.ts';

const layouts: readonly BatchLayout[] = [
  { batchMembers: 2, parts: 1 },
  { batchMembers: 16, parts: 1 },
  { batchMembers: 16, parts: 4 },
  { batchMembers: 64, parts: 16 },
];

describe('the accounts and standing orders before the first round', () => {
  let chain: Chain;
  let artifacts: Artifacts;
  const libraries = new Map<string, string>();
  before(async () => {
    chain = await startHardhat();
    ({ artifacts } = await builtContracts());
  });
  after(() => chain.close());

  const deploy = async (name: string, ...args: readonly unknown[]): Promise<string> => {
    const artifact = artifacts.get(name);
    const code = linkBytecode(artifact, (library) => libraries.get(library) as string);
    return (await (await new ContractFactory(artifact.abi, code, chain.signer).deploy(...args)).waitForDeployment()).getAddress();
  };

  it('are empty in communities of every size, and nobody who deploys can say otherwise', async () => {
    libraries.set('PoseidonT3', await deploy('PoseidonT3'));
    const leafHash = await deploy('Poseidon8', poseidon8Constants());
    const verifierOf = (signals: number) => deploy('Groth16Verifier', ...verifierArguments(anyVerificationKey(signals).verificationKey));
    const admitVerifier = await verifierOf(6);
    const nobody = '0x0000000000000000000000000000000000000001';
    for (const layout of layouts) {
      const setup = {
        ...{ authority: nobody, registry: nobody, money: nobody, tariffs: nobody, certificates: nobody, certificateHolder: nobody },
        ...{ verifier: await verifierOf(layout.parts === 1 ? 8 : 10), admitVerifier, leafHash, ...layout },
        ...{ tokenUnitsPerMicroCent: 1, escapeAfterS: 100, challengeWindowS: 10, gate: { intervalS: 0, leadS: 0 } },
      };
      const at = await deploy('Settlement', setup);
      const settlement = new Contract(at, artifacts.get('Settlement').abi, chain.provider);
      const read = (name: string) => settlement.getFunction(name).staticCall();
      const members = capacityOf(layout);
      const genesis = stateRoot(genesisState(members));
      assert.deepEqual([await read('genesisRoot'), await read('stateRoot')], [genesis, genesis], `${members} members`);
      assert.equal(await read('bookRoot'), merkleRoot(Array<bigint>(members).fill(0n)), `${members} members`);
      assert.equal(await read('bookRoot'), bookRoot(emptyBook(members)), `${members} members`);
    }
  });
});
