/**
 * Acts that move money between an account and the community's settlement: paid in, asked out, collected. Amounts in micro-cents. A member's
 * `place` is its number in the contract, its meter's number less one, so that whoever signs can see whose balance is meant.
 */
import { z } from 'zod';

/** Fits the 64 bits of the contract. */
const amount = z.string().regex(/^[1-9]\d{0,18}$/);
const place = z.number().int().min(0).max(1023);

export const PayInAct = z.object({ kind: z.literal('pay-in'), place, amount });
export const PayOutAct = z.object({ kind: z.literal('pay-out'), place, amount: amount.describe('asked for; a round grants it') });
export const CollectMoneyAct = z.object({ kind: z.literal('collect') });
export const PayInGridAct = z.object({ kind: z.literal('pay-in-grid'), amount: amount.describe('for the grid account') });
export type MoneyAct =
  | z.infer<typeof PayInAct>
  | z.infer<typeof PayOutAct>
  | z.infer<typeof CollectMoneyAct>
  | z.infer<typeof PayInGridAct>;
