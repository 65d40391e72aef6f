/**
 * A public meter and the chain over the plant's bus. It names its own account (retained, signed by its key); the console asks it to sign the
 * post of one of its readings, and gets the signed transaction or a refusal with its reason.
 */
import * as z from 'zod';
import { LedgerTransaction } from './account-messages.ts';

const requestId = z.string().min(1).max(100);

export const MeterAccount = z.strictObject({
  schema: z.literal('meter-account/1'),
  meter: z.int().min(1).max(65_535),
  address: z.string().regex(/^0x[0-9a-fA-F]{40}$/),
  /** EdDSA-Poseidon over (meter, address, "account"), 64 bytes packed. */
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});
export type MeterAccount = z.infer<typeof MeterAccount>;

export const PostRequest = z.strictObject({
  schema: z.literal('post-request/1'),
  requestId,
  chainId: z.int().positive(),
  /** The meter's number in the registry on the chain. */
  registered: z.int().min(1).max(65_535),
  /** What is to be posted: a meter-reading/1 as the meter signed it. */
  reading: z.record(z.string(), z.unknown()),
  transaction: LedgerTransaction,
});
export type PostRequest = z.infer<typeof PostRequest>;

export const PostResponse = z.strictObject({
  schema: z.literal('post-response/1'),
  requestId,
  result: z.enum(['signed', 'refused']),
  reason: z.string().max(400).optional(),
  raw: z
    .string()
    .regex(/^0x[0-9a-f]*$/)
    .max(4_000)
    .optional(),
});
export type PostResponse = z.infer<typeof PostResponse>;

/** A reading as `SmartMeter.submitReading` takes it: export in bits 0..63, import in 64..127, interval in 128..167. */
export const packReading = (reading: { interval: number; importWh: number; exportWh: number }): bigint =>
  BigInt(reading.exportWh) | (BigInt(reading.importWh) << 64n) | (BigInt(reading.interval) << 128n);
