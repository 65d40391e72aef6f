/**
 * What meters and members sign: Poseidon over BN254 with circomlib's parameters, EdDSA over BabyJubJub with blake-512 key
 * derivation, so that a circuit can check it. Checked against circomlibjs vectors.
 * NOTE: zk-kit's ES module entry does not load under Node, hence the CommonJS one. Verifying with it takes tens of
 * milliseconds; a service that verifies many signatures should use a faster implementation.
 */
import { createRequire } from 'node:module';
import { poseidon4 } from 'poseidon-lite/poseidon4';
import { poseidon5 } from 'poseidon-lite/poseidon5';
import { poseidon7 } from 'poseidon-lite/poseidon7';
import type { MemberOrder, MeterReading } from './messages.ts';

const eddsa = createRequire(import.meta.url)('@zk-kit/eddsa-poseidon/blake-1') as typeof import('@zk-kit/eddsa-poseidon');

export type CurvePoint = readonly [bigint, bigint];

export interface SigningKey {
  readonly privateKey: Uint8Array;
  readonly publicKey: CurvePoint;
}

export interface UnpackedSignature {
  readonly R8: CurvePoint;
  readonly S: bigint;
}

/** ASCII "order": an order's message can never be a reading's. */
const ORDER_TAG = 0x6f72646572n;

/** Derives a key from 32 secret bytes. */
export function keyFromSeed(privateKey: Uint8Array): SigningKey {
  if (privateKey.length !== 32) throw new RangeError(`a private key has 32 bytes, not ${privateKey.length}`);
  const [x, y] = eddsa.derivePublicKey(Buffer.from(privateKey));
  return { privateKey, publicKey: [BigInt(x), BigInt(y)] };
}

export type UnsignedReading = Omit<MeterReading, 'signature' | 'schema'>;
export type UnsignedOrder = Omit<MemberOrder, 'signature' | 'schema'>;

export function readingHash(reading: UnsignedReading): bigint {
  return poseidon5([reading.meter, reading.interval, reading.importWh, reading.exportWh, reading.sequence]);
}

export function orderHash(order: UnsignedOrder): bigint {
  const side = order.side === 'sell' ? 1 : 0;
  return poseidon7([order.meter, order.interval, side, order.quantityWh, order.limitPrice, order.sequence, ORDER_TAG]);
}

/** Leaf of the meter registry; `flags` bit 0 is "renewable only", bits 1 to 4 the technology code. */
export function registryLeaf(meter: { meterId: number; publicKey: CurvePoint; flags: number }): bigint {
  return poseidon4([meter.meterId, ...meter.publicKey, meter.flags]);
}

export function signReading(reading: UnsignedReading, key: SigningKey): MeterReading {
  return { schema: 'meter-reading/1', ...reading, signature: signHash(readingHash(reading), key) };
}

export function signOrder(order: UnsignedOrder, key: SigningKey): MemberOrder {
  return { schema: 'member-order/1', ...order, signature: signHash(orderHash(order), key) };
}

export function verifyReading(reading: MeterReading, publicKey: CurvePoint): boolean {
  return verifyHash(readingHash(reading), reading.signature, publicKey);
}

export function verifyOrder(order: MemberOrder, publicKey: CurvePoint): boolean {
  return verifyHash(orderHash(order), order.signature, publicKey);
}

/** 64 bytes in hex: R8 packed (32, little-endian) and S (32, little-endian), as circomlib packs them. */
export function signHash(message: bigint, key: SigningKey): string {
  return eddsa.packSignature(eddsa.signMessage(Buffer.from(key.privateKey), message)).toString('hex');
}

export function verifyHash(message: bigint, signature: string, publicKey: CurvePoint): boolean {
  const unpacked = unpackSignature(signature);
  if (!unpacked) return false;
  try {
    return eddsa.verifySignature(message, { R8: [...unpacked.R8], S: unpacked.S }, [...publicKey]);
  } catch {
    return false;
  }
}

/** The parts of a packed signature; undefined when the hex is not 64 bytes or R8 is no point of the curve. */
export function unpackSignature(hex: string): UnpackedSignature | undefined {
  if (!/^[0-9a-f]{128}$/.test(hex)) return undefined;
  try {
    const { R8, S } = eddsa.unpackSignature(Buffer.from(hex, 'hex'));
    return { R8: [BigInt(R8[0]), BigInt(R8[1])], S: BigInt(S) };
  } catch {
    return undefined;
  }
}
