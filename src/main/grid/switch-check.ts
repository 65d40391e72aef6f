/** What a switching act would do, said before it is confirmed: who loses supply, who gets it, loops, and closing without synchronism. */
import { traceIslands } from '../../domain/grid/topology.ts';
import type { PlantFile, PlantSwitch } from '../../shared/plant-file.ts';
import type { FormingSource, Position } from './estimator.ts';
import type { PlantNetwork } from './plant-network.ts';

export interface CheckInput {
  readonly plant: PlantFile;
  readonly net: PlantNetwork;
  readonly position: (switchId: string) => Position;
  readonly gridAlive: boolean | null;
  readonly forming: readonly FormingSource[];
  readonly unitPowerW: (unit: string) => number | null;
  /** Synchronism check of the interconnection; null = unknown. */
  readonly syncOk: boolean | null;
  readonly tagsOn: (element: string) => readonly { text: string; by: string }[];
  readonly emergency: boolean;
  readonly recovering: boolean;
}

interface Fed {
  readonly units: Set<string>;
  readonly island: Int32Array;
  readonly gridIsland: number;
}

export function checkSwitch(sw: PlantSwitch, target: 'open' | 'closed', input: CheckInput): { effects: string[]; blockedBy: string[] } {
  const { plant, net } = input;
  const effects: string[] = [];
  const blockedBy = input.tagsOn(sw.id).map((t) => `Lock-out tag of ${t.by}: ${t.text}`);
  const now = input.position(sw.id);
  if (now === target) blockedBy.push(`${sw.name} is ${target} already.`);
  if (now === 'unknown' && target === 'closed')
    blockedBy.push(`The position of ${sw.name} is unknown: its relay must answer before it may be closed.`);
  if (target === 'closed' && input.emergency && !input.recovering) {
    blockedBy.push('An emergency shutdown is in force: take its recovery steps on the Emergency page.');
  }
  const before = fed(input, (id) => input.position(id) === 'closed');
  const after = fed(input, (id) => (id === sw.id ? target === 'closed' : input.position(id) === 'closed'));
  const nameOf = new Map(plant.grid.units.map((u) => [u.id, u]));
  const list = (ids: string[]): string => {
    const units = ids.map((id) => nameOf.get(id)).filter((u) => u !== undefined);
    const loads = units.filter((u) => u.kind === 'load');
    const power = loads.reduce((sum, u) => sum + Math.max(0, input.unitPowerW(u.id) ?? 0), 0);
    const names = units.map((u) => `${u.name}${u.critical ? ' (critical)' : ''}`).join(', ');
    return loads.length > 0 ? `${names} (load now ${(power / 1000).toFixed(1)} kW)` : names;
  };
  const lose = [...before.units].filter((u) => !after.units.has(u));
  const gain = [...after.units].filter((u) => !before.units.has(u));
  const isUnit = sw.on.kind === 'unit' ? sw.on.id : null;
  const unit = isUnit ? nameOf.get(isUnit) : undefined;
  if (lose.length > 0)
    effects.push(unit && unit.kind !== 'load' && lose.length === 1 ? `${unit.name} is disconnected.` : `Loses supply: ${list(lose)}.`);
  if (gain.length > 0)
    effects.push(unit && unit.kind !== 'load' && gain.length === 1 ? `${unit.name} is connected.` : `Gets supply: ${list(gain)}.`);

  const branch = sw.on.kind === 'unit' ? undefined : net.branches[net.branchIndex.get(sw.on.id) as number];
  if (branch) {
    const [a, b] = [before.island[branch.from] as number, before.island[branch.to] as number];
    if (target === 'closed' && a >= 0 && b >= 0) {
      if (a === b) effects.push('Closes a loop: the same network is then fed from two sides, and flows may shift.');
      else joinIslands(sw, input, effects, blockedBy);
    } else if (
      target === 'open' &&
      a >= 0 &&
      after.island[branch.from] !== after.island[branch.to] &&
      before.island[branch.from] === before.island[branch.to]
    ) {
      if (sw.kind === 'interconnection') effects.push(islandingText(after, branch.to, branch.from, input));
      else if ((after.island[branch.from] as number) >= 0 && (after.island[branch.to] as number) >= 0)
        effects.push('Splits the network into two islands, each with its own source.');
    } else if (target === 'open' && before.units.size === after.units.size && a >= 0) effects.push('Opens a loop: everything stays fed.');
  }
  if (effects.length === 0) effects.push('Nobody loses or gets supply.');
  return { effects, blockedBy };
}

function fed(input: CheckInput, closed: (switchId: string) => boolean): Fed {
  const { net, plant } = input;
  const unitClosed = (unit: string): boolean => (net.unitSwitches.get(unit) ?? []).every((s) => closed(s.id));
  const sources = [
    ...(input.gridAlive ? [net.gridBus] : []),
    ...input.forming.filter((f) => f.alive && unitClosed(f.unit)).map((f) => f.bus),
  ];
  const { island } = traceIslands(net.network, (k) => (net.branches[k]?.switches ?? []).every((s) => closed(s.id)), sources);
  const units = new Set<string>();
  for (const u of plant.grid.units) if (unitClosed(u.id) && (island[net.busIndex.get(u.bus) as number] as number) >= 0) units.add(u.id);
  return { units, island, gridIsland: island[net.gridBus] as number };
}

function joinIslands(sw: PlantSwitch, input: CheckInput, effects: string[], blockedBy: string[]): void {
  if (sw.kind !== 'interconnection') {
    blockedBy.push(
      'Both sides are alive and not synchronous, and the console sees no synchronism check at this switch. Make one side dead first, or join them over the interconnection.',
    );
    return;
  }
  if (input.syncOk === null) blockedBy.push('The synchronism check does not answer: nobody knows whether the two sides are in step.');
  else if (input.syncOk) effects.push('Both sides are in step: the microgrid joins the main grid.');
  else
    effects.push(
      'Both sides are alive and not yet in step: the relay waits for synchronism, up to 60 s, and gives up if it does not come.',
    );
}

function islandingText(after: Fed, to: number, from: number, input: CheckInput): string {
  const local = input.net.gridBus === from ? to : from;
  if ((after.island[local] as number) < 0) return 'The microgrid leaves the main grid and goes dark: no source can hold it.';
  const holder = input.forming.find((f) => f.alive && after.island[f.bus] === after.island[local]);
  const name = input.plant.grid.units.find((u) => u.id === holder?.unit)?.name ?? 'A local source';
  return `The microgrid leaves the main grid and runs as an island; ${name} holds voltage and frequency.`;
}
