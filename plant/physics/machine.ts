/**
 * What the battery's inverter, the genset and the hydro set have in common: they take part in the swing of an island.
 * A governor (or virtual governor) moves `mechanicalW` along its droop line; electrical power adds the share of inertia.
 * Powers here are generation, positive W; a charging battery is negative.
 */
export interface Machine {
  readonly ratedW: number;
  readonly inertiaS: number;
  readonly droopPercent: number;
  readonly timeConstantS: number;
  /** Set-point of the droop line at its reference frequency. */
  setpointW: number;
  referenceHz: number;
  /** Raise/lower pulses of the synchroniser, on an island only. */
  trimHz: number;
  minW: number;
  maxW: number;
  mechanicalW: number;
  electricalW: number;
  /** Takes part now: running, its switch closed, its bus alive. */
  online: boolean;
}

/** Frequency deviations a machine ignores while the main grid holds the frequency. */
export const GRID_DEADBAND_HZ = 0.05;

/** Power the droop line asks for at a frequency, inside the machine's limits. */
export function droopTargetW(machine: Machine, frequencyHz: number, nominalHz: number, onGrid: boolean): number {
  let deviation = frequencyHz - machine.referenceHz - (onGrid ? 0 : machine.trimHz);
  if (onGrid) deviation = Math.sign(deviation) * Math.max(0, Math.abs(deviation) - GRID_DEADBAND_HZ);
  const target = machine.setpointW - (deviation / ((machine.droopPercent / 100) * nominalHz)) * machine.ratedW;
  return Math.min(machine.maxW, Math.max(machine.minW, target));
}

export function stepGovernor(machine: Machine, targetW: number, dtS: number): void {
  machine.mechanicalW += ((targetW - machine.mechanicalW) * dtS) / (machine.timeConstantS + dtS);
}
