import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Network, Slack } from './network.ts';
import { createPowerFlow, type PowerFlowResult } from './power-flow.ts';
import { randomNetwork } from './testing-network.ts';

type Complex = readonly [number, number];
const times = (a: Complex, b: Complex): Complex => [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]];
const plus = (a: Complex, b: Complex): Complex => [a[0] + b[0], a[1] + b[1]];
const over = (a: Complex, b: Complex): Complex => {
  const n = b[0] * b[0] + b[1] * b[1];
  return [(a[0] * b[0] + a[1] * b[1]) / n, (a[1] * b[0] - a[0] * b[1]) / n];
};

/** Independent of the solver under test: the bus admittance matrix written out in full, and Kirchhoff's law at every bus. */
const worstMismatchPu = (network: Network, slack: readonly Slack[], result: PowerFlowResult, closed: (k: number) => boolean): number => {
  const n = network.buses.length;
  const current: Complex[] = Array.from({ length: n }, () => [0, 0]);
  const voltage = network.buses.map((_, i): Complex => {
    const vm = result.vmPu[i] as number;
    const va = result.vaRad[i] as number;
    return Number.isNaN(vm) ? [0, 0] : [vm * Math.cos(va), vm * Math.sin(va)];
  });
  const add = (i: number, value: Complex): void => {
    current[i] = plus(current[i] as Complex, value);
  };
  network.branches.forEach((b, k) => {
    if (!closed(k)) return;
    const series = over([1, 0], [b.r, b.x]);
    const ratio: Complex = [b.ratio * Math.cos(b.shiftRad), b.ratio * Math.sin(b.shiftRad)];
    const inner = over(voltage[b.from] as Complex, ratio);
    const to = voltage[b.to] as Complex;
    const through = times(series, [inner[0] - to[0], inner[1] - to[1]]);
    const fromInner = plus(through, times([b.gFrom, b.bFrom], inner));
    add(b.from, over(fromInner, [ratio[0], -ratio[1]]));
    add(b.to, plus([-through[0], -through[1]], times([b.gTo, b.bTo], to)));
  });
  const held = new Set(slack.map((s) => s.bus));
  let worst = 0;
  network.buses.forEach((bus, i) => {
    if (held.has(i) || !result.energised[i]) return;
    const v = voltage[i] as Complex;
    const drawn = plus(current[i] as Complex, times([bus.shuntConductancePu, bus.shuntSusceptancePu], v));
    const s = times(v, [drawn[0], -drawn[1]]);
    worst = Math.max(worst, Math.abs(s[0] + bus.activePowerW / network.baseVA), Math.abs(s[1] + bus.reactivePowerVar / network.baseVA));
  });
  return worst;
};

const networks = fc
  .record({
    buses: fc.integer({ min: 2, max: 60 }),
    extraBranches: fc.integer({ min: 0, max: 25 }),
    seed: fc.integer({ min: 0, max: 1e9 }),
    reach: fc.integer({ min: 1, max: 60 }),
  })
  .map((o) => randomNetwork({ ...o, loadW: 4e5, impedancePu: 0.2 / o.buses }));

