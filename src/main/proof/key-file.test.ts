import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FIELD } from '../../shared/field.ts';
import { COEFFICIENT_BYTES, openKey, readHeader, slicesOf, witnessValues } from './key-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'busbar-key-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const u32 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, k) => {
    bytes.writeUInt32LE(value, 4 * k);
  });
  return bytes;
};
const binary = (magic: string, ...sections: readonly [type: number, bytes: Buffer][]): Buffer =>
  Buffer.concat([
    Buffer.from(magic),
    u32(1, sections.length),
    ...sections.flatMap(([type, bytes]) => {
      const head = Buffer.alloc(12);
      head.writeUInt32LE(type, 0);
      head.writeBigUInt64LE(BigInt(bytes.length), 4);
      return [head, bytes];
    }),
  ]);
const Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
/** A prime as both files write it: its length, then little-endian. */
const field = (prime: bigint): Buffer => Buffer.concat([u32(32), Buffer.from(prime.toString(16).padStart(64, '0'), 'hex').reverse()]);
const bytesOf = (buffer: Buffer) => Uint8Array.from(buffer);
const written = (bytes: Buffer): string => {
  const path = join(folder, `${Math.random()}.zkey`);
  writeFileSync(path, bytes);
  return path;
};

describe('a proving key on disk', () => {
  it('gives its sections, each a copy of its own', () => {
    const key = openKey(written(binary('zkey', [1, u32(1)], [4, Buffer.from('abc')])));
    expect(Buffer.from(key.section(4)).toString()).toBe('abc');
    expect(key.section(4).buffer).not.toBe(key.section(4).buffer);
    expect(() => key.section(9)).toThrow('has no section 9');
    key.close();
  });

  it('is refused when it is something else, of another proof system, or cut short', () => {
    expect(() => openKey(written(binary('wtns', [1, u32(1)])))).toThrow('is no proving key');
    expect(() => openKey(written(binary('zkey', [1, u32(2)])))).toThrow('is no key for Groth16');
    const whole = binary('zkey', [1, u32(1)], [4, Buffer.alloc(100)]);
    const cut = openKey(written(whole.subarray(0, whole.length - 1)));
    expect(() => cut.section(4)).toThrow('ends too early');
    cut.close();
    expect(() => openKey(written(Buffer.from('zk')))).toThrow('ends too early');
  });

  const points = Buffer.from(Array.from({ length: 3 * 64 + 3 * 128 }, (_, k) => k % 251));
  const headerOf = (q: bigint, r: bigint) => bytesOf(Buffer.concat([field(q), field(r), u32(500, 8, 1024), points]));

  it('has a header that tells the circuit’s size', () => {
    const header = readHeader(headerOf(Q, FIELD));
    expect(header).toMatchObject({ wires: 500, publicWires: 8, domain: 1024 });
    expect(Buffer.from(header.beta2)).toEqual(points.subarray(128, 256));
    expect(Buffer.from(header.delta1)).toEqual(points.subarray(384, 448));
    expect(Buffer.from(header.delta2)).toEqual(points.subarray(448, 576));
  });

  it('is refused when it is of another curve', () => {
    expect(() => readHeader(headerOf(FIELD, FIELD))).toThrow('of another curve');
    expect(() => readHeader(headerOf(Q, Q))).toThrow('of another curve');
    expect(() => readHeader(bytesOf(Buffer.concat([u32(48), points])))).toThrow('of another curve');
    expect(() => readHeader(bytesOf(u32(32)))).toThrow('of another curve');
  });
});

describe('a witness in memory', () => {
  const values = Buffer.from(Array.from({ length: 3 * 32 }, (_, k) => k));
  const header = (prime: bigint) => Buffer.concat([field(prime), u32(3)]);

  it('gives its values', () => {
    expect(Buffer.from(witnessValues(bytesOf(binary('wtns', [1, header(FIELD)], [2, values])), 3))).toEqual(values);
  });

  it('is refused when it is something else, over another field, of another circuit, or empty', () => {
    const whole = bytesOf(binary('wtns', [1, header(FIELD)], [2, values]));
    expect(() => witnessValues(whole, 4)).toThrow('the key is for 4 wires and the witness has 3');
    expect(() => witnessValues(bytesOf(binary('zkey', [2, values])), 3)).toThrow('this is no witness');
    expect(() => witnessValues(new Uint8Array(3), 3)).toThrow('this is no witness');
    expect(() => witnessValues(bytesOf(binary('wtns', [1, header(Q)], [2, values])), 3)).toThrow('over another field');
    expect(() => witnessValues(bytesOf(binary('wtns', [1, header(FIELD)])), 3)).toThrow('has no values');
  });
});

describe('the coefficients of each thread', () => {
  const ofRows = (...rows: number[]) => {
    const bytes = Buffer.alloc(4 + rows.length * COEFFICIENT_BYTES);
    bytes.writeUInt32LE(rows.length, 0);
    rows.forEach((row, k) => {
      bytes.writeUInt32LE(row, 8 + k * COEFFICIENT_BYTES);
    });
    return bytesOf(bytes);
  };

  it('are those of its rows', () => {
    expect(slicesOf(ofRows(0, 0, 3, 4, 4, 7), 2, 4)).toEqual([
      [0, 3],
      [3, 6],
    ]);
    // rows 4 … 7 and 12 … 15 have none
    expect(slicesOf(ofRows(1, 2, 8, 9), 4, 4)).toEqual([
      [0, 2],
      [2, 2],
      [2, 4],
      [4, 4],
    ]);
    expect(slicesOf(ofRows(9), 3, 4)).toEqual([
      [0, 0],
      [0, 0],
      [0, 1],
    ]);
    expect(slicesOf(ofRows(), 2, 4)).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('are all of them for every thread when the key does not list them by row', () => {
    expect(slicesOf(ofRows(0, 5, 1, 7), 2, 4)).toEqual([
      [0, 4],
      [0, 4],
    ]);
  });
});
