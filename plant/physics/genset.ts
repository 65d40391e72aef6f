/**
 * The diesel genset: cranks, warms up, synchronises, takes load along a ramp, keeps a minimum load on the main grid, cools down.
 * Powers here are generation, positive W; its controller's registers carry house sign.
 */
import type { Simulation } from '../simulation-file.ts';
import type { Machine } from './machine.ts';
import { createRevertTimer, type RevertTimer, stepRevertTimer } from './revert-timer.ts';

export type GensetState = 'stopped' | 'cranking' | 'warming-up' | 'unloaded' | 'loaded' | 'cooling-down' | 'fault';

export interface Genset extends Machine {
  readonly settings: NonNullable<Simulation['genset']>;
  state: GensetState;
  stateS: number;
  mode: 'off' | 'manual' | 'remote';
  startCommand: boolean;
  breakerPermit: boolean;
  requestedW: number;
  readonly revert: RevertTimer;
  isochronous: boolean;
  isochronousTrimW: number;
  fuelL: number;
  fuelRateLPerH: number;
  runS: number;
  generatedWh: number;
  coolantC: number;
  alarmBits: number;
  /** Training fault: the starter turns and the engine does not fire. */
  refusesToStart: boolean;
}

/** Bits of the `alarms` register of the genset profile: start failure, low fuel, overload. */
export const GENSET_ALARM = { failedToStart: 1 << 3, outOfFuel: 1 << 4, protectionTrip: 1 << 5 } as const;
const START_ATTEMPTS_S = 3;

export function createGenset(ratedW: number, settings: NonNullable<Simulation['genset']>, nominalHz: number): Genset {
  return {
    ratedW,
    settings,
    inertiaS: settings.inertiaS,
    droopPercent: settings.droopPercent,
    timeConstantS: settings.timeConstantS,
    setpointW: 0,
    referenceHz: nominalHz,
    trimHz: 0,
    minW: 0,
    maxW: ratedW,
    mechanicalW: 0,
    electricalW: 0,
    online: false,
    state: 'stopped',
    stateS: 0,
    mode: 'remote',
    startCommand: false,
    breakerPermit: true,
    requestedW: 0,
    revert: createRevertTimer(30),
    isochronous: false,
    isochronousTrimW: 0,
    fuelL: settings.tankL * 0.8,
    fuelRateLPerH: 0,
    runS: 0,
    generatedWh: 0,
    coolantC: 20,
    alarmBits: 0,
    refusesToStart: false,
  };
}

/** Runs the controller for one step. `onGrid`: the main grid holds its bus; `frequencyHz` is that of its bus (0 when dead). */
export function prepareGenset(genset: Genset, onGrid: boolean, frequencyHz: number, dtS: number): void {
  genset.stateS += dtS;
  if (stepRevertTimer(genset.revert, dtS)) {
    genset.requestedW = 0;
    // Nobody renews it: on an island it goes on holding the frequency, beside the main grid it would only burn fuel.
    if (onGrid) genset.startCommand = false;
  }
  const wanted = genset.mode !== 'off' && genset.startCommand;
  stepState(genset, wanted);
  const running = genset.state === 'unloaded' || genset.state === 'loaded' || genset.state === 'cooling-down';
  genset.coolantC += ((running || genset.state === 'warming-up' ? 82 : 20) - genset.coolantC) * Math.min(1, dtS / 40);
  if (!genset.online) {
    genset.setpointW = 0;
    genset.isochronousTrimW = 0;
    return;
  }
  if (genset.isochronous && !onGrid) genset.isochronousTrimW += (genset.referenceHz - frequencyHz) * genset.ratedW * 0.15 * dtS;
  else genset.isochronousTrimW = 0;
  const minW = onGrid && genset.requestedW > 0 ? (genset.ratedW * genset.settings.minLoadPercent) / 100 : 0;
  const targetW =
    genset.state === 'cooling-down' ? 0 : Math.max(minW, Math.min(genset.ratedW, genset.requestedW)) + genset.isochronousTrimW;
  const stepW = genset.settings.rampWPerS * dtS;
  genset.setpointW += Math.min(stepW, Math.max(-stepW, targetW - genset.setpointW));
  if (genset.state !== 'cooling-down') genset.state = genset.electricalW > genset.ratedW * 0.02 ? 'loaded' : 'unloaded';
}

function stepState(genset: Genset, wanted: boolean): void {
  const { settings } = genset;
  const go = (state: GensetState) => {
    genset.state = state;
    genset.stateS = 0;
  };
  if (genset.fuelL <= 0 && genset.state !== 'stopped' && genset.state !== 'fault') {
    genset.alarmBits |= GENSET_ALARM.outOfFuel;
    go('fault');
    return;
  }
  switch (genset.state) {
    case 'stopped':
      if (wanted) go('cranking');
      break;
    case 'cranking':
      if (!wanted) go('stopped');
      else if (!genset.refusesToStart && genset.stateS >= settings.crankS) go('warming-up');
      else if (genset.stateS >= settings.crankS * START_ATTEMPTS_S) {
        genset.alarmBits |= GENSET_ALARM.failedToStart;
        go('fault');
      }
      break;
    case 'warming-up':
      if (!wanted) go('cooling-down');
      else if (genset.stateS >= settings.warmUpS) go('unloaded');
      break;
    case 'unloaded':
    case 'loaded':
      if (!wanted) go('cooling-down');
      break;
    case 'cooling-down':
      if (wanted) go('unloaded');
      else if (genset.stateS >= settings.coolDownS) go('stopped');
      break;
    case 'fault':
      // A stop command acknowledges the fault, as on the controller's panel.
      if (!wanted && genset.fuelL > 0) {
        genset.alarmBits = 0;
        go('stopped');
      }
      break;
  }
}

/** The engine turns fast enough for its breaker to be closed. */
export function gensetReady(genset: Genset): boolean {
  return (
    genset.breakerPermit &&
    (genset.state === 'unloaded' || genset.state === 'loaded' || (genset.state === 'cooling-down' && genset.setpointW > 500))
  );
}

export function tripGenset(genset: Genset): void {
  genset.state = 'fault';
  genset.stateS = 0;
  genset.alarmBits |= GENSET_ALARM.protectionTrip;
  genset.online = false;
  genset.mechanicalW = 0;
  genset.electricalW = 0;
}

/** Fuel and energy follow plant time. */
export function bookGenset(genset: Genset, dtPlantS: number): void {
  const turning = genset.state !== 'stopped' && genset.state !== 'fault' && genset.state !== 'cranking';
  const load = Math.max(0, genset.electricalW) / genset.ratedW;
  genset.fuelRateLPerH = turning ? genset.settings.idleLPerH + (genset.settings.fullLPerH - genset.settings.idleLPerH) * load : 0;
  genset.fuelL = Math.max(0, genset.fuelL - (genset.fuelRateLPerH * dtPlantS) / 3600);
  if (turning) genset.runS += dtPlantS;
  genset.generatedWh += (Math.max(0, genset.electricalW) * dtPlantS) / 3600;
}
