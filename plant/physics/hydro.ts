/** The run-of-river set: a small synchronous machine behind a governor, no black start, never more than the stream gives. Generation positive. */
import type { TripProfile } from '../../src/shared/plant-file.ts';
import type { Simulation } from '../simulation-file.ts';
import type { Terminals } from './inverter.ts';
import type { Machine } from './machine.ts';
import { createRevertTimer, type RevertTimer, stepRevertTimer } from './revert-timer.ts';
import { createTripRelay, resetTripRelay, stepTripRelay, type TripRelay } from './trip-relay.ts';

export interface Hydro extends Machine {
  state: 'stopped' | 'starting' | 'running' | 'fault';
  run: boolean;
  limitW: number;
  readonly revert: RevertTimer;
  waitS: number;
  generatedWh: number;
  readonly relay: TripRelay;
}

const ENTER_SERVICE_S = 30;
const GATE_TIME_S = 3;

export function createHydro(ratedW: number, settings: NonNullable<Simulation['hydro']>, trip: TripProfile, nominalHz: number): Hydro {
  return {
    ratedW,
    inertiaS: settings.inertiaS,
    droopPercent: settings.droopPercent,
    timeConstantS: GATE_TIME_S,
    setpointW: 0,
    // Just above nominal, so that the stream is used fully until the frequency is high.
    referenceHz: nominalHz + 0.05,
    trimHz: 0,
    minW: 0,
    maxW: ratedW,
    mechanicalW: 0,
    electricalW: 0,
    online: false,
    state: 'running',
    run: true,
    limitW: ratedW,
    revert: createRevertTimer(60),
    waitS: 0,
    generatedWh: 0,
    relay: createTripRelay(trip),
  };
}

export function prepareHydro(hydro: Hydro, terminals: Terminals, availableW: number, dtS: number): void {
  if (stepRevertTimer(hydro.revert, dtS)) hydro.limitW = hydro.ratedW;
  hydro.maxW = Math.min(availableW, hydro.limitW);
  hydro.setpointW = hydro.maxW;
  if (!terminals.alive || !hydro.run) {
    leave(hydro, 'stopped');
    return;
  }
  if (hydro.state === 'running') {
    if (stepTripRelay(hydro.relay, terminals.frequencyHz, terminals.voltagePu, dtS)) leave(hydro, 'fault');
    return;
  }
  hydro.state = 'starting';
  hydro.waitS += dtS;
  if (hydro.waitS >= ENTER_SERVICE_S) hydro.state = 'running';
}

function leave(hydro: Hydro, state: 'stopped' | 'fault'): void {
  hydro.state = state;
  hydro.waitS = 0;
  hydro.online = false;
  hydro.mechanicalW = 0;
  hydro.electricalW = 0;
  resetTripRelay(hydro.relay);
}

export function bookHydro(hydro: Hydro, dtPlantS: number): void {
  hydro.generatedWh += (Math.max(0, hydro.electricalW) * dtPlantS) / 3600;
}
