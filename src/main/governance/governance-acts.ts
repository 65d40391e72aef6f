/** From an act of governance to the one call that makes it, tried on the chain before anything is signed. */
import type { GovernanceAct, LedgerCheck } from '../../shared/contract/ledger.ts';
import { Fault } from '../../shared/errors.ts';
import type { LedgerContracts } from '../ledger/contracts.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { ContractCall } from '../ledger/outbox-store.ts';
import { RpcError, rpcCall } from '../ledger/rpc.ts';
import { keyBytes, nameOf, type ParameterNow } from './parameters.ts';
import { type CouncilNow, vetoesNeeded } from './proposals.ts';

export interface Prepared {
  readonly title: string;
  readonly call: ContractCall;
  /** The call the council would make when the proposal is executed. */
  readonly later: ContractCall | null;
  readonly effects: readonly string[];
}
export interface Known {
  readonly council: CouncilNow;
  readonly parameters: readonly ParameterNow[];
  readonly titleOf: (proposal: number) => string | null;
}

/** What stops, where it is more than new business. */
const PAUSED: Readonly<Record<string, string>> = {
  Settlement: 'settles no round; rounds are cleared and proven here, and wait in the outbox',
  EnergyToken: 'all its transfers stop, those of escrow included',
  CarbonCredit: 'all its transfers stop, those of escrow included',
  GranularCertificate: 'issues and moves no certificate; what lies behind the next one in the outbox waits',
  SmartMeter: 'registers no meter and takes no reading',
  GridManagement: 'takes no report, event or enrolment; an emergency can still be tripped and lifted',
};
const duration = (s: number): string => (s < 120 ? `${s} s` : s < 7200 ? `${Math.round(s / 60)} minutes` : `${Math.round(s / 3600)} hours`);

export function prepare(act: GovernanceAct, contracts: LedgerContracts, known: Known): Prepared {
  const { council } = known;
  const needContract = (name: string): void => {
    if (!contracts.has(name)) throw new Fault('not.found', `There is no contract ${name} on this ledger.`);
  };
  const needProposal = (id: number): string => {
    const title = known.titleOf(id);
    if (title === null) throw new Fault('not.found', `The council has no proposal ${id}.`);
    return title;
  };
  const propose = (title: string, later: ContractCall, effects: string[]): Prepared => {
    const { to, data } = contracts.encode(later);
    const others = council.threshold - 1;
    return {
      title,
      later,
      call: { contract: 'Council', method: 'propose', args: [to, data] },
      effects: [
        ...effects,
        others > 0
          ? `Proposing is the first approval; ${others} more of ${council.members.length} must approve.`
          : 'No other member has to approve.',
        `After the last approval it waits ${duration(council.delayS)}; then any member can execute it. ${vetoesNeeded(council)} of ${council.members.length} can veto it.`,
      ],
    };
  };
  switch (act.kind) {
    case 'pause':
      needContract(act.contract);
      return {
        title: `Pause ${act.contract}`,
        later: null,
        call: { contract: act.contract, method: 'pause', args: [] },
        effects: [
          `${act.contract}: ${PAUSED[act.contract] ?? 'takes no new business at once; what is owed can still be taken home'}.`,
          `Only the council can let it run again: ${council.threshold} of ${council.members.length} members and ${duration(council.delayS)} of waiting.`,
        ],
      };
    case 'propose-unpause':
      needContract(act.contract);
      return propose(`Propose that ${act.contract} runs again`, { contract: act.contract, method: 'unpause', args: [] }, [
        `${act.contract} takes business again when it is executed.`,
      ]);
    case 'propose-parameter': {
      const parameter = known.parameters.find((p) => p.key === act.key);
      if (!parameter) throw new Fault('not.found', `There is no parameter ${act.key}.`);
      if (act.value < parameter.min || act.value > parameter.max)
        throw new Fault(
          'input.invalid',
          `${nameOf(act.key)} must lie between ${parameter.min} and ${parameter.max} ${parameter.unit}; these bounds are for good.`,
        );
      return propose(
        `Propose ${nameOf(act.key)} = ${act.value} ${parameter.unit}`,
        { contract: 'Parameters', method: 'setParameter', args: [keyBytes(act.key), act.value, act.source] },
        [`${nameOf(act.key)} changes from ${parameter.value} to ${act.value} ${parameter.unit} when it is executed.`],
      );
    }
    default: {
      const title = needProposal(act.proposal);
      const verb = { approve: 'Approve', execute: 'Execute', veto: 'Veto' }[act.kind];
      return {
        title: `${verb} proposal ${act.proposal}`,
        later: null,
        call: { contract: 'Council', method: act.kind, args: [act.proposal] },
        effects: [
          `${verb}: ${title}.`,
          ...(act.kind === 'veto'
            ? [
                `It takes ${vetoesNeeded(council)} of ${council.members.length} vetoes; with the last the proposal ends for good. It can be proposed anew.`,
              ]
            : []),
          ...(act.kind === 'execute' ? ['It takes effect at once.'] : []),
        ],
      };
    }
  }
}

/** Tries the call as the console's account, and what it would lead to as the council. */
export async function tryAct(
  prepared: Prepared,
  ledger: Pick<LedgerService, 'deployed' | 'endpoint' | 'operatorAddress'>,
): Promise<LedgerCheck> {
  const deployed = ledger.deployed();
  const endpoint = ledger.endpoint();
  if (!deployed || !endpoint) throw new Fault('chain.away', 'The chain is away. Try again when the status bar says that it is in step.');
  const { contracts } = deployed;
  const refusal = async (from: string, call: ContractCall): Promise<string | null> => {
    try {
      // A gas estimate runs at the next block's time, a call at the last one's: what is due now must not look early.
      await rpcCall(endpoint.url, 'eth_estimateGas', [{ from, ...contracts.encode(call) }]);
      return null;
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      return contracts.explain(call, error);
    }
  };
  const now = await refusal(ledger.operatorAddress, prepared.call);
  const later = now === null && prepared.later ? await refusal(contracts.address('Council'), prepared.later) : null;
  return {
    possible: now === null && later === null,
    message:
      now !== null
        ? `Not possible now: ${now}.`
        : later !== null
          ? `It could be proposed, but not be carried out as things stand: ${later}.`
          : 'The contracts would do this now.',
    signedBy: 'the console’s account',
    steps: [prepared.title],
    effects: [...prepared.effects],
  };
}
