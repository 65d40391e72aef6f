// SPDX-License-Identifier: GPL-3.0-only
/**
 * The steps of a Groth16 proof, on the threads of snarkjs's curve and from snarkjs's files, in an order that leaves no core idle: snarkjs
 * itself evaluates the constraints in one thread while the others wait, and begins each sum of points when the last is done, which is a sixth
 * of the time on two cores. Source: Groth, eprint 2016/260 §3.2; the file as iden3's zkey format 1 has it; snarkjs 0.7 for the coset of the quotient.
 */
import { curves } from 'snarkjs';
import {
  type Bytes,
  COEFFICIENT_BYTES,
  FIELD_BYTES,
  type Header,
  openKey,
  readHeader,
  SECTIONS,
  slicesOf,
  witnessValues,
} from './key-file.ts';
import type { Groth16Proof } from './types.ts';

/** The little of ffjavascript's bn128 that is used here. */
interface Group {
  readonly F: { readonly n8: number };
  readonly zero: Bytes;
  add(a: Bytes, b: Bytes): Bytes;
  double(point: Bytes): Bytes;
  isZero(point: Bytes): boolean;
  timesFr(point: Bytes, scalar: Bytes): Bytes;
  toAffine(point: Bytes): Bytes;
  toObject(point: Bytes): (bigint | bigint[])[];
}
interface Curve {
  readonly G1: Group;
  readonly G2: Group;
  readonly Fr: {
    readonly s: number;
    readonly shift: Bytes;
    readonly w: readonly Bytes[];
    e(value: number): Bytes;
    random(): Bytes;
    mul(a: Bytes, b: Bytes): Bytes;
    neg(a: Bytes): Bytes;
    fft(values: Bytes): Promise<Bytes>;
    ifft(values: Bytes): Promise<Bytes>;
    batchApplyKey(values: Bytes, first: Bytes, factor: Bytes): Promise<Bytes>;
  };
  readonly tm: { readonly concurrency: number; queueAction(task: readonly object[]): Promise<Bytes[]> };
}

export type ProofStep = (fraction: number, text: string) => void;

/** A·w, B·w and their product, row by row; each of `domain` field elements in Montgomery form. */
async function evaluateRows({ tm }: Curve, coefficients: Bytes, witness: Bytes, { domain, wires }: Header): Promise<[Bytes, Bytes, Bytes]> {
  const rowsEach = Math.ceil(domain / tm.concurrency);
  const threads = Math.ceil(domain / rowsEach);
  const parts = await Promise.all(
    slicesOf(coefficients, threads, rowsEach).map(([from, to], k) => {
      const first = k * rowsEach;
      const rows = Math.min(rowsEach, domain - first);
      const length = rows * FIELD_BYTES;
      return tm.queueAction([
        { cmd: 'ALLOCSET', var: 0, buff: coefficients.slice(4 + from * COEFFICIENT_BYTES, 4 + to * COEFFICIENT_BYTES) },
        { cmd: 'ALLOCSET', var: 1, buff: witness },
        ...[2, 3, 4].map((out) => ({ cmd: 'ALLOC', var: out, len: length })),
        {
          cmd: 'CALL',
          fnName: 'qap_buildABC',
          params: [
            { var: 0 },
            { val: to - from },
            ...[1, 2, 3, 4].map((of) => ({ var: of })),
            { val: first },
            { val: rows },
            { val: 0 },
            { val: wires },
          ],
        },
        ...[2, 3, 4].map((of, out) => ({ cmd: 'GET', out, var: of, len: length })),
      ]);
    }),
  );
  return [0, 1, 2].map((matrix) => {
    const whole = new Uint8Array(domain * FIELD_BYTES);
    parts.forEach((part, k) => {
      whole.set(part[matrix] as Bytes, k * rowsEach * FIELD_BYTES);
    });
    return whole;
  }) as [Bytes, Bytes, Bytes];
}

