// SPDX-License-Identifier: GPL-3.0-only
/** Reader of circom's .r1cs files (iden3 r1cs binary format, version 1). */
import { readFileSync } from 'node:fs';

export interface R1cs {
  readonly wires: number;
  /** outputs and public inputs, without the constant wire */
  readonly publicWires: number;
  readonly constraints: number;
  /** Calls back for every non-zero coefficient. `matrix` 0 = A, 1 = B, 2 = C; `bytes` at `offset` hold 32 little-endian bytes. */
  forEach(visit: (matrix: 0 | 1 | 2, constraint: number, wire: number, offset: number) => void): void;
  readonly bytes: Buffer;
}

export const FIELD_BYTES = 32;

export function readR1cs(path: string): R1cs {
  const bytes = readFileSync(path);
  if (bytes.toString('latin1', 0, 4) !== 'r1cs' || bytes.readUInt32LE(4) !== 1) throw new Error(`${path} is no r1cs file of version 1`);
  const sections = new Map<number, number>();
  for (let at = 12, left = bytes.readUInt32LE(8); left > 0; left--) {
    sections.set(bytes.readUInt32LE(at), at + 12);
    at += 12 + Number(bytes.readBigUInt64LE(at + 4));
  }
  const header = sections.get(1);
  const body = sections.get(2);
  if (header === undefined || body === undefined) throw new Error(`${path} lacks its header or its constraints`);
  if (bytes.readUInt32LE(header) !== FIELD_BYTES) throw new Error(`${path} is over another field`);
  const numbers = header + 4 + FIELD_BYTES;
  const constraints = bytes.readUInt32LE(numbers + 24);
  return {
    bytes,
    wires: bytes.readUInt32LE(numbers),
    publicWires: bytes.readUInt32LE(numbers + 4) + bytes.readUInt32LE(numbers + 8),
    constraints,
    forEach(visit) {
      let at = body;
      for (let constraint = 0; constraint < constraints; constraint++)
        for (const matrix of [0, 1, 2] as const) {
          const terms = bytes.readUInt32LE(at);
          at += 4;
          for (let k = 0; k < terms; k++, at += 4 + FIELD_BYTES) visit(matrix, constraint, bytes.readUInt32LE(at), at + 4);
        }
    },
  };
}
