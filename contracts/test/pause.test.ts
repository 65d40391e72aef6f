/** A paused contract refuses every function its source guards, and no other: a pause stops new business, never a withdrawal. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AbiCoder, type FunctionFragment, Interface, id } from 'ethers';
import { contractAt, type Manifest } from '../deploy/deploy.ts';
import { roleTable } from '../deploy/role-table.ts';
import { readContracts } from '../refusals.ts';
import { plainValue } from './plain-value.ts';
import { builtContracts, type Chain, deploySuite, startHardhat } from './support.ts';

/** Functions without the guard themselves that come to one inside, before anything else refuses their plain arguments. */
const reaching: Readonly<Record<string, readonly string[]>> = {
  EnergyToken: ['transfer', 'transferFrom', 'transferEnergy', 'escrowIn', 'escrowOut', 'escrowOver'],
  CarbonCredit: ['transfer', 'transferFrom', 'transferCredits', 'escrowIn', 'escrowOut', 'escrowOver'],
  EnergyTrade: ['createOffer', 'createOfferWith'],
  EnergyRecords: ['transferFrom', 'safeTransferFrom'],
};

const { functions, basesOf } = readContracts(fileURLToPath(new URL('..', import.meta.url)));
const isGuarded = (contract: string, fn: string): boolean => {
  const bases = basesOf(contract);
  return functions.some(
    (each) =>
      each.fn === fn &&
      bases.includes(each.contract) &&
      /external|public/.test(each.visibility) &&
      each.modifiers.includes('whenNotPaused'),
  );
};

describe('a pause', () => {
  let chain: Chain;
  let manifest: Manifest;
  let abis: Record<string, Interface>;
  const addressOf = (name: string): string => manifest.contracts[name]?.address as string;
  const pausable = Object.keys(roleTable).filter((name) => roleTable[name]?.pause);

  before(async () => {
    chain = await startHardhat();
    const { artifacts } = await builtContracts();
    manifest = await deploySuite(chain);
    abis = Object.fromEntries(pausable.map((name) => [name, new Interface(artifacts.get(name).abi)]));
    for (const name of pausable) await (await contractAt(manifest, artifacts, name, chain.signer).getFunction('pause')()).wait();
  });
  after(() => chain.close());

  /** One who holds the role a function asks for. */
  const callerOf = async (contract: string, fn: string): Promise<string> => {
    const role = roleTable[contract]?.[fn];
    if (role === 'SETTLEMENT') return addressOf('Settlement');
    return role === 'ADMIN' || role === 'GOVERNOR' ? addressOf('Council') : await chain.signer.getAddress();
  };

  const isRefusedAsPaused = async (contract: string, fn: FunctionFragment): Promise<boolean> => {
    const data = fn.selector + AbiCoder.defaultAbiCoder().encode(fn.inputs, fn.inputs.map(plainValue)).slice(2);
    try {
      await chain.provider.send('eth_call', [{ from: await callerOf(contract, fn.name), to: addressOf(contract), data }, 'latest']);
      return false;
    } catch (error) {
      const said = JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as { error?: { data?: unknown } }).error?.data);
      return said.includes('EnforcedPause') || said.includes(id('EnforcedPause()').slice(0, 10));
    }
  };

  for (const name of pausable) {
    it(`of ${name} stops what is guarded and nothing else`, async () => {
      const changing: FunctionFragment[] = [];
      abis[name]?.forEachFunction((fn) => {
        if (fn.stateMutability !== 'view' && fn.stateMutability !== 'pure') changing.push(fn);
      });
      const isExpected = (fn: string) => isGuarded(name, fn) || reaching[name]?.includes(fn) === true || fn === 'pause';
      const refused = [];
      for (const fn of changing) if (await isRefusedAsPaused(name, fn)) refused.push(fn.name);
      assert.deepEqual([...new Set(refused)].sort(), [...new Set(changing.map((fn) => fn.name).filter(isExpected))].sort());
      assert.ok(refused.length > 0);
    });
  }
});
