import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  AbiCoder,
  Contract,
  encodeBytes32String,
  type FunctionFragment,
  getAddress,
  Interface,
  type InterfaceAbi,
  id,
  type ParamType,
  type Signer,
  toBeHex,
  zeroPadValue,
} from 'ethers';
import type { Manifest } from '../deploy/deploy.ts';
import { authorityOnly, openTable, type RoleName, roleIds, roleTable, workingRoles } from '../deploy/role-table.ts';
import { suiteContracts } from '../deploy/suite.ts';
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

/** The ways of our contracts, and of OpenZeppelin's AccessManager, to say "not you". */
const refusals = [
  'AccessManagedUnauthorized(address)',
  'AccessManagerUnauthorizedAccount(address,uint64)',
  'AccessManagerUnauthorizedCall(address,address,bytes4)',
  'NotMember(address)',
  'NotSelf(address)',
];
const refusalMarks = refusals.flatMap((signature) => [id(signature).slice(0, 10), signature.slice(0, signature.indexOf('('))]);

/** Who may call a function: a role, one of the council, the contract itself, Access, everybody, or nobody from outside. */
type Rule = RoleName | 'member of the council' | 'itself' | 'Access' | 'everybody' | 'nobody';

/** Contracts that ask no role of Access: they have rules of their own. The verifiers and hashes change no state at all. */
const ownRules: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  Access: {
    labelRole: 'ADMIN',
    grantRole: 'ADMIN',
    revokeRole: 'ADMIN',
    setRoleAdmin: 'ADMIN',
    setRoleGuardian: 'ADMIN',
    setGrantDelay: 'ADMIN',
    setTargetAdminDelay: 'ADMIN',
    setTargetFunctionRole: 'ADMIN',
    setTargetClosed: 'ADMIN',
    updateAuthority: 'ADMIN',
    // Of one's own: another account's name is refused as a bad confirmation.
    renounceRole: 'everybody',
    // One's own scheduled call; there is none.
    cancel: 'everybody',
    // Of a target, about a call to it. No account is one.
    consumeScheduledOp: 'nobody',
    // Only what a delay was set for can be scheduled, and no role has one: the council's own delay stands before its acts.
    schedule: 'nobody',
    // These pass on what the caller may call himself; tried with a call of GOVERNOR's and one of ADMIN's.
    execute: 'GOVERNOR',
    multicall: 'ADMIN',
  },
  Council: {
    propose: 'member of the council',
    approve: 'member of the council',
    execute: 'member of the council',
    veto: 'member of the council',
    setMembers: 'itself',
  },
  PoseidonT3: {},
  PoseidonT5: {},
  Poseidon8: {},
  SettleVerifier: {},
  AdmitVerifier: {},
};
/** A call with a call of a restricted function inside: it must ask the same role as the function itself. */
const wrapped: Readonly<Record<string, Rule>> = { 'Parameters.multicall': 'GOVERNOR' };

const artifactOf = (name: string): string => (name.endsWith('Verifier') ? 'Groth16Verifier' : name);

const contracts = [
  ...suiteContracts.map(({ name }) => name),
  ...['SettleVerifier', 'AdmitVerifier', 'Poseidon8', 'Settlement'], // the settlement step's
];

const isView = (fn: FunctionFragment): boolean => fn.stateMutability === 'view' || fn.stateMutability === 'pure';

const functionsOf = (abi: InterfaceAbi): FunctionFragment[] => {
  const found: FunctionFragment[] = [];
  new Interface(abi).forEachFunction((fn) => found.push(fn));
  return found;
};

/** The rule of one function; undefined when no table knows it. */
const ruleOf = (name: string, fn: FunctionFragment): Rule | undefined => {
  if (isView(fn)) return 'everybody';
  const own = ownRules[name];
  if (own) return own[fn.name];
  if (authorityOnly.includes(fn.name)) return 'Access';
  const inside = wrapped[`${name}.${fn.name}`];
  if (inside) return inside;
  return roleTable[name]?.[fn.name] ?? (openTable[name]?.includes(fn.name) ? 'everybody' : undefined);
};

