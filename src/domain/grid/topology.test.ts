import { describe, expect, it } from 'vitest';
import { traceIslands } from './topology.ts';

// A feeder 0-1-2-3 and a second one 4-5, with a tie 3-5 as branch 4.
const network = {
  buses: { length: 6 },
  branches: [
    { from: 0, to: 1 },
    { from: 1, to: 2 },
    { from: 2, to: 3 },
    { from: 4, to: 5 },
    { from: 5, to: 3 },
  ],
};

describe('tracing islands', () => {
  it('gives each source the buses its closed switches reach', () => {
    const { island, islands } = traceIslands(network, [1, 1, 1, 1, 0], [0, 4]);
    expect([...island]).toEqual([0, 0, 0, 0, 1, 1]);
    expect(islands.map((i) => i.radial)).toEqual([true, true]);
  });

  it('leaves what is cut off dead', () => {
    const { island, islands } = traceIslands(network, (k) => k !== 1 && k !== 4, [0]);
    expect([...island]).toEqual([0, 0, -1, -1, -1, -1]);
    expect(islands).toHaveLength(1);
  });

  it('joins two sources that a tie connects, and sees that a ring is not radial', () => {
    const { islands } = traceIslands(network, [true, true, true, true, true], [0, 4]);
    expect(islands).toEqual([{ sources: [0, 4], buses: [0, 1, 2, 3, 5, 4], closedBranches: 5, radial: true }]);
    const ring = {
      buses: { length: 3 },
      branches: [
        { from: 0, to: 1 },
        { from: 1, to: 2 },
        { from: 2, to: 0 },
      ],
    };
    expect(traceIslands(ring, () => true, [0]).islands[0]?.radial).toBe(false);
  });

  it('refuses a source that does not exist', () => {
    expect(() => traceIslands(network, () => true, [6])).toThrow(RangeError);
  });
});
