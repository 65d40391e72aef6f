/**
 * One step of the plant: switches → islands → devices → frequency → power flow → energy. Dynamics advance by wall time,
 * weather and energy by plant time.
 */
import type { Slack } from '../../src/domain/grid/network.ts';
import { bookBattery, canForm, prepareBattery, tripBattery } from './battery.ts';
import { bookGenset, gensetReady, prepareGenset, tripGenset } from './genset.ts';
import { bookHydro, prepareHydro } from './hydro.ts';
import { stepInverter, type Terminals } from './inverter.ts';
import type { Machine } from './machine.ts';
import { smoothNoise } from './noise.ts';
import { busAlive, type IslandState, machinesOf, type PlantState, type UnitState } from './state.ts';
import { type SwingInput, stepIsland, stepOnGrid } from './swing.ts';
import { stepSwitch, stepUnderFrequency, tripSwitch } from './switchgear.ts';
import { stepSynchroniser, syncCheck } from './synchronism.ts';

/** A forming machine leaves an island it cannot hold (own limits, wider than the interface protection of the followers). */
const MACHINE_LIMITS = { lowHz: 46.5, highHz: 53, delayS: 0.5, collapseLowHz: 44, collapseHighHz: 56 };
/** Voltage the forming unit of an island holds at its bus. */
const FORMING_VOLTAGE_PU = 1;

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
  solve(state);
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

const switchClosed = (unit: UnitState): boolean => unit.ownSwitch === null || unit.ownSwitch.closed;

function formIslands(state: PlantState, dtS: number): void {
  const nominal = state.file.nominal.frequencyHz;
  const machines = machinesOf(state);
  state.islands = state.wires.components().map((buses) => {
    const onGrid = state.mains.present && buses.includes(state.gridBusIndex);
    const here = machines.filter(({ unit }) => buses.includes(unit.busIndex) && switchClosed(unit));
    const alive =
      onGrid || (buses.some((b) => busAlive(state, b)) && here.some(({ machine }) => machine.online || canStart(state, machine)));
    const starts = !alive && here.some(({ machine }) => canStart(state, machine));
    if (onGrid) {
      setIsland(state, buses, state.mains.frequencyHz, state.mains.angleDeg, dtS);
      return { kind: 'grid', buses, frequencyHz: state.mains.frequencyHz, former: null } satisfies IslandState;
    }
    if (!alive && !starts) {
      setIsland(state, buses, 0, 0, dtS);
      return { kind: 'dead', buses, frequencyHz: 0, former: null } satisfies IslandState;
    }
    // Parts that were just joined take the frequency of the side with the larger machine; a black start begins at nominal.
    const leader = here
      .filter(({ unit }) => busAlive(state, unit.busIndex))
      .sort((a, b) => b.machine.ratedW * b.machine.inertiaS - a.machine.ratedW * a.machine.inertiaS)[0];
    const from = leader?.unit.busIndex ?? buses.find((b) => busAlive(state, b));
    const f = starts || from === undefined ? nominal : (state.busFrequencyHz[from] as number);
    const angle = from === undefined ? 0 : (state.busAngleDeg[from] as number);
    setIsland(state, buses, f, angle + 360 * (f - nominal) * dtS, dtS);
    return { kind: 'island', buses, frequencyHz: f, former: null } satisfies IslandState;
  });
}

function canStart(state: PlantState, machine: Machine): boolean {
  if (machine === state.battery?.machine) return canForm(state.battery.machine);
  if (machine === state.genset?.machine) return gensetReady(state.genset.machine);
  return false;
}

function setIsland(state: PlantState, buses: readonly number[], frequencyHz: number, angleDeg: number, dtS: number): void {
  for (const bus of buses) {
    const before = state.busFrequencyHz[bus] as number;
    if (before <= 0 || frequencyHz <= 0) state.busRocofHzPerS[bus] = 0;
    else state.busRocofHzPerS[bus] = 0.7 * (state.busRocofHzPerS[bus] as number) + (0.3 * (frequencyHz - before)) / Math.max(dtS, 1e-3);
    if (before <= 0 && frequencyHz > 0) state.busVoltagePu[bus] = 1;
    state.busFrequencyHz[bus] = frequencyHz;
    state.busAngleDeg[bus] = angleDeg % 360;
  }
}

const islandOf = (state: PlantState, bus: number): IslandState => state.islands.find((i) => i.buses.includes(bus)) as IslandState;

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

function join(machine: Machine, online: boolean): void {
  if (!online) {
    machine.mechanicalW = 0;
    machine.electricalW = 0;
  }
  machine.online = online;
}

function stepFrequency(state: PlantState, island: IslandState, dtS: number): void {
  const nominal = state.file.nominal.frequencyHz;
  const members = machinesOf(state).filter(({ unit, machine }) => machine.online && island.buses.includes(unit.busIndex));
  const machines = members.map(({ machine }) => machine);
  if (island.kind === 'grid') {
    stepOnGrid(machines, island.frequencyHz, nominal, dtS);
    return;
  }
  if (island.kind === 'dead') return;
  const input = demandOf(state, island, nominal);
  const f = stepIsland(machines, island.frequencyHz, input, dtS);
  if (f < MACHINE_LIMITS.collapseLowHz || f > MACHINE_LIMITS.collapseHighHz || protectionTrips(state, machines, f, dtS)) {
    collapse(state, island);
    return;
  }
  island.frequencyHz = f;
  for (const bus of island.buses) state.busFrequencyHz[bus] = f;
  island.former = [...machines].sort((a, b) => b.ratedW * b.inertiaS - a.ratedW * a.inertiaS)[0] ?? null;
}

