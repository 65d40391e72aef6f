/**
 * Loss-minimising switching: which lines to leave open so that every bus stays fed, no loop is closed, and the loss is least.
 *
 * Starts from the tree of the heaviest flows of the meshed network (and from the given state, if that is radial), then exchanges an open
 * line for one of the loop it would close as long as the loss falls, and at last tries to leave that optimum by way of the next best
 * exchanges. Every candidate is judged by a full power flow. Deterministic; the best state found, with no proof that no better exists.
 */
import type { FeederCase } from './feeder-case.ts';
import { type Network, networkFromCase } from './network.ts';
import { createPowerFlow } from './power-flow.ts';
import { adjacencyOf } from './topology.ts';

export interface Switching {
  /** Indices of open branches. */
  readonly open: readonly number[];
  readonly lossW: number;
  readonly vminPu: number;
}

export interface Reconfiguration {
  /** The state given; null when it has no operating point. */
  readonly before: Switching | null;
  readonly after: Switching;
  readonly powerFlows: number;
}

export interface ReconfigureOptions {
  /** Power flows to spend at most. Default: about a second's worth, fewer for larger networks. */
  readonly maxPowerFlows?: number;
}

/** How many of the next best exchanges are tried as a way out of an optimum. */
const WAYS_OUT = 40;

/** Null when no radial state of the network has an operating point. */
export const reconfigure = (network: Network, options: ReconfigureOptions = {}): Reconfiguration | null => {
  const budget = options.maxPowerFlows ?? Math.max(3_000, Math.floor(1_500_000 / network.buses.length));
  const judge = createJudge(network);
  const given = network.branches.flatMap((b, k) => (b.closed ? [] : [k]));
  const before = judge.switching(given);

  const starts = [judge.heaviestTree()];
  if (judge.isRadial(given)) starts.push(given);
  let best: Switching | null = null;
  for (const start of starts) {
    const found = descend(judge, start, budget);
    if (found !== null && (best === null || found.lossW < best.lossW)) best = found;
  }
  return best === null ? null : { before, after: wayOut(judge, best, budget), powerFlows: judge.powerFlows() };
};

/** Descends again from the next best exchanges, from the best state found so far, until none of them leads lower. */
const wayOut = (judge: Judge, from: Switching, budget: number): Switching => {
  let best = from;
  for (const { open } of judge.exchanges(from.open).slice(0, WAYS_OUT)) {
    if (judge.powerFlows() >= budget) return best;
    const found = descend(judge, open, budget);
    if (found !== null && found.lossW < best.lossW * (1 - 1e-9)) best = found;
  }
  return best === from ? best : wayOut(judge, best, budget);
};

/** Takes the best exchange as long as there is one that lowers the loss. */
const descend = (judge: Judge, start: readonly number[], budget: number): Switching | null => {
  let here = judge.switching(start);
  while (here !== null && judge.powerFlows() < budget) {
    const best: Switching | undefined = judge.exchanges(here.open)[0];
    if (best === undefined || !(best.lossW < here.lossW * (1 - 1e-9))) break;
    here = best;
  }
  return here;
};

interface Judge {
  switching(open: readonly number[]): Switching | null;
  /** All states one exchange away that have an operating point, least loss first. */
  exchanges(open: readonly number[]): Switching[];
  heaviestTree(): number[];
  isRadial(open: readonly number[]): boolean;
  powerFlows(): number;
}

