// SPDX-License-Identifier: GPL-3.0-only
/** Multiples of a group's generator from tables: for window j and digit d the table holds d·2^(14j)·G, so a product is 19 mixed additions. */
import { buildBn128 } from 'ffjavascript';

const WINDOW_BITS = 14;
const WINDOWS = Math.ceil(254 / WINDOW_BITS);
const ENTRIES = 2 ** WINDOW_BITS;
const SCALAR_BYTES = 32;

type WasmFunction = (...args: number[]) => void;
/** WebAssembly.Memory, which the Node types leave to the DOM's. */
interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
interface Engine {
  tm: { instance: { exports: Record<string, WasmFunction> }; memory: Memory; initalPFree: number };
  G1: { g: Uint8Array };
  G2: { g: Uint8Array };
}

export class FixedBase {
  readonly #memory: Memory;
  readonly #addMixed: WasmFunction;
  readonly #zero: WasmFunction;
  readonly #toAffine: WasmFunction;
  readonly #table: number;
  readonly #scratch: number;
  readonly #jacobianBytes: number;
  readonly affineBytes: number;

  private constructor(engine: Engine, group: 'G1' | 'G2', base: number) {
    const prefix = group === 'G1' ? 'g1m' : 'g2m';
    const exports = engine.tm.instance.exports;
    this.#memory = engine.tm.memory;
    this.#addMixed = exports[`${prefix}_addMixed`] as WasmFunction;
    this.#zero = exports[`${prefix}_zero`] as WasmFunction;
    this.#toAffine = exports[`${prefix}_batchToAffine`] as WasmFunction;
    this.affineBytes = group === 'G1' ? 64 : 128;
    this.#jacobianBytes = (this.affineBytes / 2) * 3;
    this.#table = base;
    this.#scratch = base + WINDOWS * ENTRIES * this.affineBytes;
    const end = this.#scratch + ENTRIES * this.#jacobianBytes;
    // batchToAffine takes its working memory from the module's free pointer (word 0): move it behind the table.
    this.#reserve(end + ENTRIES * 4 * this.affineBytes);
    new Uint32Array(this.#memory.buffer)[0] = end;
    this.#fill(engine[group].g);
  }

  static async create(group: 'G1' | 'G2'): Promise<FixedBase> {
    const engine = (await buildBn128(true)) as unknown as Engine;
    return new FixedBase(engine, group, (engine.tm.initalPFree + 63) & ~63);
  }

  #reserve(bytes: number): void {
    const missing = bytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / 65536));
  }

  #fill(generator: Uint8Array): void {
    const { affineBytes } = this;
    // The first affine base is the generator's own x and y: its z is 1.
    new Uint8Array(this.#memory.buffer).set(generator.subarray(0, affineBytes), this.#table + affineBytes);
    for (let window = 0; window < WINDOWS; window++) {
      const start = this.#table + window * ENTRIES * affineBytes;
      const base = start + affineBytes;
      this.#zero(this.#scratch);
      for (let digit = 1; digit < ENTRIES; digit++)
        this.#addMixed(this.#scratch + (digit - 1) * this.#jacobianBytes, base, this.#scratch + digit * this.#jacobianBytes);
      const last = this.#scratch + (ENTRIES - 1) * this.#jacobianBytes;
      if (window + 1 < WINDOWS) {
        // 2^14·base = (2^14 − 1)·base + base is the next window's base; its place there is digit 1.
        const next = start + (ENTRIES + 1) * affineBytes;
        const sum = this.#scratch; // digit 0 is not needed while the sum is made
        this.#addMixed(last, base, sum);
        this.#toAffine(sum, 1, next);
        this.#zero(this.#scratch);
      }
      this.#toAffine(this.#scratch, ENTRIES, start);
    }
  }

  /** Affine Montgomery points (snarkjs's "LEM" form), one for each 32-byte little-endian scalar. */
  multiply(scalars: Buffer, onProgress?: (done: number) => void): Buffer {
    const count = scalars.length / SCALAR_BYTES;
    const out = Buffer.alloc(count * this.affineBytes);
    const digits = new Uint16Array(WINDOWS);
    for (let first = 0; first < count; first += ENTRIES) {
      const n = Math.min(ENTRIES, count - first);
      for (let i = 0; i < n; i++) {
        const at = this.#scratch + i * this.#jacobianBytes;
        this.#zero(at);
        splitDigits(scalars, (first + i) * SCALAR_BYTES, digits);
        for (let window = 0; window < WINDOWS; window++) {
          const digit = digits[window] as number;
          if (digit !== 0) this.#addMixed(at, this.#table + (window * ENTRIES + digit) * this.affineBytes, at);
        }
      }
      this.#toAffine(this.#scratch, n, this.#scratch);
      out.set(new Uint8Array(this.#memory.buffer, this.#scratch, n * this.affineBytes), first * this.affineBytes);
      onProgress?.(first + n);
    }
    return out;
  }
}

function splitDigits(bytes: Buffer, offset: number, digits: Uint16Array): void {
  let bits = 0;
  let held = 0;
  let at = offset;
  for (let window = 0; window < WINDOWS; window++) {
    while (bits < WINDOW_BITS && at < offset + SCALAR_BYTES) {
      held |= (bytes[at++] as number) << bits;
      bits += 8;
    }
    digits[window] = held & (ENTRIES - 1);
    held >>>= WINDOW_BITS;
    bits -= WINDOW_BITS;
  }
}
