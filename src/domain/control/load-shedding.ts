/**
 * Load shedding in a fixed order, and restoring in the reverse order, one load at a time with delays. The fast stage lives in the relays
 * (under-frequency); this stage saves energy when sources run out, and gives back only what it took.
 */
import { kilowatts, type Trusted, type Verdict } from './types.ts';

export interface SheddableLoad {
  readonly switchId: string;
  readonly name: string;
  readonly powerW: Trusted;
  readonly position: 'open' | 'closed' | 'unknown';
  /** No tag, unit in automatic mode. */
  readonly controllable: boolean;
}
export interface SheddingInput {
  readonly connected: boolean;
  readonly islanded: boolean;
  readonly frequencyHz: Trusted;
  readonly nominalHz: number;
  readonly frequencyMinHz: number;
  /** Energy is running out: battery at its lower edge and no other source able to carry the island. */
  readonly energyShort: boolean;
  /** Power that could still be added, W ≥ 0; null = unknown. */
  readonly reserveUpW: Trusted;
  /** First to be shed first. */
  readonly loads: readonly SheddableLoad[];
  readonly dtS: number;
}
export interface SheddingState {
  /** Switches opened by this function, in the order in which they were opened, with the power they then carried. */
  readonly shed: readonly { switchId: string; powerW: number }[];
  readonly lowS: number;
  readonly calmS: number;
  readonly sinceStepS: number;
  /** Switches told to open that stayed closed, with the seconds for which others go first: a stuck relay must not stop the order. */
  readonly stuck: Readonly<Record<string, number>>;
}
export interface SheddingDecision extends Verdict {
  readonly state: SheddingState;
  readonly open: string | null;
  readonly close: string | null;
}
export const initialShedding: SheddingState = { shed: [], lowS: 0, calmS: 0, sinceStepS: 1e6, stuck: {} };

const LOW_BEFORE_SHED_S = 1;
const STEP_S = 2;
const CALM_BEFORE_RESTORE_ISLAND_S = 60;
const CALM_BEFORE_RESTORE_GRID_S = 10;
const RESTORE_STEP_S = 5;
const STUCK_S = 30;

export function shed(previous: SheddingState, input: SheddingInput): SheddingDecision {
  const byId = new Map(input.loads.map((l) => [l.switchId, l]));
  // Still closed, or closed again by somebody else: it is not ours to give back, and others go first for a while.
  const ours = previous.shed.filter((s) => byId.get(s.switchId)?.position !== 'closed' || previous.sinceStepS < STEP_S);
  const stuck: Record<string, number> = {};
  for (const [id, s] of Object.entries(previous.stuck)) if (s > input.dtS) stuck[id] = s - input.dtS;
  for (const s of previous.shed) if (!ours.includes(s)) stuck[s.switchId] = STUCK_S;
  const base: SheddingState = { ...previous, shed: ours, stuck, sinceStepS: previous.sinceStepS + input.dtS };
  const count = ours.length === 0 ? 'Nothing is shed' : `${ours.length} ${ours.length === 1 ? 'load is' : 'loads are'} shed`;
  const hold = (state: SheddingState, status: Verdict['status'], decision: string, why: string): SheddingDecision => ({
    state,
    open: null,
    close: null,
    status,
    decision,
    why,
  });
  if (!input.connected && !input.islanded)
    return hold({ ...base, lowS: 0, calmS: 0 }, 'blind', `Holds. ${count}`, 'The plant’s mode is unknown');
  if (input.islanded && input.frequencyHz === null) {
    return hold({ ...base, lowS: 0, calmS: 0 }, 'blind', `Holds. ${count}`, 'No frequency can be trusted');
  }
  const low = input.islanded && (input.frequencyHz as number) < input.frequencyMinHz;
  const short = input.islanded && input.energyShort;
  if (low || short) return shedNext({ ...base, calmS: 0, lowS: base.lowS + input.dtS }, input, low, hold, count);

  const calm = input.connected || Math.abs((input.frequencyHz as number) - input.nominalHz) < 0.15;
  const calmS = calm ? base.calmS + input.dtS : 0;
  const state = { ...base, lowS: 0, calmS };
  const last = ours.at(-1);
  if (last === undefined) return hold(state, 'idle', 'Nothing is shed', 'Sources and loads are in balance');
  const wait = input.connected ? CALM_BEFORE_RESTORE_GRID_S : CALM_BEFORE_RESTORE_ISLAND_S;
  if (calmS < wait || base.sinceStepS < RESTORE_STEP_S) {
    return hold(state, 'acting', `${count}; waits before restoring`, `In balance for ${Math.round(calmS)} s of ${wait} s`);
  }
  const load = byId.get(last.switchId);
  if (load === undefined || !load.controllable || load.position === 'unknown') {
    return hold(
      state,
      'limited',
      `${count}; cannot restore`,
      `${load?.name ?? last.switchId} is tagged, in manual mode, or its position is unknown`,
    );
  }
  if (input.reserveUpW === null || input.reserveUpW < last.powerW * 1.3 + 500) {
    return hold(
      state,
      'limited',
      `${count}; waits for reserve`,
      `${load.name} needs some ${kilowatts(last.powerW)}, reserve is ${input.reserveUpW === null ? 'unknown' : kilowatts(input.reserveUpW)}`,
    );
  }
  return {
    state: { ...state, shed: ours.slice(0, -1), sinceStepS: 0 },
    open: null,
    close: last.switchId,
    status: 'acting',
    decision: `Restores ${load.name}`,
    why: `In balance for ${Math.round(calmS)} s with ${kilowatts(input.reserveUpW)} in reserve`,
  };
}

function shedNext(
  base: SheddingState,
  input: SheddingInput,
  low: boolean,
  hold: (state: SheddingState, status: Verdict['status'], decision: string, why: string) => SheddingDecision,
  count: string,
): SheddingDecision {
  const why = low
    ? `Frequency is ${(input.frequencyHz as number).toFixed(2)} Hz, below ${input.frequencyMinHz} Hz`
    : 'The battery is empty and nothing else can carry the island';
  if (base.lowS < LOW_BEFORE_SHED_S || base.sinceStepS < STEP_S) return hold(base, 'acting', `${count}; watches`, why);
  const taken = new Set(base.shed.map((s) => s.switchId));
  const candidates = input.loads.filter((l) => l.controllable && l.position === 'closed' && !taken.has(l.switchId));
  const next = candidates.find((l) => base.stuck[l.switchId] === undefined) ?? candidates[0];
  if (next === undefined) return hold(base, 'limited', `${count}; no load is left to shed`, why);
  return {
    state: { ...base, shed: [...base.shed, { switchId: next.switchId, powerW: Math.max(0, next.powerW ?? 0) }], sinceStepS: 0 },
    open: next.switchId,
    close: null,
    status: 'acting',
    decision: `Sheds ${next.name}`,
    why,
  };
}
