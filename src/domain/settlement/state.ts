/** The community's accounts. Money in micro-cents; the sum of all balances, the grid account and the default account moves only by deposits and withdrawals. */

import { EMPTY_MEMBER, type MemberState, stateLeaf } from './leaves.ts';
import { merkleRoot } from './merkle.ts';

export interface SettlementState {
  /** by member index, as many as the round's capacity */
  readonly members: readonly MemberState[];
  /** what the grid's supplier has earned (+) or owes (−) */
  readonly gridAccount: bigint;
  /** minus the sum of all debts */
  readonly defaultAccount: bigint;
}

export function genesisState(capacity: number): SettlementState {
  return { members: Array.from({ length: capacity }, () => EMPTY_MEMBER), gridAccount: 0n, defaultAccount: 0n };
}

export function stateRoot(state: Pick<SettlementState, 'members'>): bigint {
  return merkleRoot(state.members.map(stateLeaf));
}

/** Balances, grid account and default account together: deposits less withdrawals since genesis. */
export function moneySum(state: SettlementState): bigint {
  return state.members.reduce((sum, member) => sum + member.balance, state.gridAccount + state.defaultAccount);
}
