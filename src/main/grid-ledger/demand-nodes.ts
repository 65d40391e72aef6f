/** What demand response stands on, and which node is whose. */
import type { Database } from 'better-sqlite3';
import type { ChainTime } from '../ledger/chain-time.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { createParties } from '../ledger/parties.ts';
import type { CommunityMember } from '../market/community.ts';
import type { ChainDemandEvent } from './demand-events.ts';
import type { createDemandMeasure } from './demand-measure.ts';
import { knownNodes } from './nodes.ts';

export interface DemandDeps {
  readonly ledger: Pick<LedgerService, 'enqueue' | 'kick' | 'endpoint' | 'indexedHeight' | 'operatorAddress' | 'deployed'>;
  readonly parties: ReturnType<typeof createParties>;
  readonly chainTime: Pick<ChainTime, 'nowMs'>;
  readonly measure: ReturnType<typeof createDemandMeasure>;
  readonly members: readonly CommunityMember[];
  readonly accountOf: (memberId: string) => string | null;
  /** Shortest event that is sure to hold a whole interval, s of wall time. */
  readonly leastDurationS: () => number;
}

export interface DemandNodes {
  readonly ofMember: ReadonlyMap<string, number>;
  readonly memberOf: ReadonlyMap<number, CommunityMember>;
  readonly addressOf: ReadonlyMap<number, string>;
}
export function demandNodes(db: Database, deps: Pick<DemandDeps, 'members' | 'accountOf'>): DemandNodes {
  const known = knownNodes(db);
  const ofMember = new Map<string, number>();
  const memberOf = new Map<number, CommunityMember>();
  for (const m of deps.members) {
    const account = m.operatorOwned ? null : deps.accountOf(m.memberId);
    const node = account === null ? undefined : known.get(account.toLowerCase())?.node;
    if (node === undefined) continue;
    ofMember.set(m.memberId, node);
    memberOf.set(node, m);
  }
  return { ofMember, memberOf, addressOf: new Map([...known.values()].map((n) => [n.node, n.address])) };
}
/** Names an event for good: another one under the same number after a change of the chain's past begins at another time. */
export const eventKey = (e: Pick<ChainDemandEvent, 'id' | 'startsS'>): string => `${e.id}:${e.startsS}`;
/** Entries of the outbox that record a node's response begin with it. */
export const responsePrefix = (e: ChainDemandEvent, node: number): string => `demand-response:${eventKey(e)}:${node}:`;
