/**
 * The state of the grid from positions and measurements, once a second: which parts are fed, and the power flow with measured injections.
 * Voltages come from meters where there are some; everything computed is marked estimated. Unknown positions are carried through: what is
 * fed only through a switch nobody can see is neither live nor dead but unknown.
 */

import type { Slack } from '../../domain/grid/network.ts';
import { createPowerFlow } from '../../domain/grid/power-flow.ts';
import { traceIslands } from '../../domain/grid/topology.ts';
import type { PlantFile } from '../../shared/plant-file.ts';
import type { Value } from '../../shared/values.ts';
import type { PlantNetwork } from './plant-network.ts';
import type { UnitPower } from './unit-power.ts';

export type Position = 'open' | 'closed' | 'unknown';
export type Energised = 'energised' | 'dead' | 'unknown';

/** A source that can hold voltage and frequency of an island by itself. */
export interface FormingSource {
  readonly unit: string;
  readonly bus: number;
  readonly alive: boolean;
  readonly vmPu: number;
}

export interface EstimateInput {
  readonly position: (switchId: string) => Position;
  readonly unitPower: ReadonlyMap<string, UnitPower>;
  /** Main grid alive at its bus: true, false, or null when nobody can tell. */
  readonly gridAlive: boolean | null;
  readonly forming: readonly FormingSource[];
  /** Measured voltage per bus in per unit. */
  readonly measuredPu: ReadonlyMap<number, Value>;
  readonly timeMs: number;
}

export interface BranchEstimate {
  readonly powerW: number | null;
  readonly reactiveVar: number | null;
  readonly currentA: number | null;
  readonly loadingPercent: number | null;
  readonly lossW: number | null;
  readonly state: Energised;
}

export interface Estimate {
  readonly converged: boolean;
  readonly busState: readonly Energised[];
  /** Island of each bus; -1 = dead. Buses of the main grid's island have `gridIsland`. */
  readonly island: readonly number[];
  readonly gridIsland: number;
  readonly islands: number;
  readonly vmPu: readonly (number | null)[];
  readonly branches: readonly BranchEstimate[];
  readonly totalLossW: number | null;
  /** Power into the microgrid through each source the flow rests on, by bus; + = feeds. */
  readonly slackW: ReadonlyMap<number, number>;
  readonly unitState: ReadonlyMap<string, Energised>;
}

export interface Estimator {
  run(input: EstimateInput): Estimate;
}

