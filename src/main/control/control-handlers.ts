/** control.*: modes of functions and units, and power by hand. */

import type { PartialHandlers } from '../../shared/contract/contract.ts';
import type { FunctionState } from '../../shared/contract/grid.ts';
import { Fault } from '../../shared/errors.ts';
import type { PlantUnit } from '../../shared/plant-file.ts';
import type { FieldService } from '../field/field-service.ts';
import type { GridService } from '../grid/grid-service.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { ControlService } from './control-service.ts';

export function controlHandlers(
  kernel: Kernel,
  deps: { field: FieldService; grid: GridService; control: ControlService },
): PartialHandlers {
  const { plant } = kernel;
  const { field, grid, control } = deps;
  const unitOf = (id: string): PlantUnit => {
    const unit = plant.grid.units.find((u) => u.id === id);
    if (!unit) throw new Fault('not.found', `There is no unit ${id}. Choose one on the diagram.`);
    return unit;
  };
  return {
    'control.setMode': ({ id, mode }) => {
      control.runner.setMode(id, mode);
      return control.functions().find((f) => f.id === id) as FunctionState;
    },
    'control.setUnitMode': ({ unit: id, mode }) => {
      const unit = unitOf(id);
      if (mode !== 'auto' && !unit.controller && unit.kind !== 'load') {
        throw new Fault('permissive.missing', `${unit.name} has no controller that could be commanded.`);
      }
      control.manual.delete(id);
      grid.lockout.setUnitMode(id, mode);
      grid.refresh();
      return {};
    },
    'control.setPower': async ({ unit: id, powerW }, caller) => {
      const unit = unitOf(id);
      const { controller } = unit;
      if (!controller) throw new Fault('permissive.missing', `${unit.name} has no controller: it takes no power set-point.`);
      if (grid.lockout.unitMode(id) !== 'manual')
        throw new Fault('permissive.missing', `${unit.name} is not in manual mode. Set it to manual first.`);
      const tags = grid.lockout.blocking(id);
      if (tags[0]) throw new Fault('permissive.missing', `${unit.name} carries a lock-out tag of ${tags[0].by}: ${tags[0].text}`);
      const low = -unit.ratedW;
      const high = unit.kind === 'battery' ? unit.ratedW : 0;
      if (powerW < low || powerW > high) {
        throw new Fault(
          'input.invalid',
          `${unit.name} can do ${low} W to ${high} W (negative gives, positive takes). Choose a value between.`,
        );
      }
      const by = caller.person?.name ?? 'unknown';
      if (unit.kind === 'genset') {
        const running = await field.commands.setRunning({ deviceId: controller, running: powerW < 0, by });
        if (running.state !== 'verified' || powerW === 0) {
          control.manual.delete(id);
          return running;
        }
      }
      const outcome =
        unit.kind === 'battery' || unit.kind === 'genset'
          ? await field.commands.setPower({ deviceId: controller, powerW, by })
          : await field.commands.setLimit({ deviceId: controller, limitPercent: (-powerW / unit.ratedW) * 100, by });
      // From here on the cycle renews it, so that it does not fall back.
      if (outcome.state === 'verified') control.manual.set(id, powerW);
      return outcome;
    },
  };
}
