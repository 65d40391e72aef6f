/**
 * The meters' and gateways' signer: EdDSA-Poseidon over BabyJubJub with a kept scalar, about 3 ms a signature (the reference library takes
 * twenty times that, which would hold up the field's devices). What it signs verifies with any circomlib-compatible verifier.
 */
import type { MemberOrder, MeterReading } from '../../drivers/mqtt/messages.ts';
import { orderHash, readingHash } from '../../drivers/mqtt/signing.ts';
import { type Point, packSignature, publicKeyOfScalar, SUBGROUP_ORDER, signWithScalar } from '../../src/domain/settlement/babyjubjub.ts';

export interface SigningKey {
  readonly publicKey: Point;
  sign(message: bigint): string;
}

/** A key from 32 random bytes; the bias of the reduction (5 bits of slack) is of no use to an attacker of a simulated plant. */
export function signingKey(secret: Uint8Array): SigningKey {
  const scalar = (BigInt(`0x${Buffer.from(secret).toString('hex')}`) % (SUBGROUP_ORDER - 1n)) + 1n;
  return {
    publicKey: publicKeyOfScalar(scalar),
    sign: (message) => Buffer.from(packSignature(signWithScalar(scalar, message))).toString('hex'),
  };
}

export function signReading(reading: Omit<MeterReading, 'signature'>, key: SigningKey): MeterReading {
  return { ...reading, signature: key.sign(readingHash(reading)) };
}

export function signOrder(order: Omit<MemberOrder, 'signature'>, key: SigningKey): MemberOrder {
  return { ...order, signature: key.sign(orderHash(order)) };
}
