/** The readings of one cycle, gathered once: only what is fresh counts, and only what may be commanded is commanded. */

import type { SheddableLoad } from '../../domain/control/load-shedding.ts';
import type { BatteryReading, GensetReading, SourceReading, Trusted } from '../../domain/control/types.ts';
import type { PlantFile, PlantUnit } from '../../shared/plant-file.ts';
import type { Value } from '../../shared/values.ts';
import type { FieldService } from '../field/field-service.ts';
import type { GridService } from '../grid/grid-service.ts';

export interface CycleInputs {
  readonly connected: boolean;
  readonly islanded: boolean;
  readonly emergency: boolean;
  readonly frequencyHz: Trusted;
  readonly targetHz: number;
  readonly exchangeW: Trusted;
  readonly highestVoltagePu: Trusted;
  readonly battery: BatteryReading | null;
  readonly genset: GensetReading | null;
  readonly sources: readonly SourceReading[];
  readonly loads: readonly SheddableLoad[];
  readonly demandW: Trusted;
}

/** Slip by which an island is led past the main grid, so that the phases meet: 0.05 Hz turns once in 20 s. */
const SYNC_SLIP_HZ = 0.05;

export function createInputs(plant: PlantFile, deps: { field: FieldService; grid: GridService; inService: (device: string) => boolean }) {
  const { field, grid } = deps;
  const units = plant.grid.units;
  const battery = units.find((u) => u.kind === 'battery' && u.controller);
  const genset = units.find((u) => u.kind === 'genset' && u.controller);
  const sources = units.filter(
    (u) => (u.kind === 'solar' || u.kind === 'wind' || u.kind === 'hydro' || u.kind === 'biomass') && u.controller,
  );
  const relay = plant.grid.switches.find((s) => s.kind === 'interconnection');
  const trusted = (v: Value): Trusted => (v.quality === 'good' || v.quality === 'estimated' ? v.value : null);
  const measured = (v: Value): Trusted => (v.quality === 'good' ? v.value : null);

  const commandable = (u: PlantUnit): boolean =>
    grid.lockout.unitMode(u.id) === 'auto' &&
    grid.lockout.blocking(u.id).length === 0 &&
    (!u.controller || (deps.inService(u.controller) && grid.lockout.blocking(u.controller).length === 0)) &&
    grid.estimate()?.unitState.get(u.id) !== 'dead';
  /** A genset at rest is dead by definition; it may be started all the same, if its switch is closed. */
  const startable = (u: PlantUnit): boolean =>
    grid.lockout.unitMode(u.id) === 'auto' &&
    grid.lockout.blocking(u.id).length === 0 &&
    (!u.controller || deps.inService(u.controller)) &&
    (grid.network.unitSwitches.get(u.id) ?? []).every((s) => grid.position(s.id) !== 'open');

  return {
    battery,
    genset,
    sources,
    gather(): CycleInputs {
      const breaker = relay ? grid.position(relay.id) : 'closed';
      const alive = grid.gridAlive();
      const local = (grid.estimate()?.busState ?? []).some((s, i) => i !== grid.network.gridBus && s === 'energised');
      const islanded = breaker === 'open' && local;
      const gridHz = relay ? field.fresh(`${relay.relay}.gridHz`) : null;
      const b = battery?.controller;
      const g = genset?.controller;
      return {
        connected: breaker === 'closed' && alive !== false && local,
        islanded,
        emergency: grid.emergency().active,
        frequencyHz: measured(grid.frequency()),
        targetHz: grid.closing() && gridHz !== null ? gridHz + SYNC_SLIP_HZ : plant.nominal.frequencyHz,
        exchangeW: measured(grid.exchange()),
        highestVoltagePu: trusted(grid.read('grid.vMaxPu')),
        battery:
          battery && b
            ? {
                id: b,
                name: battery.name,
                ratedW: battery.ratedW,
                powerW: field.fresh(`${b}.W`),
                socPercent: field.fresh(`${b}.SoC`),
                socMinPercent: plant.control.batterySocMinPercent,
                socMaxPercent: plant.control.batterySocMaxPercent,
                controllable: commandable(battery),
              }
            : null,
        genset:
          genset && g
            ? {
                id: g,
                name: genset.name,
                ratedW: genset.ratedW,
                powerW: field.fresh(`${g}.W`),
                running: fromFlag(field.fresh(`${g}.running`)),
                controllable: startable(genset),
              }
            : null,
        sources: sources.map((u) => ({
          id: u.controller as string,
          name: u.name,
          ratedW: u.ratedW,
          powerW: field.fresh(`${u.controller}.W`),
          controllable: commandable(u),
        })),
        loads: plant.control.shedOrder.map((switchId) => {
          const sw = plant.grid.switches.find((s) => s.id === switchId);
          const unit = sw?.on.kind === 'unit' ? units.find((u) => u.id === sw.on.id) : undefined;
          return {
            switchId,
            name: unit?.name ?? sw?.name ?? switchId,
            powerW: unit ? trusted(grid.unitPower(unit.id)) : null,
            position: grid.position(switchId),
            controllable: grid.lockout.blocking(switchId).length === 0 && (!unit || grid.lockout.unitMode(unit.id) === 'auto'),
          };
        }),
        demandW: trusted(grid.demand()),
      };
    },
  };
}

const fromFlag = (value: number | null): boolean | null => (value === null ? null : value === 1);
