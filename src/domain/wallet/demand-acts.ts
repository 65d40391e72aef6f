/** The calls of demand response, and what a gateway holds against them. */
import type { DemandAct } from '../../shared/demand-act.ts';
import type { WalletCall } from './acts.ts';

export const DEMAND_ABI = [
  'function updateLoadBalance(uint256 nodeId, uint256 load)',
  'function enroll(uint256 requestId, uint256 nodeId, uint256 offeredW)',
  'function withdraw()',
] as const;

/** Longest event a gateway takes part in, s. */
const LONGEST_S = 24 * 3600;

/**
 * The load a member puts on the books is the load it offers to leave out, never what it draws: the contract pays the reported load less what
 * is recorded after the event, so the offer is all it needs to know.
 */
export function demandCalls(act: DemandAct): WalletCall[] {
  if (act.kind === 'collect-response')
    return [{ contract: 'GridManagement', method: 'withdraw', args: [], title: 'Collect what demand response earned' }];
  const [request, node, offeredW] = [act.request, act.node, act.offeredW].map(String) as [string, string, string];
  return [
    { contract: 'GridManagement', method: 'updateLoadBalance', args: [node, offeredW], title: 'Report the load on offer' },
    { contract: 'GridManagement', method: 'enroll', args: [request, node, offeredW], title: `Enrol in event ${request}` },
  ];
}

/** Why the gateway of a member with this rating would not do it; null when it would. */
export function demandObjection(act: DemandAct, ratedW: number): string | null {
  if (act.kind === 'collect-response') return null;
  if (act.offeredW > ratedW) return `${act.offeredW} W is more than this member can draw (${Math.round(ratedW)} W)`;
  if (act.untilS <= act.fromS || act.untilS - act.fromS > LONGEST_S) return 'the event lasts no time, or longer than a day';
  return null;
}
