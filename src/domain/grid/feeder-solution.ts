/** feeder-solution/1: what a power flow of a feeder case came to, in the units engineers read. */
import type { FeederCase } from './feeder-case.ts';
import { type Network, networkFromCase } from './network.ts';
import { createPowerFlow, type PowerFlowResult } from './power-flow.ts';

export interface FeederTotals {
  /** Sums over energised buses with net load, and with net generation (as a positive number). */
  readonly sumPositiveBusKw: number;
  readonly sumNegativeBusKw: number;
  readonly netLoadKw: number;
  readonly netLoadKvar: number;
  readonly lossKw: number;
  readonly lossKvar: number;
  /** Positive when the sources feed the network. */
  readonly slackKw: number;
  readonly slackKvar: number;
  readonly vminPu: number;
  readonly vminBus: string;
  readonly vmaxPu: number;
  readonly vmaxBus: string;
  readonly energisedBuses: number;
  readonly deadBuses: number;
  /** Load at dead buses: not served, and in none of the sums above. */
  readonly unservedKw: number;
}

export type SolvedBus =
  | { readonly id: string; readonly vmPu: number; readonly vaDeg: number }
  | { readonly id: string; readonly energised: false };

export interface SolvedBranch {
  readonly id: string;
  /** Into the branch at each end. */
  readonly pFromKw: number;
  readonly qFromKvar: number;
  readonly pToKw: number;
  readonly qToKvar: number;
  readonly lossKw: number;
  readonly iFromA: number;
  readonly iToA: number;
  readonly loadingPercent?: number;
}

export interface FeederSolution {
  readonly schema: 'feeder-solution/1';
  readonly case: string;
  readonly model: string;
  readonly method: string;
  readonly converged: true;
  readonly iterations: number;
  readonly maxMismatchPu: number;
  readonly totals: FeederTotals;
  readonly buses: SolvedBus[];
  readonly branches: SolvedBranch[];
}

export interface NotConverged {
  readonly schema: 'feeder-solution/1';
  readonly case: string;
  readonly converged: false;
  readonly iterations: number;
  readonly maxMismatchPu: number | null;
  readonly reason: string;
}

/** Solves a parsed case once. A case without a solution says so and carries no voltages. */
export const solveFeederCase = (feeder: FeederCase): FeederSolution | NotConverged => {
  const network = networkFromCase(feeder);
  const result = createPowerFlow(network).solve();
  if (!result.converged) {
    return {
      schema: 'feeder-solution/1',
      case: feeder.id,
      converged: false,
      iterations: result.iterations,
      maxMismatchPu: Number.isFinite(result.maxMismatchPu) ? result.maxMismatchPu : null,
      reason:
        'no operating point was found: the network cannot carry this load (voltage collapse), or an impedance is wrong; lower the load or check the lines',
    };
  }
  return {
    schema: 'feeder-solution/1',
    case: feeder.id,
    model: 'balanced positive sequence, constant PQ loads, pi branches',
    method: 'Newton-Raphson, sparse 2x2-block LU',
    converged: true,
    iterations: result.iterations,
    maxMismatchPu: result.maxMismatchPu,
    totals: totalsOf(network, result),
    buses: network.buses.map((bus, i) =>
      result.energised[i]
        ? { id: bus.id, vmPu: at(result.vmPu, i), vaDeg: (at(result.vaRad, i) * 180) / Math.PI }
        : { id: bus.id, energised: false },
    ),
    branches: network.branches.map((_, k) => branchOf(network, result, k)),
  };
};

const at = (values: Float64Array, index: number): number => values[index] ?? Number.NaN;

const branchOf = (network: Network, result: PowerFlowResult, k: number): SolvedBranch => {
  const branch = network.branches[k] as Network['branches'][number];
  const solved = {
    id: branch.id,
    pFromKw: at(result.pFromW, k) / 1e3,
    qFromKvar: at(result.qFromVar, k) / 1e3,
    pToKw: at(result.pToW, k) / 1e3,
    qToKvar: at(result.qToVar, k) / 1e3,
    lossKw: at(result.lossW, k) / 1e3,
    iFromA: at(result.iFromA, k),
    iToA: at(result.iToA, k),
  };
  const loading = branchLoading(network, result, k);
  return loading === null ? solved : { ...solved, loadingPercent: loading * 100 };
};

/** Share of the thermal rating in use, at the more loaded end; null where no rating is known. */
export const branchLoading = (network: Network, result: PowerFlowResult, branchIndex: number): number | null => {
  const branch = network.branches[branchIndex] as Network['branches'][number];
  if (branch.ratedA !== null && branch.ratedA > 0) {
    return Math.max(at(result.iFromA, branchIndex), at(result.iToA, branchIndex)) / branch.ratedA;
  }
  if (branch.ratedVA !== null && branch.ratedVA > 0) {
    const fromVA = Math.hypot(at(result.pFromW, branchIndex), at(result.qFromVar, branchIndex));
    const toVA = Math.hypot(at(result.pToW, branchIndex), at(result.qToVar, branchIndex));
    return Math.max(fromVA, toVA) / branch.ratedVA;
  }
  return null;
};

const totalsOf = (network: Network, result: PowerFlowResult): FeederTotals => {
  const totals = { positiveW: 0, negativeW: 0, netVar: 0, unservedW: 0, dead: 0, lowest: -1, highest: -1 };
  network.buses.forEach((bus, i) => {
    if (!result.energised[i]) {
      totals.dead += 1;
      totals.unservedW += Math.max(0, bus.activePowerW);
      return;
    }
    totals.positiveW += Math.max(0, bus.activePowerW);
    totals.negativeW += Math.max(0, -bus.activePowerW);
    totals.netVar += bus.reactivePowerVar;
    if (totals.lowest < 0 || at(result.vmPu, i) < at(result.vmPu, totals.lowest)) totals.lowest = i;
    if (totals.highest < 0 || at(result.vmPu, i) > at(result.vmPu, totals.highest)) totals.highest = i;
  });
  const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
  return {
    sumPositiveBusKw: totals.positiveW / 1e3,
    sumNegativeBusKw: totals.negativeW / 1e3,
    netLoadKw: (totals.positiveW - totals.negativeW) / 1e3,
    netLoadKvar: totals.netVar / 1e3,
    lossKw: result.totalLossW / 1e3,
    lossKvar: result.totalLossVar / 1e3,
    slackKw: sum(result.slackPowerW) / 1e3,
    slackKvar: sum(result.slackPowerVar) / 1e3,
    vminPu: at(result.vmPu, totals.lowest),
    vminBus: network.buses[totals.lowest]?.id ?? '',
    vmaxPu: at(result.vmPu, totals.highest),
    vmaxBus: network.buses[totals.highest]?.id ?? '',
    energisedBuses: network.buses.length - totals.dead,
    deadBuses: totals.dead,
    unservedKw: totals.unservedW / 1e3,
  };
};
