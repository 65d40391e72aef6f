/** Levels as a person must see them before arming: what opens, by name and number, what stays fed and what goes dark. */
import type { z } from 'zod';
import { traceIslands } from '../../domain/grid/topology.ts';
import type { EmergencyLevelView } from '../../shared/contract/operations.ts';
import type { PlantFile } from '../../shared/plant-file.ts';
import type { GridService } from '../grid/grid-service.ts';

export type LevelView = z.infer<typeof EmergencyLevelView>;

/** Switches are numbered through the plant file once, so that a number means the same relay on every page. */
export const switchNumber = (plant: PlantFile, id: string): number => plant.grid.switches.findIndex((s) => s.id === id) + 1;

export function levelViews(plant: PlantFile, grid: GridService): LevelView[] {
  return plant.emergency.levels.map((level) => {
    const opens = new Set(level.opens);
    const fed = fedLoads(plant, grid, opens, level.stopsUnits);
    const loads = plant.grid.units.filter((u) => u.kind === 'load');
    const label = (u: (typeof loads)[number]): string => `${u.name}${u.critical ? ' (critical)' : ''}`;
    return {
      id: level.id,
      name: level.name,
      description: level.description,
      keepsCritical: level.keepsCritical,
      isDefault: level.id === plant.emergency.defaultLevel,
      opens: level.opens.map((id) => ({
        switch: id,
        number: switchNumber(plant, id),
        name: plant.grid.switches.find((s) => s.id === id)?.name ?? id,
        position: grid.position(id),
      })),
      stops: level.stopsUnits.map((id) => plant.grid.units.find((u) => u.id === id)?.name ?? id),
      remainsFed: loads.filter((u) => fed.has(u.id)).map(label),
      goesDark: loads.filter((u) => !fed.has(u.id)).map(label),
    };
  });
}

/** Loads that stay fed from the sources alive now, with the level's switches open. */
function fedLoads(plant: PlantFile, grid: GridService, opens: ReadonlySet<string>, stops: readonly string[]): Set<string> {
  const net = grid.network;
  const closed = (id: string): boolean => !opens.has(id) && grid.position(id) === 'closed';
  const unitClosed = (unit: string): boolean => (net.unitSwitches.get(unit) ?? []).every((s) => closed(s.id));
  const sources = [
    ...(grid.gridAlive() === true ? [net.gridBus] : []),
    ...grid
      .forming()
      .filter((f) => f.alive && !stops.includes(f.unit) && unitClosed(f.unit))
      .map((f) => f.bus),
  ];
  const { island } = traceIslands(net.network, (k) => (net.branches[k]?.switches ?? []).every((s) => closed(s.id)), sources);
  return new Set(
    plant.grid.units.filter((u) => unitClosed(u.id) && (island[net.busIndex.get(u.bus) as number] as number) >= 0).map((u) => u.id),
  );
}
