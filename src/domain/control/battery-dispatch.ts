/**
 * Battery on the main grid: self-consumption (the exchange is brought towards zero) or a plan from the market, inside the state-of-charge
 * band; and peak shaving, which caps what the battery may do so that the import stays below the agreed peak.
 */
import { type BatteryReading, batteryRange, clamp, flow, kilowatts, NEITHER, type Trusted, type Verdict } from './types.ts';

export interface DispatchInput {
  readonly connected: boolean;
  readonly islanded: boolean;
  /** At the interconnection, + = import. */
  readonly exchangeW: Trusted;
  readonly battery: BatteryReading | null;
  /** Set-point the market wants; null = none, self-consumption. */
  readonly plannedW: number | null;
  readonly dtS: number;
}
export interface DispatchState {
  readonly setW: number;
  readonly blindS: number;
}
export interface DispatchDecision extends Verdict {
  readonly state: DispatchState;
  readonly batterySetW: number | null;
}
export const initialDispatch: DispatchState = { setW: 0, blindS: 0 };

/** Below this exchange the battery is left alone: meter noise is no reason to cycle it. */
const DEADBAND_W = 500;
const GAIN_PER_S = 0.4;
const HOLD_BLIND_S = 30;
/** No faster than a tenth of its rating a second. */
const RAMP_SHARE_PER_S = 0.1;

export function dispatchBattery(previous: DispatchState, input: DispatchInput): DispatchDecision {
  const { battery } = input;
  const nothing = (status: Verdict['status'], decision: string, why: string): DispatchDecision => ({
    state: initialDispatch,
    batterySetW: null,
    status,
    decision,
    why,
  });
  if (input.islanded) return nothing('idle', 'Leaves the battery to frequency restoration', 'The microgrid is islanded');
  if (!input.connected) return nothing('idle', 'Asks nothing of the battery', NEITHER);
  if (!battery) return nothing('idle', 'Does nothing', 'There is no battery');
  if (!battery.controllable)
    return nothing('idle', 'Does not command the battery', 'It is not in automatic mode, tagged, or not energised');
  const range = batteryRange(battery);
  const needsExchange = input.plannedW === null;
  if (range === null || battery.powerW === null || (needsExchange && input.exchangeW === null)) {
    const blindS = previous.blindS + input.dtS;
    const holds = blindS <= HOLD_BLIND_S;
    return {
      state: { ...previous, blindS },
      batterySetW: holds ? previous.setW : null,
      status: 'blind',
      decision: holds ? `Holds ${flow(previous.setW)}` : 'Lets the battery fall back to rest',
      why: range === null || battery.powerW === null ? 'The battery’s readings cannot be trusted' : 'The exchange meter cannot be trusted',
    };
  }
  const wanted = input.plannedW ?? selfConsumption(previous.setW, input.exchangeW as number, battery.powerW, input.dtS);
  const step = battery.ratedW * RAMP_SHARE_PER_S * input.dtS;
  const allowed = clamp(wanted, range.minW, range.maxW);
  // The band's edge is not ramped: a battery at its limit stops at once.
  const setW = clamp(clamp(allowed, previous.setW - step, previous.setW + step), range.minW, range.maxW);
  const limited = Math.abs(allowed - wanted) > DEADBAND_W;
  return {
    state: { setW, blindS: 0 },
    batterySetW: setW,
    status: limited ? 'limited' : Math.abs(setW) < DEADBAND_W ? 'idle' : 'acting',
    decision: Math.abs(setW) < DEADBAND_W ? 'Lets the battery rest' : `Lets the battery ${flow(setW)}`,
    why: limited
      ? `Wants to ${flow(wanted)}, but the state of charge is ${battery.socPercent?.toFixed(0)} % (band ${battery.socMinPercent}–${battery.socMaxPercent} %) and the rating ${kilowatts(battery.ratedW)}`
      : input.plannedW !== null
        ? 'As planned with the market'
        : `Keeps local energy local: the exchange is ${kilowatts(Math.abs(input.exchangeW as number))} ${(input.exchangeW as number) >= 0 ? 'import' : 'export'}`,
  };
}

/**
 * Aims at what the others draw, measured as exchange less battery: however late the battery follows, the aim stands still, so that delays
 * of meter and inverter cannot make the loop swing.
 */
function selfConsumption(setW: number, exchangeW: number, batteryW: number, dtS: number): number {
  const aimW = -(exchangeW - batteryW);
  if (Math.abs(exchangeW) <= DEADBAND_W && Math.abs(aimW - setW) <= DEADBAND_W) return setW;
  return setW + (aimW - setW) * Math.min(1, GAIN_PER_S * dtS);
}

export interface PeakInput {
  readonly connected: boolean;
  readonly islanded: boolean;
  readonly exchangeW: Trusted;
  readonly peakImportW: number;
  readonly battery: BatteryReading | null;
}
export interface PeakDecision extends Verdict {
  /** The battery may not be above this (house sign); null = no cap. */
  readonly batteryCapW: number | null;
}

export function shavePeak(input: PeakInput): PeakDecision {
  const { battery, exchangeW } = input;
  if (input.islanded) return { batteryCapW: null, status: 'idle', decision: 'Does nothing', why: 'The microgrid is islanded' };
  if (!input.connected) return { batteryCapW: null, status: 'idle', decision: 'Does nothing', why: NEITHER };
  if (exchangeW === null || battery?.powerW == null) {
    return {
      batteryCapW: null,
      status: 'blind',
      decision: 'Does not touch the battery',
      why: exchangeW === null ? 'The exchange meter cannot be trusted' : 'The battery’s power is unknown',
    };
  }
  const importWithoutBatteryW = exchangeW - battery.powerW;
  const capW = input.peakImportW - importWithoutBatteryW;
  const range = batteryRange(battery);
  if (capW >= battery.ratedW) {
    return {
      batteryCapW: null,
      status: 'idle',
      decision: 'Does nothing',
      why: `Import is ${kilowatts(Math.max(0, exchangeW))}, the peak ${kilowatts(input.peakImportW)}`,
    };
  }
  const reachable = battery.controllable && range !== null && capW >= range.minW;
  if (!reachable) {
    return {
      batteryCapW: battery.controllable ? capW : null,
      status: exchangeW > input.peakImportW || capW < 0 ? 'limited' : 'idle',
      decision: battery.controllable ? 'Discharges all it may' : 'Cannot shave',
      why: battery.controllable
        ? `Without the battery ${exchangeOf(importWithoutBatteryW)}; the battery cannot cover the rest`
        : 'The battery may not be commanded',
    };
  }
  return {
    batteryCapW: capW,
    status: capW < 0 ? 'acting' : 'idle',
    decision: capW < 0 ? `Has the battery ${flow(capW)} at least` : `Allows the battery to ${flow(capW)} at most`,
    why: `Without the battery ${exchangeOf(importWithoutBatteryW)}; the peak is ${kilowatts(input.peakImportW)} of import`,
  };
}

const exchangeOf = (importW: number): string => `${kilowatts(Math.abs(importW))} would be ${importW < 0 ? 'exported' : 'imported'}`;