const createJudge = (network: Network): Judge => {
  const flow = createPowerFlow(network);
  const branchCount = network.branches.length;
  const busCount = network.buses.length;
  const switchable = network.branches.map((b) => b.kind === 'line');
  const adjacency = adjacencyOf(
    busCount,
    network.branches.map((b) => b.from),
    network.branches.map((b) => b.to),
  );
  let powerFlows = 0;

  const switching = (open: readonly number[]): Switching | null => {
    const isOpen = new Set(open);
    for (let k = 0; k < branchCount; k += 1) flow.setSwitch(k, !isOpen.has(k));
    const result = flow.solve();
    powerFlows += 1;
    if (!result.converged) return null;
    let vminPu = Number.POSITIVE_INFINITY;
    for (const vm of result.vmPu) if (vm < vminPu) vminPu = vm;
    return { open: [...isOpen].sort((a, b) => a - b), lossW: result.totalLossW, vminPu };
  };

  /** Joins buses; sources count as one bus, so that two of them are never tied together. */
  const createUnion = () => {
    const parent = Int32Array.from({ length: busCount }, (_, i) => i);
    const find = (i: number): number => {
      let at = i;
      while (parent[at] !== at) {
        parent[at] = parent[parent[at] as number] as number;
        at = parent[at] as number;
      }
      return at;
    };
    /** False when they were joined already. */
    const join = (a: number, b: number): boolean => {
      const rootA = find(a);
      const rootB = find(b);
      parent[rootA] = rootB;
      return rootA !== rootB;
    };
    for (const s of network.slack.slice(1)) join(network.slack[0]?.bus as number, s.bus);
    for (const [k, b] of network.branches.entries()) if (!switchable[k] && b.closed) join(b.from, b.to);
    return { join, find };
  };

  const fixedOpen = network.branches.flatMap((b, k) => (!switchable[k] && !b.closed ? [k] : []));

  return {
    switching,
    powerFlows: () => powerFlows,

    heaviestTree() {
      for (let k = 0; k < branchCount; k += 1) if (switchable[k]) flow.setSwitch(k, true);
      const { iFromA, iToA, converged } = flow.solve();
      powerFlows += 1;
      // In per unit, so that lines of different voltage compare; without an operating point any order will do.
      const weight = network.branches.map((b, k) =>
        converged ? Math.max(iFromA[k] as number, iToA[k] as number) * (network.buses[b.from]?.nominalVoltageV ?? 1) : 0,
      );
      const { join } = createUnion();
      const byWeight = network.branches.map((_, k) => k).filter((k) => switchable[k]);
      byWeight.sort((a, b) => (weight[b] as number) - (weight[a] as number) || a - b);
      const open = [...fixedOpen];
      for (const k of byWeight) {
        const b = network.branches[k] as Network['branches'][number];
        if (!join(b.from, b.to)) open.push(k);
      }
      return open.sort((a, b) => a - b);
    },

    isRadial(open) {
      const { join, find } = createUnion();
      const isOpen = new Set(open);
      for (const [k, b] of network.branches.entries()) if (switchable[k] && !isOpen.has(k) && !join(b.from, b.to)) return false;
      // Radial, but an open line could feed what is dead: not a state to start from.
      return open.every((k) => {
        const b = network.branches[k] as Network['branches'][number];
        return !switchable[k] || find(b.from) === find(b.to);
      });
    },

    exchanges(open) {
      const isOpen = new Set(open);
      const feeder = new Int32Array(busCount).fill(-1);
      const depth = new Int32Array(busCount).fill(-1);
      const queue: number[] = [];
      for (const s of network.slack) {
        depth[s.bus] = 0;
        queue.push(s.bus);
      }
      for (const bus of queue) {
        for (let e = adjacency.start[bus] as number; e < (adjacency.start[bus + 1] as number); e += 1) {
          const far = adjacency.other[e] as number;
          const k = adjacency.branch[e] as number;
          if (isOpen.has(k) || depth[far] !== -1) continue;
          depth[far] = (depth[bus] as number) + 1;
          feeder[far] = k;
          queue.push(far);
        }
      }
      const upstream = (bus: number): number => {
        const b = network.branches[feeder[bus] as number] as Network['branches'][number];
        return b.from === bus ? b.to : b.from;
      };
      const found: Switching[] = [];
      for (const tie of open) {
        const branch = network.branches[tie] as Network['branches'][number];
        if (!switchable[tie] || depth[branch.from] === -1 || depth[branch.to] === -1) continue;
        let a = branch.from;
        let b = branch.to;
        // Up both ways until they meet; at different sources they never do, and the loop runs through the grid upstream.
        while (a !== b && !(depth[a] === 0 && depth[b] === 0)) {
          const deeper = (depth[a] as number) >= (depth[b] as number) ? a : b;
          const opened = feeder[deeper] as number;
          if (switchable[opened]) {
            const candidate = switching([...open.filter((k) => k !== tie), opened]);
            if (candidate !== null) found.push(candidate);
          }
          if (deeper === a) a = upstream(a);
          else b = upstream(b);
        }
      }
      return found.sort((x, y) => x.lossW - y.lossW);
    },
  };
};

export interface ReconfigurationDocument {
  readonly schema: 'reconfiguration/1';
  readonly case: string;
  readonly open: string[];
  readonly lossKw: number;
  readonly vminPu: number;
  readonly before: { readonly open: string[]; readonly lossKw: number; readonly vminPu: number } | null;
  readonly powerFlows: number;
}

export const reconfigureCase = (feeder: FeederCase): ReconfigurationDocument | null => {
  const network = networkFromCase(feeder);
  const found = reconfigure(network);
  if (found === null) return null;
  const told = (s: Switching) => ({
    open: s.open.map((k) => network.branches[k]?.id ?? ''),
    lossKw: s.lossW / 1e3,
    vminPu: s.vminPu,
  });
  return {
    schema: 'reconfiguration/1',
    case: feeder.id,
    ...told(found.after),
    before: found.before === null ? null : told(found.before),
    powerFlows: found.powerFlows,
  };
};
