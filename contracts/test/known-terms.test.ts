import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type LedgerTerms, termProblems, termsOnChain } from '../deploy/known-terms.ts';
import { type Chain, deploySuite, startHardhat } from './support.ts';

const abroad = { chainId: 4242, rpcUrl: 'https://node.example.org' };
const here = { chainId: 31337, rpcUrl: 'http://127.0.0.1:8545' };
const good: LedgerTerms = {
  ...{ gateIntervalS: 900, gateLeadS: 300, escapeAfterS: 604_800, challengeWindowS: 86_400, tokenUnitsPerMicroCent: '1' },
  ...{ batchMembers: 16, parts: 1, capacityMembers: 16, registryCapacityMembers: 16, chainTime: true },
};

describe('the terms of a ledger', () => {
  let chain: Chain;
  before(async () => {
    chain = await startHardhat();
  });
  after(() => chain.close());

  it('are read from its contracts', async () => {
    const manifest = await deploySuite(chain);
    assert.deepEqual(await termsOnChain(chain.provider, manifest.contracts.Settlement?.address as string), {
      ...{ gateIntervalS: 0, gateLeadS: 0, escapeAfterS: 604_800, challengeWindowS: 20, tokenUnitsPerMicroCent: '1' },
      ...{ batchMembers: 16, parts: 1, capacityMembers: 16, registryCapacityMembers: 16, chainTime: false },
    });
  });

  it('are in order when the gate is kept, members can leave within thirty days and the registry has the rounds’ room', () => {
    assert.deepEqual(termProblems(good, abroad), []);
    assert.deepEqual(termProblems({ ...good, escapeAfterS: 30 * 86_400 }, abroad), []);
  });

  it('are objected to, one sentence each', () => {
    const [gate, leave, ...more] = termProblems({ ...good, gateIntervalS: 0, escapeAfterS: 30 * 86_400 + 1 }, abroad);
    assert.match(gate ?? '', /keeps no gate \(gateIntervalS 0\): orders may be chosen after delivery/);
    assert.match(leave ?? '', /escapeAfterS 2592001\): more than 30 days/);
    assert.deepEqual(more, []);
    assert.match(termProblems({ ...good, gateIntervalS: 300 }, abroad).join(), /interval is 300 s long, not 900 s/);
  });

  it('are free on a development chain, which is one on loopback only, but for the room that rounds need', () => {
    const loose = { ...good, gateIntervalS: 0, escapeAfterS: 99_999_999 };
    assert.deepEqual(termProblems(loose, here), []);
    assert.equal(termProblems(loose, { ...here, rpcUrl: 'https://node.example.org' }).length, 2);
    assert.match(termProblems({ ...loose, registryCapacityMembers: 32 }, here).join(), /room for 16 members and the registry for 32/);
  });
});
