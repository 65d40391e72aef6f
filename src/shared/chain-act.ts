/** Acts on the chain that the console's own account may hold a role for: care of meters, and the community's certificates, credits and records. */
import { z } from 'zod';

/** At most 31 plain characters: what the chain keeps in one word. */
const Short = z.string().regex(/^[\x21-\x7e][\x20-\x7e]{0,30}$/, 'write 1 to 31 plain letters, digits and signs');
/** Kept here and in the journal; the chain gets its hash. */
const Statement = z.string().trim().min(3).max(400);
const number = z.number().int().positive();

export const DeviceChainAct = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('verify'), record: Statement }),
  z.object({ kind: z.literal('maintenance'), on: z.boolean(), dueMs: z.number().int().nonnegative().nullable(), workOrder: Short }),
  z.object({ kind: z.literal('report-tamper'), sign: Short, evidence: Statement }),
  z.object({ kind: z.literal('clear-tamper'), finding: Statement }),
  /** The meter shows another key. Without a record it waits for a technician's verification. */
  z.object({ kind: z.literal('rotate-key'), record: Statement.nullable() }),
  /** Another device stands at the meter, or the first one after it was retired. */
  z.object({ kind: z.literal('swap-device'), record: Statement.nullable() }),
  z.object({ kind: z.literal('retire'), reason: Statement }),
  z.object({
    kind: z.literal('firmware'),
    version: Short,
    imageHash: z.string().regex(/^[0-9a-fA-F]{64}$/, 'the SHA-256 of the signed image: 64 hexadecimal digits'),
  }),
]);
export type DeviceChainAct = z.infer<typeof DeviceChainAct>;

export const CarbonChainAct = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('reserve'), bundle: number }),
  z.object({ kind: z.literal('release'), bundle: number }),
  z.object({ kind: z.literal('retire-credits'), amountMg: z.string().regex(/^[1-9]\d{0,17}$/), beneficiary: Statement }),
  z.object({ kind: z.literal('certify-record'), device: z.string() }),
  z.object({ kind: z.literal('claim-achievement'), milestone: number }),
]);
export type CarbonChainAct = z.infer<typeof CarbonChainAct>;
