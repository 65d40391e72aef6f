/** What a deployment insists on before its first transaction, and what a finished one must show. Throws DeployError. */
import { Contract, isAddress, type Provider } from 'ethers';
import type { DeployOptions } from './deploy.ts';
import { developmentChainId } from './development-keys.ts';
import { DeployError, type Manifest } from './manifest.ts';
import { workingRoles } from './role-table.ts';

/** 1 unit = 1 micro-cent = 10^-8 of the currency: only then is Wh times milli-cents per kWh an exact amount of it. */
const moneyDecimals = 8;
const leastDelayS = 3600;

/** Outside the development chain nothing is left to a default that one key could use: roles are named, and several people decide. */
export const checkOptions = (options: DeployOptions, chainId: number, council: Manifest['council']): void => {
  const refuse = (message: string): never => {
    throw new DeployError('bad-options', message);
  };
  if (council.threshold < 2)
    refuse(
      `A council in which ${council.threshold} of ${council.members.length} decides gives everything to one key. Set a threshold of 2 or more.`,
    );
  if (chainId === developmentChainId) return;
  const guardians = options.roles?.GUARDIAN;
  if (guardians && new Set(guardians).size < council.threshold)
    refuse(
      `Lifting an emergency takes ${council.threshold} guardians, but only ${new Set(guardians).size} are named. Name more guardians.`,
    );
  if (council.delayS < leastDelayS)
    refuse(`The council's delay of ${council.delayS} s leaves no time to see an act coming. Set at least ${leastDelayS} s.`);
  const missing = workingRoles.filter((role) => role !== 'MONEY_ISSUER' && role !== 'GUARDIAN' && !options.roles?.[role]?.length);
  if (missing.length > 0) refuse(`Chain ${chainId} is not a development chain: name the holders of ${missing.join(', ')}.`);
};

/** The money must be a contract that counts in micro-cents. */
export const checkMoney = async (provider: Provider, money: string): Promise<void> => {
  if (!isAddress(money) || (await provider.getCode(money)) === '0x')
    throw new DeployError('bad-options', `There is no contract at ${money} to settle in. Give the address of an ERC-20 on this chain.`);
  const erc20 = new Contract(money, ['function decimals() view returns (uint8)'], provider);
  const decimals = await (erc20.getFunction('decimals')() as Promise<bigint>).catch(() => null);
  if (decimals !== BigInt(moneyDecimals))
    throw new DeployError(
      'bad-options',
      `The money at ${money} has ${decimals ?? 'no'} decimals. The ledger counts in micro-cents: use an ERC-20 of ${moneyDecimals} decimals, or one that wraps it.`,
    );
};

/** A manifest that says it is complete must find its contracts on the chain. */
export const checkDeployed = async (provider: Provider, manifest: Manifest, manifestPath: string): Promise<void> => {
  for (const [name, { address }] of Object.entries(manifest.contracts)) {
    if ((await provider.getCode(address)) === '0x')
      throw new DeployError(
        'wrong-chain',
        `${manifestPath} places ${name} at ${address}, where this chain has no contract. Connect the right node, or restore its state.`,
      );
  }
};
