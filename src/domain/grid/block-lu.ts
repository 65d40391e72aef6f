// biome-ignore-all lint/style/noNonNullAssertion: every index into these typed arrays is within them by construction
/**
 * Sparse LU of a matrix of 2x2 blocks whose pattern is symmetric, as a power-flow Jacobian's is.
 *
 * The elimination order (minimum degree) and the list of every update are found once per pattern; a factorisation is then a run over
 * typed arrays without a search or an allocation. A radial feeder is eliminated from its leaves without any fill, which is the ladder
 * sweep; meshes cost their fill and no more. Blocks are not pivoted: diagonal blocks of a solvable power flow are regular.
 */

export interface BlockPattern {
  readonly size: number;
  /** Elimination position of a node, and the node at a position. */
  readonly position: Int32Array;
  readonly node: Int32Array;
  /** Row `p` of the upper factor holds edges `rowStart[p]` up to `rowStart[p + 1]`; `column[e]` is a later position. */
  readonly rowStart: Int32Array;
  readonly column: Int32Array;
  /** For row `p`, edges a < b in turn: the edge that joins their two columns. */
  readonly pairEdge: Int32Array;
}

/** Nodes are taken with the fewest neighbours first; what is eliminated joins its neighbours to each other. */
export const analysePattern = (size: number, from: ArrayLike<number>, to: ArrayLike<number>): BlockPattern => {
  const neighbours: number[][] = Array.from({ length: size }, () => []);
  for (let k = 0; k < from.length; k += 1) {
    const u = from[k] as number;
    const v = to[k] as number;
    if (u === v) continue;
    neighbours[u]?.push(v);
    neighbours[v]?.push(u);
  }
  const mark = new Int32Array(size).fill(-1);
  for (let u = 0; u < size; u += 1) {
    neighbours[u] = (neighbours[u] as number[]).filter((v) => {
      if (mark[v] === u) return false;
      mark[v] = u;
      return true;
    });
  }
  mark.fill(-1);

  const buckets = new DegreeBuckets(size);
  for (let u = 0; u < size; u += 1) buckets.insert(u, neighbours[u]?.length ?? 0);

  const position = new Int32Array(size);
  const node = new Int32Array(size);
  const laterNodes: number[][] = [];
  let stamp = 0;
  for (let p = 0; p < size; p += 1) {
    const v = buckets.takeSmallest();
    position[v] = p;
    node[p] = v;
    const ring = neighbours[v] as number[];
    laterNodes.push(ring);
    for (const u of ring) {
      const list = neighbours[u] as number[];
      const before = list.length;
      stamp += 1;
      mark[u] = stamp;
      let kept = 0;
      for (const w of list) {
        mark[w] = stamp;
        if (w !== v) list[kept++] = w;
      }
      list.length = kept;
      if (ring.length > 1) for (const w of ring) if (mark[w] !== stamp) list.push(w);
      if (list.length !== before) buckets.move(u, list.length);
    }
  }

  const rowStart = new Int32Array(size + 1);
  for (let p = 0; p < size; p += 1) rowStart[p + 1] = (rowStart[p] as number) + (laterNodes[p] as number[]).length;
  const column = new Int32Array(rowStart[size] as number);
  let pairs = 0;
  for (let p = 0; p < size; p += 1) {
    const columns = (laterNodes[p] as number[]).map((v) => position[v] as number);
    if (columns.length > 1) columns.sort((a, b) => a - b);
    column.set(columns, rowStart[p]);
    pairs += (columns.length * (columns.length - 1)) / 2;
  }
  const pattern = { size, position, node, rowStart, column, pairEdge: new Int32Array(pairs) };
  let next = 0;
  for (let p = 0; p < size; p += 1) {
    const end = rowStart[p + 1] as number;
    for (let a = rowStart[p] as number; a < end; a += 1) {
      for (let b = a + 1; b < end; b += 1) pattern.pairEdge[next++] = edgeBetween(pattern, column[a] as number, column[b] as number);
    }
  }
  return pattern;
};

/** The edge of row `row` that leads to `later`; both are positions and `row` comes first. */
export const edgeBetween = (pattern: Pick<BlockPattern, 'rowStart' | 'column'>, row: number, later: number): number => {
  let low = pattern.rowStart[row] as number;
  let high = (pattern.rowStart[row + 1] as number) - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = pattern.column[middle] as number;
    if (found === later) return middle;
    if (found < later) low = middle + 1;
    else high = middle - 1;
  }
  throw new RangeError(`positions ${row} and ${later} are not joined in this pattern`);
};

/** Doubly linked lists of nodes by degree. */
class DegreeBuckets {
  readonly #head: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #degree: Int32Array;
  #smallest = 0;

  constructor(size: number) {
    this.#head = new Int32Array(size + 1).fill(-1);
    this.#next = new Int32Array(size).fill(-1);
    this.#previous = new Int32Array(size).fill(-1);
    this.#degree = new Int32Array(size);
  }

  insert(node: number, degree: number): void {
    const head = this.#head[degree] as number;
    this.#degree[node] = degree;
    this.#next[node] = head;
    this.#previous[node] = -1;
    if (head >= 0) this.#previous[head] = node;
    this.#head[degree] = node;
    if (degree < this.#smallest) this.#smallest = degree;
  }

  #remove(node: number): void {
    const next = this.#next[node] as number;
    const previous = this.#previous[node] as number;
    if (previous >= 0) this.#next[previous] = next;
    else this.#head[this.#degree[node] as number] = next;
    if (next >= 0) this.#previous[next] = previous;
  }

