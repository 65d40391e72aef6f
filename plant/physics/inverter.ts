/**
 * A PV or wind inverter: grid-following, with its own interface protection, enter-service delay, freq-watt, volt-watt and a
 * power limit from outside that lifts itself when nobody renews it. Powers here are generation, positive W.
 */

import type { TripProfile } from '../../src/shared/plant-file.ts';
import type { Simulation } from '../simulation-file.ts';
import { createRevertTimer, type RevertTimer, stepRevertTimer } from './revert-timer.ts';
import { createTripRelay, resetTripRelay, stepTripRelay, type TripCause, type TripRelay } from './trip-relay.ts';

export type InverterState = 'off' | 'starting' | 'running' | 'throttled' | 'tripped' | 'disconnected';

export interface Inverter {
  readonly ratedW: number;
  state: InverterState;
  outputW: number;
  tripCause: TripCause | null;
  enterServiceS: number;
  limitEnabled: boolean;
  limitPercent: number;
  readonly limitRevert: RevertTimer;
  connect: boolean;
  readonly connectRevert: RevertTimer;
  /** Output when freq-watt began; the reduction is relative to it (P_M). */
  freqWattReferenceW: number | null;
  readonly relay: TripRelay;
}

export interface Terminals {
  /** False when the bus is dead or the unit's own switch is open. */
  alive: boolean;
  frequencyHz: number;
  voltagePu: number;
}

export function createInverter(ratedW: number, trip: TripProfile): Inverter {
  return {
    ratedW,
    state: 'running',
    outputW: 0,
    tripCause: null,
    enterServiceS: 0,
    limitEnabled: false,
    limitPercent: 100,
    limitRevert: createRevertTimer(60),
    connect: true,
    connectRevert: createRevertTimer(0),
    freqWattReferenceW: null,
    relay: createTripRelay(trip),
  };
}

export function stepInverter(
  inverter: Inverter,
  terminals: Terminals,
  availableW: number,
  settings: Simulation['inverter'],
  dtS: number,
): void {
  if (stepRevertTimer(inverter.limitRevert, dtS)) inverter.limitEnabled = false;
  if (stepRevertTimer(inverter.connectRevert, dtS)) inverter.connect = true;
  if (!terminals.alive || !inverter.connect) {
    stop(inverter, inverter.connect ? 'off' : 'disconnected');
    return;
  }
  if (inverter.state === 'running' || inverter.state === 'throttled') {
    const cause = stepTripRelay(inverter.relay, terminals.frequencyHz, terminals.voltagePu, dtS);
    if (cause) {
      inverter.tripCause = cause;
      stop(inverter, 'tripped');
      return;
    }
    run(inverter, terminals, availableW, settings, dtS);
    return;
  }
  waitToEnterService(inverter, terminals, settings, dtS);
}

function stop(inverter: Inverter, state: InverterState): void {
  inverter.state = state;
  inverter.outputW = 0;
  inverter.enterServiceS = 0;
  inverter.freqWattReferenceW = null;
  resetTripRelay(inverter.relay);
}

function waitToEnterService(inverter: Inverter, at: Terminals, s: Simulation['inverter'], dtS: number): void {
  const inBand =
    at.frequencyHz >= s.enterServiceMinHz &&
    at.frequencyHz <= s.enterServiceMaxHz &&
    at.voltagePu >= s.enterServiceMinPu &&
    at.voltagePu <= s.enterServiceMaxPu;
  if (inverter.state !== 'tripped') inverter.state = 'starting';
  inverter.enterServiceS = inBand ? inverter.enterServiceS + dtS : 0;
  if (inverter.enterServiceS >= s.enterServiceS) {
    inverter.state = 'running';
    inverter.tripCause = null;
    inverter.enterServiceS = 0;
  }
}

function run(inverter: Inverter, at: Terminals, availableW: number, s: Simulation['inverter'], dtS: number): void {
  const limitW = inverter.limitEnabled ? (inverter.ratedW * inverter.limitPercent) / 100 : inverter.ratedW;
  const capW = Math.min(limitW, freqWattCapW(inverter, at.frequencyHz, s), inverter.ratedW * voltWattShare(at.voltagePu, s));
  const targetW = Math.max(0, Math.min(availableW, capW));
  // Upward moves are ramped (after a trip or a lifted limit a whole village would come back at once); downward ones are immediate.
  const maxRiseW = (inverter.ratedW * s.rampPercentPerS * dtS) / 100;
  inverter.outputW = targetW > inverter.outputW ? Math.min(targetW, inverter.outputW + maxRiseW) : targetW;
  inverter.state = capW < availableW - 1 ? 'throttled' : 'running';
}

/** Limited frequency-sensitive mode for over-frequency (EN 50549-1, 4.6.1): from the start frequency, a fixed share per hertz. */
function freqWattCapW(inverter: Inverter, frequencyHz: number, s: Simulation['inverter']): number {
  if (frequencyHz <= s.freqWattStartHz) {
    inverter.freqWattReferenceW = null;
    return inverter.ratedW;
  }
  inverter.freqWattReferenceW ??= inverter.outputW;
  return inverter.freqWattReferenceW * Math.max(0, 1 - (s.freqWattPercentPerHz / 100) * (frequencyHz - s.freqWattStartHz));
}

export function voltWattShare(voltagePu: number, s: Simulation['inverter']): number {
  if (voltagePu <= s.voltWattStartPu) return 1;
  return Math.max(0, (s.voltWattEndPu - voltagePu) / (s.voltWattEndPu - s.voltWattStartPu));
}