function demandOf(state: PlantState, island: IslandState, nominal: number): SwingInput {
  let demandW = 0;
  let dampedLoadW = 0;
  const damping = 1 + state.simulation.loadDampingPerHz * (island.frequencyHz - nominal);
  for (const unit of state.units) {
    if (!island.buses.includes(unit.busIndex)) continue;
    if (unit.definition.kind === 'load') {
      demandW += unit.activePowerW / damping;
      dampedLoadW += unit.activePowerW / damping;
    } else if (state.inverters.has(unit.definition.id)) demandW += unit.activePowerW;
  }
  state.branchLossW.forEach((lossW, branch) => {
    const [from] = state.wires.branchEnds[branch] as readonly [number, number];
    if (island.buses.includes(from)) demandW += lossW;
  });
  return { nominalHz: nominal, loadDampingPerHz: state.simulation.loadDampingPerHz, demandW, dampedLoadW };
}

function protectionTrips(state: PlantState, machines: readonly Machine[], f: number, dtS: number): boolean {
  let trips = false;
  const beyond = f < MACHINE_LIMITS.lowHz || f > MACHINE_LIMITS.highHz;
  for (const m of machines) {
    const t = beyond ? (state.extremeS.get(m) ?? 0) + dtS : 0;
    state.extremeS.set(m, t);
    trips ||= t >= MACHINE_LIMITS.delayS;
  }
  return trips;
}

/** Nothing holds the island any longer: every machine on it trips and it goes dark. */
function collapse(state: PlantState, island: IslandState): void {
  for (const { unit, machine } of machinesOf(state)) {
    if (!machine.online || !island.buses.includes(unit.busIndex)) continue;
    if (machine === state.battery?.machine) tripBattery(state.battery.machine);
    else if (machine === state.genset?.machine) tripGenset(state.genset.machine);
    join(machine, false);
    state.extremeS.set(machine, 0);
  }
  island.frequencyHz = 0;
  island.former = null;
  for (const bus of island.buses) {
    state.busFrequencyHz[bus] = 0;
    state.busVoltagePu[bus] = 0;
  }
  for (const unit of state.units) {
    if (!island.buses.includes(unit.busIndex)) continue;
    unit.alive = false;
    unit.activePowerW = 0;
    unit.reactivePowerVar = 0;
  }
}

function solve(state: PlantState): void {
  for (const { unit, machine } of machinesOf(state)) {
    unit.activePowerW = machine.online ? -machine.electricalW : 0;
    unit.reactivePowerVar = 0;
  }
  const busP = new Float64Array(state.wires.busIds.length);
  const busQ = new Float64Array(state.wires.busIds.length);
  const formers = new Set(state.islands.map((i) => i.former));
  for (const { unit, machine } of machinesOf(state))
    if (!formers.has(machine)) busP[unit.busIndex] = (busP[unit.busIndex] as number) + unit.activePowerW;
  for (const unit of state.units) {
    if (machinesOf(state).some((m) => m.unit === unit)) continue;
    busP[unit.busIndex] = (busP[unit.busIndex] as number) + unit.activePowerW;
    busQ[unit.busIndex] = (busQ[unit.busIndex] as number) + unit.reactivePowerVar;
  }
  busP.forEach((p, i) => {
    state.wires.setBusPower(i, p, busQ[i] as number);
  });
  const sources = sourcesOf(state);
  if (sources.length === 0) {
    darken(state);
    return;
  }
  const result = state.wires.solve(sources.map((s) => s.slack));
  if (!result.converged) {
    const weak = state.islands.filter((i) => i.kind === 'island' && i.frequencyHz > 0);
    // No voltage profile carries this load: the weakest go dark; the main grid's part keeps its last voltages for this step.
    for (const island of weak) collapse(state, island);
    if (weak.length > 0) solve(state);
    return;
  }
  state.flow = result;
  state.pccPowerW = 0;
  state.pccPowerVar = 0;
  sources.forEach((source, k) => {
    const p = result.slackPowerW[k] as number;
    const q = result.slackPowerVar[k] as number;
    if (source.former) {
      source.former.machine.electricalW = p;
      source.former.unit.activePowerW = -p;
      source.former.unit.reactivePowerVar = -q;
    } else {
      state.pccPowerW = p;
      state.pccPowerVar = q;
    }
  });
  state.lossesW = 0;
  result.lossW.forEach((lossW, branch) => {
    state.branchLossW[branch] = lossW;
    state.lossesW += lossW;
  });
  result.vmPu.forEach((v, bus) => {
    state.busVoltagePu[bus] = Number.isFinite(v) ? v : 0;
  });
}

/** No source anywhere: no voltage, no flow, no loss. */
function darken(state: PlantState): void {
  state.flow = null;
  state.pccPowerW = 0;
  state.pccPowerVar = 0;
  state.lossesW = 0;
  state.branchLossW.fill(0);
  state.busVoltagePu.fill(0);
}

function sourcesOf(state: PlantState): { slack: Slack; former: { unit: UnitState; machine: Machine } | null }[] {
  const sources: { slack: Slack; former: { unit: UnitState; machine: Machine } | null }[] = [];
  for (const island of state.islands) {
    if (island.kind === 'grid') {
      sources.push({ slack: { bus: state.gridBusIndex, vmPu: state.file.grid.gridVoltagePu, vaRad: 0 }, former: null });
    } else if (island.former) {
      const former = machinesOf(state).find((m) => m.machine === island.former);
      if (former) sources.push({ slack: { bus: former.unit.busIndex, vmPu: FORMING_VOLTAGE_PU, vaRad: 0 }, former });
    }
  }
  return sources;
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