  move(node: number, degree: number): void {
    this.#remove(node);
    this.insert(node, degree);
  }

  takeSmallest(): number {
    while (this.#head[this.#smallest] === -1) this.#smallest += 1;
    const node = this.#head[this.#smallest] as number;
    this.#remove(node);
    return node;
  }
}

/**
 * Values of one matrix in a pattern. Blocks are four numbers, row by row. `upper[e]` is block (row, column[e]), `lower[e]` its mirror
 * (column[e], row). Fill the three arrays, then `factorise`, then `solve`; factorising overwrites them.
 */
export interface BlockMatrix {
  readonly diagonal: Float64Array;
  readonly upper: Float64Array;
  readonly lower: Float64Array;
}

export const createBlockMatrix = (pattern: BlockPattern): BlockMatrix => ({
  diagonal: new Float64Array(pattern.size * 4),
  upper: new Float64Array(pattern.column.length * 4),
  lower: new Float64Array(pattern.column.length * 4),
});

/** In place; the diagonal then holds inverses. False when a diagonal block is singular. */
export const factorise = (pattern: BlockPattern, matrix: BlockMatrix): boolean => {
  const { size, rowStart, column, pairEdge } = pattern;
  const { diagonal: d, upper: u, lower: l } = matrix;
  let pair = 0;
  for (let p = 0; p < size; p += 1) {
    const at = p * 4;
    const a = d[at]!;
    const b = d[at + 1]!;
    const c = d[at + 2]!;
    const e = d[at + 3]!;
    const determinant = a * e - b * c;
    const inverse = 1 / determinant;
    // Also catches NaN and infinity.
    if (!(Math.abs(inverse) < 1e300)) return false;
    const i0 = e * inverse;
    const i1 = -b * inverse;
    const i2 = -c * inverse;
    const i3 = a * inverse;
    d[at] = i0;
    d[at + 1] = i1;
    d[at + 2] = i2;
    d[at + 3] = i3;

    const start = rowStart[p]!;
    const end = rowStart[p + 1]!;
    for (let edge = start; edge < end; edge += 1) {
      const k = edge * 4;
      const l0 = l[k]! * i0 + l[k + 1]! * i2;
      const l1 = l[k]! * i1 + l[k + 1]! * i3;
      const l2 = l[k + 2]! * i0 + l[k + 3]! * i2;
      const l3 = l[k + 2]! * i1 + l[k + 3]! * i3;
      l[k] = l0;
      l[k + 1] = l1;
      l[k + 2] = l2;
      l[k + 3] = l3;
      const t = column[edge]! * 4;
      d[t]! -= l0 * u[k]! + l1 * u[k + 2]!;
      d[t + 1]! -= l0 * u[k + 1]! + l1 * u[k + 3]!;
      d[t + 2]! -= l2 * u[k]! + l3 * u[k + 2]!;
      d[t + 3]! -= l2 * u[k + 1]! + l3 * u[k + 3]!;
    }
    for (let first = start; first < end - 1; first += 1) {
      const f = first * 4;
      for (let second = first + 1; second < end; second += 1) {
        const s = second * 4;
        const t = pairEdge[pair++]! * 4;
        u[t]! -= l[f]! * u[s]! + l[f + 1]! * u[s + 2]!;
        u[t + 1]! -= l[f]! * u[s + 1]! + l[f + 1]! * u[s + 3]!;
        u[t + 2]! -= l[f + 2]! * u[s]! + l[f + 3]! * u[s + 2]!;
        u[t + 3]! -= l[f + 2]! * u[s + 1]! + l[f + 3]! * u[s + 3]!;
        l[t]! -= l[s]! * u[f]! + l[s + 1]! * u[f + 2]!;
        l[t + 1]! -= l[s]! * u[f + 1]! + l[s + 1]! * u[f + 3]!;
        l[t + 2]! -= l[s + 2]! * u[f]! + l[s + 3]! * u[f + 2]!;
        l[t + 3]! -= l[s + 2]! * u[f + 1]! + l[s + 3]! * u[f + 3]!;
      }
    }
  }
  return true;
};

/** Solves in place: `x` (two values per position) comes in as the right-hand side and leaves as the solution. */
export const solveFactorised = (pattern: BlockPattern, matrix: BlockMatrix, x: Float64Array): void => {
  const { size, rowStart, column } = pattern;
  const { diagonal: d, upper: u, lower: l } = matrix;
  for (let p = 0; p < size; p += 1) {
    const x0 = x[2 * p]!;
    const x1 = x[2 * p + 1]!;
    for (let edge = rowStart[p]!; edge < rowStart[p + 1]!; edge += 1) {
      const t = column[edge]! * 2;
      const k = edge * 4;
      x[t]! -= l[k]! * x0 + l[k + 1]! * x1;
      x[t + 1]! -= l[k + 2]! * x0 + l[k + 3]! * x1;
    }
  }
  for (let p = size - 1; p >= 0; p -= 1) {
    let x0 = x[2 * p]!;
    let x1 = x[2 * p + 1]!;
    for (let edge = rowStart[p]!; edge < rowStart[p + 1]!; edge += 1) {
      const t = column[edge]! * 2;
      const k = edge * 4;
      x0 -= u[k]! * x[t]! + u[k + 1]! * x[t + 1]!;
      x1 -= u[k + 2]! * x[t]! + u[k + 3]! * x[t + 1]!;
    }
    const at = p * 4;
    x[2 * p] = d[at]! * x0 + d[at + 1]! * x1;
    x[2 * p + 1] = d[at + 2]! * x0 + d[at + 3]! * x1;
  }
};
