/**
 * What can be done from an account on the chain. Energy in Wh, prices in milli-cents per kWh, money in micro-cents; energy × price is the
 * cost exactly. An act names all it may cost, so that whoever signs it can judge it without asking anybody.
 */
import { z } from 'zod';
import { CollectAct, EnrolAct } from './demand-act.ts';

const number = z.number().int().positive();
const energyWh = z.number().int().positive().max(1e12);
const price = z.number().int().positive().max(1e9);
const seconds = z
  .number()
  .int()
  .min(60)
  .max(366 * 86_400);
export const Address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);

export const WalletAct = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('transfer'),
    asset: z.enum(['money', 'energy']),
    to: Address,
    amount: z
      .string()
      .regex(/^[1-9]\d{0,20}$/)
      .describe('micro-cents or Wh'),
  }),
  z.object({ kind: z.literal('place-offer'), side: z.enum(['buy', 'sell']), energyWh, price, durationS: seconds }),
  z.object({
    kind: z.literal('take-offer'),
    offer: number,
    side: z.enum(['buy', 'sell']).describe('what the taker does'),
    energyWh,
    price,
  }),
  z.object({ kind: z.literal('close-offer'), offer: number }),
  z.object({ kind: z.literal('create-auction'), energyWh, price: price.describe('the least'), durationS: seconds, drawS: seconds }),
  z.object({ kind: z.literal('bid'), auction: number, energyWh, price }),
  z.object({ kind: z.literal('settle-auction'), auction: number }),
  z.object({ kind: z.literal('draw'), connection: number, energyWh }),
  z.object({ kind: z.literal('close-connection'), connection: number }),
  z.object({ kind: z.literal('withdraw'), venue: z.enum(['offers', 'deals']) }),
  EnrolAct,
  CollectAct,
]);
export type WalletAct = z.infer<typeof WalletAct>;
