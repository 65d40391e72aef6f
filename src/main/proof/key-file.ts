/** Readers of the files a proof is made from: iden3's zkey format 1 (Groth16 over bn128) and its witness format. Source: snarkjs 0.7. */
import { closeSync, openSync, readSync } from 'node:fs';
import { FIELD } from '../../shared/field.ts';

export const FIELD_BYTES = 32;
const G1_BYTES = 2 * FIELD_BYTES;
const G2_BYTES = 4 * FIELD_BYTES;
/** matrix, row, wire, value */
export const COEFFICIENT_BYTES = 12 + FIELD_BYTES;
export const SECTIONS = { header: 2, coefficients: 4, a: 5, b1: 6, b2: 7, c: 8, h: 9 } as const;
const WITNESS = { header: 1, values: 2 } as const;
/** Field of the coordinates of bn128's points (EIP-196); that of its scalars is FIELD. */
const Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
const GROTH16 = 1;

export type Bytes = Uint8Array<ArrayBuffer>;
const viewOf = (bytes: Bytes): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export interface KeyFile {
  /** A copy of its own. */
  section(type: number): Bytes;
  close(): void;
}

/** Sections (type u32, length u64, bytes) are read when they are needed: a key for 64 members is over 300 MB. */
export function openKey(path: string): KeyFile {
  const file = openSync(path, 'r');
  const read = (at: number, length: number): Bytes => {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const count = readSync(file, bytes, done, length - done, at + done);
      if (count === 0) throw new Error(`${path} ends too early; delete the folder of the circuit, so that its key is made anew`);
      done += count;
    }
    return bytes;
  };
  try {
    const head = read(0, 12);
    if (magicOf(head) !== 'zkey') throw new Error(`${path} is no proving key`);
    const sections = new Map<number, { at: number; length: number }>();
    for (let at = 12, left = viewOf(head).getUint32(8, true); left > 0; left--) {
      const section = viewOf(read(at, 12));
      const length = Number(section.getBigUint64(4, true));
      sections.set(section.getUint32(0, true), { at: at + 12, length });
      at += 12 + length;
    }
    const section = (type: number): Bytes => {
      const found = sections.get(type);
      if (found === undefined) throw new Error(`${path} has no section ${type}`);
      return read(found.at, found.length);
    };
    if (viewOf(section(1)).getUint32(0, true) !== GROTH16) throw new Error(`${path} is no key for Groth16`);
    return { section, close: () => closeSync(file) };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

const magicOf = (bytes: Bytes): string => Buffer.from(bytes.subarray(0, 4)).toString('latin1');
/** u32 length, then so many little-endian bytes. */
function isField(section: Bytes, at: number, prime: bigint): boolean {
  if (section.length < at + 4 + FIELD_BYTES || viewOf(section).getUint32(at, true) !== FIELD_BYTES) return false;
  const bytes = Buffer.from(section.subarray(at + 4, at + 4 + FIELD_BYTES)).reverse();
  return BigInt(`0x${bytes.toString('hex')}`) === prime;
}

export interface Header {
  /** the constant wire and the public ones included */
  readonly wires: number;
  /** without the constant wire */
  readonly publicWires: number;
  /** rows, a power of two */
  readonly domain: number;
  /** points in affine Montgomery form */
  readonly alpha1: Bytes;
  readonly beta1: Bytes;
  readonly beta2: Bytes;
  readonly delta1: Bytes;
  readonly delta2: Bytes;
}

export function readHeader(section: Bytes): Header {
  const view = viewOf(section);
  const numbers = 2 * (4 + FIELD_BYTES);
  if (!isField(section, 0, Q) || !isField(section, numbers / 2, FIELD)) throw new Error('the proving key is of another curve');
  let at = numbers + 12;
  const point = (length: number): Bytes => {
    at += length;
    return section.slice(at - length, at);
  };
  const [alpha1, beta1, beta2] = [point(G1_BYTES), point(G1_BYTES), point(G2_BYTES)];
  point(G2_BYTES); // gamma
  return {
    wires: view.getUint32(numbers, true),
    publicWires: view.getUint32(numbers + 4, true),
    domain: view.getUint32(numbers + 8, true),
    alpha1,
    beta1,
    beta2,
    delta1: point(G1_BYTES),
    delta2: point(G2_BYTES),
  };
}

/** Values of the wires, 32 little-endian bytes each, from a .wtns file in memory. */
export function witnessValues(file: Bytes, wires: number): Bytes {
  const view = viewOf(file);
  if (file.length < 12 || magicOf(file) !== 'wtns') throw new Error('this is no witness');
  let values: Bytes | null = null;
  for (let at = 12, left = view.getUint32(8, true); left > 0; left--) {
    const section = file.slice(at + 12, at + 12 + Number(view.getBigUint64(at + 4, true)));
    const type = view.getUint32(at, true);
    if (type === WITNESS.header && !isField(section, 0, FIELD)) throw new Error('the witness is over another field');
    if (type === WITNESS.values) values = section;
    at += 12 + section.length;
  }
  if (values === null) throw new Error('the witness has no values');
  if (values.length !== wires * FIELD_BYTES)
    throw new Error(`the key is for ${wires} wires and the witness has ${values.length / FIELD_BYTES}: they are of different circuits`);
  return values;
}

/**
 * Bounds of each thread's coefficients, thread k being given the rows from k·rowsEach on. Keys list them by row; should one not, every thread
 * gets all of them, and takes those of its rows.
 */
export function slicesOf(coefficients: Bytes, threads: number, rowsEach: number): readonly (readonly [from: number, to: number])[] {
  const view = viewOf(coefficients);
  const count = view.getUint32(0, true);
  const starts = new Array<number>(threads + 1).fill(count);
  let thread = -1;
  for (let k = 0; k < count; k++) {
    const mine = Math.floor(view.getUint32(8 + k * COEFFICIENT_BYTES, true) / rowsEach);
    if (mine < thread) return Array.from({ length: threads }, () => [0, count] as const);
    while (thread < mine) starts[++thread] = k;
  }
  return Array.from({ length: threads }, (_, k) => [starts[k] as number, starts[k + 1] as number] as const);
}