/** The same polynomial's values on the coset between the domain's points. */
async function onOddCoset({ Fr }: Curve, values: Bytes, domain: number): Promise<Bytes> {
  const power = Math.log2(domain);
  const step = power === Fr.s ? Fr.shift : (Fr.w[power + 1] as Bytes);
  return Fr.fft(await Fr.batchApplyKey(await Fr.ifft(values), Fr.e(1), step));
}

/** A·B − C on the coset, out of Montgomery form: the scalars of the quotient's points. */
async function quotient({ tm }: Curve, [a, b, c]: readonly [Bytes, Bytes, Bytes], domain: number): Promise<Bytes> {
  const length = domain * FIELD_BYTES;
  const [scalars] = await tm.queueAction([
    ...[a, b, c].map((buff, k) => ({ cmd: 'ALLOCSET', var: k, buff })),
    { cmd: 'ALLOC', var: 3, len: length },
    { cmd: 'CALL', fnName: 'qap_joinABC', params: [{ var: 0 }, { var: 1 }, { var: 2 }, { val: domain }, { var: 3 }] },
    { cmd: 'CALL', fnName: 'frm_batchFromMontgomery', params: [{ var: 3 }, { val: domain }, { var: 3 }] },
    { cmd: 'GET', out: 0, var: 3, len: length },
  ]);
  return scalars as Bytes;
}

/** Bits of a scalar that are added up together: what costs least for a number of points. */
const windowBits = (points: number): number => Math.max(1, Math.min(16, Math.round(Math.log2(points)) - 4));
/** A task has points and scalars copied into its thread once, for all its windows; more tasks than threads, so that none waits long at the end. */
const tasksFor = (threads: number, windows: number): number => Math.min(windows, 2 * threads, MOST_TASKS);
/** Bounds what lies copied in the threads at a time: for 64 members 80 MB each. */
const MOST_TASKS = 8;

/** Sum of points times scalars, by windows of the scalars' bits (Pippenger). Every so many-th window to each task: low ones have more to add. */
async function sumOf({ tm, ...curve }: Curve, name: 'G1' | 'G2', points: Bytes, scalars: Bytes): Promise<Bytes> {
  const group = curve[name];
  const count = points.length / (2 * group.F.n8);
  if (count * FIELD_BYTES !== scalars.length)
    throw new Error(`the key has ${count} points where the witness has ${scalars.length / FIELD_BYTES} values`);
  if (count === 0) return group.zero;
  const bits = windowBits(count);
  const windows = Math.ceil((8 * FIELD_BYTES) / bits);
  const tasks = tasksFor(tm.concurrency, windows);
  const length = 3 * group.F.n8;
  const sums = await Promise.all(
    Array.from({ length: tasks }, (_, task) => {
      const mine = Array.from({ length: Math.ceil((windows - task) / tasks) }, (_, k) => (task + k * tasks) * bits);
      return tm.queueAction([
        { cmd: 'ALLOCSET', var: 0, buff: points },
        { cmd: 'ALLOCSET', var: 1, buff: scalars },
        ...mine.map((_, k) => ({ cmd: 'ALLOC', var: 2 + k, len: length })),
        ...mine.map((from, k) => ({
          cmd: 'CALL',
          fnName: `${name.toLowerCase()}m_multiexpAffine_chunk`,
          params: [
            { var: 0 },
            { var: 1 },
            { val: FIELD_BYTES },
            { val: count },
            { val: from },
            { val: Math.min(bits, 8 * FIELD_BYTES - from) },
            { var: 2 + k },
          ],
        })),
        ...mine.map((_, k) => ({ cmd: 'GET', out: k, var: 2 + k, len: length })),
      ]);
    }),
  );
  let total = group.zero;
  for (let window = windows - 1; window >= 0; window--) {
    if (!group.isZero(total)) for (let bit = 0; bit < bits; bit++) total = group.double(total);
    total = group.add(total, sums[window % tasks]?.[Math.floor(window / tasks)] as Bytes);
  }
  return total;
}

