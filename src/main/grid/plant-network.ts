/** The plant file's network in the tables of the power flow, with every id's index. */
import { type Network, networkFromCase } from '../../domain/grid/network.ts';
import type { PlantFile, PlantSwitch } from '../../shared/plant-file.ts';

export interface BranchRef {
  readonly id: string;
  readonly kind: 'line' | 'transformer';
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly ratedA: number | null;
  readonly ratedVA: number | null;
  readonly lengthKm: number;
  /** Switches in series with it; it is closed when all are. */
  readonly switches: readonly PlantSwitch[];
}

export interface PlantNetwork {
  readonly network: Network;
  readonly busIndex: ReadonlyMap<string, number>;
  readonly branches: readonly BranchRef[];
  readonly branchIndex: ReadonlyMap<string, number>;
  readonly gridBus: number;
  /** Switches of each unit; it is connected when all are closed. */
  readonly unitSwitches: ReadonlyMap<string, readonly PlantSwitch[]>;
}

export function plantNetwork(plant: PlantFile): PlantNetwork {
  const { grid } = plant;
  const network = networkFromCase({
    schema: 'feeder-case/1',
    id: plant.id,
    baseMVA: grid.baseMva,
    slack: [{ bus: grid.gridBus, vmPu: grid.gridVoltagePu }],
    buses: grid.buses.map((b) => ({ id: b.id, vnKv: b.nominalKv, pKw: 0, qKvar: 0 })),
    lines: grid.lines.map((l) => ({ id: l.id, from: l.from, to: l.to, rOhm: l.rOhm, xOhm: l.xOhm, bUs: l.bUs, ratedA: l.ratedA })),
    transformers: grid.transformers.map(({ name: _name, ...t }) => ({ ...t, tapSide: 'hv' as const, tapNeutral: 0 })),
  });
  const busIndex = new Map(grid.buses.map((b, i) => [b.id, i]));
  const on = (kind: 'line' | 'transformer' | 'unit', id: string) => grid.switches.filter((s) => s.on.kind === kind && s.on.id === id);
  const names = new Map([...grid.lines, ...grid.transformers].map((b) => [b.id, b.name]));
  const lengths = new Map(grid.lines.map((l) => [l.id, l.lengthKm]));
  const branches = network.branches.map((b) => ({
    id: b.id,
    kind: b.kind,
    name: names.get(b.id) ?? b.id,
    from: b.from,
    to: b.to,
    ratedA: b.ratedA,
    ratedVA: b.ratedVA,
    lengthKm: lengths.get(b.id) ?? 0,
    switches: on(b.kind, b.id),
  }));
  return {
    network,
    busIndex,
    branches,
    branchIndex: new Map(branches.map((b, i) => [b.id, i])),
    gridBus: busIndex.get(grid.gridBus) as number,
    unitSwitches: new Map(grid.units.map((u) => [u.id, on('unit', u.id)])),
  };
}
