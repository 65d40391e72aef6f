/**
 * Places a radial network as an electrician draws it: the main grid at the left, the bar that feeds several branches upright, each feeder a
 * row of bars to the right, what hangs on a bar below it. Branches that would close a ring (ties) run between the rows. Pure: topology in,
 * coordinates out.
 */
import type { GridTopology } from '../../../shared/contract/grid.ts';

export const SLOT = 92;
export const ROW = 182;
const SEGMENT = 96;
const TOP = 50;

export interface PlacedBus {
  readonly id: string;
  readonly upright: boolean;
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
}
export interface PlacedUnit {
  readonly id: string;
  readonly x: number;
  readonly busY: number;
}
type Point = readonly [x: number, y: number];
export interface PlacedBranch {
  readonly id: string;
  readonly kind: 'line' | 'transformer';
  readonly tie: boolean;
  readonly points: readonly Point[];
  /** Whether `points` begins at the branch's `from` end; positive power flows from `from` to `to`. */
  readonly fromFirst: boolean;
  readonly switchAt: Point;
  /** Whether the line is vertical where its switch stands. */
  readonly switchVertical: boolean;
  readonly labelAt: Point;
}
export interface Layout {
  readonly buses: ReadonlyMap<string, PlacedBus>;
  readonly units: ReadonlyMap<string, PlacedUnit>;
  readonly branches: ReadonlyMap<string, PlacedBranch>;
  readonly width: number;
  readonly height: number;
}

type Branch = GridTopology['branches'][number];
interface Node {
  readonly bus: string;
  readonly children: { readonly node: Node; readonly branch: Branch }[];
  readonly units: readonly string[];
  readonly rows: number;
}

export function layoutGrid(t: GridTopology): Layout {
  const ties = new Set(t.switches.filter((s) => s.kind === 'tie').map((s) => s.on.id));
  const position = new Map(t.buses.map((b) => [b.id, b]));
  const seen = new Set<string>();
  const used = new Set<string>();
  const grow = (bus: string): Node => {
    seen.add(bus);
    const children: Node['children'] = [];
    const next = t.branches
      .filter((b) => !ties.has(b.id) && (b.from === bus || b.to === bus))
      .map((branch) => ({ branch, other: branch.from === bus ? branch.to : branch.from }))
      .sort((a, b) => (position.get(a.other)?.x ?? 0) - (position.get(b.other)?.x ?? 0));
    for (const { branch, other } of next) {
      if (seen.has(other)) continue;
      used.add(branch.id);
      children.push({ node: grow(other), branch });
    }
    const units = t.units.filter((u) => u.bus === bus).map((u) => u.id);
    const below = children.reduce((s, c) => s + c.node.rows, 0);
    return { bus, children, units, rows: children.length > 1 ? below + (units.length > 0 ? 1 : 0) : Math.max(1, below) };
  };

  const buses = new Map<string, PlacedBus>();
  const units = new Map<string, PlacedUnit>();
  const branches = new Map<string, PlacedBranch>();
  let width = 0;
  const hang = (ids: readonly string[], left: number, busY: number) => {
    ids.forEach((id, i) => {
      units.set(id, { id, x: left + (i + 0.5) * SLOT, busY });
    });
    width = Math.max(width, left + ids.length * SLOT);
  };
  const join = (branch: Branch, feeding: string, fromX: number, toX: number, y: number) => {
    const middle = (fromX + toX) / 2;
    branches.set(branch.id, {
      id: branch.id,
      kind: branch.kind,
      tie: false,
      fromFirst: branch.from === feeding,
      points: [
        [fromX, y],
        [toX, y],
      ],
      switchAt: branch.kind === 'transformer' ? [fromX + 34, y] : [middle, y],
      switchVertical: false,
      labelAt: [middle, y + 32],
    });
  };
  /** Places a node whose row begins at `y`; returns nothing, the maps are filled. */
  const place = (node: Node, left: number, row: number) => {
    const y = TOP + row * ROW;
    if (node.children.length > 1) {
      let at = row;
      if (node.units.length > 0) {
        hang(node.units, left + 18, y);
        at += 1;
      }
      const last = TOP + (row + node.rows - (node.children.at(-1)?.node.rows ?? 1)) * ROW;
      buses.set(node.bus, {
        id: node.bus,
        upright: true,
        x1: left,
        x2: node.units.length > 0 ? left + 18 + node.units.length * SLOT - 10 : left,
        y1: y,
        y2: last,
      });
      for (const { node: child, branch } of node.children) {
        join(branch, node.bus, left, left + SEGMENT + 20, TOP + at * ROW);
        place(child, left + SEGMENT + 20, at);
        at += child.rows;
      }
      return;
    }
    const length = Math.max(1, node.units.length) * SLOT;
    buses.set(node.bus, { id: node.bus, upright: false, x1: left, x2: left + length, y1: y, y2: y });
    hang(node.units, left, y);
    width = Math.max(width, left + length);
    const only = node.children[0];
    if (only === undefined) return;
    const gap = only.branch.kind === 'transformer' ? SEGMENT + 54 : SEGMENT;
    join(only.branch, node.bus, left + length, left + length + gap, y);
    place(only.node, left + length + gap, row);
  };
  let row = 0;
  for (const bus of [t.gridBus, ...t.buses.map((b) => b.id)]) {
    if (seen.has(bus)) continue;
    const root = grow(bus);
    place(root, 30, row);
    row += root.rows;
  }
  for (const branch of t.branches) {
    if (used.has(branch.id)) continue;
    const tie = routeTie(branch, buses);
    if (tie !== null) branches.set(branch.id, tie);
  }
  return { buses, units, branches, width: width + 40, height: TOP + row * ROW };
}

/** From the end of the upper bar, between the rows, down into the lower bar from above. */
function routeTie(branch: Branch, buses: ReadonlyMap<string, PlacedBus>): PlacedBranch | null {
  const a = buses.get(branch.from);
  const b = buses.get(branch.to);
  if (a === undefined || b === undefined) return null;
  const [upper, lower] = a.y1 <= b.y1 ? [a, b] : [b, a];
  const down = lower.x2 - 16;
  const rail = upper.x2 + 26;
  const lane = lower.y1 - 34;
  const base = { id: branch.id, kind: branch.kind, tie: true, fromFirst: upper === a } as const;
  if (upper.y1 === lower.y1) {
    const [l, r] = upper.x2 <= lower.x1 ? [upper, lower] : [lower, upper];
    const middle = (l.x2 + r.x1) / 2;
    return {
      ...base,
      points: [
        [l.x2, l.y1],
        [r.x1, r.y1],
      ],
      switchAt: [middle, l.y1],
      switchVertical: false,
      labelAt: [middle, l.y1 + 32],
    };
  }
  if (down >= rail)
    return {
      ...base,
      points: [
        [upper.x2, upper.y1],
        [down, upper.y1],
        [down, lower.y1],
      ],
      switchAt: [down, (upper.y1 + lower.y1) / 2],
      switchVertical: true,
      labelAt: [down + 18, (upper.y1 + lower.y1) / 2 + 34],
    };
  return {
    ...base,
    points: [
      [upper.x2, upper.y1],
      [rail, upper.y1],
      [rail, lane],
      [down, lane],
      [down, lower.y1],
    ],
    switchAt: [rail, (upper.y1 + lane) / 2],
    switchVertical: true,
    labelAt: [rail + 18, (upper.y1 + lane) / 2 + 34],
  };
}
