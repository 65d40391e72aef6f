// biome-ignore-all lint/style/noNonNullAssertion: every index into these typed arrays is within them by construction
/** Which buses hang together and are fed: islands of closed branches, traced from the sources. */

export interface TopologyInput {
  readonly buses: { readonly length: number };
  readonly branches: readonly { readonly from: number; readonly to: number }[];
}

export type SwitchStates = ((branchIndex: number) => boolean) | ArrayLike<number | boolean>;

export interface Island {
  /** The sources that feed it, in the order given. */
  readonly sources: number[];
  readonly buses: number[];
  readonly closedBranches: number;
  /** A tree: as many closed branches as buses less one. */
  readonly radial: boolean;
}

export interface Islands {
  /** Per bus: its island, or -1 where no source reaches it. */
  readonly island: Int32Array;
  readonly islands: Island[];
}

interface Adjacency {
  readonly start: Int32Array;
  readonly branch: Int32Array;
  readonly other: Int32Array;
}

/** Compressed adjacency of the branch table: the branches at bus `i` are `start[i]` up to `start[i + 1]`. */
export const adjacencyOf = (busCount: number, from: ArrayLike<number>, to: ArrayLike<number>): Adjacency => {
  const start = new Int32Array(busCount + 1);
  for (let k = 0; k < from.length; k += 1) {
    start[(from[k] as number) + 1]! += 1;
    start[(to[k] as number) + 1]! += 1;
  }
  for (let i = 0; i < busCount; i += 1) start[i + 1]! += start[i] as number;
  const fill = start.slice(0, busCount);
  const branch = new Int32Array(from.length * 2);
  const other = new Int32Array(from.length * 2);
  const put = (bus: number, k: number, far: number): void => {
    const at = fill[bus] as number;
    fill[bus] = at + 1;
    branch[at] = k;
    other[at] = far;
  };
  for (let k = 0; k < from.length; k += 1) {
    put(from[k] as number, k, to[k] as number);
    put(to[k] as number, k, from[k] as number);
  }
  return { start, branch, other };
};

/**
 * Traces islands breadth-first from each source in turn; two sources that meet share one island. Buses no source reaches keep -1: they
 * are dead, whatever voltage a meter there may still report.
 */
export const traceIslands = (network: TopologyInput, closed: SwitchStates, sources: readonly number[]): Islands => {
  const busCount = network.buses.length;
  const isClosed = typeof closed === 'function' ? closed : (k: number): boolean => Boolean(closed[k]);
  const adjacency = adjacencyOf(
    busCount,
    network.branches.map((b) => b.from),
    network.branches.map((b) => b.to),
  );
  const island = new Int32Array(busCount).fill(-1);
  const islands: { sources: number[]; buses: number[] }[] = [];

  for (const source of sources) {
    if (!Number.isInteger(source) || source < 0 || source >= busCount)
      throw new RangeError(`source ${source} is not a bus of this network`);
    const met = island[source] as number;
    if (met >= 0) {
      islands[met]?.sources.push(source);
      continue;
    }
    const id = islands.length;
    const buses = [source];
    island[source] = id;
    for (let head = 0; head < buses.length; head += 1) {
      const bus = buses[head] as number;
      for (let e = adjacency.start[bus] as number; e < (adjacency.start[bus + 1] as number); e += 1) {
        const far = adjacency.other[e] as number;
        if (island[far] !== -1 || !isClosed(adjacency.branch[e] as number)) continue;
        island[far] = id;
        buses.push(far);
      }
    }
    islands.push({ sources: [source], buses });
  }

  const closedCount = new Int32Array(islands.length);
  network.branches.forEach((b, k) => {
    const id = island[b.from] as number;
    if (id >= 0 && isClosed(k)) closedCount[id]! += 1;
  });
  return {
    island,
    islands: islands.map((one, id) => {
      const closedBranches = closedCount[id] as number;
      return { ...one, closedBranches, radial: closedBranches === one.buses.length - 1 };
    }),
  };
};
