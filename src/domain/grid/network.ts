/** The electrical network the power flow works on: bus and branch tables in per unit, ends as indices. Plain data. */
import type { FeederBranchPu, FeederCase, FeederLine, FeederTransformer } from './feeder-case.ts';

export interface NetworkBus {
  readonly id: string;
  /** Nominal line-to-line voltage. */
  readonly nominalVoltageV: number;
  /** Positive is consumption. */
  readonly activePowerW: number;
  readonly reactivePowerVar: number;
  /** Shunt admittance to earth on the network's base; susceptance positive when capacitive. */
  readonly shuntConductancePu: number;
  readonly shuntSusceptancePu: number;
}

/** A pi branch on the base of its two buses; an ideal `ratio` (and phase shift) sits on the from side. */
export interface NetworkBranch {
  readonly id: string;
  readonly kind: 'line' | 'transformer';
  /** Bus indices. */
  readonly from: number;
  readonly to: number;
  readonly r: number;
  readonly x: number;
  readonly gFrom: number;
  readonly bFrom: number;
  readonly gTo: number;
  readonly bTo: number;
  readonly ratio: number;
  readonly shiftRad: number;
  readonly closed: boolean;
  /** Thermal rating, where known: lines in ampere, transformers in volt-ampere. */
  readonly ratedA: number | null;
  readonly ratedVA: number | null;
}

export interface Slack {
  readonly bus: number;
  readonly vmPu: number;
  readonly vaRad: number;
}