describe('the power flow', () => {
  it("keeps Kirchhoff's law at every bus of any network, radial or meshed", () => {
    fc.assert(
      fc.property(networks, (network) => {
        const result = createPowerFlow(network).solve();
        expect(result.converged).toBe(true);
        expect(worstMismatchPu(network, network.slack, result, () => true)).toBeLessThan(1e-8);
      }),
      { numRuns: 150 },
    );
  });

  it('balances: what the sources give is what loads, shunts and losses take', () => {
    fc.assert(
      fc.property(networks, (network) => {
        const result = createPowerFlow(network).solve();
        const load = network.buses.reduce((sum, b) => sum + b.activePowerW, 0);
        expect(result.slackPowerW[0]).toBeCloseTo(load + result.totalLossW, 2);
      }),
      { numRuns: 60 },
    );
  });

  it('after any run of switching and load changes gives what a fresh solve gives', () => {
    fc.assert(
      fc.property(
        networks,
        fc.array(fc.tuple(fc.nat(), fc.boolean(), fc.nat(), fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 12 }),
        (network, acts) => {
          const live = createPowerFlow(network);
          live.solve();
          const branches = network.branches.map((b) => ({ ...b }));
          const buses = network.buses.map((b) => ({ ...b }));
          for (const [branchSeed, closed, busSeed, share] of acts) {
            const k = branchSeed % branches.length;
            const i = busSeed % buses.length;
            branches[k] = { ...(branches[k] as (typeof branches)[number]), closed };
            buses[i] = { ...(buses[i] as (typeof buses)[number]), activePowerW: 1e4 * share, reactivePowerVar: 2e3 * share };
            live.setSwitch(k, closed);
            live.setBusPower(i, 1e4 * share, 2e3 * share);
            const result = live.solve();
            const changed = { ...network, branches, buses };
            const fresh = createPowerFlow(changed).solve();
            expect(result.converged).toBe(fresh.converged);
            if (!fresh.converged) continue;
            expect([...result.energised]).toEqual([...fresh.energised]);
            result.vmPu.forEach((vm, bus) => {
              const other = fresh.vmPu[bus] as number;
              expect(Number.isNaN(vm) ? Number.isNaN(other) : Math.abs(vm - other) < 1e-8).toBe(true);
            });
            expect(worstMismatchPu(changed, network.slack, result, (b) => branches[b]?.closed ?? false)).toBeLessThan(1e-8);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('carries a phase shift through a loop as a circulating flow', () => {
    const network = randomNetwork({ buses: 4, extraBranches: 2, seed: 5, loadW: 1e5, impedancePu: 0.05 });
    const shifted = { ...network, branches: network.branches.map((b, k) => (k === 3 ? { ...b, shiftRad: 0.1 } : b)) };
    const result = createPowerFlow(shifted).solve();
    expect(result.converged).toBe(true);
    expect(worstMismatchPu(shifted, shifted.slack, result, () => true)).toBeLessThan(1e-8);
    expect(result.totalLossW).toBeGreaterThan(createPowerFlow(network).solve().totalLossW);
  });

  it('needs fewer steps from the last voltages than from a flat start', () => {
    const network = randomNetwork({ buses: 200, extraBranches: 10, seed: 1, loadW: 5e5, impedancePu: 0.004 });
    const flow = createPowerFlow(network);
    const first = flow.solve().iterations;
    flow.setBusPower(17, 3000, 500);
    expect(flow.solve().iterations).toBeLessThan(first);
    expect(flow.solve().iterations).toBe(0);
  });

  it('gives a dead bus no voltage and picks it up again when the switch closes', () => {
    const network = randomNetwork({ buses: 6, extraBranches: 0, seed: 3, reach: 1, loadW: 2e5, impedancePu: 0.02 });
    const flow = createPowerFlow(network);
    const whole = flow.solve().vmPu.slice();
    flow.setSwitch(2, false);
    const cut = flow.solve();
    expect([...cut.energised]).toEqual([1, 1, 1, 0, 0, 0]);
    expect([...cut.vmPu.slice(3)]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(cut.pFromW[3]).toBe(0);
    flow.setSwitch(2, true);
    for (const [i, vm] of flow.solve().vmPu.entries()) expect(vm).toBeCloseTo(whole[i] as number, 9);
  });

  it('hands an island over to a second source when the main one is gone', () => {
    const network = randomNetwork({ buses: 6, extraBranches: 0, seed: 3, reach: 1, loadW: 2e5, impedancePu: 0.02 });
    const flow = createPowerFlow(network);
    flow.solve();
    const islanded = flow.solve([{ bus: 5, vmPu: 1, vaRad: 0 }]);
    expect(islanded.converged).toBe(true);
    expect(islanded.vmPu[5]).toBe(1);
    const load = network.buses.reduce((sum, b) => sum + b.activePowerW, 0);
    expect(islanded.slackPowerW[0]).toBeCloseTo(load + islanded.totalLossW, 2);
    flow.setSwitch(2, false);
    const two = flow.solve([
      { bus: 0, vmPu: 1.02, vaRad: 0 },
      { bus: 5, vmPu: 1, vaRad: 0 },
    ]);
    expect(two.islandCount).toBe(2);
    expect([...two.island]).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it('is all dead, and says so calmly, when there is no source at all', () => {
    const result = createPowerFlow(randomNetwork({ buses: 4, extraBranches: 0, seed: 3, loadW: 1e5, impedancePu: 0.02 })).solve([]);
    expect(result.converged).toBe(true);
    expect([...result.energised]).toEqual([0, 0, 0, 0]);
    expect(result.totalLossW).toBe(0);
  });

  it('says when there is no operating point, and recovers when the load is back to normal', () => {
    const network = randomNetwork({ buses: 10, extraBranches: 0, seed: 9, loadW: 2e5, impedancePu: 0.05 });
    const flow = createPowerFlow(network);
    expect(flow.solve().converged).toBe(true);
    flow.setBusPower(9, 50e6, 0);
    const collapsed = flow.solve();
    expect(collapsed.converged).toBe(false);
    expect(collapsed.vmPu.every(Number.isNaN)).toBe(true);
    flow.setBusPower(9, 1000, 0);
    expect(flow.solve().converged).toBe(true);
  });

  it('refuses a source named twice, and indices outside the network', () => {
    const flow = createPowerFlow(randomNetwork({ buses: 3, extraBranches: 0, seed: 1, loadW: 1e4, impedancePu: 0.05 }));
    const slack = { bus: 0, vmPu: 1, vaRad: 0 };
    expect(() => flow.solve([slack, slack])).toThrow('named as slack twice');
    expect(() => flow.setBusPower(3, 0, 0)).toThrow(RangeError);
    expect(() => flow.setSwitch(-1, true)).toThrow(RangeError);
  });
});
