/** What each control function has set, and what was read back. */

import type { SheddingState } from '../../domain/control/load-shedding.ts';
import type { FunctionState } from '../../shared/contract/grid.ts';
import type { PlantFile, PlantUnit } from '../../shared/plant-file.ts';
import type { FieldService } from '../field/field-service.ts';
import type { GridService } from '../grid/grid-service.ts';
import type { SetPoints } from './set-points.ts';

export interface OutputsContext {
  readonly plant: PlantFile;
  readonly field: FieldService;
  readonly grid: GridService;
  readonly setPoints: SetPoints;
  readonly battery: PlantUnit | undefined;
  readonly genset: PlantUnit | undefined;
  readonly sources: readonly PlantUnit[];
}

export function outputsOf(
  id: FunctionState['id'],
  c: OutputsContext,
  now: { islanded: boolean; connected: boolean; peakActs: boolean; shed: SheddingState['shed'] },
): FunctionState['outputs'] {
  const of = (unit: PlantUnit | undefined, kind: 'power' | 'limit'): FunctionState['outputs'] => {
    const device = unit?.controller;
    if (!unit || !device) return [];
    const s = c.setPoints.status(device, kind);
    if (s.value === null) return [];
    const raw = c.field.fresh(`${device}.${kind === 'power' ? 'setW' : 'limitPercent'}`);
    const watts = (v: number): number => (kind === 'power' ? v : (-v / 100) * unit.ratedW);
    return [{ target: device, label: unit.name, setW: watts(s.value), readBackW: raw === null ? null : watts(raw), verified: s.verified }];
  };
  switch (id) {
    case 'frequency':
      return now.islanded ? [...of(c.battery, 'power'), ...of(c.genset, 'power')] : [];
    case 'battery':
      return now.connected ? of(c.battery, 'power') : [];
    case 'peak':
      return now.connected && now.peakActs ? of(c.battery, 'power') : [];
    case 'curtailment':
      return c.sources.flatMap((u) => of(u, 'limit'));
    case 'genset':
      return of(c.genset, 'power');
    case 'shedding':
      return now.shed.map((s) => ({
        target: s.switchId,
        label: c.plant.grid.switches.find((x) => x.id === s.switchId)?.name ?? s.switchId,
        setW: 0,
        readBackW: null,
        verified: c.grid.position(s.switchId) === 'open',
      }));
  }
}
