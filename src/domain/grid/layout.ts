/**
 * Places a feeder as a one-line diagram: sources on top, feeders running down, busbars as horizontal strokes, loads and plant hanging from
 * them, ties in lanes at the right. Give it the *normal* switch states, so that the picture stays put when a switch moves.
 *
 * Units are grid steps: one across is an element's width, two down is from busbar to busbar. y grows downwards.
 */

export interface LayoutInput {
  readonly buses: readonly { readonly id: string }[];
  readonly branches: readonly { readonly id: string; readonly from: number; readonly to: number; readonly closed: boolean }[];
  /** Bus indices. */
  readonly sources: readonly number[];
  /** What hangs from a bus: loads, generators, batteries. */
  readonly elements?: readonly { readonly id: string; readonly bus: number }[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedBus {
  readonly id: string;
  /** Left end of the stroke. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export interface PlacedBranch {
  readonly id: string;
  /** From the `from` bus to the `to` bus. */
  readonly points: readonly Point[];
  /** True for branches that feed nobody in the normal state: open ties, and what closes a loop. */
  readonly tie: boolean;
  /** Where its switch or transformer is drawn. */
  readonly symbol: Point;
}

export interface PlacedElement {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  /** Where its line meets the busbar. */
  readonly busX: number;
  readonly busY: number;
}

export interface OneLineLayout {
  readonly width: number;
  readonly height: number;
  readonly buses: readonly PlacedBus[];
  readonly branches: readonly PlacedBranch[];
  readonly elements: readonly PlacedElement[];
}

const ROW = 2;
/** A stroke reaches this far beyond the outermost thing on it. */
const OVERHANG = 0.4;
/** Least distance between things of neighbouring feeders. */
const GAP = 1;

interface Tree {
  /** Parents before children. */
  readonly order: number[];
  readonly roots: number[];
  readonly children: number[][];
  readonly feedingBranch: Int32Array;
}

/** A tree over closed branches; buses that only an open one reaches are hung from it, and the rest are roots of their own. */
const growTree = (input: LayoutInput): Tree => {
  const count = input.buses.length;
  const at: { branch: number; far: number }[][] = Array.from({ length: count }, () => []);
  input.branches.forEach((b, branch) => {
    at[b.from]?.push({ branch, far: b.to });
    at[b.to]?.push({ branch, far: b.from });
  });
  const reached = new Uint8Array(count);
  const feedingBranch = new Int32Array(count).fill(-1);
  const children: number[][] = Array.from({ length: count }, () => []);
  const order: number[] = [];
  const roots: number[] = [];
  let head = 0;
  const follow = (open: boolean): boolean => {
    for (const bus of open ? [...order] : order.slice(head)) {
      for (const { branch, far } of at[bus] ?? []) {
        if (reached[far] || (!open && !input.branches[branch]?.closed)) continue;
        reached[far] = 1;
        feedingBranch[far] = branch;
        children[bus]?.push(far);
        order.push(far);
        if (open) return true;
      }
    }
    return false;
  };
  const exhaust = (): void => {
    do {
      while (head < order.length) {
        const until = order.length;
        follow(false);
        head = until;
      }
    } while (follow(true));
  };
  const plant = (bus: number): void => {
    if (reached[bus]) return;
    reached[bus] = 1;
    roots.push(bus);
    order.push(bus);
  };
  for (const source of input.sources) plant(source);
  exhaust();
  for (let bus = 0; bus < count; bus += 1) {
    plant(bus);
    exhaust();
  }
  return { order, roots, children, feedingBranch };
};

/** Leftmost and rightmost x per half row, counted from the block's own top and its trunk at x = 0. */
type Contour = { left: number; right: number }[];

interface Block {
  readonly contour: Contour;
  /** Per child, per element: x from this bus's trunk. */
  readonly childX: Map<number, number>;
  readonly elementX: number[];
  readonly strokeLeft: number;
  readonly strokeRight: number;
}

/** How far right `next` must move so as not to touch `placed`, both starting at the same half row. */
const clearance = (placed: Contour, next: Contour): number => {
  let shift = Number.NEGATIVE_INFINITY;
  for (let level = 0; level < Math.min(placed.length, next.length); level += 1) {
    shift = Math.max(shift, (placed[level]?.right ?? 0) + GAP - (next[level]?.left ?? 0));
  }
  return shift;
};

const merge = (placed: Contour, next: Contour, shift: number): void => {
  next.forEach(({ left, right }, level) => {
    const here = placed[level];
    if (here === undefined) placed.push({ left: left + shift, right: right + shift });
    else {
      here.left = Math.min(here.left, left + shift);
      here.right = Math.max(here.right, right + shift);
    }
  });
};

/** The longest feeder goes straight down, others to its right, elements to the right of all trunks. */
const arrange = (children: readonly number[], elements: number, blocks: ReadonlyMap<number, Block>): Block => {
  const below: Contour = [];
  const childX = new Map<number, number>();
  const depth = (bus: number): number => blocks.get(bus)?.contour.length ?? 0;
  for (const child of [...children].sort((a, b) => depth(b) - depth(a))) {
    // The trunk to the child fills the half row above it.
    const contour: Contour = [{ left: 0, right: 0 }, ...(blocks.get(child)?.contour ?? [])];
    const shift = below.length === 0 ? 0 : clearance(below, contour);
    merge(below, contour, shift);
    childX.set(child, shift);
  }
  const elementX: number[] = [];
  for (let i = 0; i < elements; i += 1) {
    const x = below.length === 0 ? 0 : (below[0]?.right ?? 0) + 1;
    merge(below, [{ left: x, right: x }], 0);
    elementX.push(x);
  }
  const xs = [0, ...childX.values(), ...elementX];
  const strokeLeft = Math.min(...xs) - OVERHANG;
  const strokeRight = Math.max(...xs) + OVERHANG;
  return { contour: [{ left: strokeLeft, right: strokeRight }, ...below], childX, elementX, strokeLeft, strokeRight };
};

export const layoutOneLine = (input: LayoutInput): OneLineLayout => {
  const tree = growTree(input);
  const elementsAt: number[][] = input.buses.map(() => []);
  (input.elements ?? []).forEach((e, i) => {
    elementsAt[e.bus]?.push(i);
  });

  const blocks = new Map<number, Block>();
  for (const bus of [...tree.order].reverse()) {
    blocks.set(bus, arrange(tree.children[bus] ?? [], elementsAt[bus]?.length ?? 0, blocks));
  }
  const trunkX = new Float64Array(input.buses.length);
  const busY = new Float64Array(input.buses.length);
  const forest: Contour = [];
  for (const root of tree.roots) {
    const contour = (blocks.get(root) as Block).contour;
    const shift = forest.length === 0 ? -Math.min(...contour.map((c) => c.left)) : clearance(forest, contour);
    merge(forest, contour, shift);
    trunkX[root] = shift;
  }
  const offset = Math.max(0, -Math.min(0, ...forest.map((c) => c.left)));
  for (const root of tree.roots) trunkX[root] = (trunkX[root] as number) + offset;
  for (const bus of tree.order) {
    for (const [child, x] of blocks.get(bus)?.childX ?? []) {
      trunkX[child] = (trunkX[bus] as number) + x;
      busY[child] = (busY[bus] as number) + ROW;
    }
  }

  const buses = input.buses.map(({ id }, i): PlacedBus => {
    const block = blocks.get(i) as Block;
    const x = (trunkX[i] as number) + block.strokeLeft;
    return { id, x, y: busY[i] as number, width: block.strokeRight - block.strokeLeft };
  });
  const elements = (input.elements ?? []).map((e, i): PlacedElement => {
    const slot = elementsAt[e.bus]?.indexOf(i) ?? 0;
    const x = (trunkX[e.bus] as number) + (blocks.get(e.bus)?.elementX[slot] ?? 0);
    const y = busY[e.bus] as number;
    return { id: e.id, x, y: y + 1, busX: x, busY: y };
  });

  const rightEdge = Math.max(0, ...buses.map((b) => b.x + b.width), ...elements.map((e) => e.x + 0.5));
  let lanes = 0;
  const branches = input.branches.map((branch, k): PlacedBranch => {
    const child = tree.feedingBranch[branch.to] === k ? branch.to : tree.feedingBranch[branch.from] === k ? branch.from : -1;
    if (child >= 0) {
      const parent = child === branch.to ? branch.from : branch.to;
      const x = trunkX[child] as number;
      const down = [
        { x, y: busY[parent] as number },
        { x, y: busY[child] as number },
      ];
      const points = parent === branch.from ? down : down.reverse();
      return { id: branch.id, points, tie: !branch.closed, symbol: { x, y: (busY[parent] as number) + 1 } };
    }
    lanes += 1;
    return tieLane(branch.id, buses[branch.from] as PlacedBus, buses[branch.to] as PlacedBus, rightEdge + lanes, lanes);
  });
  return {
    width: rightEdge + lanes + (lanes > 0 ? 0.5 : 0),
    height: Math.max(0, ...busY) + ROW,
    buses,
    branches,
    elements,
  };
};

/** Off the right end of one stroke, just below it to a lane of its own, along the lane, and back to the other stroke. */
const tieLane = (id: string, from: PlacedBus, to: PlacedBus, laneX: number, lane: number): PlacedBranch => {
  // Ties that leave the same row run side by side.
  const below = 0.25 + (lane % 5) * 0.08;
  const fromX = from.x + from.width;
  const toX = to.x + to.width;
  const points = [
    { x: fromX, y: from.y },
    { x: fromX, y: from.y + below },
    { x: laneX, y: from.y + below },
    { x: laneX, y: to.y + below },
    { x: toX, y: to.y + below },
    { x: toX, y: to.y },
  ];
  return { id, points, tie: true, symbol: { x: laneX, y: (from.y + to.y) / 2 + below } };
};
