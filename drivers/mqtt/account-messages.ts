/**
 * Accounts on the chain over the plant's bus. A member's gateway names its account (retained, signed by the member's meter key), the console
 * tells the ledger's contracts (retained), asks the gateway for an act, and gets signed transactions or a refusal with its reason.
 */
import * as z from 'zod';

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);
const hex = z.string().regex(/^0x[0-9a-f]*$/);
const decimal = z.string().regex(/^\d{1,39}$/);
const requestId = z.string().min(1).max(100);

export const MemberAccount = z.strictObject({
  schema: z.literal('member-account/1'),
  meter: z.int().min(1).max(65_535),
  address,
  /** EdDSA-Poseidon over (meter, address, "account"), 64 bytes packed. */
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});
export type MemberAccount = z.infer<typeof MemberAccount>;

export const LedgerContracts = z.strictObject({
  schema: z.literal('ledger-contracts/1'),
  chainId: z.int().positive(),
  genesisHash: hex,
  /** The account that commits the orders; gateways that were told before it was said take it when they hear it first. */
  operator: address.optional(),
  contracts: z.record(z.string().max(64), address),
});
export type LedgerContracts = z.infer<typeof LedgerContracts>;

/** A transaction that is asked for: everything but the signature. */
export const LedgerTransaction = z.strictObject({
  to: address,
  data: hex.max(20_000),
  nonce: z.int().min(0),
  gasLimit: decimal,
  maxFeePerGas: decimal,
  maxPriorityFeePerGas: decimal,
});
export type LedgerTransaction = z.infer<typeof LedgerTransaction>;

export const AccountRequest = z.strictObject({
  schema: z.literal('account-request/1'),
  requestId,
  chainId: z.int().positive(),
  /** The act in words a gateway can judge; see the wallet's acts. */
  act: z.record(z.string(), z.unknown()),
  transactions: z.array(LedgerTransaction).min(1).max(4),
});
export type AccountRequest = z.infer<typeof AccountRequest>;

export const AccountResponse = z.strictObject({
  schema: z.literal('account-response/1'),
  requestId,
  result: z.enum(['signed', 'refused']),
  reason: z.string().max(400).optional(),
  /** Signed transactions in order. */
  raw: z.array(hex.max(24_000)).max(4).optional(),
});
export type AccountResponse = z.infer<typeof AccountResponse>;

/** null when the payload is not such a message. */
export function parseAs<T>(schema: z.ZodType<T>, payload: Buffer | string): T | null {
  try {
    const parsed = schema.safeParse(JSON.parse(payload.toString()));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
