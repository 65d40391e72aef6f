import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AbiCoder, getAddress, Interface, type InterfaceAbi, id, type ParamType, toBeHex, zeroPadValue } from 'ethers';
import type { Manifest } from '../deploy/deploy.ts';
import { type RoleName, roleIds, roleTable, workingRoles } from '../deploy/role-table.ts';
import { builtContracts, type Chain, deploySuite, startHardhat } from './support.ts';

/** The plainest value of a type: decoding must succeed, so that what is judged is the role. */
const plainValue = (type: ParamType): unknown => {
  if (type.isArray()) return type.arrayLength && type.arrayLength > 0 ? Array(type.arrayLength).fill(plainValue(type.arrayChildren)) : [];
  if (type.isTuple()) return type.components.map(plainValue);
  if (type.type === 'bool') return false;
  if (type.type === 'address') return getAddress(zeroPadValue('0x01', 20));
  if (type.type === 'string') return '';
  if (type.type === 'bytes') return '0x';
  if (type.type.startsWith('bytes')) return toBeHex(0, Number(type.type.slice(5)));
  return 0n;
};

const unauthorized = id('AccessManagedUnauthorized(address)').slice(0, 10);
/** Inherited from OpenZeppelin: guarded by the authority itself, not by a role. */
const authorityOnly = new Set(['setAuthority']);

const contracts = Object.keys(roleTable);

describe('role table: every external function × every role', () => {
  let chain: Chain;
  let manifest: Manifest;
  let abis: Record<string, InterfaceAbi>;
  const accountOf = new Map<string, string>();

  before(async () => {
    chain = await startHardhat();
    const { artifacts } = await builtContracts();
    abis = Object.fromEntries(contracts.map((name) => [name, artifacts.get(name).abi]));
    const roles = Object.fromEntries(workingRoles.map((role, index) => [role, [getAddress(toBeHex(0xa0_0000 + index, 20))]]));
    manifest = await deploySuite(chain, { roles });
    for (const role of workingRoles) accountOf.set(role, (roles[role] as string[])[0] as string);
    accountOf.set('ADMIN', manifest.contracts.Council?.address as string);
    accountOf.set('SETTLEMENT', manifest.contracts.Settlement?.address as string);
    accountOf.set('GOVERNOR', manifest.contracts.Council?.address as string);
    accountOf.set('nobody', getAddress(toBeHex(0xdead_beef, 20)));
    accountOf.set('the deployer', await chain.signer.getAddress());
  });
  after(() => chain.close());

  const isRefused = async (from: string, to: string, data: string): Promise<boolean> => {
    try {
      await chain.provider.send('eth_call', [{ from, to, data, gas: toBeHex(10_000_000).replace(/^0x0+/, '0x') }, 'latest']);
      return false;
    } catch (error) {
      const text =
        JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as { error?: { data?: unknown } }).error?.data ?? '');
      return text.includes(unauthorized) || text.includes('AccessManagedUnauthorized');
    }
  };

  for (const name of contracts) {
    it(`${name}: each function obeys its role and no other`, async () => {
      const target = new Interface(abis[name] as InterfaceAbi);
      const to = manifest.contracts[name]?.address as string;
      let tried = 0;
      for (const fragment of target.fragments.filter((f) => f.type === 'function')) {
        const fn = target.getFunction(fragment.format('sighash'));
        if (!fn || fn.stateMutability === 'view' || fn.stateMutability === 'pure' || authorityOnly.has(fn.name)) continue;
        const data = fn.selector + AbiCoder.defaultAbiCoder().encode(fn.inputs, fn.inputs.map(plainValue)).slice(2);
        const needed: RoleName | undefined = roleTable[name]?.[fn.name];
        for (const [holder, account] of accountOf) {
          const refused = await isRefused(account, to, data);
          const mayCall = needed === undefined || holder === needed || account === accountOf.get(needed);
          assert.equal(refused, !mayCall, `${name}.${fn.name}: ${holder} ${mayCall ? 'must pass the role check' : 'must be refused'}`);
          tried += 1;
        }
      }
      assert.ok(tried > 0);
    });
  }

  it('names no function that does not exist, and no contract of the suite is forgotten', () => {
    for (const [name, functions] of Object.entries(roleTable)) {
      const target = new Interface(abis[name] as InterfaceAbi);
      for (const fn of Object.keys(functions)) assert.ok(target.getFunction(fn), `${name}.${fn}`);
    }
    const managed = Object.keys(manifest.contracts).filter(
      (name) => !['Access', 'Council', 'PoseidonT3', 'PoseidonT5', 'SettleVerifier', 'AdmitVerifier', 'Poseidon8'].includes(name),
    );
    assert.deepEqual(
      managed.filter((name) => !roleTable[name]),
      [],
    );
  });

  it('gives every role an id of its own', () => {
    assert.equal(new Set(Object.values(roleIds)).size, Object.keys(roleIds).length);
  });
});
