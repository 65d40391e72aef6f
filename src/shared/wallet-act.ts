/**
 * What can be done from an account on the chain. Energy in Wh, prices in milli-cents per kWh, money in micro-cents; energy × price is the
 * cost exactly. An act names all it may cost, so that whoever signs it can judge it without asking anybody.
 */
import { z } from 'zod';
import { CollectAct, EnrolAct } from './demand-act.ts';
import { CollectMoneyAct, PayInAct, PayInGridAct, PayOutAct } from './money-act.ts';

const number = z.number().int().positive();
const energyWh = z.number().int().positive().max(1e12);
const price = z.number().int().positive().max(1e9);
const longestS = 366 * 86_400;
const seconds = z.number().int().min(60).max(longestS);
const amount = z.string().regex(/^[1-9]\d{0,20}$/);
export const Address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);

/** What the latest grid report must say for an offer to be taken. mHz, mV, W; imbalance is demand less supply. */
export const OfferCondition = z.object({
  metric: z.enum(['frequency', 'voltage', 'demand', 'supply', 'imbalance']),
  atLeast: z.boolean().describe('true: at least the threshold, false: at most'),
  threshold: z.number().int().min(-1e12).max(1e12),
});
export type OfferCondition = z.infer<typeof OfferCondition>;

/** Spot trade: offers and group purchases. */
const offers = [
  z.object({
    kind: z.literal('place-offer'),
    side: z.enum(['buy', 'sell']),
    energyWh,
    price,
    durationS: seconds,
    gridBalanced: z
      .boolean()
      .optional()
      .describe('taken only while it helps: a sale while demand exceeds supply, a purchase the other way'),
    condition: OfferCondition.optional(),
    partner: Address.optional().describe('only this account may take it'),
  }),
  z.object({
    kind: z.literal('take-offer'),
    offer: number,
    side: z.enum(['buy', 'sell']).describe('what the taker does'),
    energyWh,
    price,
  }),
  z.object({ kind: z.literal('close-offer'), offer: number }),
  z.object({ kind: z.literal('open-group'), offer: number, targetWh: energyWh, durationS: seconds }),
  z.object({ kind: z.literal('join-group'), group: number, energyWh, price }),
  z.object({ kind: z.literal('leave-group'), group: number }),
  z.object({ kind: z.literal('execute-group'), group: number }),
  z.object({ kind: z.literal('claim-group'), group: number }),
] as const;

/** Trade that takes time: auctions with their connections, futures and recurring deliveries. */
const deals = [
  z.object({ kind: z.literal('create-auction'), energyWh, price: price.describe('the least'), durationS: seconds, drawS: seconds }),
  z.object({ kind: z.literal('bid'), auction: number, energyWh, price }),
  z.object({ kind: z.literal('settle-auction'), auction: number }),
  z.object({ kind: z.literal('draw'), connection: number, energyWh }),
  z.object({ kind: z.literal('close-connection'), connection: number }),
  z.object({
    kind: z.literal('propose-delivery'),
    energyWh: energyWh.describe('of one delivery'),
    price,
    startsAtS: number.describe('first window opens, s since 1970'),
    windowS: seconds,
    periodS: seconds.describe('between the beginnings of two windows; at least the window'),
    count: z.number().int().min(1).max(1000),
    bond: z
      .string()
      .regex(/^\d{1,21}$/)
      .describe('micro-cents set aside until the last delivery'),
  }),
  z.object({ kind: z.literal('withdraw-proposal'), deal: number }),
  z.object({ kind: z.literal('accept-delivery'), deal: number, energyWh: energyWh.describe('of all deliveries'), price }),
  z.object({ kind: z.literal('deliver'), deal: number, energyWh }),
  z.object({ kind: z.literal('stop-deliveries'), deal: number }),
  z.object({ kind: z.literal('pay-instalments'), deal: number }),
  z.object({ kind: z.literal('end-deal'), deal: number }),
  z.object({ kind: z.literal('settle-deal'), deal: number, instalment: number.optional().describe('a disputed one the arbiter left') }),
  z.object({
    kind: z.literal('dispute'),
    deal: number,
    instalment: number.optional().describe('one delivery; without: the deal'),
    reason: z
      .string()
      .trim()
      .min(3)
      .max(31)
      .regex(/^[ -~]+$/)
      .describe('plain letters, kept on the chain'),
  }),
  z.object({
    kind: z.literal('resolve-dispute'),
    deal: number,
    instalment: number.optional(),
    sellerBps: z.number().int().min(0).max(10_000).describe('the seller’s part, hundredths of a per cent'),
  }),
] as const;

export const WalletAct = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('transfer'),
    asset: z.enum(['money', 'energy']),
    to: Address,
    amount: amount.describe('micro-cents or Wh'),
  }),
  ...offers,
  ...deals,
  z.object({ kind: z.literal('withdraw'), venue: z.enum(['offers', 'deals']) }),
  EnrolAct,
  CollectAct,
  PayInAct,
  PayOutAct,
  CollectMoneyAct,
  PayInGridAct,
]);
export type WalletAct = z.infer<typeof WalletAct>;
