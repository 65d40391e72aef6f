/** The plant's wires: the power flow on the live topology, and which buses hang together. */
import { networkFromCase, type Slack } from '../../src/domain/grid/network.ts';
import { createPowerFlow, type PowerFlow, type PowerFlowResult } from '../../src/domain/grid/power-flow.ts';
import { traceIslands } from '../../src/domain/grid/topology.ts';
import type { PlantFile } from '../../src/shared/plant-file.ts';

export interface Wires {
  readonly busIds: readonly string[];
  readonly busIndex: ReadonlyMap<string, number>;
  /** Lines, then transformers. */
  readonly branchIds: readonly string[];
  readonly branchIndex: ReadonlyMap<string, number>;
  readonly branchEnds: readonly (readonly [number, number])[];
  setBranch(index: number, closed: boolean): void;
  /** Components of the closed network, each a list of bus indices; worked out again only after a change. */
  components(): readonly (readonly number[])[];
  setBusPower(index: number, activePowerW: number, reactivePowerVar: number): void;
  solve(slacks: readonly Slack[]): PowerFlowResult;
}

export function createWires(grid: PlantFile['grid']): Wires {
  const network = networkFromCase({
    schema: 'feeder-case/1',
    id: 'plant',
    baseMVA: grid.baseMva,
    slack: [{ bus: grid.gridBus, vmPu: grid.gridVoltagePu, vaDeg: 0 }],
    buses: grid.buses.map((bus) => ({ id: bus.id, vnKv: bus.nominalKv, pKw: 0, qKvar: 0, gKw: 0, bKvar: 0 })),
    lines: grid.lines.map(({ id, from, to, rOhm, xOhm, bUs, ratedA }) => ({ id, from, to, rOhm, xOhm, bUs, ratedA, closed: true })),
    transformers: grid.transformers.map(({ name: _name, ...t }) => ({
      ...t,
      tapSide: 'hv' as const,
      tapNeutral: 0,
      parallel: 1,
      closed: true,
    })),
  });
  const flow: PowerFlow = createPowerFlow(network, { toleranceVA: 0.01 });
  const closed = new Uint8Array(network.branches.length).fill(1);
  const everyBus = network.buses.map((_, i) => i);
  let parts: (readonly number[])[] | null = null;
  return {
    busIds: network.buses.map((bus) => bus.id),
    busIndex: new Map(network.buses.map((bus, i) => [bus.id, i])),
    branchIds: network.branches.map((branch) => branch.id),
    branchIndex: new Map(network.branches.map((branch, i) => [branch.id, i])),
    branchEnds: network.branches.map((branch) => [branch.from, branch.to] as const),
    setBranch(index, isClosed) {
      if ((closed[index] === 1) === isClosed) return;
      closed[index] = isClosed ? 1 : 0;
      flow.setSwitch(index, isClosed);
      parts = null;
    },
    components() {
      parts ??= traceIslands(network, closed, everyBus).islands.map((island) => island.buses);
      return parts;
    },
    setBusPower: (index, p, q) => flow.setBusPower(index, p, q),
    solve: (slacks) => flow.solve(slacks),
  };
}
