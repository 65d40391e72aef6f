import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFeederCase } from './feeder-case.ts';
import { type LayoutInput, layoutOneLine, type OneLineLayout } from './layout.ts';
import { networkFromCase } from './network.ts';
import { randomNetwork } from './testing-network.ts';

const chain: LayoutInput = {
  buses: [{ id: 'grid' }, { id: 'a' }, { id: 'b' }, { id: 'c' }],
  branches: [
    { id: 'trafo', from: 0, to: 1, closed: true },
    { id: 'ab', from: 1, to: 2, closed: true },
    { id: 'ca', from: 3, to: 1, closed: true },
    { id: 'tie', from: 2, to: 3, closed: false },
  ],
  sources: [0],
  elements: [
    { id: 'load-b', bus: 2 },
    { id: 'pv-b', bus: 2 },
  ],
};

/** Strokes in one row keep apart, elements too, and everything lies within the picture. */
const checkTidy = (layout: OneLineLayout): void => {
  const apart = (spans: { y: number; left: number; right: number }[]): void => {
    const rows = Map.groupBy(spans, (s) => s.y);
    for (const row of rows.values()) {
      row.sort((a, b) => a.left - b.left);
      for (let i = 1; i < row.length; i += 1)
        expect((row[i] as { left: number }).left).toBeGreaterThan((row[i - 1] as { right: number }).right);
    }
  };
  apart(layout.buses.map((b) => ({ y: b.y, left: b.x, right: b.x + b.width })));
  // Elements and the trunks that pass them share a half row.
  const trunks = layout.branches
    .filter((b) => b.points.length === 2)
    .map((b) => ({ y: b.symbol.y, left: b.symbol.x, right: b.symbol.x + 0.9 }));
  apart([...layout.elements.map((e) => ({ y: e.y, left: e.x, right: e.x + 0.9 })), ...trunks]);
  const points = [
    ...layout.branches.flatMap((b) => [...b.points, b.symbol]),
    ...layout.elements,
    ...layout.buses,
    ...layout.buses.map((b) => ({ x: b.x + b.width, y: b.y })),
  ];
  for (const { x, y } of points) {
    expect(x).toBeGreaterThanOrEqual(0);
    expect(y).toBeGreaterThanOrEqual(0);
    expect(x).toBeLessThanOrEqual(layout.width);
    expect(y).toBeLessThanOrEqual(layout.height);
  }
};

/** Every line begins on the stroke of its from bus and ends on that of its to bus. */
const checkConnected = (input: LayoutInput, layout: OneLineLayout): void => {
  layout.branches.forEach((branch, k) => {
    for (const [bus, point] of [
      [input.branches[k]?.from, branch.points[0]],
      [input.branches[k]?.to, branch.points.at(-1)],
    ] as const) {
      const stroke = layout.buses[bus as number] as OneLineLayout['buses'][number];
      expect(point?.y).toBe(stroke.y);
      expect(point?.x).toBeGreaterThanOrEqual(stroke.x);
      expect(point?.x).toBeLessThanOrEqual(stroke.x + stroke.width);
    }
  });
};

describe('the one-line diagram', () => {
  it('runs down from the source, and hangs elements from their busbar', () => {
    const layout = layoutOneLine(chain);
    expect(layout.buses.map((b) => b.y)).toEqual([0, 2, 4, 4]);
    expect(layout.elements.map((e) => [e.id, e.y, e.busY])).toEqual([
      ['load-b', 5, 4],
      ['pv-b', 5, 4],
    ]);
    checkTidy(layout);
    checkConnected(chain, layout);
  });

  it('draws the open switch between feeders as a tie in a lane of its own', () => {
    const layout = layoutOneLine(chain);
    expect(layout.branches.map((b) => b.tie)).toEqual([false, false, false, true]);
    const lane = layout.branches[3]?.symbol.x as number;
    for (const b of layout.buses) expect(lane).toBeGreaterThan(b.x + b.width);
  });

  it('hangs what only an open switch reaches from that switch, and says it is a tie', () => {
    const input = { ...chain, branches: chain.branches.map((b) => (b.id === 'ab' || b.id === 'tie' ? { ...b, closed: false } : b)) };
    const layout = layoutOneLine(input);
    expect(layout.branches.map((b) => b.tie)).toEqual([false, true, false, true]);
    checkTidy(layout);
    checkConnected(input, layout);
  });

  it('puts a part without any connection beside the rest', () => {
    const input = { ...chain, branches: chain.branches.slice(0, 2) };
    const layout = layoutOneLine(input);
    expect(layout.buses[3]).toMatchObject({ id: 'c', y: 0 });
    checkTidy(layout);
  });

  it('of nothing is empty', () => {
    expect(layoutOneLine({ buses: [], branches: [], sources: [] })).toMatchObject({ width: 0, buses: [], branches: [] });
  });

  it.each(['simbench-rural1', 'case33bw', 'cigre-lv', 'simbench-semiurb4'])('of a published feeder is tidy: %s', (id) => {
    const parsed = parseFeederCase(JSON.parse(readFileSync(new URL(`./fixtures/${id}.json`, import.meta.url), 'utf8')));
    if (parsed.kind === 'refused') throw new Error(parsed.problems.join());
    const network = networkFromCase(parsed.feederCase);
    const elements = network.buses.flatMap((b, bus) => (b.activePowerW === 0 ? [] : [{ id: `at-${b.id}`, bus }]));
    const input = { ...network, sources: network.slack.map((s) => s.bus), elements };
    const layout = layoutOneLine(input);
    checkTidy(layout);
    checkConnected(input, layout);
  });

  it('of any network is tidy and connected', () => {
    const some = fc.record({
      buses: fc.integer({ min: 1, max: 50 }),
      extraBranches: fc.nat({ max: 8 }),
      seed: fc.nat(),
      reach: fc.integer({ min: 1, max: 50 }),
      open: fc.nat(),
    });
    fc.assert(
      fc.property(some, fc.array(fc.nat({ max: 49 }), { maxLength: 40 }), (options, where) => {
        fc.pre(options.buses > 1 || options.extraBranches === 0);
        const network = randomNetwork({ ...options, loadW: 1e4, impedancePu: 0.01 });
        const branches = network.branches.map((b, k) => ({ ...b, closed: (options.open >> (k % 30)) % 5 !== 0 }));
        const elements = where.map((bus, i) => ({ id: `e${i}`, bus: bus % options.buses }));
        const input = { buses: network.buses, branches, sources: [0], elements };
        const layout = layoutOneLine(input);
        checkTidy(layout);
        checkConnected(input, layout);
      }),
      { numRuns: 200 },
    );
  });
});
