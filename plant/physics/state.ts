/** The whole physical state of the plant, as plain data over the plant file's ids. */
import type { PowerFlowResult } from '../../src/domain/grid/power-flow.ts';
import type { PlantFile, PlantUnit } from '../../src/shared/plant-file.ts';
import type { Simulation } from '../simulation-file.ts';
import { type Battery, createBattery } from './battery.ts';
import { createGenset, type Genset } from './genset.ts';
import { createHydro, type Hydro } from './hydro.ts';
import { createInverter, type Inverter } from './inverter.ts';
import type { Machine } from './machine.ts';
import { createWires, type Wires } from './network.ts';
import { createSwitch, type SwitchState } from './switchgear.ts';
import type { Weather } from './weather.ts';

export interface UnitState {
  readonly definition: PlantUnit;
  readonly busIndex: number;
  /** Its own switch; null for a unit without one. */
  readonly ownSwitch: SwitchState | null;
  /** House sign: positive is consumption. */
  activePowerW: number;
  reactivePowerVar: number;
  /** Connected to a live bus now. */
  alive: boolean;
}

export interface IslandState {
  readonly kind: 'grid' | 'island' | 'dead';
  readonly buses: readonly number[];
  frequencyHz: number;
  /** The unit that holds voltage and takes the remainder; null on the main grid or when dead. */
  former: Machine | null;
}

/** Plant-time energy, Wh, never decreasing. */
export interface EnergyTotals {
  loadWh: number;
  generationWh: number;
  lossWh: number;
  pccImportWh: number;
  pccExportWh: number;
  storageInWh: number;
  storageOutWh: number;
}

export interface PlantState {
  readonly file: PlantFile;
  readonly simulation: Simulation;
  readonly seed: number;
  readonly weather: Weather;
  readonly wires: Wires;
  readonly gridBusIndex: number;
  readonly units: readonly UnitState[];
  readonly unitById: ReadonlyMap<string, UnitState>;
  readonly switches: readonly SwitchState[];
  readonly switchById: ReadonlyMap<string, SwitchState>;
  /** Branch index of each switch that sits on a line or transformer. */
  readonly branchOfSwitch: ReadonlyMap<string, number>;
  readonly inverters: ReadonlyMap<string, Inverter>;
  readonly battery: { unit: UnitState; machine: Battery } | null;
  readonly genset: { unit: UnitState; machine: Genset } | null;
  readonly hydro: { unit: UnitState; machine: Hydro } | null;
  readonly mains: { present: boolean; frequencyHz: number; healthyS: number; lostS: number; angleDeg: number };
  /** Lines out by a fault, whatever their switches say. */
  readonly brokenBranches: Set<number>;
  readonly busFrequencyHz: Float64Array;
  readonly busAngleDeg: Float64Array;
  readonly busVoltagePu: Float64Array;
  readonly busRocofHzPerS: Float64Array;
  readonly branchLossW: Float64Array;
  islands: IslandState[];
  flow: PowerFlowResult | null;
  /** + = the microgrid imports from the main grid. */
  pccPowerW: number;
  pccPowerVar: number;
  lossesW: number;
  syncTrimHz: number;
  extremeS: Map<Machine, number>;
  wallS: number;
  plantTimeMs: number;
  readonly energy: EnergyTotals;
}

export function createPlantState(options: { file: PlantFile; simulation: Simulation; weather: Weather; seed: number }): PlantState {
  const { file, simulation, weather, seed } = options;
  const wires = createWires(file.grid);
  const nominalHz = file.nominal.frequencyHz;
  const switches = file.grid.switches.map((definition) => createSwitch(definition, simulation));
  const branchOfSwitch = new Map<string, number>();
  for (const s of switches) {
    if (s.definition.on.kind !== 'unit') branchOfSwitch.set(s.id, wires.branchIndex.get(s.definition.on.id) as number);
  }
  const units = file.grid.units.map(
    (definition): UnitState => ({
      definition,
      busIndex: wires.busIndex.get(definition.bus) as number,
      ownSwitch: switches.find((s) => s.definition.on.kind === 'unit' && s.definition.on.id === definition.id) ?? null,
      activePowerW: 0,
      reactivePowerVar: 0,
      alive: true,
    }),
  );
  const unitById = new Map(units.map((unit) => [unit.definition.id, unit]));
  const machineUnit = (id: string | undefined): UnitState | null => (id === undefined ? null : (unitById.get(id) ?? null));
  const batteryUnit = machineUnit(simulation.battery?.unit);
  const gensetUnit = machineUnit(simulation.genset?.unit);
  const hydroUnit = machineUnit(simulation.hydro?.unit);
  const following = units.filter(({ definition: { kind } }) => kind === 'solar' || kind === 'wind');
  return {
    file,
    simulation,
    seed,
    weather,
    wires,
    gridBusIndex: wires.busIndex.get(file.grid.gridBus) as number,
    units,
    unitById,
    switches,
    switchById: new Map(switches.map((s) => [s.id, s])),
    branchOfSwitch,
    inverters: new Map(following.map((u) => [u.definition.id, createInverter(u.definition.ratedW, file.tripProfile)])),
    battery:
      batteryUnit && simulation.battery
        ? {
            unit: batteryUnit,
            machine: createBattery(
              batteryUnit.definition.ratedW,
              batteryUnit.definition.capacityWh ?? batteryUnit.definition.ratedW,
              simulation.battery,
              nominalHz,
            ),
          }
        : null,
    genset:
      gensetUnit && simulation.genset
        ? { unit: gensetUnit, machine: createGenset(gensetUnit.definition.ratedW, simulation.genset, nominalHz) }
        : null,
    hydro:
      hydroUnit && simulation.hydro
        ? { unit: hydroUnit, machine: createHydro(hydroUnit.definition.ratedW, simulation.hydro, file.tripProfile, nominalHz) }
        : null,
    mains: { present: true, frequencyHz: nominalHz, healthyS: 60, lostS: 0, angleDeg: 0 },
    brokenBranches: new Set(),
    busFrequencyHz: new Float64Array(wires.busIds.length).fill(nominalHz),
    busAngleDeg: new Float64Array(wires.busIds.length),
    busVoltagePu: new Float64Array(wires.busIds.length).fill(1),
    busRocofHzPerS: new Float64Array(wires.busIds.length),
    branchLossW: new Float64Array(wires.branchIds.length),
    islands: [],
    flow: null,
    pccPowerW: 0,
    pccPowerVar: 0,
    lossesW: 0,
    syncTrimHz: 0,
    extremeS: new Map(),
    wallS: 0,
    plantTimeMs: 0,
    energy: { loadWh: 0, generationWh: 0, lossWh: 0, pccImportWh: 0, pccExportWh: 0, storageInWh: 0, storageOutWh: 0 },
  };
}

/** A bus is live when its frequency is above zero. */
export function busAlive(state: PlantState, bus: number): boolean {
  return (state.busFrequencyHz[bus] as number) > 0;
}

/** The machines (battery, genset, hydro) with the units they stand at. */
export function machinesOf(state: PlantState): { unit: UnitState; machine: Machine }[] {
  return [state.battery, state.genset, state.hydro].filter((m) => m !== null);
}
