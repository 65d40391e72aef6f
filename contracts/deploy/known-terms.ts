/**
 * What a ledger was deployed with for good and no code tells: times, gate, money's unit and layout. They are immutables, so a contract whose code was
 * compared (known-code.ts) tells them truly; whether they are safe is judged here.
 */
import { Contract, type Provider } from 'ethers';
import { developmentKeyProblem, type KeyPlace } from './development-keys.ts';

export type LedgerTerms = {
  /** 0: the contract does not keep the gate */
  readonly gateIntervalS: number;
  readonly gateLeadS: number;
  readonly escapeAfterS: number;
  readonly challengeWindowS: number;
  /** decimal digits; smallest units of the money in one micro-cent */
  readonly tokenUnitsPerMicroCent: string;
  readonly batchMembers: number;
  /** batches in a round */
  readonly parts: number;
  /** members that rounds have room for */
  readonly capacityMembers: number;
  /** private meters that the registry has room for */
  readonly registryCapacityMembers: number;
  /** readings ahead of the chain's clock are refused */
  readonly chainTime: boolean;
};

const settlementAbi = [
  'function registry() view returns (address)',
  ...['gateIntervalS', 'gateLeadS', 'escapeAfterS', 'challengeWindowS', 'tokenUnitsPerMicroCent', 'batchMembers', 'parts', 'capacity'].map(
    (name) => `function ${name}() view returns (uint256)`,
  ),
];
const registryAbi = ['function capacity() view returns (uint256)', 'function chainTime() view returns (bool)'];

/** The terms of the Settlement contract at `address`. Throws what the provider throws. */
export const termsOnChain = async (provider: Provider, address: string): Promise<LedgerTerms> => {
  const settlement = new Contract(address, settlementAbi, provider);
  const asked = async (name: string): Promise<bigint> => BigInt(await settlement.getFunction(name)());
  const count = async (name: string): Promise<number> => Number(await asked(name));
  const registry = new Contract(String(await settlement.getFunction('registry')()), registryAbi, provider);
  return {
    gateIntervalS: await count('gateIntervalS'),
    gateLeadS: await count('gateLeadS'),
    escapeAfterS: await count('escapeAfterS'),
    challengeWindowS: await count('challengeWindowS'),
    tokenUnitsPerMicroCent: String(await asked('tokenUnitsPerMicroCent')),
    batchMembers: await count('batchMembers'),
    parts: await count('parts'),
    capacityMembers: await count('capacity'),
    registryCapacityMembers: Number(await registry.getFunction('capacity')()),
    chainTime: Boolean(await registry.getFunction('chainTime')()),
  };
};

const INTERVAL_S = 900;
const MOST_ESCAPE_AFTER_S = 30 * 86_400;

/** Sentences; none: nothing to object to. On a development chain time may run as it likes. */
export const termProblems = (terms: LedgerTerms, place: KeyPlace): string[] => {
  const problems: string[] = [];
  const { gateIntervalS, escapeAfterS, capacityMembers, registryCapacityMembers } = terms;
  if (capacityMembers !== registryCapacityMembers)
    problems.push(
      `Settlement has room for ${capacityMembers} members and the registry for ${registryCapacityMembers} (capacity): no round of it can be proven`,
    );
  if (developmentKeyProblem(place) === null) return problems;
  if (gateIntervalS === 0)
    problems.push('the contract keeps no gate (gateIntervalS 0): orders may be chosen after delivery. Leave nothing of value here');
  else if (gateIntervalS !== INTERVAL_S)
    problems.push(
      `the contract's interval is ${gateIntervalS} s long, not ${INTERVAL_S} s (gateIntervalS): make sure that the community's market has this interval, or its gate closes at another time than you are told`,
    );
  if (escapeAfterS > MOST_ESCAPE_AFTER_S)
    problems.push(
      `members may leave without the operator only after ${(escapeAfterS / 86_400).toFixed(1)} days without a round (escapeAfterS ${escapeAfterS}): more than 30 days your money can be held back`,
    );
  return problems;
};
