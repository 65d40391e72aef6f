/** The second half of a deployment: parameters, roles, the function table, and the hand-over to the council. */
import { Contract, encodeBytes32String, Interface, type Provider } from 'ethers';
import type { DeployContext } from './deploy.ts';
import { DeployError } from './manifest.ts';
import { parameterDefinitions } from './parameters.ts';
import { type RoleName, roleIds, roleTable } from './role-table.ts';
import { setupCalls } from './suite.ts';

export type GrantPlan = {
  readonly working: Partial<Record<RoleName, string[]>>;
  /** The Settlement contract, when it is part of the deployment. */
  readonly settlement: string | null;
  readonly council: string;
};

const grantsOf = (plan: GrantPlan): [RoleName, string][] => [
  ...Object.entries(plan.working).flatMap(([role, holders]) =>
    (holders ?? []).map((holder): [RoleName, string] => [role as RoleName, holder]),
  ),
  ...(plan.settlement ? [['SETTLEMENT', plan.settlement] as [RoleName, string]] : []),
  ['GOVERNOR', plan.council],
];

/** Calls on Access that bring its table and its grants to what they should be; empty when they are. */
const accessCalls = async (context: DeployContext, provider: Provider, plan: GrantPlan): Promise<string[]> => {
  const access = new Contract(context.address('Access'), context.artifacts.get('Access').abi, provider);
  const calls: string[] = [];
  for (const [role, id] of Object.entries(roleIds)) {
    if (id !== 0n) calls.push(access.interface.encodeFunctionData('labelRole', [id, role]));
  }
  for (const [name, functions] of Object.entries(roleTable)) {
    const deployed = context.manifest.contracts[name];
    // A table row without its contract: a real ERC-20 in place of the test money, or a build without Settlement.
    if (!deployed || (name === 'CommunityMoney' && context.options.money)) continue;
    const target = new Interface(context.artifacts.get(name).abi);
    const byRole = new Map<RoleName, string[]>();
    for (const [functionName, role] of Object.entries(functions)) {
      const selector = target.getFunction(functionName)?.selector;
      if (!selector)
        throw new DeployError('bad-options', `The role table names ${name}.${functionName}, which the contract does not have.`);
      byRole.set(role, [...(byRole.get(role) ?? []), selector]);
    }
    for (const [role, selectors] of byRole) {
      if (role !== 'ADMIN')
        calls.push(access.interface.encodeFunctionData('setTargetFunctionRole', [deployed.address, selectors, roleIds[role]]));
    }
  }
  for (const [role, holder] of grantsOf(plan)) calls.push(access.interface.encodeFunctionData('grantRole', [roleIds[role], holder, 0]));
  return calls;
};

export const configure = async (context: DeployContext, provider: Provider, plan: GrantPlan): Promise<void> => {
  const access = new Contract(context.address('Access'), context.artifacts.get('Access').abi, provider);
  const parameters = new Contract(context.address('Parameters'), context.artifacts.get('Parameters').abi, provider);
  const isAdmin = async () => ((await access.getFunction('hasRole')(roleIds.ADMIN, context.signerAddress)) as [boolean])[0];

  await context.once('Set the parameters', async () => {
    const known = new Set((await parameters.getFunction('keys')()) as string[]);
    const missing = parameterDefinitions.filter(({ key }) => !known.has(encodeBytes32String(key)));
    const calls = missing.map(({ key, value, min, max, source }) =>
      parameters.interface.encodeFunctionData('defineParameter', [encodeBytes32String(key), value, min, max, source]),
    );
    if (calls.length === 0) return null;
    return { to: context.address('Parameters'), data: parameters.interface.encodeFunctionData('multicall', [calls]) };
  });
  await context.once('Set the roles', async () => {
    if (!(await isAdmin()))
      throw new DeployError('not-admin', 'The deployer is no longer administrator: changes go through the council now.');
    const calls = await accessCalls(context, provider, plan);
    return { to: context.address('Access'), data: access.interface.encodeFunctionData('multicall', [calls]) };
  });
  for (const call of setupCalls) {
    await context.once(call.id, async () => {
      const to = context.address(call.contract);
      const contract = new Contract(to, context.artifacts.get(call.contract).abi, provider);
      if (await call.isDone(contract)) return null;
      return { to, data: contract.interface.encodeFunctionData(call.functionName, [...call.args(context)]) };
    });
  }
  await context.once('Hand over to the council', async () => {
    if (!(await isAdmin())) return null;
    const calls = [
      access.interface.encodeFunctionData('grantRole', [roleIds.ADMIN, plan.council, 0]),
      access.interface.encodeFunctionData('renounceRole', [roleIds.ADMIN, context.signerAddress]),
    ];
    return { to: context.address('Access'), data: access.interface.encodeFunctionData('multicall', [calls]) };
  });
};
