/** The scalar field of BN254, in which circuits, Poseidon and BabyJubJub coordinates live. */
import { FIELD } from '../../shared/field.ts';

export { FIELD };

/** Least non-negative residue. */
export function mod(value: bigint, modulus: bigint = FIELD): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

export function isFieldElement(value: bigint): boolean {
  return value >= 0n && value < FIELD;
}

/** Inverse by the extended Euclidean algorithm. Zero has none and is a bug of the caller. */
export function inverse(value: bigint, modulus: bigint = FIELD): bigint {
  let [r0, r1] = [modulus, mod(value, modulus)];
  let [t0, t1] = [0n, 1n];
  if (r1 === 0n) throw new Error('zero has no inverse');
  while (r1 !== 0n) {
    const quotient = r0 / r1;
    [r0, r1] = [r1, r0 - quotient * r1];
    [t0, t1] = [t1, t0 - quotient * t1];
  }
  return mod(t0, modulus);
}

export function fitsBits(value: bigint, bits: number): boolean {
  return value >= 0n && value < 1n << BigInt(bits);
}
