import { describe, expect, it } from 'vitest';
import { parseSimulation } from '../simulation-file.ts';
import { createWires } from './network.ts';
import { rural1 } from './testing.ts';

/**
 * Bus voltages of SimBench's snapshot of this grid (all loads and PV at rating, 1.025 pu at medium voltage), as published with the dataset
 * (NodePFResult, ODbL; agrees within 5e-6 pu with an independent Newton solution).
 */
const PUBLISHED_PU: Record<string, number> = {
  mv: 1.025,
  b1: 1.022034,
  b2: 1.024972,
  b3: 1.025287,
  b4: 1.024739,
  b5: 1.01927,
  b6: 1.019323,
  b7: 1.024562,
  b8: 1.025227,
  b9: 1.025334,
  b10: 1.025936,
  b11: 1.02644,
  b12: 1.024456,
  b13: 1.026532,
  b14: 1.022734,
};

describe('the wires of rural1', () => {
  const file = rural1();
  const simulation = parseSimulation(file);
  if (simulation.kind !== 'ok') throw new Error('unreachable');
  const snapshot = () => {
    const wires = createWires(file.grid);
    for (const s of file.grid.switches) {
      if (s.on.kind !== 'unit') wires.setBranch(wires.branchIndex.get(s.on.id) as number, s.normal === 'closed');
    }
    for (const bus of file.grid.buses) {
      const units = file.grid.units.filter((u) => u.bus === bus.id);
      const loads = units.map((u) => simulation.simulation.loads[u.id]).filter((l) => l !== undefined);
      // The carport is not the dataset’s.
      const solarW = units.filter((u) => u.kind === 'solar' && u.id !== 'pv-carport').reduce((sum, u) => sum + u.ratedW, 0);
      const activeW = loads.reduce((sum, l) => sum + l.activePowerW, 0) - solarW;
      wires.setBusPower(
        wires.busIndex.get(bus.id) as number,
        activeW,
        loads.reduce((sum, l) => sum + l.reactivePowerVar, 0),
      );
    }
    return wires;
  };
  const slack = (wires: ReturnType<typeof createWires>) => [{ bus: wires.busIndex.get('mv') as number, vmPu: 1.025, vaRad: 0 }];

  it('carry the dataset’s snapshot with its published voltages and losses', () => {
    const wires = snapshot();
    const result = wires.solve(slack(wires));
    expect(result.converged).toBe(true);
    for (const [bus, published] of Object.entries(PUBLISHED_PU)) {
      expect(Math.abs((result.vmPu[wires.busIndex.get(bus) as number] as number) - published), bus).toBeLessThan(1e-5);
    }
    expect(result.totalLossW).toBeCloseTo(1441.04, 0);
    expect(result.slackPowerW[0]).toBeCloseTo(-78_939.96, -1);
  });

  it('fall apart where a feeder is opened, and hang together again over a tie', () => {
    const wires = snapshot();
    expect(wires.components()).toHaveLength(1);
    wires.setBranch(wires.branchIndex.get('l7') as number, false);
    expect(wires.components()).toHaveLength(2);
    wires.setBranch(wires.branchIndex.get('t2') as number, true);
    expect(wires.components()).toHaveLength(1);
    const result = wires.solve(slack(wires));
    expect(result.converged).toBe(true);
    expect(Math.min(...result.vmPu)).toBeGreaterThan(0.98);
  });
});
