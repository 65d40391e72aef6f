/**
 * The community battery: grid-supporting on the main grid, grid-forming on an island, black-start capable. Energy follows plant
 * time, power follows wall time. Losses on both ways and a standby draw from the cells.
 */
import type { Simulation } from '../simulation-file.ts';
import type { Machine } from './machine.ts';
import { createRevertTimer, type RevertTimer, stepRevertTimer } from './revert-timer.ts';

export interface Battery extends Machine {
  readonly capacityWh: number;
  readonly settings: NonNullable<Simulation['battery']>;
  storedWh: number;
  /** 'tripped' waits, then is ready again; a ready battery energises a dead bus. */
  state: 'ready' | 'tripped';
  tripS: number;
  setpointEnabled: boolean;
  requestedW: number;
  revertW: number;
  readonly revert: RevertTimer;
  /** Counted on the AC side, W·plant time. */
  chargedWh: number;
  dischargedWh: number;
  lostWh: number;
}

export const BATTERY_RESTART_S = 10;

export function createBattery(
  ratedW: number,
  capacityWh: number,
  settings: NonNullable<Simulation['battery']>,
  nominalHz: number,
): Battery {
  return {
    ratedW,
    capacityWh,
    settings,
    inertiaS: settings.virtualInertiaS,
    droopPercent: settings.droopPercent,
    timeConstantS: settings.timeConstantS,
    setpointW: 0,
    referenceHz: nominalHz,
    trimHz: 0,
    minW: -ratedW,
    maxW: ratedW,
    mechanicalW: 0,
    electricalW: 0,
    online: false,
    storedWh: (capacityWh * settings.initialSocPercent) / 100,
    state: 'ready',
    tripS: 0,
    setpointEnabled: false,
    requestedW: 0,
    revertW: 0,
    revert: createRevertTimer(30),
    chargedWh: 0,
    dischargedWh: 0,
    lostWh: 0,
  };
}

export function socPercent(battery: Battery): number {
  return (100 * battery.storedWh) / battery.capacityWh;
}

/** Timers and limits; before the swing step. */
export function prepareBattery(battery: Battery, dtS: number): void {
  if (stepRevertTimer(battery.revert, dtS)) battery.requestedW = battery.revertW;
  battery.setpointW = battery.setpointEnabled ? clamp(battery.requestedW, -battery.ratedW, battery.ratedW) : 0;
  const soc = socPercent(battery);
  // The last percent is approached gently, so that a full or empty battery does not leave the island within one step.
  battery.maxW = battery.ratedW * clamp(soc - battery.settings.socMinPercent, 0, 1);
  battery.minW = -battery.ratedW * clamp(battery.settings.socMaxPercent - soc, 0, 1);
  if (battery.state === 'tripped') {
    battery.tripS += dtS;
    if (battery.tripS >= BATTERY_RESTART_S) battery.state = 'ready';
  }
}

export function tripBattery(battery: Battery): void {
  battery.state = 'tripped';
  battery.tripS = 0;
  battery.online = false;
  battery.mechanicalW = 0;
  battery.electricalW = 0;
}

/** True when it can hold an island up by itself. */
export function canForm(battery: Battery): boolean {
  return battery.state === 'ready' && socPercent(battery) > battery.settings.socMinPercent + 0.05;
}

/** Books the energy of this step on the cells: AC power through the one-way efficiencies, plus the standby draw. */
export function bookBattery(battery: Battery, dtPlantS: number): void {
  const { settings } = battery;
  const acWh = (battery.electricalW * dtPlantS) / 3600;
  const cellWh = acWh > 0 ? -acWh / settings.dischargeEfficiency : -acWh * settings.chargeEfficiency;
  const standbyWh = Math.min((settings.standbyW * dtPlantS) / 3600, Math.max(0, battery.storedWh));
  const before = battery.storedWh;
  battery.storedWh = clamp(battery.storedWh + cellWh - standbyWh, 0, battery.capacityWh);
  if (acWh > 0) battery.dischargedWh += acWh;
  else battery.chargedWh -= acWh;
  battery.lostWh += before - battery.storedWh - acWh;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
