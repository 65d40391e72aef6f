/**
 * Way back after a shutdown, one step at a time and each by a person: sources that can hold the island, feeders, critical loads, other
 * loads, renewable sources, ties, and the interconnection where it was opened. A step is possible when its permissives are met, and done
 * only when the relay was read back closed.
 */
import type { PlantFile, PlantSwitch } from '../../shared/plant-file.ts';

export interface RecoveryStep {
  readonly id: string;
  readonly switchId: string | null;
  readonly title: string;
}

const rank = (s: PlantSwitch, plant: PlantFile): number => {
  if (s.kind === 'interconnection') return 0;
  if (s.kind === 'feeder') return 2;
  if (s.kind === 'tie') return 6;
  const unit = plant.grid.units.find((u) => u.id === s.on.id);
  if (unit?.kind === 'battery' || unit?.kind === 'genset') return 1;
  if (unit?.critical) return 3;
  return unit?.kind === 'load' ? 4 : 5;
};

/** Steps for the switches that a level opened; those that were open before it stay open. */
export function recoverySteps(plant: PlantFile, opened: readonly string[], wereOpen: readonly string[]): RecoveryStep[] {
  const back = opened
    .filter((id) => !wereOpen.includes(id))
    .map((id) => plant.grid.switches.find((s) => s.id === id))
    .filter((s) => s !== undefined)
    .map((s, i) => ({ s, i }))
    .sort((a, b) => rank(a.s, plant) - rank(b.s, plant) || a.i - b.i);
  return [
    { id: 'all-clear', switchId: null, title: 'Confirm that the cause is gone and nobody works on the plant' },
    ...back.map(({ s }) => ({ id: s.id, switchId: s.id, title: `Close ${s.name}` })),
    { id: 'finish', switchId: null, title: 'End the emergency; automatic functions resume' },
  ];
}
