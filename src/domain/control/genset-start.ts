/** Starts the genset of an island before the battery is empty, and stops it when the battery can carry the island again. */
import { type BatteryReading, type GensetReading, kilowatts, type Verdict } from './types.ts';

export interface GensetInput {
  readonly islanded: boolean;
  readonly connected: boolean;
  readonly battery: BatteryReading | null;
  readonly genset: GensetReading | null;
  readonly dtS: number;
}
export interface GensetState {
  /** True while this function wants it to run. */
  readonly wanted: boolean;
  readonly needS: number;
  readonly wantedForS: number;
  /** Seconds it was wanted and did not run: a genset that does not come is said, not waited for in silence. */
  readonly notRunningS: number;
}
export interface GensetDecision extends Verdict {
  readonly state: GensetState;
  /** true start, false stop, null leave as it is. */
  readonly run: boolean | null;
  readonly failedToStart: boolean;
}
export const initialGenset: GensetState = { wanted: false, needS: 0, wantedForS: 0, notRunningS: 0 };

const START_MARGIN_PERCENT = 5;
const STOP_MARGIN_PERCENT = 25;
const NEED_BEFORE_START_S = 3;
const MIN_RUN_S = 120;
const START_TIMEOUT_S = 45;

export function runGenset(previous: GensetState, input: GensetInput): GensetDecision {
  const { genset, battery } = input;
  const keep = (
    state: GensetState,
    status: Verdict['status'],
    decision: string,
    why: string,
    run: boolean | null = null,
  ): GensetDecision => ({
    state,
    run,
    status,
    decision,
    why,
    failedToStart: state.wanted && state.notRunningS > START_TIMEOUT_S,
  });
  if (!genset) return keep(initialGenset, 'idle', 'Does nothing', 'There is no genset');
  if (!genset.controllable) return keep(initialGenset, 'idle', 'Does not command the genset', 'It is not in automatic mode, or tagged');
  if (input.connected) {
    if (previous.wanted && previous.wantedForS < MIN_RUN_S / 2) {
      return keep(advance(previous, input), 'acting', 'Lets the genset run on', 'It has only just started; the main grid is back', true);
    }
    return previous.wanted
      ? keep(initialGenset, 'acting', 'Stops the genset', 'The main grid carries the load again', false)
      : keep(initialGenset, 'idle', 'Does nothing', 'The main grid carries the load');
  }
  if (!input.islanded)
    return keep(previous, 'blind', 'Leaves the genset as it is', 'The plant’s mode is unknown', previous.wanted ? true : null);
  if (battery && (battery.socPercent === null || battery.powerW === null)) {
    return keep(
      { ...advance(previous, input) },
      'blind',
      previous.wanted ? 'Lets the genset run on' : 'Leaves the genset as it is',
      'The battery’s readings cannot be trusted',
      previous.wanted ? true : null,
    );
  }
  const need = needOf(battery);
  if (!previous.wanted) {
    const needS = need === null ? 0 : previous.needS + input.dtS;
    if (need !== null && needS >= NEED_BEFORE_START_S) {
      return keep({ wanted: true, needS: 0, wantedForS: 0, notRunningS: 0 }, 'acting', 'Starts the genset', need, true);
    }
    return keep({ ...initialGenset, needS }, 'idle', 'Does nothing', need ?? 'The battery carries the island');
  }
  const state = advance(previous, input);
  if (state.wantedForS >= MIN_RUN_S && battery && batteryCanCarry(battery, genset)) {
    return keep(
      initialGenset,
      'acting',
      'Stops the genset',
      `The battery is at ${battery.socPercent?.toFixed(0)} % and can carry the island`,
      false,
    );
  }
  const failed = state.notRunningS > START_TIMEOUT_S;
  return keep(
    state,
    failed ? 'limited' : 'acting',
    failed ? 'Goes on asking the genset to start' : 'Lets the genset run',
    failed
      ? `It has not come up within ${START_TIMEOUT_S} s. Check fuel, battery and emergency stop at the set`
      : (need ?? 'The battery recharges'),
    true,
  );
}

const advance = (state: GensetState, input: GensetInput): GensetState =>
  state.wanted
    ? {
        ...state,
        wantedForS: state.wantedForS + input.dtS,
        notRunningS: input.genset?.running === true ? 0 : state.notRunningS + input.dtS,
      }
    : state;

function needOf(battery: BatteryReading | null): string | null {
  if (!battery) return 'There is no battery to carry the island';
  const soc = battery.socPercent as number;
  // While the renewable sources recharge it, there is no hurry to burn fuel.
  const recharging = (battery.powerW as number) > battery.ratedW * 0.02;
  if (soc <= battery.socMinPercent + START_MARGIN_PERCENT && !recharging) return `The battery is down to ${soc.toFixed(0)} %`;
  const dischargeW = -(battery.powerW as number);
  if (dischargeW > battery.ratedW * 0.9) return `The battery gives ${kilowatts(dischargeW)} of ${kilowatts(battery.ratedW)}`;
  return null;
}

function batteryCanCarry(battery: BatteryReading, genset: GensetReading): boolean {
  const soc = battery.socPercent as number;
  if (soc < battery.socMinPercent + STOP_MARGIN_PERCENT || genset.powerW === null) return false;
  const takeoverW = -(battery.powerW as number) - genset.powerW;
  return takeoverW < battery.ratedW * 0.6;
}
