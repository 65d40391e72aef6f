// SPDX-License-Identifier: GPL-3.0-only
/** Arithmetic in BN254's scalar field with bigint; enough for a few million products. */
export const R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
/** Generator of the 2^28-th roots of unity that snarkjs's FFT uses: 5^((r-1)/2^28). */
const TWO_ADICITY = 28;

export const modR = (value: bigint): bigint => {
  const rest = value % R;
  return rest < 0n ? rest + R : rest;
};

export function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = modR(base);
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * square) % R;
    square = (square * square) % R;
  }
  return result;
}

export const invert = (value: bigint): bigint => power(value, R - 2n);

/** Primitive 2^k-th root of unity, consistent with ffjavascript's Fr.w[k]. */
export function rootOfUnity(k: number): bigint {
  if (k > TWO_ADICITY) throw new Error(`the field has no 2^${k}-th root of unity`);
  return power(5n, (R - 1n) >> BigInt(k));
}

/** Inverses of all values by one inversion (Montgomery's trick). No value may be 0. */
export function invertAll(values: readonly bigint[]): bigint[] {
  const prefix: bigint[] = new Array(values.length);
  let product = 1n;
  for (let i = 0; i < values.length; i++) {
    prefix[i] = product;
    product = (product * (values[i] as bigint)) % R;
  }
  let rest = invert(product);
  const inverses: bigint[] = new Array(values.length);
  for (let i = values.length - 1; i >= 0; i--) {
    inverses[i] = (rest * (prefix[i] as bigint)) % R;
    rest = (rest * (values[i] as bigint)) % R;
  }
  return inverses;
}

/**
 * Lagrange polynomials of the 2^k-th roots of unity at `tau`, for every `step`-th root beginning with `first`:
 * L_i(tau) = (tau^n − 1)/n · w^i/(tau − w^i).
 */
export function lagrangeAt(tau: bigint, k: number, first: number, step: number): bigint[] {
  const n = 2 ** k;
  const w = rootOfUnity(k);
  const stride = power(w, BigInt(step));
  const roots: bigint[] = [];
  for (let i = first, root = power(w, BigInt(first)); i < n; i += step, root = (root * stride) % R) roots.push(root);
  const scale = (modR(power(tau, BigInt(n)) - 1n) * invert(BigInt(n))) % R;
  const inverses = invertAll(roots.map((root) => modR(tau - root)));
  return roots.map((root, i) => (((root * (inverses[i] as bigint)) % R) * scale) % R);
}

export function readLittleEndian(bytes: Buffer, offset: number): bigint {
  return (
    bytes.readBigUInt64LE(offset) |
    (bytes.readBigUInt64LE(offset + 8) << 64n) |
    (bytes.readBigUInt64LE(offset + 16) << 128n) |
    (bytes.readBigUInt64LE(offset + 24) << 192n)
  );
}

const LOW64 = (1n << 64n) - 1n;
export function writeLittleEndian(value: bigint, bytes: Buffer, offset: number): void {
  bytes.writeBigUInt64LE(value & LOW64, offset);
  bytes.writeBigUInt64LE((value >> 64n) & LOW64, offset + 8);
  bytes.writeBigUInt64LE((value >> 128n) & LOW64, offset + 16);
  bytes.writeBigUInt64LE(value >> 192n, offset + 24);
}
