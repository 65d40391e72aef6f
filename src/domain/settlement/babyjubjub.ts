/**
 * EdDSA-Poseidon over BabyJubJub (EIP-2494 curve, circomlib's parameters and packing), verification in about 2 ms.
 * Signing belongs to the members' devices and is not offered here; `signWithScalar` serves tests and simulated devices that keep a scalar.
 */
import { poseidon3 } from 'poseidon-lite/poseidon3';
import { poseidon5 } from 'poseidon-lite/poseidon5';
import { FIELD, inverse, isFieldElement, mod } from './field.ts';

export type Point = readonly [x: bigint, y: bigint];
export interface Signature {
  readonly r8: Point;
  readonly s: bigint;
}

const A = 168700n;
const D = 168696n;
/** Order of the subgroup that keys and signatures live in. */
export const SUBGROUP_ORDER = 2736030358979909402780800718157159386076813972158567259200215660948447373041n;
export const BASE8: Point = [
  5299619240641551281634865583518297030282874472190772894086521144482721001553n,
  16950150798460657717958625567821834550301663161624707787222815936182638968203n,
];

interface Extended {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
  readonly t: bigint;
}
const IDENTITY: Extended = { x: 0n, y: 1n, z: 1n, t: 0n };

/** Unified addition, "add-2008-hwcd" of the Explicit-Formulas Database; complete because a is a square and d is not. */
function add(p: Extended, q: Extended): Extended {
  const a = (p.x * q.x) % FIELD;
  const b = (p.y * q.y) % FIELD;
  const c = (((p.t * q.t) % FIELD) * D) % FIELD;
  const d = (p.z * q.z) % FIELD;
  const e = mod((p.x + p.y) * (q.x + q.y) - a - b);
  const f = mod(d - c);
  const g = (d + c) % FIELD;
  const h = mod(b - A * a);
  return { x: (e * f) % FIELD, y: (g * h) % FIELD, z: (f * g) % FIELD, t: (e * h) % FIELD };
}

function extend([x, y]: Point): Extended {
  return { x, y, z: 1n, t: (x * y) % FIELD };
}

function multiply(point: Extended, scalar: bigint): Extended {
  let result = IDENTITY;
  for (const bit of scalar.toString(2)) {
    result = add(result, result);
    if (bit === '1') result = add(result, point);
  }
  return result;
}

function toAffine(point: Extended): Point {
  const zInverse = inverse(point.z);
  return [(point.x * zInverse) % FIELD, (point.y * zInverse) % FIELD];
}

function sameAsAffine(point: Extended, [x, y]: Point): boolean {
  return point.x === (x * point.z) % FIELD && point.y === (y * point.z) % FIELD;
}

export function isOnCurve([x, y]: Point): boolean {
  if (!isFieldElement(x) || !isFieldElement(y)) return false;
  const [xx, yy] = [(x * x) % FIELD, (y * y) % FIELD];
  return (A * xx + yy) % FIELD === (1n + ((D * xx) % FIELD) * yy) % FIELD;
}

/** A key the registry may take: on the curve, of prime order, not the identity. */
export function isUsableKey(key: Point): boolean {
  if (!isOnCurve(key) || key[0] === 0n) return false;
  return sameAsAffine(multiply(extend(key), SUBGROUP_ORDER), [0n, 1n]);
}

/** S·B8 = R8 + 8·h·A with h = Poseidon(R8, A, message); S must be reduced, R8 on the curve. */
export function verifySignature(message: bigint, signature: Signature, key: Point): boolean {
  const { r8, s } = signature;
  if (!isFieldElement(message) || s < 0n || s >= SUBGROUP_ORDER || !isOnCurve(r8) || !isOnCurve(key) || key[0] === 0n) return false;
  const h = poseidon5([r8[0], r8[1], key[0], key[1], message]);
  const right = add(extend(r8), multiply(extend(key), 8n * h));
  return sameAsAffine(right, toAffine(multiply(extend(BASE8), s)));
}

