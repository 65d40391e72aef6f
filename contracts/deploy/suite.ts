/** The contracts in the order they are deployed, each with its constructor's arguments. */
import type { DeployContext } from './deploy.ts';

export type SuiteContract = { readonly name: string; readonly args: (context: DeployContext) => readonly unknown[] };

export const suiteContracts: readonly SuiteContract[] = [
  { name: 'Access', args: ({ signerAddress }) => [signerAddress] },
  { name: 'Council', args: ({ manifest: { council } }) => [council.members, council.threshold, council.delayS] },
  { name: 'Parameters', args: ({ address }) => [address('Access')] },
  { name: 'PoseidonT3', args: () => [] },
  { name: 'PoseidonT5', args: () => [] },
  { name: 'SmartMeter', args: ({ address, options }) => [address('Access'), options.depth ?? 4] },
  { name: 'CommunityMoney', args: ({ address }) => [address('Access')] },
  { name: 'GranularCertificate', args: ({ address }) => [address('Access'), address('SmartMeter')] },
];