describe('role table: every external function × every role', () => {
  let chain: Chain;
  let manifest: Manifest;
  let abis: Record<string, InterfaceAbi>;
  /** One account for each role, and those that hold none or something else. */
  const holders: { readonly name: string; readonly account: string; readonly may: readonly Rule[] }[] = [];

  const addressOf = (name: string): string => manifest.contracts[name]?.address as string;

  before(async () => {
    chain = await startHardhat();
    const { artifacts } = await builtContracts();
    abis = Object.fromEntries(contracts.map((name) => [name, artifacts.get(artifactOf(name)).abi]));
    const roles = Object.fromEntries(workingRoles.map((role, index) => [role, [getAddress(toBeHex(0xa0_0000 + index, 20))]]));
    const second = chain.accounts[1] as Signer;
    const members = [await chain.signer.getAddress(), await second.getAddress()];
    manifest = await deploySuite(chain, { roles, council: { members, threshold: 2, delayS: 0 } });
    for (const role of workingRoles) holders.push({ name: role, account: (roles[role] as string[])[0] as string, may: [role] });

    // The council holds ADMIN and GOVERNOR, Settlement holds SETTLEMENT. To see each alone, the council gives them to an account apiece.
    const access = new Interface(abis.Access as InterfaceAbi);
    const council = new Contract(addressOf('Council'), abis.Council as InterfaceAbi, chain.signer);
    for (const [index, role] of (['ADMIN', 'GOVERNOR', 'SETTLEMENT'] as const).entries()) {
      const account = getAddress(toBeHex(0xb0_0000 + index, 20));
      const actId = await council.getFunction('actCount')();
      const data = access.encodeFunctionData('grantRole', [roleIds[role], account, 0]);
      await (await council.getFunction('propose')(addressOf('Access'), data)).wait();
      await (await council.connect(second).getFunction('approve')(actId)).wait();
      await (await council.getFunction('execute')(actId)).wait();
      holders.push({ name: role, account, may: [role] });
    }
    holders.push(
      { name: 'the council', account: addressOf('Council'), may: ['ADMIN', 'GOVERNOR', 'itself'] },
      { name: 'Settlement', account: addressOf('Settlement'), may: ['SETTLEMENT'] },
      { name: 'Access', account: addressOf('Access'), may: ['Access'] },
      { name: 'the deployer, who sits in the council', account: members[0] as string, may: ['member of the council'] },
      { name: 'nobody', account: getAddress(toBeHex(0xdead_beef, 20)), may: [] },
    );
  });
  after(() => chain.close());

  /** Null: the call went through. Else what the chain said. */
  const answerOf = async (from: string, to: string, data: string): Promise<string | null> => {
    try {
      await chain.provider.send('eth_call', [{ from, to, data, gas: toBeHex(10_000_000).replace(/^0x0+/, '0x') }, 'latest']);
      return null;
    } catch (error) {
      return JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as { error?: { data?: unknown } }).error?.data ?? '');
    }
  };

  const setFee = () =>
    new Interface(abis.Parameters as InterfaceAbi).encodeFunctionData('setParameter', [encodeBytes32String('fee.trade.bps'), 1, 'test']);

  /** What a call is tried with: the plainest arguments, or for those that carry another call, one that a role may make. */
  const argumentsOf = (name: string, fn: FunctionFragment): readonly unknown[] => {
    const key = `${name}.${fn.name}`;
    if (key === 'Access.execute') return [addressOf('Parameters'), setFee()];
    if (key === 'Access.schedule') return [addressOf('Parameters'), setFee(), 0];
    if (key === 'Parameters.multicall') return [[setFee()]];
    if (key === 'Access.multicall') return [[new Interface(abis.Access as InterfaceAbi).encodeFunctionData('labelRole', [1, 'REGISTRAR'])]];
    return fn.inputs.map(plainValue);
  };

  it('knows every function of every contract that is deployed, and names none that does not exist', () => {
    assert.deepEqual(Object.keys(manifest.contracts).sort(), [...contracts].sort());
    for (const name of contracts) {
      const functions = functionsOf(abis[name] as InterfaceAbi);
      const unknown = functions.filter((fn) => ruleOf(name, fn) === undefined).map((fn) => fn.name);
      assert.deepEqual(unknown, [], `${name}: no table says who may call these`);
      const named = [...Object.keys(roleTable[name] ?? {}), ...(openTable[name] ?? []), ...Object.keys(ownRules[name] ?? {})];
      const changing = new Set(functions.filter((fn) => !isView(fn)).map((fn) => fn.name));
      assert.deepEqual(
        named.filter((fn) => !changing.has(fn)),
        [],
        `${name} has no such function`,
      );
      assert.equal(new Set(named).size, named.length, `${name}: a function stands in two tables`);
    }
    for (const name of [...Object.keys(roleTable), ...Object.keys(openTable)]) assert.ok(contracts.includes(name), name);
  });

  it('has an account of its own for every role', () => {
    for (const role of Object.keys(roleIds)) {
      assert.ok(
        holders.some(({ name, may }) => name === role && may.length === 1),
        role,
      );
    }
    assert.equal(new Set(holders.map(({ account }) => account)).size, holders.length);
    assert.equal(new Set(Object.values(roleIds)).size, Object.keys(roleIds).length);
  });

  for (const name of contracts) {
    it(`${name}: each function obeys its role and no other`, async () => {
      const to = addressOf(name);
      let tried = 0;
      for (const fn of functionsOf(abis[name] as InterfaceAbi)) {
        const rule = ruleOf(name, fn) as Rule;
        const data = fn.selector + AbiCoder.defaultAbiCoder().encode(fn.inputs, argumentsOf(name, fn)).slice(2);
        for (const { name: holder, account, may } of holders) {
          const answer = await answerOf(account, to, data);
          const said = `${name}.${fn.format('sighash')} called by ${holder}: ${answer?.slice(0, 300) ?? 'went through'}`;
          if (rule === 'nobody') assert.notEqual(answer, null, said);
          else {
            const refused = answer !== null && refusalMarks.some((mark) => answer.includes(mark));
            const mayCall = rule === 'everybody' || (may.includes(rule) && (rule !== 'itself' || account === to));
            assert.equal(refused, !mayCall, `${said}; it ${mayCall ? 'must pass' : 'must be refused'}`);
          }
          tried += 1;
        }
      }
      assert.ok(tried > 0);
    });
  }
});
