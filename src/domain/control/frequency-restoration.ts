/**
 * Secondary frequency control of an island. Primary response (droop) lives in the devices: whatever the load does beyond the set-points,
 * they answer at once and the frequency settles off nominal. This function moves the set-points after the load, so that the frequency
 * returns to nominal: over the battery first, and over a running genset, which relieves the battery.
 */
import {
  type BatteryReading,
  batteryRange,
  clamp,
  flow,
  type GensetReading,
  kilowatts,
  NEITHER,
  type Trusted,
  type Verdict,
} from './types.ts';

export interface FrequencyInput {
  readonly islanded: boolean;
  /** On the main grid. Neither islanded nor connected: nobody can tell, and the main grid is not to be credited with the frequency. */
  readonly connected: boolean;
  readonly frequencyHz: Trusted;
  readonly targetHz: number;
  readonly nominalHz: number;
  readonly battery: BatteryReading | null;
  readonly genset: GensetReading | null;
  readonly dtS: number;
}
export interface FrequencyState {
  readonly batterySetW: number;
  readonly gensetSetW: number;
  readonly blindS: number;
}
export interface FrequencyDecision extends Verdict {
  readonly state: FrequencyState;
  /** null = this function asks nothing of the device; its set-point is left to others, or to revert. */
  readonly batterySetW: number | null;
  readonly gensetSetW: number | null;
}

export const initialFrequency: FrequencyState = { batterySetW: 0, gensetSetW: 0, blindS: 0 };

/** Share of the remaining error that is corrected in one second; 0.4 settles in some 6 s and stays stable with 1 s old readings. */
const GAIN_PER_S = 0.4;
/** Droop the devices are set to; only the loop's speed depends on it, not where it settles. */
const DROOP = 0.015;
const DEADBAND_HZ = 0.005;
/** A set-point is held blind for this long, then left to revert: a device knows its safe value better than a blind console. */
export const HOLD_BLIND_S = 30;
const GENSET_MIN_LOAD = 0.3;

export function restoreFrequency(previous: FrequencyState, input: FrequencyInput): FrequencyDecision {
  const { battery, genset } = input;
  if (!input.islanded) {
    return {
      state: initialFrequency,
      batterySetW: null,
      gensetSetW: null,
      ...(input.connected
        ? { status: 'idle', decision: 'Leaves frequency to the main grid', why: 'The interconnection is closed' }
        : { status: 'idle', decision: 'Asks nothing of the devices', why: NEITHER }),
    };
  }
  const useBattery = battery?.controllable === true;
  const useGenset = genset?.controllable === true && genset.running === true;
  if (input.frequencyHz === null || (useBattery && battery.socPercent === null)) {
    const blindS = previous.blindS + input.dtS;
    const holds = blindS <= HOLD_BLIND_S;
    return {
      state: { ...previous, blindS },
      batterySetW: holds && useBattery ? previous.batterySetW : null,
      gensetSetW: holds && useGenset ? previous.gensetSetW : null,
      status: 'blind',
      decision: holds ? 'Holds the last set-points' : 'Lets the devices fall back to their own safe values',
      why: input.frequencyHz === null ? 'No frequency can be trusted' : 'The battery’s state of charge is unknown',
    };
  }
  if (!useBattery && !useGenset) {
    return {
      state: { ...initialFrequency },
      batterySetW: null,
      gensetSetW: null,
      status: 'limited',
      decision: 'Cannot act on the frequency',
      why: 'Neither battery nor genset may be commanded',
    };
  }
  const errorHz = input.frequencyHz - input.targetHz;
  const active = Math.abs(errorHz) > DEADBAND_HZ ? errorHz : 0;
  const ratedW = (useBattery ? battery.ratedW : 0) + (useGenset ? genset.ratedW : 0);
  // Low frequency (negative error) asks for more generation, which is negative.
  const correctionW = (active / (DROOP * input.nominalHz)) * ratedW * GAIN_PER_S * input.dtS;

  let gensetSetW = previous.gensetSetW;
  if (useGenset) {
    const wantedBatteryW = useBattery ? wantedWithGenset(battery) : 0;
    const relief = useBattery && battery.powerW !== null ? -(wantedBatteryW - battery.powerW) * 0.15 * input.dtS : 0;
    const direct = useBattery ? 0 : correctionW;
    gensetSetW = clamp(gensetSetW + relief + direct, -genset.ratedW, -genset.ratedW * GENSET_MIN_LOAD);
  } else {
    gensetSetW = 0;
  }

  let batterySetW = previous.batterySetW;
  let limited = false;
  if (useBattery) {
    const range = batteryRange(battery) ?? { minW: 0, maxW: 0 };
    const wanted = previous.batterySetW + correctionW;
    batterySetW = clamp(wanted, range.minW, range.maxW);
    // Clamping the integrator itself is the anti-windup: it comes back the moment the error turns.
    limited = wanted !== batterySetW && Math.abs(active) > 0;
  } else {
    limited = gensetSetW === -(genset?.ratedW ?? 0);
  }
  const state: FrequencyState = { batterySetW, gensetSetW, blindS: 0 };
  const parts = [useBattery ? `battery ${flow(batterySetW)}` : null, useGenset ? `genset ${kilowatts(-gensetSetW)}` : null];
  return {
    state,
    batterySetW: useBattery ? batterySetW : null,
    gensetSetW: useGenset ? gensetSetW : null,
    status: limited ? 'limited' : 'acting',
    decision: `Sets ${parts.filter(Boolean).join(', ')}`,
    why: limited
      ? `${input.frequencyHz.toFixed(2)} Hz, but the set-point is at its limit`
      : `${input.frequencyHz.toFixed(2)} Hz against ${input.targetHz.toFixed(2)} Hz`,
  };
}

/** With the genset running the battery recharges gently until it is half way up its band, then rests. */
function wantedWithGenset(battery: BatteryReading): number {
  if (battery.socPercent === null) return 0;
  const half = (battery.socMinPercent + battery.socMaxPercent) / 2;
  return battery.socPercent < half ? battery.ratedW * 0.25 : 0;
}