export interface Network {
  readonly baseVA: number;
  readonly buses: readonly NetworkBus[];
  readonly branches: readonly NetworkBranch[];
  readonly slack: readonly Slack[];
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/**
 * Builds the network of a parsed case. `branchesPu` is taken where it tells an element, the SI lists for the rest, so the branch order is
 * that of `branchesPu`, then remaining lines, then remaining transformers.
 */
export const networkFromCase = (feeder: FeederCase): Network => {
  const baseVA = feeder.baseMVA * 1e6;
  const indexOf = new Map(feeder.buses.map((bus, index) => [bus.id, index]));
  const at = (id: string): number => {
    const index = indexOf.get(id);
    if (index === undefined) throw new RangeError(`bus "${id}" is not in the case: parse it with parseFeederCase first`);
    return index;
  };
  const lines = new Map((feeder.lines ?? []).map((l) => [l.id, l]));
  const transformers = new Map((feeder.transformers ?? []).map((t) => [t.id, t]));

  const fromPu = (b: FeederBranchPu): NetworkBranch => {
    const kind = b.kind ?? 'line';
    const transformer = kind === 'transformer' ? transformers.get(b.id) : undefined;
    return {
      id: b.id,
      kind,
      from: at(b.from),
      to: at(b.to),
      r: b.r,
      x: b.x,
      gFrom: b.gFrom ?? 0,
      bFrom: b.bFrom ?? 0,
      gTo: b.gTo ?? 0,
      bTo: b.bTo ?? 0,
      ratio: b.ratio ?? 1,
      shiftRad: radians(b.shiftDeg ?? 0),
      closed: b.closed ?? true,
      ratedA: kind === 'line' ? (lines.get(b.id)?.ratedA ?? null) : null,
      ratedVA: transformer === undefined ? null : transformer.snKva * 1e3 * (transformer.parallel ?? 1),
    };
  };
  const perUnit = feeder.branchesPu ?? [];
  const told = new Set(perUnit.map((b) => `${b.kind ?? 'line'} ${b.id}`));
  const voltageKv = (id: string): number => feeder.buses[at(id)]?.vnKv ?? Number.NaN;

  return {
    baseVA,
    buses: feeder.buses.map((bus) => ({
      id: bus.id,
      nominalVoltageV: bus.vnKv * 1e3,
      activePowerW: bus.pKw * 1e3,
      reactivePowerVar: bus.qKvar * 1e3,
      shuntConductancePu: ((bus.gKw ?? 0) * 1e3) / baseVA,
      shuntSusceptancePu: ((bus.bKvar ?? 0) * 1e3) / baseVA,
    })),
    branches: [
      ...perUnit.map(fromPu),
      ...[...lines.values()]
        .filter((l) => !told.has(`line ${l.id}`))
        .map((l) => lineBranch(l, at(l.from), at(l.to), voltageKv(l.from), voltageKv(l.to), feeder.baseMVA)),
      ...[...transformers.values()]
        .filter((t) => !told.has(`transformer ${t.id}`))
        .map((t) => transformerBranch(t, at(t.hv), at(t.lv), voltageKv(t.hv), voltageKv(t.lv), feeder.baseMVA)),
    ],
    slack: feeder.slack.map((s) => ({ bus: at(s.bus), vmPu: s.vmPu, vaRad: radians(s.vaDeg ?? 0) })),
  };
};

/** A line between buses of different nominal voltage is brought to per unit with an ideal ratio between the two bases. */
const lineBranch = (line: FeederLine, from: number, to: number, fromKv: number, toKv: number, baseMVA: number): NetworkBranch => {
  const baseOhm = (toKv * toKv) / baseMVA;
  const chargingPu = ((line.bUs ?? 0) * 1e-6 * baseOhm) / 2;
  return {
    id: line.id,
    kind: 'line',
    from,
    to,
    r: line.rOhm / baseOhm,
    x: line.xOhm / baseOhm,
    gFrom: 0,
    bFrom: chargingPu,
    gTo: 0,
    bTo: chargingPu,
    ratio: toKv / fromKv,
    shiftRad: 0,
    closed: line.closed ?? true,
    ratedA: line.ratedA ?? null,
    ratedVA: null,
  };
};

/**
 * T equivalent (iron branch in the middle of the series impedance), turned into a pi by star-delta; series impedance on the rated LV
 * voltage; the tap changes the rated voltage of its own side. The vector group's shift is ignored, as in SimBench's published results.
 */
const transformerBranch = (t: FeederTransformer, from: number, to: number, hvKv: number, lvKv: number, baseMVA: number): NetworkBranch => {
  const parallel = t.parallel ?? 1;
  const tap = 1 + (((t.tapPos ?? 0) - (t.tapNeutral ?? 0)) * (t.tapStepPercent ?? 0)) / 100;
  const ratedHvKv = t.vnHvKv * (t.tapSide === 'hv' ? tap : 1);
  const ratedLvKv = t.vnLvKv * (t.tapSide === 'lv' ? tap : 1);
  const ratedMVA = t.snKva / 1e3;
  // Per unit of the rating, on the rated LV voltage, brought to the bus base.
  const toBase = ((ratedLvKv / lvKv) ** 2 * baseMVA) / ratedMVA / parallel;
  const r = (t.vkrPercent / 100) * toBase;
  const x = Math.sqrt((t.vkPercent / 100) ** 2 - (t.vkrPercent / 100) ** 2) * toBase;
  const ironConductance = (t.pfeKw ?? 0) / t.snKva;
  const ironSusceptance = -Math.sqrt(Math.max(0, ((t.i0Percent ?? 0) / 100) ** 2 - ironConductance ** 2));
  const g = ironConductance / toBase;
  const b = ironSusceptance / toBase;
  const pi = piOfT(r, x, g, b);
  return {
    id: t.id,
    kind: 'transformer',
    from,
    to,
    ...pi,
    ratio: ratedHvKv / ratedLvKv / (hvKv / lvKv),
    shiftRad: 0,
    closed: t.closed ?? true,
    ratedA: null,
    ratedVA: t.snKva * 1e3 * parallel,
  };
};

/** T with z/2 on both sides and y = g + jb in the middle: series z' = z (1 + z y / 4), each shunt y' = (y / 2) / (1 + z y / 4). */
const piOfT = (r: number, x: number, g: number, b: number): Pick<NetworkBranch, 'r' | 'x' | 'gFrom' | 'bFrom' | 'gTo' | 'bTo'> => {
  const re = 1 + (r * g - x * b) / 4;
  const im = (r * b + x * g) / 4;
  const norm = re * re + im * im;
  const shuntG = (g * re + b * im) / 2 / norm;
  const shuntB = (b * re - g * im) / 2 / norm;
  return { r: r * re - x * im, x: r * im + x * re, gFrom: shuntG, bFrom: shuntB, gTo: shuntG, bTo: shuntB };
};

export const busIndexById = (network: Pick<Network, 'buses'>): Map<string, number> => new Map(network.buses.map((b, i) => [b.id, i]));

export const branchIndexById = (network: Pick<Network, 'branches'>): Map<string, number> =>
  new Map(network.branches.map((b, i) => [b.id, i]));
