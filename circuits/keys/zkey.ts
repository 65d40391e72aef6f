// SPDX-License-Identifier: GPL-3.0-only
/** Writer of snarkjs's .zkey container (version 1, Groth16): sections of (type u32, length u64, bytes). */
import { R, readLittleEndian, writeLittleEndian } from './field.ts';
import { FIELD_BYTES, type R1cs } from './r1cs.ts';

const Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
/** Coefficients are stored times 2^512, because the prover multiplies in Montgomery form twice. */
const MONTGOMERY_SQUARED = (1n << 512n) % R;
const COEFFICIENT_BYTES = 12 + FIELD_BYTES;

/** Points in affine Montgomery form. `head1` = alpha, beta, delta in G1; `head2` = beta, gamma, delta in G2. */
export interface KeyPoints {
  readonly head1: Buffer;
  readonly head2: Buffer;
  readonly ic: Buffer;
  readonly a: Buffer;
  readonly b1: Buffer;
  readonly b2: Buffer;
  readonly c: Buffer;
  readonly h: Buffer;
}

function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    bytes.writeUInt32LE(value, 4 * i);
  });
  return bytes;
}

function fieldBytes(value: bigint): Buffer {
  const bytes = Buffer.alloc(FIELD_BYTES);
  writeLittleEndian(value, bytes, 0);
  return bytes;
}

function header(r1cs: R1cs, power: number, points: KeyPoints): Buffer {
  const [alpha1, beta1, delta1] = [0, 64, 128].map((at) => points.head1.subarray(at, at + 64)) as [Buffer, Buffer, Buffer];
  const [beta2, gamma2, delta2] = [0, 128, 256].map((at) => points.head2.subarray(at, at + 128)) as [Buffer, Buffer, Buffer];
  return Buffer.concat([
    u32(FIELD_BYTES),
    fieldBytes(Q),
    u32(FIELD_BYTES),
    fieldBytes(R),
    u32(r1cs.wires, r1cs.publicWires, 2 ** power),
    alpha1,
    beta1,
    beta2,
    gamma2,
    delta1,
    delta2,
  ]);
}

/** A and B only: the prover takes C as their product. The last rows bind the public wires. */
function coefficients(r1cs: R1cs): Buffer {
  let count = r1cs.publicWires + 1;
  r1cs.forEach((matrix) => {
    if (matrix < 2) count++;
  });
  const bytes = Buffer.alloc(4 + count * COEFFICIENT_BYTES);
  bytes.writeUInt32LE(count, 0);
  let at = 4;
  const put = (matrix: number, row: number, wire: number, value: bigint) => {
    bytes.writeUInt32LE(matrix, at);
    bytes.writeUInt32LE(row, at + 4);
    bytes.writeUInt32LE(wire, at + 8);
    writeLittleEndian((value * MONTGOMERY_SQUARED) % R, bytes, at + 12);
    at += COEFFICIENT_BYTES;
  };
  r1cs.forEach((matrix, row, wire, offset) => {
    if (matrix < 2) put(matrix, row, wire, readLittleEndian(r1cs.bytes, offset));
  });
  for (let wire = 0; wire <= r1cs.publicWires; wire++) put(0, r1cs.constraints + wire, wire, 1n);
  return bytes;
}

export function writeZkey(write: (chunk: Buffer) => void, r1cs: R1cs, power: number, points: KeyPoints): void {
  const sections: [number, Buffer][] = [
    [1, u32(1)],
    [2, header(r1cs, power, points)],
    [3, points.ic],
    [4, coefficients(r1cs)],
    [5, points.a],
    [6, points.b1],
    [7, points.b2],
    [8, points.c],
    [9, points.h],
    // hash of the circuit and number of contributions: none, which is how a ceremony's file differs
    [10, Buffer.concat([Buffer.alloc(64), u32(0)])],
  ];
  write(Buffer.concat([Buffer.from('zkey'), u32(1, sections.length)]));
  for (const [type, bytes] of sections) {
    const head = Buffer.alloc(12);
    head.writeUInt32LE(type, 0);
    head.writeBigUInt64LE(BigInt(bytes.length), 4);
    write(head);
    write(bytes);
  }
}
