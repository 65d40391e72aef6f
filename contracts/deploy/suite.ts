/** The contracts in the order they are deployed, each with its constructor's arguments. */
import { type Contract, ZeroAddress } from 'ethers';
import type { DeployContext } from './deploy.ts';
import { developmentChainId } from './development-keys.ts';

export type SuiteContract = { readonly name: string; readonly args: (context: DeployContext) => readonly unknown[] };

const dayS = 24 * 3600;
/** Energy is worth something for four weeks at most, a credit for a year: periods of a quarter of that, see IVintageToken. */
const energyPeriodS = 7 * dayS;
const creditPeriodS = 91 * dayS;

const meterOf = ({ address }: DeployContext): readonly string[] => [address('Access'), address('SmartMeter')];
/** No contract of a new deployment replaces another: its meters are its own. A successor is deployed on its own, contracts/README.md. */
const replacesNone = ZeroAddress;

export const suiteContracts: readonly SuiteContract[] = [
  { name: 'Access', args: ({ signerAddress }) => [signerAddress] },
  { name: 'Council', args: ({ manifest: { council } }) => [council.members, council.threshold, council.delayS] },
  { name: 'Parameters', args: ({ address }) => [address('Access')] },
  { name: 'PoseidonT3', args: () => [] },
  { name: 'PoseidonT5', args: () => [] },
  {
    name: 'SmartMeter',
    args: ({ address, options, manifest }) => [
      address('Access'),
      options.depth ?? 4,
      options.chainTime ?? manifest.chainId !== developmentChainId,
    ],
  },
  { name: 'CommunityMoney', args: ({ address }) => [address('Access')] },
  { name: 'GranularCertificate', args: (context) => [...meterOf(context), replacesNone] },
  { name: 'EnergyToken', args: (context) => [...meterOf(context), energyPeriodS, replacesNone] },
  {
    name: 'CarbonCredit',
    args: (context) => [...meterOf(context), context.address('Parameters'), creditPeriodS, replacesNone],
  },
  // Lifting an emergency needs as many guardians as the council needs members.
  { name: 'GridManagement', args: ({ address, manifest }) => [address('Access'), address('CommunityMoney'), manifest.council.threshold] },
  {
    name: 'EnergyTrade',
    args: ({ address }) =>
      ['Access', 'EnergyToken', 'CarbonCredit', 'CommunityMoney', 'GridManagement', 'Parameters'].map((name) => address(name)),
  },
  { name: 'EnergyDeals', args: ({ address }) => ['Access', 'EnergyToken', 'CommunityMoney', 'Parameters'].map((name) => address(name)) },
  {
    name: 'CarbonMarket',
    args: ({ address }) => ['Access', 'CommunityMoney', 'Parameters', 'GranularCertificate'].map((name) => address(name)),
  },
  { name: 'EnergyRecords', args: ({ address }) => ['Access', 'SmartMeter', 'GranularCertificate'].map((name) => address(name)) },
  {
    name: 'AchievementNFT',
    args: ({ address }) => ['Access', 'SmartMeter', 'CarbonCredit', 'GranularCertificate', 'EnergyTrade'].map((name) => address(name)),
  },
];

/** A call made once. `isDone` reads from the chain whether it was, so that a break between sending and noting it does no harm. */
export type SetupCall = {
  readonly id: string;
  readonly contract: string;
  readonly functionName: string;
  readonly args: (context: DeployContext) => readonly unknown[];
  readonly isDone: (contract: Contract) => Promise<boolean>;
};

const pair = (pairId: number, token: string, lot: number): SetupCall => ({
  id: `List ${token} for money`,
  contract: 'CarbonMarket',
  functionName: 'listPair',
  args: ({ address }) => [address(token), lot],
  isDone: async (market) => ((await market.getFunction('pairCount')()) as bigint) >= BigInt(pairId),
});

/** So few lots that an order is worth its gas: 100 g, or 100 Wh. */
const leastLots = 100;
const least = (pairId: number, token: string): SetupCall => ({
  id: `Set the least order of ${token}`,
  contract: 'CarbonMarket',
  functionName: 'setLeast',
  args: () => [pairId, leastLots],
  isDone: async (market) => ((await market.getFunction('getPair')(pairId)) as { leastLots: bigint }).leastLots === BigInt(leastLots),
});

const milestone = (milestoneId: number, metric: number, threshold: number, title: string): SetupCall => ({
  id: `Define milestone: ${title}`,
  contract: 'AchievementNFT',
  functionName: 'defineMilestone',
  args: () => [metric, threshold, title],
  isDone: async (achievements) => ((await achievements.getFunction('milestoneCount')()) as bigint) >= BigInt(milestoneId),
});

/** What only an administrator may do and every community needs: the market's pairs and the first milestones. */
export const setupCalls: readonly SetupCall[] = [
  // Credits trade in grams, priced in milli-cents per kg; energy in Wh, priced in milli-cents per kWh: both cost whole micro-cents.
  pair(1, 'CarbonCredit', 1000),
  pair(2, 'EnergyToken', 1),
  least(1, 'CarbonCredit'),
  least(2, 'EnergyToken'),
  milestone(1, 0, 1_000_000, 'First MWh exported'),
  milestone(2, 1, 1_000_000_000, 'First tonne of CO2 retired'),
  milestone(3, 2, 100_000, 'First 100 kWh claimed green'),
  milestone(4, 3, 100_000, 'First 100 kWh traded'),
];