/** Decimal numbers, nested as the point is. */
const decimals = (value: unknown): unknown => (Array.isArray(value) ? value.map(decimals) : String(value));
const littleEndian = (bytes: Bytes): string => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`).toString();

/**
 * @param zkeyPath a proving key of development or of a ceremony
 * @param witnessFile .wtns, as snarkjs's witness calculator leaves it in memory
 * @returns proof and public signals as decimal strings, in snarkjs's shapes. Not checked yet: the caller verifies.
 * @throws when key and witness are of different circuits, or the key is damaged
 */
export async function proveGroth16(
  zkeyPath: string,
  witnessFile: Bytes,
  onStep: ProofStep,
): Promise<{ proof: Groth16Proof & { protocol: 'groth16'; curve: 'bn128' }; publicSignals: string[] }> {
  const curve = (await curves.getCurveFromName('bn128')) as unknown as Curve;
  const { G1, G2, Fr } = curve;
  const key = openKey(zkeyPath);
  try {
    const header = readHeader(key.section(SECTIONS.header));
    const { publicWires, domain, alpha1, beta1, beta2, delta1, delta2 } = header;
    const witness = witnessValues(witnessFile, header.wires);
    const rows = await evaluateRows(curve, key.section(SECTIONS.coefficients), witness, header);
    onStep(0.02, 'transforming');

    let done = 0.02;
    const sum = async (group: 'G1' | 'G2', section: number, scalars: Bytes, share: number): Promise<Bytes> => {
      const point = await sumOf(curve, group, key.section(section), scalars);
      done += share;
      onStep(done, 'adding up points');
      return point;
    };
    const addUp = async (): Promise<readonly [Bytes, Bytes, Bytes, Bytes]> => [
      await sum('G1', SECTIONS.a, witness, 0.15),
      await sum('G1', SECTIONS.b1, witness, 0.09),
      await sum('G2', SECTIONS.b2, witness, 0.3),
      await sum('G1', SECTIONS.c, witness.slice((publicWires + 1) * FIELD_BYTES), 0.14),
    ];
    const divide = async (): Promise<Bytes> => {
      const coset = await Promise.all([0, 1, 2].map((matrix) => onOddCoset(curve, rows[matrix] as Bytes, domain)));
      done += 0.1;
      onStep(done, 'adding up points');
      return sum('G1', SECTIONS.h, await quotient(curve, coset as [Bytes, Bytes, Bytes], domain), 0.2);
    };
    // Two lanes: the threads take tasks from both, so that none waits for the other's last one. The key stays open until both have ended.
    const lanes = [addUp(), divide()] as const;
    await Promise.allSettled(lanes);
    const [[sumA, sumB1, sumB2, sumC], sumH] = await Promise.all(lanes);

    // Fresh randomness makes the proof tell nothing of the witness.
    const [r, s] = [Fr.random(), Fr.random()];
    const a = G1.add(G1.add(sumA, alpha1), G1.timesFr(delta1, r));
    const b1 = G1.add(G1.add(sumB1, beta1), G1.timesFr(delta1, s));
    const b2 = G2.add(G2.add(sumB2, beta2), G2.timesFr(delta2, s));
    const c = [G1.timesFr(a, s), G1.timesFr(b1, r), G1.timesFr(delta1, Fr.neg(Fr.mul(r, s)))].reduce(
      (total, point) => G1.add(total, point),
      G1.add(sumC, sumH),
    );
    const written = (group: Group, point: Bytes) => decimals(group.toObject(group.toAffine(point)));
    return {
      proof: {
        pi_a: written(G1, a) as string[],
        pi_b: written(G2, b2) as string[][],
        pi_c: written(G1, c) as string[],
        protocol: 'groth16',
        curve: 'bn128',
      },
      publicSignals: Array.from({ length: publicWires }, (_, k) =>
        littleEndian(witness.subarray((k + 1) * FIELD_BYTES, (k + 2) * FIELD_BYTES)),
      ),
    };
  } finally {
    key.close();
  }
}
