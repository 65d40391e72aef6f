/**
 * Openings over the plant's bus. A member's gateway names the key its openings are sealed for (retained, signed by the member's meter key);
 * after each settled round the engine publishes the member's own opening (retained, sealed); the gateway answers when it has it on disk.
 */
import { poseidon4 } from 'poseidon-lite/poseidon4';
import * as z from 'zod';
import type { Sealed } from './sealing.ts';

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);
const key = z.string().regex(/^[0-9a-f]{64}$/, 'must be 32 bytes in lower-case hex');
const meter = z.int().min(1).max(65_535);
const interval = z
  .int()
  .min(0)
  .max(2 ** 40 - 1);
const memberId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const chainId = z.int().positive();

export const MemberSealingKey = z.strictObject({
  schema: z.literal('member-sealing-key/1'),
  meter,
  /** X25519, raw */
  key,
  /** EdDSA-Poseidon over `sealingKeyHash`, 64 bytes packed. */
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});
export type MemberSealingKey = z.infer<typeof MemberSealingKey>;

export const SealedOpening = z.strictObject({
  schema: z.literal('sealed-opening/1'),
  member: memberId,
  interval,
  chainId,
  /** The contract Settlement whose round this is. */
  settlement: address,
  ephemeralKey: key,
  nonce: z.string().regex(/^[0-9a-f]{24}$/),
  text: z.base64().max(400_000),
});
export type SealedOpening = z.infer<typeof SealedOpening>;

/** What lies under the seal. */
export const Opening = z.strictObject({
  schema: z.literal('opening/1'),
  chain: z.strictObject({
    chainId,
    settlement: address,
    /** That settled the round. */
    transaction: z.string().regex(/^0x[0-9a-f]{64}$/),
    block: z.int().min(0),
  }),
  /** The member's own line of the round, round-line/1. */
  line: z.record(z.string(), z.unknown()),
});
export type Opening = z.infer<typeof Opening>;

export const OpeningReceipt = z.strictObject({
  schema: z.literal('opening-receipt/1'),
  interval,
  /** kept: checked, and durably in the member's own store. */
  result: z.enum(['kept', 'refused']),
  reason: z.string().max(400).optional(),
});
export type OpeningReceipt = z.infer<typeof OpeningReceipt>;

/** ASCII "sealing"; four inputs, so that it can be neither a reading's, an order's nor an account's message. */
const SEALING_TAG = 0x7365616c696e67n;

/** What a member's meter key signs to name the member's sealing key; the key's 256 bits go in as two halves. */
export const sealingKeyHash = (meterId: number, publicKey: string): bigint =>
  poseidon4([BigInt(meterId), BigInt(`0x${publicKey.slice(0, 32)}`), BigInt(`0x${publicKey.slice(32)}`), SEALING_TAG]);

/** The associated data of a sealed opening: schema, member, interval and the settlement domain (chain id · 2^160 + address). */
export const aboutOpening = (o: Omit<SealedOpening, keyof Sealed>): string =>
  [o.schema, o.member, o.interval, (BigInt(o.chainId) << 160n) | BigInt(o.settlement)].join('|');