export function createEstimator(plant: PlantFile, net: PlantNetwork): Estimator {
  // A hundredth of a watt on a 100 kVA base: far below any meter, and few iterations.
  const flow = createPowerFlow(net.network, { toleranceVA: 0.01 });
  const busCount = net.network.buses.length;
  const p = new Float64Array(busCount);
  const q = new Float64Array(busCount);

  const trace = (closed: (k: number) => boolean, sources: readonly number[]) => traceIslands(net.network, closed, sources);

  return {
    run(input) {
      const branchClosed = (k: number, unknownIs: boolean): boolean =>
        (net.branches[k]?.switches ?? []).every((s) => {
          const position = input.position(s.id);
          return position === 'unknown' ? unknownIs : position === 'closed';
        });
      const unitClosed = (unit: string, unknownIs: boolean): boolean =>
        (net.unitSwitches.get(unit) ?? []).every((s) => {
          const position = input.position(s.id);
          return position === 'unknown' ? unknownIs : position === 'closed';
        });
      const sourcesWhen = (unknownIs: boolean): number[] => [
        ...((input.gridAlive ?? unknownIs) ? [net.gridBus] : []),
        ...input.forming.filter((f) => f.alive && unitClosed(f.unit, unknownIs)).map((f) => f.bus),
      ];
      const surely = trace((k) => branchClosed(k, false), sourcesWhen(false));
      const perhaps = trace((k) => branchClosed(k, true), sourcesWhen(true));
      const busState = Array.from({ length: busCount }, (_, i): Energised => {
        if ((surely.island[i] as number) >= 0) return 'energised';
        return (perhaps.island[i] as number) >= 0 ? 'unknown' : 'dead';
      });
      const unitState = new Map<string, Energised>();
      p.fill(0);
      q.fill(0);
      for (const u of plant.grid.units) {
        const bus = net.busIndex.get(u.bus) as number;
        const at = busState[bus] as Energised;
        const state: Energised = !unitClosed(u.id, true) ? 'dead' : !unitClosed(u.id, false) && at !== 'dead' ? 'unknown' : at;
        unitState.set(u.id, state);
        const power = input.unitPower.get(u.id);
        if (power && power.powerW.value !== null && unitClosed(u.id, true)) {
          p[bus] = (p[bus] as number) + power.powerW.value;
          q[bus] = (q[bus] as number) + power.reactiveVar;
        }
      }
      // One source holds each island: the main grid where it reaches, else the first forming source. Its own measured power is the flow's to find.
      const slack: Slack[] = [];
      const held = new Set<number>();
      if (input.gridAlive !== false) {
        slack.push({ bus: net.gridBus, vmPu: plant.grid.gridVoltagePu, vaRad: 0 });
        held.add(perhaps.island[net.gridBus] as number);
      }
      for (const f of input.forming) {
        const island = perhaps.island[f.bus] as number;
        if (!f.alive || !unitClosed(f.unit, true) || island < 0 || held.has(island)) continue;
        held.add(island);
        slack.push({ bus: f.bus, vmPu: f.vmPu, vaRad: 0 });
        const power = input.unitPower.get(f.unit);
        if (power && power.powerW.value !== null) {
          p[f.bus] = (p[f.bus] as number) - power.powerW.value;
          q[f.bus] = (q[f.bus] as number) - power.reactiveVar;
        }
      }
      for (let i = 0; i < busCount; i += 1) flow.setBusPower(i, p[i] as number, q[i] as number);
      for (let k = 0; k < net.branches.length; k += 1) flow.setSwitch(k, branchClosed(k, true));
      const solved = flow.solve(slack);
      const ok = solved.converged;
      const number = (v: number | undefined): number | null => (ok && v !== undefined && Number.isFinite(v) ? v : null);
      const vmPu = Array.from({ length: busCount }, (_, i) => (busState[i] === 'dead' ? 0 : number(solved.vmPu[i])));
      const branches = net.branches.map((b, k): BranchEstimate => {
        const state = stateOfBranch(busState, b.from, b.to, branchClosed(k, false), branchClosed(k, true));
        const currentA = number(Math.max(solved.iFromA[k] ?? 0, solved.iToA[k] ?? 0));
        const apparentVA = number(
          Math.max(Math.hypot(solved.pFromW[k] ?? 0, solved.qFromVar[k] ?? 0), Math.hypot(solved.pToW[k] ?? 0, solved.qToVar[k] ?? 0)),
        );
        const loading = b.ratedVA
          ? apparentVA === null
            ? null
            : (apparentVA / b.ratedVA) * 100
          : b.ratedA && currentA !== null
            ? (currentA / b.ratedA) * 100
            : null;
        return {
          powerW: number(solved.pFromW[k]),
          reactiveVar: number(solved.qFromVar[k]),
          currentA,
          loadingPercent: loading,
          lossW: number(solved.lossW[k]),
          state,
        };
      });
      return {
        converged: ok,
        busState,
        island: Array.from(surely.island),
        gridIsland: surely.island[net.gridBus] as number,
        islands: surely.islands.length,
        vmPu,
        branches,
        totalLossW: number(solved.totalLossW),
        slackW: new Map(slack.map((s, i) => [s.bus, number(solved.slackPowerW[i]) ?? Number.NaN])),
        unitState,
      };
    },
  };
}

/** What remains when no unit's power is known: which parts are fed, and no flow or voltage at all. */
export function withoutNumbers(estimate: Estimate): Estimate {
  const nothing = { powerW: null, reactiveVar: null, currentA: null, loadingPercent: null, lossW: null };
  return {
    ...estimate,
    vmPu: estimate.vmPu.map((_, i) => (estimate.busState[i] === 'dead' ? 0 : null)),
    branches: estimate.branches.map((b) => ({ ...b, ...nothing })),
    totalLossW: null,
    slackW: new Map(),
  };
}

function stateOfBranch(bus: readonly Energised[], from: number, to: number, surelyClosed: boolean, perhapsClosed: boolean): Energised {
  const ends = [bus[from] as Energised, bus[to] as Energised];
  if (!perhapsClosed) return 'dead';
  if (surelyClosed) return ends.includes('energised') ? 'energised' : ends.includes('unknown') ? 'unknown' : 'dead';
  return ends.every((e) => e === 'dead') ? 'dead' : 'unknown';
}
