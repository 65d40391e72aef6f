/** The council's acts as its events tell them. A proposal made under earlier members is void, as in the contract. */
import type { Database } from 'better-sqlite3';
import { eventsOf, type LedgerEvent } from '../ledger/events.ts';

/** As in Council: an act not approved within this time after it was proposed, or not executed within it after it became ready, has lapsed, s. */
export const LAPSE_S = 14 * 24 * 3600;

export interface ChainProposal {
  readonly id: number;
  readonly proposer: string;
  readonly target: string;
  readonly data: string;
  readonly event: LedgerEvent;
  readonly approvals: { readonly member: string; readonly event: LedgerEvent }[];
  readonly vetoes: { readonly member: string; readonly event: LedgerEvent }[];
  readyS: number | null;
  ended: { readonly kind: 'executed' | 'vetoed'; readonly member: string; readonly event: LedgerEvent } | null;
  void: boolean;
}
export interface CouncilNow {
  readonly members: readonly string[];
  readonly threshold: number;
  readonly delayS: number;
  readonly proposals: readonly ChainProposal[];
}

export function councilOf(db: Database): CouncilNow {
  let [members, threshold, delayS]: [string[], number, number] = [[], 0, 0];
  const proposals = new Map<number, ChainProposal>();
  for (const event of eventsOf(db, 'Council', ['MembersSet', 'Proposed', 'Approved', 'Ready', 'Executed', 'VetoSigned', 'Vetoed'])) {
    const { name, args } = event;
    if (name === 'MembersSet') {
      members = JSON.parse(args.members ?? '[]') as string[];
      [threshold, delayS] = [Number(args.threshold), Number(args.delayS)];
      for (const p of proposals.values()) if (!p.ended) p.void = true;
      continue;
    }
    const id = Number(args.actId);
    if (name === 'Proposed') {
      const { proposer = '', target = '', data = '0x' } = args;
      proposals.set(id, { id, proposer, target, data, event, approvals: [], vetoes: [], readyS: null, ended: null, void: false });
      continue;
    }
    const proposal = proposals.get(id);
    if (!proposal) continue;
    if (name === 'Approved') proposal.approvals.push({ member: args.member ?? '', event });
    else if (name === 'VetoSigned') proposal.vetoes.push({ member: args.member ?? '', event });
    else if (name === 'Ready') proposal.readyS = Number(args.readyAt);
    else proposal.ended = { kind: name === 'Executed' ? 'executed' : 'vetoed', member: args.member ?? '', event };
  }
  return { members, threshold, delayS, proposals: [...proposals.values()] };
}

/** Vetoes that stop an act: so many members that the others cannot reach the threshold. */
export const vetoesNeeded = (council: Pick<CouncilNow, 'members' | 'threshold'>): number => council.members.length - council.threshold + 1;

export type ProposalState = 'proposed' | 'waiting' | 'ready' | 'executed' | 'vetoed' | 'lapsed' | 'void';
export function stateOf(p: ChainProposal, nowS: number): ProposalState {
  if (p.ended) return p.ended.kind;
  if (p.void) return 'void';
  if (p.readyS === null) return p.event.timeS !== null && nowS > p.event.timeS + LAPSE_S ? 'lapsed' : 'proposed';
  if (nowS > p.readyS + LAPSE_S) return 'lapsed';
  return nowS < p.readyS ? 'waiting' : 'ready';
}
