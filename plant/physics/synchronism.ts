/** The sync check of closing switches, and the synchroniser that brings a waiting island to the other side's frequency. */
import { busAlive, type PlantState } from './state.ts';
import type { SwitchState } from './switchgear.ts';

/** Slip the synchroniser aims at, so that the angle passes zero within some ten seconds. */
const TARGET_SLIP_HZ = 0.07;
const MAX_TRIM_HZ = 1.5;

export interface SyncCheck {
  kind: 'parallel' | 'dead-bus' | 'live' | 'blocked';
  ok: boolean;
  frequencyDifferenceHz: number;
  angleDifferenceDeg: number;
}

/** Angle in (-180, 180]. */
export function wrapDeg(angle: number): number {
  const wrapped = ((((angle + 180) % 360) + 360) % 360) - 180;
  return wrapped === -180 ? 180 : wrapped;
}

export function syncCheck(state: PlantState, s: SwitchState): SyncCheck {
  const branch = state.branchOfSwitch.get(s.id);
  if (branch === undefined) return { kind: 'parallel', ok: true, frequencyDifferenceHz: 0, angleDifferenceDeg: 0 };
  const [from, to] = state.wires.branchEnds[branch] as readonly [number, number];
  if (s.definition.kind === 'interconnection' && !state.mains.present) {
    return { kind: 'blocked', ok: false, frequencyDifferenceHz: 0, angleDifferenceDeg: 0 };
  }
  const together = state.wires.components().some((part) => part.includes(from) && part.includes(to));
  if (together) return { kind: 'parallel', ok: true, frequencyDifferenceHz: 0, angleDifferenceDeg: 0 };
  if (!busAlive(state, from) || !busAlive(state, to))
    return { kind: 'dead-bus', ok: true, frequencyDifferenceHz: 0, angleDifferenceDeg: 0 };
  const limits = state.simulation.syncCheck;
  const df = (state.busFrequencyHz[to] as number) - (state.busFrequencyHz[from] as number);
  const dv = (state.busVoltagePu[to] as number) - (state.busVoltagePu[from] as number);
  const da = wrapDeg((state.busAngleDeg[to] as number) - (state.busAngleDeg[from] as number));
  const ok = Math.abs(df) <= limits.frequencyHz && Math.abs(dv) <= limits.voltagePu && Math.abs(da) <= limits.angleDeg;
  return { kind: 'live', ok, frequencyDifferenceHz: df, angleDifferenceDeg: da };
}

/** Raise/lower pulses to the island's governors while a close is waiting; fades out afterwards. */
export function stepSynchroniser(state: PlantState, dtS: number): void {
  const waiting = state.switches.find((s) => s.command && !s.closed && !s.stuck && syncCheck(state, s).kind === 'live');
  if (!waiting) {
    state.syncTrimHz *= Math.max(0, 1 - dtS / 5);
    return;
  }
  const { frequencyDifferenceHz } = syncCheck(state, waiting);
  const [from, to] = state.wires.branchEnds[state.branchOfSwitch.get(waiting.id) as number] as readonly [number, number];
  const toIsIsland = state.islands.some((i) => i.kind === 'island' && i.buses.includes(to));
  const slip = toIsIsland ? frequencyDifferenceHz : -frequencyDifferenceHz;
  if (!toIsIsland && !state.islands.some((i) => i.kind === 'island' && i.buses.includes(from))) return;
  const change = Math.max(-0.3, Math.min(0.3, TARGET_SLIP_HZ - slip)) * 1.2 * dtS;
  state.syncTrimHz = Math.max(-MAX_TRIM_HZ, Math.min(MAX_TRIM_HZ, state.syncTrimHz + change));
}
