/** Networks for tests and benchmarks: made from a seed, so that a failure can be repeated. */
import type { Network, NetworkBranch, NetworkBus } from './network.ts';

/** mulberry32: a small seeded generator of numbers in [0, 1). */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

export interface RandomNetworkOptions {
  readonly buses: number;
  /** Branches beyond a tree; they close loops. */
  readonly extraBranches: number;
  readonly seed: number;
  readonly baseVA?: number;
  /** Total load; spread unevenly. */
  readonly loadW: number;
  /** How far back a new bus may attach: 1 makes one long string, `buses` a bushy tree. */
  readonly reach?: number;
  /** Series impedance of a branch, about, in per unit. */
  readonly impedancePu: number;
  /** Share of branches that are transformers with a tap. Default 0.1; they add up along a long string. */
  readonly tapShare?: number;
  /** Largest charging at either end of a branch. Default 0.001. */
  readonly chargingPu?: number;
  /** Largest capacitor at a bus; one bus in ten has one. Default 0.01. */
  readonly capacitorPu?: number;
}

/** A tree grown bus by bus, plus loops; bus 0 is the slack at 1.02 pu. */
export const randomNetwork = (options: RandomNetworkOptions): Network => {
  const random = seededRandom(options.seed);
  const baseVA = options.baseVA ?? 1e6;
  const reach = options.reach ?? options.buses;
  const capacitorPu = options.capacitorPu ?? 0.01;
  const chargingPu = options.chargingPu ?? 0.001;
  const shares = Array.from({ length: options.buses }, (_, i) => (i === 0 ? 0 : random() ** 2));
  const totalShare = shares.reduce((a, b) => a + b, 0) || 1;
  const buses = shares.map((share, i): NetworkBus => {
    const activePowerW = (share / totalShare) * options.loadW * (random() < 0.15 ? -0.5 : 1);
    return {
      id: `b${i}`,
      nominalVoltageV: 400,
      activePowerW,
      reactivePowerVar: activePowerW * 0.3 * random(),
      shuntConductancePu: 0,
      shuntSusceptancePu: random() < 0.1 ? capacitorPu * random() : 0,
    };
  });
  const branch = (id: string, from: number, to: number): NetworkBranch => ({
    id,
    kind: 'line',
    from,
    to,
    r: options.impedancePu * (0.5 + random()),
    x: options.impedancePu * (0.2 + random()),
    gFrom: 0,
    bFrom: chargingPu * random(),
    gTo: 0,
    bTo: chargingPu * random(),
    ratio: random() < (options.tapShare ?? 0.1) ? 0.975 + 0.05 * random() : 1,
    shiftRad: 0,
    closed: true,
    ratedA: null,
    ratedVA: null,
  });
  const branches: NetworkBranch[] = [];
  for (let i = 1; i < options.buses; i += 1) {
    const parent = Math.max(0, i - 1 - Math.floor(random() * Math.min(reach, i)));
    branches.push(random() < 0.5 ? branch(`t${i}`, parent, i) : branch(`t${i}`, i, parent));
  }
  for (let k = 0; k < options.extraBranches; k += 1) {
    const from = Math.floor(random() * options.buses);
    const to = (from + 1 + Math.floor(random() * (options.buses - 1))) % options.buses;
    branches.push(branch(`x${k}`, from, to));
  }
  return { baseVA, buses, branches, slack: [{ bus: 0, vmPu: 1.02, vaRad: 0 }] };
};
