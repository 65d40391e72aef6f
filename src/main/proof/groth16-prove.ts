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
  add(a: Bytes, b: Bytes): Bytes;
  timesFr(point: Bytes, scalar: Bytes): Bytes;
  toAffine(point: Bytes): Bytes;
  toObject(point: Bytes): (bigint | bigint[])[];
  multiExpAffine(points: Bytes, scalars: Bytes): Promise<Bytes>;
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
    const sum = async (group: Group, section: number, scalars: Bytes, share: number): Promise<Bytes> => {
      const point = await group.multiExpAffine(key.section(section), scalars);
      done += share;
      onStep(done, 'adding up points');
      return point;
    };
    // Two lanes: the threads take tasks from both, so that none waits for the other's last one.
    const lanes = await Promise.all([
      (async () => [
        await sum(G1, SECTIONS.a, witness, 0.15),
        await sum(G1, SECTIONS.b1, witness, 0.09),
        await sum(G2, SECTIONS.b2, witness, 0.3),
        await sum(G1, SECTIONS.c, witness.subarray((publicWires + 1) * FIELD_BYTES), 0.14),
      ])(),
      (async () => {
        const coset = await Promise.all([
          onOddCoset(curve, rows[0], domain),
          onOddCoset(curve, rows[1], domain),
          onOddCoset(curve, rows[2], domain),
        ]);
        done += 0.1;
        onStep(done, 'adding up points');
        return sum(G1, SECTIONS.h, await quotient(curve, coset, domain), 0.2);
      })(),
    ]);
    const [sumA, sumB1, sumB2, sumC] = lanes[0] as [Bytes, Bytes, Bytes, Bytes];

    // Fresh randomness makes the proof tell nothing of the witness.
    const [r, s] = [Fr.random(), Fr.random()];
    const a = G1.add(G1.add(sumA, alpha1), G1.timesFr(delta1, r));
    const b1 = G1.add(G1.add(sumB1, beta1), G1.timesFr(delta1, s));
    const b2 = G2.add(G2.add(sumB2, beta2), G2.timesFr(delta2, s));
    const c = [G1.timesFr(a, s), G1.timesFr(b1, r), G1.timesFr(delta1, Fr.neg(Fr.mul(r, s)))].reduce(
      (total, point) => G1.add(total, point),
      G1.add(sumC, lanes[1]),
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
