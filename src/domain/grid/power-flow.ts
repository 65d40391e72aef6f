// biome-ignore-all lint/style/noNonNullAssertion: every index into these typed arrays is within them by construction
/**
 * AC power flow by Newton's method in polar coordinates (unknowns: angle and logarithm of voltage), for radial and meshed networks with any
 * number of islands and slack buses. Loads are constant power.
 *
 * Made to be solved again and again: the elimination order and every update of the factorisation are found once, switching a branch that
 * was ever closed only changes numbers, each solve starts from the last voltages, and no solve allocates.
 *
 * Positive bus power is consumption; slack power is positive when the source feeds the network.
 */
import { admittancesOf } from './admittance.ts';
import {
  analysePattern,
  type BlockMatrix,
  type BlockPattern,
  createBlockMatrix,
  edgeBetween,
  factorise,
  solveFactorised,
} from './block-lu.ts';
import type { Network, Slack } from './network.ts';
import { adjacencyOf } from './topology.ts';

export interface PowerFlowOptions {
  /** Largest mismatch at any bus that counts as solved. Default: 1e-10 of the network's base, or what doubles can resolve if that is more. */
  readonly toleranceVA?: number;
  /** Newton steps before giving up. Default 30. */
  readonly maxIterations?: number;
}

/** One object, reused by every solve of its power flow: copy what you keep. */
export interface PowerFlowResult {
  /** False when no solution was found: then every voltage and flow is NaN. */
  converged: boolean;
  iterations: number;
  maxMismatchPu: number;
  /** Per bus: 1 when a source reaches it. */
  readonly energised: Uint8Array;
  /** Per bus: island number, -1 when dead. */
  readonly island: Int32Array;
  islandCount: number;
  /** Per bus; NaN when dead. */
  readonly vmPu: Float64Array;
  readonly vaRad: Float64Array;
  /** Per branch, into the branch at each end; 0 when it is open or dead. */
  readonly pFromW: Float64Array;
  readonly qFromVar: Float64Array;
  readonly pToW: Float64Array;
  readonly qToVar: Float64Array;
  readonly iFromA: Float64Array;
  readonly iToA: Float64Array;
  readonly lossW: Float64Array;
  totalLossW: number;
  totalLossVar: number;
  /** Per entry of the slack list of this solve; positive when the source feeds the network. */
  slackPowerW: Float64Array;
  slackPowerVar: Float64Array;
}

export interface PowerFlow {
  /** Net power drawn at a bus; positive is consumption. */
  setBusPower(busIndex: number, activePowerW: number, reactivePowerVar: number): void;
  setSwitch(branchIndex: number, closed: boolean): void;
  /** Solves for the given sources (default: the network's own). Never throws for an electrical reason. */
  solve(slack?: readonly Slack[]): PowerFlowResult;
  /** Forgets the last voltages: the next solve starts flat. */
  forget(): void;
}

const FREE = 0;
const HELD = 1;
const DEAD = 2;

/** A full Newton step may worsen the mismatch; it is then halved, at most this often. */
const MAX_HALVINGS = 10;

/** A mismatch is a sum of terms as large as the largest admittance: below some ulps of that it is noise. */
const roundingFloor = (admittances: Float64Array): number => {
  let largest = 0;
  for (const value of admittances) largest = Math.max(largest, Math.abs(value));
  return 64 * Number.EPSILON * largest;
};

