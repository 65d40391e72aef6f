/** Branch admittances of a network in flat arrays: what a power flow reads in its inner loop. */
import type { Network } from './network.ts';

export interface BranchAdmittances {
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Per branch eight numbers: yff, yft, ytf, ytt as (conductance, susceptance) in per unit. */
  readonly y: Float64Array;
  /** Per branch the ideal ratio a and its inverse as complex numbers: V_from is about a V_to. For a first guess of voltages. */
  readonly ideal: Float64Array;
  /** Per bus: shunt conductance and susceptance. */
  readonly shunt: Float64Array;
}

export const admittancesOf = (network: Network): BranchAdmittances => {
  const branchCount = network.branches.length;
  const y = new Float64Array(branchCount * 8);
  network.branches.forEach((branch, k) => {
    const norm = branch.r * branch.r + branch.x * branch.x;
    if (!(norm > 0) || !Number.isFinite(norm)) throw new RangeError(`branch "${branch.id}" has no impedance: merge its two buses instead`);
    if (!(branch.ratio > 0)) throw new RangeError(`branch "${branch.id}" has ratio ${branch.ratio}: it must be above 0`);
    const g = branch.r / norm;
    const b = -branch.x / norm;
    const square = branch.ratio * branch.ratio;
    const cos = Math.cos(branch.shiftRad) / branch.ratio;
    const sin = Math.sin(branch.shiftRad) / branch.ratio;
    // The ideal ratio a = ratio e^(j shift) sits on the from side: yff = (y + yFrom)/|a|^2, yft = -y/conj(a), ytf = -y/a.
    y.set(
      [
        (g + branch.gFrom) / square,
        (b + branch.bFrom) / square,
        -(g * cos - b * sin),
        -(b * cos + g * sin),
        -(g * cos + b * sin),
        -(b * cos - g * sin),
        g + branch.gTo,
        b + branch.bTo,
      ],
      k * 8,
    );
  });
  const shunt = new Float64Array(network.buses.length * 2);
  network.buses.forEach((bus, i) => {
    shunt[2 * i] = bus.shuntConductancePu;
    shunt[2 * i + 1] = bus.shuntSusceptancePu;
  });
  return {
    from: Int32Array.from(network.branches, (b) => b.from),
    to: Int32Array.from(network.branches, (b) => b.to),
    y,
    ideal: Float64Array.from(
      network.branches.flatMap((b) => [
        b.ratio * Math.cos(b.shiftRad),
        b.ratio * Math.sin(b.shiftRad),
        Math.cos(b.shiftRad) / b.ratio,
        -Math.sin(b.shiftRad) / b.ratio,
      ]),
    ),
    shunt,
  };
};
