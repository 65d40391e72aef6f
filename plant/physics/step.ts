/**
 * One step of the plant: switches → islands → devices → frequency → power flow → energy. Dynamics advance by wall time,
 * weather and energy by plant time.
 */
import { bookBattery, prepareBattery } from './battery.ts';
import { solveFlow } from './flow.ts';
import { bookGenset, gensetReady, prepareGenset } from './genset.ts';
import { bookHydro, prepareHydro } from './hydro.ts';
import { stepInverter, type Terminals } from './inverter.ts';
import { formIslands, islandOf, join, stepFrequency, switchClosed } from './islands.ts';
import { smoothNoise } from './noise.ts';
import { busAlive, machinesOf, type PlantState, type UnitState } from './state.ts';
import { stepSwitch, stepUnderFrequency, tripSwitch } from './switchgear.ts';
import { stepSynchroniser, syncCheck } from './synchronism.ts';

/** Energy moved in this step, by unit, is `unit.activePowerW · dtPlantS`: callers (meters) book it after the step. */
export function stepPlant(state: PlantState, plantTimeMs: number, dtWallS: number, dtPlantS: number): void {
  state.wallS += dtWallS;
  state.plantTimeMs = plantTimeMs;
  state.weather.moveTo(plantTimeMs);
  stepMains(state, dtWallS);
  stepSwitchgear(state, dtWallS);
  formIslands(state, dtWallS);
  stepSynchroniser(state, dtWallS);
  stepUnits(state, dtWallS);
  for (const island of state.islands) stepFrequency(state, island, dtWallS);
  solveFlow(state);
  book(state, dtPlantS);
}

function stepMains(state: PlantState, dtS: number): void {
  const { mains } = state;
  const nominal = state.file.nominal.frequencyHz;
  const spread = state.simulation.mainGrid.frequencyNoiseHz;
  mains.frequencyHz =
    nominal +
    spread *
      (0.7 * smoothNoise(state.seed, 11, state.wallS, 90) +
        0.4 * smoothNoise(state.seed, 12, state.wallS, 9) +
        0.1 * smoothNoise(state.seed, 13, state.wallS, 0.7));
  mains.healthyS = mains.present ? mains.healthyS + dtS : 0;
  mains.lostS = mains.present ? 0 : mains.lostS + dtS;
  mains.angleDeg = (mains.angleDeg + 360 * (mains.frequencyHz - nominal) * dtS) % 360;
}

function stepSwitchgear(state: PlantState, dtS: number): void {
  for (const s of state.switches) {
    const unit = s.definition.on.kind === 'unit' ? state.unitById.get(s.definition.on.id) : undefined;
    if (unit && stepUnderFrequency(s, state.busFrequencyHz[unit.busIndex] as number, dtS)) tripSwitch(s);
    if (s.definition.kind === 'interconnection' && s.closed && state.mains.lostS >= state.simulation.lossOfMains.delayS) tripSwitch(s);
    stepSwitch(s, () => syncCheck(state, s).ok, state.simulation.syncCheck.waitS, dtS);
    const branch = state.branchOfSwitch.get(s.id);
    if (branch !== undefined) state.wires.setBranch(branch, s.closed && !state.brokenBranches.has(branch));
  }
  for (const branch of state.brokenBranches) state.wires.setBranch(branch, false);
}

/** Repairs a line that carries no switch of its own; one with a switch follows it. */
export function mendBranch(state: PlantState, branch: number): void {
  state.brokenBranches.delete(branch);
  const switched = [...state.branchOfSwitch.values()].includes(branch);
  if (!switched) state.wires.setBranch(branch, true);
}

function terminalsOf(state: PlantState, unit: UnitState): Terminals {
  unit.alive = busAlive(state, unit.busIndex) && switchClosed(unit);
  return {
    alive: unit.alive,
    frequencyHz: state.busFrequencyHz[unit.busIndex] as number,
    voltagePu: state.busVoltagePu[unit.busIndex] as number,
  };
}

function stepUnits(state: PlantState, dtS: number): void {
  for (const { machine } of machinesOf(state)) machine.trimHz = state.syncTrimHz;
  const { weather, simulation } = state;
  for (const unit of state.units) {
    const at = terminalsOf(state, unit);
    const id = unit.definition.id;
    const inverter = state.inverters.get(id);
    if (inverter) {
      stepInverter(inverter, at, weather.availableW.get(id) ?? 0, simulation.inverter, dtS);
      unit.activePowerW = -inverter.outputW;
      unit.reactivePowerVar = 0;
    } else if (unit.definition.kind === 'load') {
      const damping = 1 + simulation.loadDampingPerHz * (at.frequencyHz - state.file.nominal.frequencyHz);
      unit.activePowerW = at.alive ? (weather.loadW.get(id) ?? 0) * damping : 0;
      unit.reactivePowerVar = at.alive ? (weather.loadVar.get(id) ?? 0) : 0;
    }
  }
  if (state.battery) {
    const { unit, machine } = state.battery;
    prepareBattery(machine, dtS);
    join(machine, unit.alive && machine.state === 'ready');
  }
  if (state.genset) {
    const { unit, machine } = state.genset;
    const island = islandOf(state, unit.busIndex);
    prepareGenset(machine, island.kind === 'grid', island.frequencyHz, dtS);
    join(machine, unit.alive && gensetReady(machine));
  }
  if (state.hydro) {
    const { unit, machine } = state.hydro;
    prepareHydro(machine, terminalsOf(state, unit), weather.availableW.get(unit.definition.id) ?? 0, dtS);
    join(machine, unit.alive && machine.state === 'running');
  }
}

function book(state: PlantState, dtPlantS: number): void {
  const hours = dtPlantS / 3600;
  const { energy } = state;
  for (const unit of state.units) {
    const wh = unit.activePowerW * hours;
    if (unit.definition.kind === 'load') energy.loadWh += wh;
    else if (unit.definition.kind === 'battery') {
      if (wh > 0) energy.storageInWh += wh;
      else energy.storageOutWh -= wh;
    } else energy.generationWh -= wh;
  }
  energy.lossWh += state.lossesW * hours;
  if (state.pccPowerW > 0) energy.pccImportWh += state.pccPowerW * hours;
  else energy.pccExportWh -= state.pccPowerW * hours;
  if (state.battery) bookBattery(state.battery.machine, dtPlantS);
  if (state.genset) bookGenset(state.genset.machine, dtPlantS);
  if (state.hydro) bookHydro(state.hydro.machine, dtPlantS);
}
