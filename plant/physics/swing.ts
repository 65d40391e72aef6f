/**
 * The frequency of one electrical island, as one mass: df/dt = f0 / (2·ΣHS) · (ΣPmech − Pload·(1 + D·Δf)), with a governor per machine.
 * Sub-stepped at 10 ms, because a battery inverter answers within 100-200 ms. (Kundur, Power System Stability and Control, 11.1.)
 */
import { droopTargetW, type Machine, stepGovernor } from './machine.ts';

const SUBSTEP_S = 0.01;

export interface SwingInput {
  readonly nominalHz: number;
  readonly loadDampingPerHz: number;
  /** Load plus losses minus what follows the grid (PV, wind), at nominal frequency, W. */
  readonly demandW: number;
  /** The part of it that varies with frequency (the loads), W. */
  readonly dampedLoadW: number;
}

/** Moves frequency and machines by `dtS`; returns the new frequency. Machines share the remaining imbalance by inertia. */
export function stepIsland(machines: readonly Machine[], frequencyHz: number, input: SwingInput, dtS: number): number {
  const momentum = machines.reduce((sum, m) => sum + m.inertiaS * m.ratedW, 0);
  if (momentum <= 0) return 0;
  let f = frequencyHz;
  const n = Math.max(1, Math.round(dtS / SUBSTEP_S));
  const h = dtS / n;
  let demandW = input.demandW;
  for (let i = 0; i < n; i++) {
    for (const m of machines) stepGovernor(m, droopTargetW(m, f, input.nominalHz, false), h);
    const mechanicalW = machines.reduce((sum, m) => sum + m.mechanicalW, 0);
    demandW = demandAt(f, input);
    f += ((mechanicalW - demandW) * input.nominalHz * h) / (2 * momentum);
    if (!(f > 0)) return 0;
  }
  const imbalanceW = demandW - machines.reduce((sum, m) => sum + m.mechanicalW, 0);
  for (const m of machines) m.electricalW = m.mechanicalW + (imbalanceW * m.inertiaS * m.ratedW) / momentum;
  return f;
}

/** On the main grid the frequency is given; machines follow their set-points with a dead band. */
export function stepOnGrid(machines: readonly Machine[], frequencyHz: number, nominalHz: number, dtS: number): void {
  for (const m of machines) {
    stepGovernor(m, droopTargetW(m, frequencyHz, nominalHz, true), dtS);
    m.electricalW = m.mechanicalW;
  }
}

export function demandAt(frequencyHz: number, input: SwingInput): number {
  return input.demandW + input.dampedLoadW * input.loadDampingPerHz * (frequencyHz - input.nominalHz);
}