export const createPowerFlow = (network: Network, options: PowerFlowOptions = {}): PowerFlow => {
  const busCount = network.buses.length;
  const branchCount = network.branches.length;
  const { baseVA } = network;
  const { from, to, y, ratio, shiftRad, shunt } = admittancesOf(network);
  const tolerance = Math.max((options.toleranceVA ?? baseVA * 1e-10) / baseVA, roundingFloor(y));
  const maxIterations = options.maxIterations ?? 30;
  const adjacency = adjacencyOf(busCount, from, to);
  const amperePerPu = Float64Array.from(network.buses, (b) => baseVA / (Math.sqrt(3) * b.nominalVoltageV));

  const closed = Uint8Array.from(network.branches, (b) => Number(b.closed));
  const demandP = Float64Array.from(network.buses, (b) => b.activePowerW / baseVA);
  const demandQ = Float64Array.from(network.buses, (b) => b.reactivePowerVar / baseVA);

  // State per bus. v, angle: polar; re, im: the same voltage, rectangular.
  const role = new Uint8Array(busCount).fill(DEAD);
  const v = new Float64Array(busCount);
  const angle = new Float64Array(busCount);
  const re = new Float64Array(busCount);
  const im = new Float64Array(busCount);
  const triedV = new Float64Array(busCount);
  const triedAngle = new Float64Array(busCount);
  /** Sum of closed branch admittances and the shunt. */
  const ownG = new Float64Array(busCount);
  const ownB = new Float64Array(busCount);
  const calculatedP = new Float64Array(busCount);
  const calculatedQ = new Float64Array(busCount);
  /** Per branch: V_f conj(y_ft V_t) and V_t conj(y_tf V_f). */
  const mutual = new Float64Array(branchCount * 4);
  const queue = new Int32Array(busCount);
  const step = new Float64Array(busCount * 2);

  // The pattern covers every branch that was ever closed; closing another one extends it.
  const inPattern = new Uint8Array(branchCount);
  const branchEdge = new Int32Array(branchCount);
  let pattern: BlockPattern | null = null;
  let matrix: BlockMatrix = { diagonal: new Float64Array(0), upper: new Float64Array(0), lower: new Float64Array(0) };
  let topologyStale = true;
  let warm = false;
  let heldBuses: number[] = [];

  const result: PowerFlowResult = {
    converged: false,
    iterations: 0,
    maxMismatchPu: Number.NaN,
    energised: new Uint8Array(busCount),
    island: new Int32Array(busCount).fill(-1),
    islandCount: 0,
    vmPu: new Float64Array(busCount),
    vaRad: new Float64Array(busCount),
    pFromW: new Float64Array(branchCount),
    qFromVar: new Float64Array(branchCount),
    pToW: new Float64Array(branchCount),
    qToVar: new Float64Array(branchCount),
    iFromA: new Float64Array(branchCount),
    iToA: new Float64Array(branchCount),
    lossW: new Float64Array(branchCount),
    totalLossW: 0,
    totalLossVar: 0,
    slackPowerW: new Float64Array(network.slack.length),
    slackPowerVar: new Float64Array(network.slack.length),
  };

  const extendPattern = (): void => {
    const used: number[] = [];
    for (let k = 0; k < branchCount; k += 1) {
      if (closed[k]) inPattern[k] = 1;
      if (inPattern[k]) used.push(k);
    }
    const analysed = analysePattern(
      busCount,
      used.map((k) => from[k]!),
      used.map((k) => to[k]!),
    );
    for (const k of used) {
      const f = analysed.position[from[k]!]!;
      const t = analysed.position[to[k]!]!;
      branchEdge[k] = edgeBetween(analysed, Math.min(f, t), Math.max(f, t));
    }
    pattern = analysed;
    matrix = createBlockMatrix(analysed);
  };

  /** Finds islands and dead buses, sums own admittances and gives newly energised buses a first voltage from the bus that feeds them. */
  const updateTopology = (slack: readonly Slack[]): void => {
    const before = role.slice();
    role.fill(DEAD);
    result.island.fill(-1);
    heldBuses = [];
    for (const s of slack) {
      if (!Number.isInteger(s.bus) || s.bus < 0 || s.bus >= busCount)
        throw new RangeError(`slack bus ${s.bus} is not a bus of this network`);
      if (role[s.bus] === HELD) throw new RangeError(`bus "${network.buses[s.bus]?.id}" is named as slack twice`);
      role[s.bus] = HELD;
      heldBuses.push(s.bus);
    }
    let islands = 0;
    for (const s of slack) {
      if (result.island[s.bus] !== -1) continue;
      const id = islands;
      islands += 1;
      let tail = 0;
      queue[tail++] = s.bus;
      result.island[s.bus] = id;
      v[s.bus] = s.vmPu;
      angle[s.bus] = s.vaRad;
      for (let head = 0; head < tail; head += 1) {
        const bus = queue[head]!;
        for (let e = adjacency.start[bus]!; e < adjacency.start[bus + 1]!; e += 1) {
          const k = adjacency.branch[e]!;
          const far = adjacency.other[e]!;
          if (!closed[k] || result.island[far] !== -1) continue;
          result.island[far] = id;
          queue[tail++] = far;
          if (role[far] === HELD) continue;
          role[far] = FREE;
          if (warm && before[far] === FREE) continue;
          const forward = from[k] === bus;
          v[far] = forward ? v[bus]! / ratio[k]! : v[bus]! * ratio[k]!;
          angle[far] = forward ? angle[bus]! - shiftRad[k]! : angle[bus]! + shiftRad[k]!;
        }
      }
    }
    result.islandCount = islands;
    for (let i = 0; i < busCount; i += 1) {
      result.energised[i] = role[i] === DEAD ? 0 : 1;
      ownG[i] = shunt[2 * i]!;
      ownB[i] = shunt[2 * i + 1]!;
      if (role[i] === DEAD) v[i] = 0;
    }
    let missing = pattern === null;
    for (let k = 0; k < branchCount; k += 1) {
      if (!closed[k]) continue;
      if (!inPattern[k]) missing = true;
      ownG[from[k]!]! += y[8 * k]!;
      ownB[from[k]!]! += y[8 * k + 1]!;
      ownG[to[k]!]! += y[8 * k + 6]!;
      ownB[to[k]!]! += y[8 * k + 7]!;
    }
    if (missing) extendPattern();
    topologyStale = false;
  };

  /** Calculated power at every bus for the present v and angle; returns the largest mismatch of the free buses. */
  let squaredMismatch = 0;
  const evaluate = (): number => {
    for (let i = 0; i < busCount; i += 1) {
      const vi = v[i]!;
      re[i] = vi * Math.cos(angle[i]!);
      im[i] = vi * Math.sin(angle[i]!);
      calculatedP[i] = vi * vi * ownG[i]!;
      calculatedQ[i] = -vi * vi * ownB[i]!;
    }
    for (let k = 0; k < branchCount; k += 1) {
      if (!closed[k]) continue;
      const f = from[k]!;
      const t = to[k]!;
      const ef = re[f]!;
      const ff = im[f]!;
      const et = re[t]!;
      const ft = im[t]!;
      // V_f conj(V_t) = c + j s, and its mirror c - j s.
      const c = ef * et + ff * ft;
      const s = ff * et - ef * ft;
      const at = 8 * k;
      const pf = c * y[at + 2]! + s * y[at + 3]!;
      const qf = s * y[at + 2]! - c * y[at + 3]!;
      const pt = c * y[at + 4]! - s * y[at + 5]!;
      const qt = -s * y[at + 4]! - c * y[at + 5]!;
      mutual[4 * k] = pf;
      mutual[4 * k + 1] = qf;
      mutual[4 * k + 2] = pt;
      mutual[4 * k + 3] = qt;
      calculatedP[f]! += pf;
      calculatedQ[f]! += qf;
      calculatedP[t]! += pt;
      calculatedQ[t]! += qt;
    }
    let worst = 0;
    squaredMismatch = 0;
    for (let i = 0; i < busCount; i += 1) {
      if (role[i] !== FREE) continue;
      const p = demandP[i]! + calculatedP[i]!;
      const q = demandQ[i]! + calculatedQ[i]!;
      squaredMismatch += p * p + q * q;
      const larger = Math.max(Math.abs(p), Math.abs(q));
      if (!(larger <= worst)) worst = larger;
    }
    return worst;
  };

  /** Writes the Jacobian and the right-hand side, and solves for the step. False when the Jacobian is singular. */
  const newtonStep = (blocks: BlockPattern): boolean => {
    const { position } = blocks;
    const { diagonal, upper, lower } = matrix;
    upper.fill(0);
    lower.fill(0);
    for (let i = 0; i < busCount; i += 1) {
      const at = position[i]!;
      const d = 4 * at;
      if (role[i] !== FREE) {
        diagonal[d] = 1;
        diagonal[d + 1] = 0;
        diagonal[d + 2] = 0;
        diagonal[d + 3] = 1;
        step[2 * at] = 0;
        step[2 * at + 1] = 0;
        continue;
      }
      const square = v[i]! * v[i]!;
      const p = calculatedP[i]!;
      const q = calculatedQ[i]!;
      const g = square * ownG[i]!;
      const b = square * ownB[i]!;
      diagonal[d] = -q - b;
      diagonal[d + 1] = p + g;
      diagonal[d + 2] = p - g;
      diagonal[d + 3] = q - b;
      step[2 * at] = -demandP[i]! - p;
      step[2 * at + 1] = -demandQ[i]! - q;
    }
    for (let k = 0; k < branchCount; k += 1) {
      if (!closed[k]) continue;
      const f = from[k]!;
      const t = to[k]!;
      if (role[f] !== FREE || role[t] !== FREE) continue;
      const e = 4 * branchEdge[k]!;
      const fromFirst = position[f]! < position[t]!;
      const rowF = fromFirst ? upper : lower;
      const rowT = fromFirst ? lower : upper;
      const pf = mutual[4 * k]!;
      const qf = mutual[4 * k + 1]!;
      const pt = mutual[4 * k + 2]!;
      const qt = mutual[4 * k + 3]!;
      rowF[e]! += qf;
      rowF[e + 1]! += pf;
      rowF[e + 2]! -= pf;
      rowF[e + 3]! += qf;
      rowT[e]! += qt;
      rowT[e + 1]! += pt;
      rowT[e + 2]! -= pt;
      rowT[e + 3]! += qt;
    }
    if (!factorise(blocks, matrix)) return false;
    solveFactorised(blocks, matrix, step);
    return true;
  };

  /** Newton with halving of steps that do not help. Leaves the mismatch and the number of steps in `result`. */
  const iterate = (blocks: BlockPattern): boolean => {
    const { position } = blocks;
    let worst = evaluate();
    result.iterations = 0;
    while (!(worst <= tolerance)) {
      result.maxMismatchPu = worst;
      if (result.iterations >= maxIterations || !newtonStep(blocks)) return false;
      result.iterations += 1;
      const squaredBefore = squaredMismatch;
      triedV.set(v);
      triedAngle.set(angle);
      let factor = 1;
      for (let halving = 0; ; halving += 1) {
        for (let i = 0; i < busCount; i += 1) {
          if (role[i] !== FREE) continue;
          const at = 2 * position[i]!;
          const change = factor * step[at + 1]!;
          angle[i] = triedAngle[i]! + factor * step[at]!;
          v[i] = triedV[i]! * (change > -0.5 ? 1 + change : 0.5);
        }
        worst = evaluate();
        if (squaredMismatch < squaredBefore || worst <= tolerance) break;
        if (halving === MAX_HALVINGS) {
          result.maxMismatchPu = worst;
          return false;
        }
        factor /= 2;
      }
    }
    result.maxMismatchPu = worst;
    return true;
  };

  const flatStart = (slack: readonly Slack[]): void => {
    warm = false;
    updateTopology(slack);
  };

  const writeNothing = (): void => {
    for (const values of [
      result.vmPu,
      result.vaRad,
      result.pFromW,
      result.qFromVar,
      result.pToW,
      result.qToVar,
      result.iFromA,
      result.iToA,
      result.lossW,
    ]) {
      values.fill(Number.NaN);
    }
    result.slackPowerW.fill(Number.NaN);
    result.slackPowerVar.fill(Number.NaN);
    result.totalLossW = Number.NaN;
    result.totalLossVar = Number.NaN;
  };

  const writeSolution = (slack: readonly Slack[]): void => {
    for (let i = 0; i < busCount; i += 1) {
      const dead = role[i] === DEAD;
      result.vmPu[i] = dead ? Number.NaN : v[i]!;
      result.vaRad[i] = dead ? Number.NaN : angle[i]!;
    }
    let lossP = 0;
    let lossQ = 0;
    for (let k = 0; k < branchCount; k += 1) {
      const f = from[k]!;
      const t = to[k]!;
      if (!closed[k] || role[f] === DEAD) {
        result.pFromW[k] = result.qFromVar[k] = result.pToW[k] = result.qToVar[k] = 0;
        result.iFromA[k] = result.iToA[k] = result.lossW[k] = 0;
        continue;
      }
      const squareF = v[f]! * v[f]!;
      const squareT = v[t]! * v[t]!;
      const pf = squareF * y[8 * k]! + mutual[4 * k]!;
      const qf = -squareF * y[8 * k + 1]! + mutual[4 * k + 1]!;
      const pt = squareT * y[8 * k + 6]! + mutual[4 * k + 2]!;
      const qt = -squareT * y[8 * k + 7]! + mutual[4 * k + 3]!;
      result.pFromW[k] = pf * baseVA;
      result.qFromVar[k] = qf * baseVA;
      result.pToW[k] = pt * baseVA;
      result.qToVar[k] = qt * baseVA;
      result.iFromA[k] = (Math.sqrt(pf * pf + qf * qf) / v[f]!) * amperePerPu[f]!;
      result.iToA[k] = (Math.sqrt(pt * pt + qt * qt) / v[t]!) * amperePerPu[t]!;
      result.lossW[k] = (pf + pt) * baseVA;
      lossP += pf + pt;
      lossQ += qf + qt;
    }
    result.totalLossW = lossP * baseVA;
    result.totalLossVar = lossQ * baseVA;
    for (let n = 0; n < slack.length; n += 1) {
      const bus = slack[n]!.bus;
      result.slackPowerW[n] = (calculatedP[bus]! + demandP[bus]!) * baseVA;
      result.slackPowerVar[n] = (calculatedQ[bus]! + demandQ[bus]!) * baseVA;
    }
  };

  const sameSources = (slack: readonly Slack[]): boolean => {
    if (slack.length !== heldBuses.length) return false;
    for (let n = 0; n < slack.length; n += 1) if (slack[n]!.bus !== heldBuses[n]) return false;
    return true;
  };

  return {
    setBusPower(busIndex, activePowerW, reactivePowerVar) {
      if (!(busIndex >= 0 && busIndex < busCount)) throw new RangeError(`bus ${busIndex} is not a bus of this network`);
      demandP[busIndex] = activePowerW / baseVA;
      demandQ[busIndex] = reactivePowerVar / baseVA;
    },
    setSwitch(branchIndex, isClosed) {
      if (!(branchIndex >= 0 && branchIndex < branchCount)) throw new RangeError(`branch ${branchIndex} is not a branch of this network`);
      if (closed[branchIndex] === Number(isClosed)) return;
      closed[branchIndex] = Number(isClosed);
      topologyStale = true;
    },
    solve(slack = network.slack) {
      if (result.slackPowerW.length !== slack.length) {
        result.slackPowerW = new Float64Array(slack.length);
        result.slackPowerVar = new Float64Array(slack.length);
      }
      if (topologyStale || !sameSources(slack)) updateTopology(slack);
      const wasWarm = warm;
      if (!wasWarm) flatStart(slack);
      for (let n = 0; n < slack.length; n += 1) {
        v[slack[n]!.bus] = slack[n]!.vmPu;
        angle[slack[n]!.bus] = slack[n]!.vaRad;
      }
      let converged = iterate(pattern as unknown as BlockPattern);
      if (!converged && wasWarm) {
        flatStart(slack);
        for (let n = 0; n < slack.length; n += 1) {
          v[slack[n]!.bus] = slack[n]!.vmPu;
          angle[slack[n]!.bus] = slack[n]!.vaRad;
        }
        converged = iterate(pattern as unknown as BlockPattern);
      }
      warm = converged;
      result.converged = converged;
      if (converged) writeSolution(slack);
      else writeNothing();
      return result;
    },
    forget() {
      warm = false;
    },
  };
};
