/** The plant's nodes as the grid record knows them: one for each account. What the chain says of them comes from the indexed events. */
import type { Database } from 'better-sqlite3';
import type { GridNodeType } from '../../shared/contract/ledger.ts';
import type { PlantFile } from '../../shared/plant-file.ts';
import { eventsOf } from '../ledger/events.ts';
import type { Community } from '../market/community.ts';

/** In the order of the contract's NodeType. */
export const NODE_TYPES: readonly GridNodeType[] = ['consumer', 'producer', 'prosumer', 'storage', 'critical-load', 'interconnection'];

export interface WantedNode {
  readonly address: string;
  readonly memberId: string | null;
  readonly name: string;
  readonly type: GridNodeType;
  readonly capacityW: number;
}
export interface KnownNode {
  readonly node: number;
  readonly address: string;
  readonly type: GridNodeType;
  readonly capacityW: number | null;
  /** As the node itself reported it last, W; a member reports the load it has on offer, not what it draws. */
  readonly loadW: number | null;
  readonly loadMs: number | null;
}

const typeOf = (plant: PlantFile, meter: string): GridNodeType => {
  const units = plant.grid.units.filter((u) => u.meter === meter);
  const loads = units.filter((u) => u.kind === 'load');
  const storage = units.some((u) => u.kind === 'battery');
  if (loads.some((u) => u.critical)) return 'critical-load';
  if (loads.length === 0) return storage ? 'storage' : 'producer';
  return units.length > loads.length ? 'prosumer' : 'consumer';
};

/** An account is one node. The operator's stands for the interconnection and the community's own units, which share it. */
export function wantedNodes(
  plant: PlantFile,
  community: Community,
  accounts: { operator: string; of(memberId: string): string | null },
): { nodes: WantedNode[]; withoutAccount: string[] } {
  const { importMaxW, exportMaxW } = plant.limits;
  const nodes: WantedNode[] = [
    {
      address: accounts.operator,
      memberId: null,
      name: 'Interconnection and community units',
      type: 'interconnection',
      capacityW: Math.round(Math.max(importMaxW, exportMaxW)),
    },
  ];
  const withoutAccount: string[] = [];
  for (const member of community.members) {
    if (member.operatorOwned) continue;
    const address = accounts.of(member.memberId);
    if (address === null) withoutAccount.push(member.name);
    else
      nodes.push({
        address,
        memberId: member.memberId,
        name: member.name,
        type: typeOf(plant, member.deviceId),
        capacityW: Math.round(member.ratedW),
      });
  }
  return { nodes, withoutAccount };
}

/** By account in lower case. */
export function knownNodes(db: Database): Map<string, KnownNode> {
  const byId = new Map<number, KnownNode>();
  for (const { name, args } of eventsOf(db, 'GridManagement', ['NodeRegistered', 'CapacitySet'])) {
    const node = Number(args.nodeId);
    if (name === 'NodeRegistered') {
      const type = NODE_TYPES[Number(args.nodeType)] ?? 'consumer';
      byId.set(node, { node, address: args.node ?? '', type, capacityW: null, loadW: null, loadMs: null });
    } else {
      const known = byId.get(node);
      if (known) byId.set(node, { ...known, capacityW: Number(args.capacityW) });
    }
  }
  const loads = db
    .prepare(
      `SELECT json_extract(arguments, '$.nodeId') AS node, json_extract(arguments, '$.loadW') AS loadW, time_s AS timeS, max(block * 1000000 + log_index)
       FROM chain_event WHERE contract = 'GridManagement' AND name = 'LoadUpdated' GROUP BY node`,
    )
    .all() as { node: string; loadW: string; timeS: number | null }[];
  for (const { node, loadW, timeS } of loads) {
    const known = byId.get(Number(node));
    if (known) byId.set(known.node, { ...known, loadW: Number(loadW), loadMs: timeS === null ? null : timeS * 1000 });
  }
  return new Map([...byId.values()].map((n) => [n.address.toLowerCase(), n]));
}
