/** Which parts of the feeder live, who holds them, and how their frequency moves. */
import { canForm, tripBattery } from './battery.ts';
import { gensetReady, tripGenset } from './genset.ts';
import type { Machine } from './machine.ts';
import { busAlive, type IslandState, machinesOf, type PlantState, type UnitState } from './state.ts';
import { type SwingInput, stepIsland, stepOnGrid } from './swing.ts';

/** A forming machine leaves an island it cannot hold (own limits, wider than the interface protection of the followers). */
const MACHINE_LIMITS = { lowHz: 46.5, highHz: 53, delayS: 0.5, collapseLowHz: 44, collapseHighHz: 56 };

export const switchClosed = (unit: UnitState): boolean => unit.ownSwitch === null || unit.ownSwitch.closed;

export function formIslands(state: PlantState, dtS: number): void {
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

export const islandOf = (state: PlantState, bus: number): IslandState => state.islands.find((i) => i.buses.includes(bus)) as IslandState;

export function join(machine: Machine, online: boolean): void {
  if (!online) {
    machine.mechanicalW = 0;
    machine.electricalW = 0;
  }
  machine.online = online;
}

export function stepFrequency(state: PlantState, island: IslandState, dtS: number): void {
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
export function collapse(state: PlantState, island: IslandState): void {
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
