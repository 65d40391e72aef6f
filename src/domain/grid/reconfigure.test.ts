import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFeederCase } from './feeder-case.ts';
import type { Network } from './network.ts';
import { createPowerFlow } from './power-flow.ts';
import { reconfigure, reconfigureCase } from './reconfigure.ts';
import { randomNetwork } from './testing-network.ts';
import { traceIslands } from './topology.ts';

const load = (id: string) => {
  const parsed = parseFeederCase(JSON.parse(readFileSync(new URL(`./fixtures/${id}.json`, import.meta.url), 'utf8')));
  if (parsed.kind === 'refused') throw new Error(parsed.problems.join());
  return parsed.feederCase;
};

/** Every radial state of a small network, by trying every set of open lines. */
const leastLossByTrying = (network: Network): number => {
  const n = network.branches.length;
  const openCount = n - (network.buses.length - 1);
  let least = Number.POSITIVE_INFINITY;
  for (let mask = 0; mask < 2 ** n; mask += 1) {
    const closed = network.branches.map((_, k) => ((mask >> k) & 1) === 0);
    if (closed.filter((c) => !c).length !== openCount) continue;
    const { islands } = traceIslands(network, closed, [0]);
    if (islands[0]?.buses.length !== network.buses.length) continue;
    const result = createPowerFlow({
      ...network,
      branches: network.branches.map((b, k) => ({ ...b, closed: closed[k] as boolean })),
    }).solve();
    if (result.converged) least = Math.min(least, result.totalLossW);
  }
  return least;
};

describe('loss-minimising switching', () => {
  it('finds the known optimum of the 33-bus feeder', () => {
    const found = reconfigureCase(load('case33bw'));
    // The literature: lines 7, 9, 14, 32 and 37 open, 139.55 kW, 0.9378 pu.
    expect(found?.open).toEqual(['7', '9', '14', '32', '37']);
    expect(found?.lossKw).toBeCloseTo(139.55, 2);
    expect(found?.vminPu).toBeCloseTo(0.9378, 4);
    expect(found?.before?.lossKw).toBeCloseTo(202.68, 2);
  });

  it('leaves a feeder without ties as it is', () => {
    const found = reconfigureCase(load('case69'));
    expect(found?.open).toEqual([]);
    expect(found?.lossKw).toBeCloseTo(224.99, 2);
  });

  it('finds the least loss of small networks, by comparison with every radial state', () => {
    const some = fc.record({ buses: fc.integer({ min: 3, max: 7 }), extraBranches: fc.integer({ min: 1, max: 4 }), seed: fc.nat() });
    fc.assert(
      fc.property(some, (options) => {
        const network = randomNetwork({ ...options, loadW: 3e5, impedancePu: 0.03, tapShare: 0 });
        expect(reconfigure(network)?.after.lossW).toBeCloseTo(leastLossByTrying(network), 3);
      }),
      { numRuns: 40 },
    );
  });

  it('never ties two sources together', () => {
    const base = randomNetwork({ buses: 20, extraBranches: 5, seed: 4, loadW: 3e5, impedancePu: 0.02 });
    const network = { ...base, slack: [...base.slack, { bus: 13, vmPu: 1.02, vaRad: 0 }] };
    const open = new Set(reconfigure(network)?.after.open);
    const { islands } = traceIslands(network, (k) => !open.has(k), [0, 13]);
    expect(islands.map((i) => [i.sources.length, i.radial])).toEqual([
      [1, true],
      [1, true],
    ]);
    expect(islands.reduce((sum, i) => sum + i.buses.length, 0)).toBe(20);
  });

  it('says that there is none when no state can carry the load', () => {
    expect(reconfigure(randomNetwork({ buses: 8, extraBranches: 2, seed: 1, loadW: 1e9, impedancePu: 0.1 }))).toBeNull();
  });
});
