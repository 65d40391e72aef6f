/** The power flow of the moment: unit powers in, voltages, losses, interconnection and the forming units' share out. */
import type { Slack } from '../../src/domain/grid/network.ts';
import { collapse } from './islands.ts';
import type { Machine } from './machine.ts';
import { machinesOf, type PlantState, type UnitState } from './state.ts';

/** Voltage the forming unit of an island holds at its bus. */
const FORMING_VOLTAGE_PU = 1;

export function solveFlow(state: PlantState): void {
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
    if (weak.length > 0) solveFlow(state);
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
