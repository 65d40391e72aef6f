// biome-ignore-all lint/style/noNonNullAssertion: every index into these typed arrays is within them by construction
/**
 * AC power flow by Newton's method, for radial and meshed networks with any number of islands and slack buses. Loads are constant power.
 *
 * The unknown at a bus is the relative change of its complex voltage: its parts are what polar coordinates call the change of the logarithm
 * and of the angle, so the Jacobian is the polar one, but no step needs a sine. A flat start is first bettered by two sweeps along the
 * tree that feeds the buses, which brings a distribution feeder within two or three Newton steps of its operating point.
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
  /** Newton steps of one attempt before giving up. Default 30. */
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

/** Plain Newton either converges within a few steps or not at all. */
const PLAIN_STEPS = 10;

/** Sweeps before a plain Newton attempt from a flat start. */
const FIRST_SWEEPS = 2;

/** A damped step that worsens the mismatch is halved, at most this often. */
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
  const { from, to, y, ideal, shunt } = admittancesOf(network);
  const tolerance = Math.max((options.toleranceVA ?? baseVA * 1e-10) / baseVA, roundingFloor(y));
  const maxIterations = options.maxIterations ?? 30;
  const adjacency = adjacencyOf(busCount, from, to);
  const amperePerPu = Float64Array.from(network.buses, (b) => baseVA / (Math.sqrt(3) * b.nominalVoltageV));

  const closed = Uint8Array.from(network.branches, (b) => Number(b.closed));
  const demandP = Float64Array.from(network.buses, (b) => b.activePowerW / baseVA);
  const demandQ = Float64Array.from(network.buses, (b) => b.reactivePowerVar / baseVA);

  const role = new Uint8Array(busCount).fill(DEAD);
  /** Complex voltage per bus, and where a Newton step began. */
  const re = new Float64Array(busCount);
  const im = new Float64Array(busCount);
  const reBefore = new Float64Array(busCount);
  const imBefore = new Float64Array(busCount);
  /** Sum of closed branch admittances and the shunt. */
  const ownG = new Float64Array(busCount);
  const ownB = new Float64Array(busCount);
  const calculatedP = new Float64Array(busCount);
  const calculatedQ = new Float64Array(busCount);
  /** Per branch: V_f conj(y_ft V_t) and V_t conj(y_tf V_f). */
  const mutual = new Float64Array(branchCount * 4);
  /** Energised buses from the sources outwards, and the branch each was reached by (-1 at a source). */
  const reachOrder = new Int32Array(busCount);
  const feeder = new Int32Array(busCount);
  /** 1 where `re` and `im` are worth starting from. */
  const hasVoltage = new Uint8Array(busCount);
  let reached = 0;
  const step = new Float64Array(busCount * 2);
  const currentRe = new Float64Array(busCount);
  const currentIm = new Float64Array(busCount);

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

  const holdSources = (slack: readonly Slack[]): void => {
    for (let n = 0; n < slack.length; n += 1) {
      const s = slack[n]!;
      re[s.bus] = s.vmPu * Math.cos(s.vaRad);
      im[s.bus] = s.vmPu * Math.sin(s.vaRad);
    }
  };

  /** Gives buses without a voltage that of the bus that feeds them, seen through the branch's ideal ratio. */
  const startVoltages = (): void => {
    for (let n = 0; n < reached; n += 1) {
      const i = reachOrder[n]!;
      if (role[i] !== FREE || hasVoltage[i]) continue;
      const k = feeder[i]!;
      const forward = to[k] === i;
      const parent = forward ? from[k]! : to[k]!;
      const at = 4 * k + (forward ? 2 : 0);
      re[i] = re[parent]! * ideal[at]! - im[parent]! * ideal[at + 1]!;
      im[i] = re[parent]! * ideal[at + 1]! + im[parent]! * ideal[at]!;
      hasVoltage[i] = 1;
    }
  };

  /** Finds islands, dead buses and the way each bus is reached, and sums own admittances. */
  const updateTopology = (slack: readonly Slack[]): void => {
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
    reached = 0;
    for (const s of slack) {
      if (result.island[s.bus] !== -1) continue;
      const id = islands;
      islands += 1;
      let head = reached;
      reachOrder[reached++] = s.bus;
      result.island[s.bus] = id;
      feeder[s.bus] = -1;
      for (; head < reached; head += 1) {
        const bus = reachOrder[head]!;
        for (let e = adjacency.start[bus]!; e < adjacency.start[bus + 1]!; e += 1) {
          const k = adjacency.branch[e]!;
          const far = adjacency.other[e]!;
          if (!closed[k] || result.island[far] !== -1) continue;
          result.island[far] = id;
          reachOrder[reached++] = far;
          feeder[far] = k;
          if (role[far] === HELD) continue;
          role[far] = FREE;
          hasVoltage[far] = Number(warm && hasVoltage[far] === 1);
        }
      }
    }
    result.islandCount = islands;
    for (let i = 0; i < busCount; i += 1) {
      result.energised[i] = role[i] === DEAD ? 0 : 1;
      ownG[i] = shunt[2 * i]!;
      ownB[i] = shunt[2 * i + 1]!;
      if (role[i] === DEAD) re[i] = im[i] = hasVoltage[i] = 0;
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

  /** Calculated power at every bus for the present voltages; returns the largest mismatch of the free buses. */
  let squaredMismatch = 0;
  const evaluate = (): number => {
    for (let i = 0; i < busCount; i += 1) {
      const square = re[i]! * re[i]! + im[i]! * im[i]!;
      calculatedP[i] = square * ownG[i]!;
      calculatedQ[i] = -square * ownB[i]!;
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
      const square = re[i]! * re[i]! + im[i]! * im[i]!;
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

  /**
   * Newton's method. Plain, it is quick to converge and quick to give up; damped, it halves steps that do not help, which finds heavily
   * loaded operating points that plain steps jump over. Leaves the mismatch and the number of steps in `result`.
   */
  const iterate = (blocks: BlockPattern, damped: boolean): boolean => {
    const { position } = blocks;
    const stepLimit = damped ? maxIterations : Math.min(maxIterations, PLAIN_STEPS);
    let worst = evaluate();
    const hopeless = 1e3 * Math.max(worst, 1);
    result.iterations = 0;
    result.maxMismatchPu = worst;
    while (!(worst <= tolerance)) {
      if (result.iterations >= stepLimit || !(worst < hopeless) || !newtonStep(blocks)) return false;
      result.iterations += 1;
      const squaredBefore = squaredMismatch;
      reBefore.set(re);
      imBefore.set(im);
      let factor = 1;
      for (let halving = 0; ; halving += 1) {
        for (let i = 0; i < busCount; i += 1) {
          if (role[i] !== FREE) continue;
          const at = 2 * position[i]!;
          const turn = factor * step[at]!;
          const grow = Math.max(0.5, 1 + factor * step[at + 1]!);
          re[i] = reBefore[i]! * grow - imBefore[i]! * turn;
          im[i] = imBefore[i]! * grow + reBefore[i]! * turn;
        }
        worst = evaluate();
        if (!damped || squaredMismatch < squaredBefore || worst <= tolerance) break;
        if (halving === MAX_HALVINGS) {
          result.maxMismatchPu = worst;
          return false;
        }
        factor /= 2;
      }
      result.maxMismatchPu = worst;
    }
    return true;
  };

  /**
   * One backward and one forward sweep along the tree that feeds the buses, for a first guess. Loops and line charging are left out:
   * Newton's method makes good what that costs.
   */
  const sweep = (): void => {
    for (let n = 0; n < reached; n += 1) {
      const i = reachOrder[n]!;
      const a = re[i]!;
      const b = im[i]!;
      const square = a * a + b * b;
      // The current drawn at the bus: conj(S / V) and the shunt.
      currentRe[i] = (demandP[i]! * a + demandQ[i]! * b) / square + shunt[2 * i]! * a - shunt[2 * i + 1]! * b;
      currentIm[i] = (demandP[i]! * b - demandQ[i]! * a) / square + shunt[2 * i]! * b + shunt[2 * i + 1]! * a;
    }
    for (let n = reached - 1; n >= 0; n -= 1) {
      const i = reachOrder[n]!;
      const k = feeder[i]!;
      if (role[i] !== FREE) continue;
      const isTo = to[k] === i;
      const parent = isTo ? from[k]! : to[k]!;
      // Own and mutual admittance seen from this end: I = yOwn V + yParent V_parent.
      const own = 8 * k + (isTo ? 6 : 0);
      const norm = y[own]! * y[own]! + y[own + 1]! * y[own + 1]!;
      const tRe = (currentRe[i]! * y[own]! + currentIm[i]! * y[own + 1]!) / norm;
      const tIm = (currentIm[i]! * y[own]! - currentRe[i]! * y[own + 1]!) / norm;
      currentRe[i] = tRe;
      currentIm[i] = tIm;
      const up = 8 * k + (isTo ? 2 : 4);
      currentRe[parent]! -= y[up]! * tRe - y[up + 1]! * tIm;
      currentIm[parent]! -= y[up]! * tIm + y[up + 1]! * tRe;
    }
    for (let n = 0; n < reached; n += 1) {
      const i = reachOrder[n]!;
      if (role[i] !== FREE) continue;
      const k = feeder[i]!;
      const isTo = to[k] === i;
      const parent = isTo ? from[k]! : to[k]!;
      const own = 8 * k + (isTo ? 6 : 0);
      const norm = y[own]! * y[own]! + y[own + 1]! * y[own + 1]!;
      const down = 8 * k + (isTo ? 4 : 2);
      const sRe = y[down]! * re[parent]! - y[down + 1]! * im[parent]!;
      const sIm = y[down]! * im[parent]! + y[down + 1]! * re[parent]!;
      re[i] = -currentRe[i]! - (sRe * y[own]! + sIm * y[own + 1]!) / norm;
      im[i] = -currentIm[i]! - (sIm * y[own]! - sRe * y[own + 1]!) / norm;
    }
  };

  const fromFlat = (slack: readonly Slack[], damped: boolean): boolean => {
    hasVoltage.fill(0);
    holdSources(slack);
    startVoltages();
    if (!damped) for (let n = 0; n < FIRST_SWEEPS; n += 1) sweep();
    return iterate(pattern as unknown as BlockPattern, damped);
  };

  const fromLast = (slack: readonly Slack[]): boolean => {
    holdSources(slack);
    startVoltages();
    return iterate(pattern as unknown as BlockPattern, false);
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
      result.vmPu[i] = dead ? Number.NaN : Math.sqrt(re[i]! * re[i]! + im[i]! * im[i]!);
      result.vaRad[i] = dead ? Number.NaN : Math.atan2(im[i]!, re[i]!);
    }
    for (let n = 0; n < slack.length; n += 1) {
      result.vmPu[slack[n]!.bus] = slack[n]!.vmPu;
      result.vaRad[slack[n]!.bus] = slack[n]!.vaRad;
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
      const vf = result.vmPu[f]!;
      const vt = result.vmPu[t]!;
      const squareF = vf * vf;
      const squareT = vt * vt;
      const pf = squareF * y[8 * k]! + mutual[4 * k]!;
      const qf = -squareF * y[8 * k + 1]! + mutual[4 * k + 1]!;
      const pt = squareT * y[8 * k + 6]! + mutual[4 * k + 2]!;
      const qt = -squareT * y[8 * k + 7]! + mutual[4 * k + 3]!;
      result.pFromW[k] = pf * baseVA;
      result.qFromVar[k] = qf * baseVA;
      result.pToW[k] = pt * baseVA;
      result.qToVar[k] = qt * baseVA;
      result.iFromA[k] = (Math.sqrt(pf * pf + qf * qf) / vf) * amperePerPu[f]!;
      result.iToA[k] = (Math.sqrt(pt * pt + qt * qt) / vt) * amperePerPu[t]!;
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
      const converged = (warm && fromLast(slack)) || fromFlat(slack, false) || fromFlat(slack, true);
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
