/**
 * Switches as their relays drive them: a command (the coil) and, after the mechanism's travel time, a position (the contacts).
 * Closing between two live parts that are not the same island waits for the sync check. A protection trip drops the command too.
 */
import type { PlantSwitch } from '../../src/shared/plant-file.ts';
import type { Simulation } from '../simulation-file.ts';

export interface SwitchState {
  readonly id: string;
  readonly definition: PlantSwitch;
  command: boolean;
  closed: boolean;
  tripped: boolean;
  /** Contacts welded or mechanism jammed: the position stays, whatever is commanded. */
  stuck: boolean;
  /** Time until the mechanism has moved; counts only while command and position differ. */
  travelS: number;
  /** How long a close waits for synchronism. */
  waitedS: number;
  /** Setting of its own under-frequency stage, 0 is off. */
  underFrequencyHz: number;
  underFrequencyDelayS: number;
  underFrequencyS: number;
}

export function createSwitch(definition: PlantSwitch, simulation: Simulation): SwitchState {
  const stage = simulation.underFrequencyRelays.find((s) => s.switches.includes(definition.id));
  const closed = definition.normal === 'closed';
  return {
    id: definition.id,
    definition,
    command: closed,
    closed,
    tripped: false,
    stuck: false,
    travelS: 0,
    waitedS: 0,
    underFrequencyHz: stage?.thresholdHz ?? 0,
    underFrequencyDelayS: stage?.delayS ?? 0.15,
    underFrequencyS: 0,
  };
}

/** Takes a command; the contacts follow within the relay's travel time. */
export function commandSwitch(s: SwitchState, closed: boolean, travelS: number): void {
  if (s.command === closed && s.closed === closed) return;
  if (s.command !== closed) s.travelS = travelS;
  s.command = closed;
  s.waitedS = 0;
  if (closed) s.tripped = false;
}

export function tripSwitch(s: SwitchState): void {
  s.command = false;
  s.travelS = 0;
  s.tripped = true;
  if (!s.stuck) s.closed = false;
}

/** `mayClose` asks the sync check at the moment of closing. Returns true when the position changed. */
export function stepSwitch(s: SwitchState, mayClose: () => boolean, waitS: number, dtS: number): boolean {
  if (s.command === s.closed || s.stuck) return false;
  s.travelS -= dtS;
  if (s.travelS > 1e-9) return false;
  if (s.command && !mayClose()) {
    s.waitedS += dtS;
    if (s.waitedS >= waitS) s.command = false;
    return false;
  }
  s.closed = s.command;
  return true;
}

/** Own under-frequency stage of a load's relay; true in the step in which it trips. */
export function stepUnderFrequency(s: SwitchState, frequencyHz: number, dtS: number): boolean {
  if (!s.closed || s.underFrequencyHz <= 0 || frequencyHz <= 0 || frequencyHz >= s.underFrequencyHz) {
    s.underFrequencyS = 0;
    return false;
  }
  s.underFrequencyS += dtS;
  return s.underFrequencyS >= s.underFrequencyDelayS - 1e-9;
}