/** Public key of a scalar in [1, subgroup order). */
export function publicKeyOfScalar(scalar: bigint): Point {
  return toAffine(multiply(extend(BASE8), mod(scalar, SUBGROUP_ORDER)));
}

/** Deterministic signature for simulated devices: the nonce is Poseidon(scalar, message, 1), so the same message never gets two nonces. */
export function signWithScalar(scalar: bigint, message: bigint): Signature {
  const key = publicKeyOfScalar(scalar);
  const nonce = mod(poseidon3([scalar, message, 1n]), SUBGROUP_ORDER);
  const r8 = toAffine(multiply(extend(BASE8), nonce));
  const h = poseidon5([r8[0], r8[1], key[0], key[1], message]);
  return { r8, s: mod(nonce + 8n * h * scalar, SUBGROUP_ORDER) };
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}

/** Square root in the field (Tonelli-Shanks; the field has 2-adicity 28), or null when there is none. */
function squareRoot(value: bigint): bigint | null {
  const power = (base: bigint, exponent: bigint): bigint => {
    let result = 1n;
    let square = base % FIELD;
    for (let e = exponent; e > 0n; e >>= 1n) {
      if (e & 1n) result = (result * square) % FIELD;
      square = (square * square) % FIELD;
    }
    return result;
  };
  if (value === 0n) return 0n;
  if (power(value, (FIELD - 1n) / 2n) !== 1n) return null;
  const odd = (FIELD - 1n) >> 28n;
  let order = 28;
  let generator = power(5n, odd);
  let root = power(value, (odd + 1n) / 2n);
  let rest = power(value, odd);
  while (rest !== 1n) {
    let k = 0;
    for (let square = rest; square !== 1n; square = (square * square) % FIELD) k++;
    let factor = generator;
    for (let i = 0; i < order - k - 1; i++) factor = (factor * factor) % FIELD;
    order = k;
    generator = (factor * factor) % FIELD;
    root = (root * factor) % FIELD;
    rest = (rest * generator) % FIELD;
  }
  return root;
}

/** circomlib's packed point: 32 bytes, little-endian y with the sign of x (x > (p-1)/2) in the top bit. Null when it is none. */
export function unpackPoint(packed: Uint8Array): Point | null {
  if (packed.length !== 32) return null;
  const bytes = Uint8Array.from(packed);
  const negative = ((bytes[31] ?? 0) & 0x80) !== 0;
  bytes[31] = (bytes[31] ?? 0) & 0x7f;
  const y = littleEndian(bytes);
  if (y >= FIELD) return null;
  const yy = (y * y) % FIELD;
  const denominator = mod(A - D * yy);
  if (denominator === 0n) return null;
  const x = squareRoot((mod(1n - yy) * inverse(denominator)) % FIELD);
  if (x === null || (x === 0n && negative)) return null;
  return [x > FIELD >> 1n !== negative ? mod(-x) : x, y];
}

export function packPoint([x, y]: Point): Uint8Array {
  const bytes = littleEndianBytes(y);
  if (x > FIELD >> 1n) bytes[31] = (bytes[31] ?? 0) | 0x80;
  return bytes;
}

/** 64 bytes: packed R8, then S little-endian. Null when malformed. */
export function unpackSignature(packed: Uint8Array): Signature | null {
  if (packed.length !== 64) return null;
  const r8 = unpackPoint(packed.subarray(0, 32));
  return r8 === null ? null : { r8, s: littleEndian(packed.subarray(32)) };
}

export function packSignature({ r8, s }: Signature): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set(packPoint(r8));
  bytes.set(littleEndianBytes(s), 32);
  return bytes;
}

function littleEndianBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  for (let i = 0, rest = value; i < 32; i++, rest >>= 8n) bytes[i] = Number(rest & 255n);
  return bytes;
}
