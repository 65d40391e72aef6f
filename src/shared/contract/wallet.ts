/**
 * Accounts on the chain: what they hold, what runs, and acts. Energy in Wh, prices in milli-cents per kWh, money in micro-cents, shares in
 * hundredths of a per cent (bps). Times are the chain's, UTC ms.
 */
import { z } from 'zod';
import { MicroCents, MilliCentsPerKwh, PlantTimeMs, TimeMs, Wh } from '../values.ts';
import { OfferCondition, WalletAct } from '../wallet-act.ts';
import { command, query } from './define.ts';

const ChainTime = z.number().describe('time of the chain, UTC ms');
const Bps = z.number().int().describe('hundredths of a per cent');
export const WalletTransaction = z.object({
  id: z.string(),
  title: z.string(),
  hash: z.string().nullable(),
  state: z.enum(['waiting', 'sending', 'sent', 'final', 'failed']),
  createdMs: TimeMs,
  block: z.number().nullable(),
  error: z.string().nullable(),
});
export type WalletTransaction = z.infer<typeof WalletTransaction>;

const Party = z.object({ address: z.string(), name: z.string().nullable().describe('member or contract, when it is one') });
/** How an account has kept its word in trade, as the contracts count it. */
export const Standing = z.object({
  completed: z.number().int().describe('trades and deliveries that were paid'),
  defaulted: z.number().int().describe('deals with a missed delivery'),
  disputesLost: z.number().int(),
  volumeWh: Wh,
});
export type Standing = z.infer<typeof Standing>;
const Trader = Party.extend({ standing: Standing });
export type Trader = z.infer<typeof Trader>;

export const WalletOffer = z.object({
  id: z.number(),
  maker: Trader,
  mine: z.boolean(),
  side: z.enum(['buy', 'sell']).describe('what its maker does'),
  energyWh: Wh,
  leftWh: Wh,
  price: MilliCentsPerKwh.describe('g CO2e per kWh when paid in credits'),
  paidIn: z.enum(['money', 'credits']),
  feeBps: Bps,
  expiresMs: ChainTime,
  state: z.enum(['open', 'expired', 'done', 'closed']),
  gridBalanced: z.boolean(),
  condition: OfferCondition.nullable(),
  partner: Party.nullable().describe('the only account that may take it'),
  forMe: z.boolean().describe('not kept for another account'),
});
export type WalletOffer = z.infer<typeof WalletOffer>;

export const WalletGroup = z.object({
  id: z.number(),
  offer: z.number(),
  seller: Trader,
  openedBy: Party,
  price: MilliCentsPerKwh,
  targetWh: Wh,
  pledgedWh: Wh,
  mineWh: Wh.describe('pledged by this account and not taken yet'),
  sellerIsMe: z.boolean(),
  deadlineMs: ChainTime,
  state: z.enum(['open', 'reached', 'bought', 'over']).describe('over: not bought in time, or the offer is gone'),
});
export type WalletGroup = z.infer<typeof WalletGroup>;

export const WalletAuction = z.object({
  id: z.number(),
  seller: Trader,
  mine: z.boolean(),
  energyWh: Wh,
  leastPrice: MilliCentsPerKwh.describe('the next bid must be at least this'),
  feeBps: Bps.describe('fixed when it was created, for its connection too'),
  closeBps: Bps,
  highest: z.object({ bidder: Trader, mine: z.boolean(), price: MilliCentsPerKwh }).nullable(),
  endsMs: ChainTime,
  state: z.enum(['open', 'over', 'settled']),
});
export type WalletAuction = z.infer<typeof WalletAuction>;

export const WalletInstalment = z.object({
  number: z.number().int(),
  state: z.enum(['made', 'disputed', 'paid']),
  madeMs: ChainTime.nullable(),
  /** made: until then it may be disputed, and is paid from then; disputed: until then the arbiter may decide. */
  untilMs: ChainTime.nullable(),
  reason: z.string().nullable(),
  paid: z.object({ toSeller: MicroCents, toBuyer: MicroCents, fee: MicroCents }).nullable(),
});
export type WalletInstalment = z.infer<typeof WalletInstalment>;

/** A connection that an auction opened, or deliveries agreed beforehand. */
export const WalletDeal = z.object({
  id: z.number(),
  kind: z.enum(['connection', 'deliveries']),
  role: z.enum(['seller', 'buyer', 'none']).describe('of this account'),
  seller: Trader,
  buyer: Trader.nullable(),
  price: MilliCentsPerKwh,
  energyWh: Wh,
  deliveredWh: Wh,
  bond: MicroCents,
  held: MicroCents.describe('what the contract holds for it now'),
  feeBps: Bps,
  closeBps: Bps,
  state: z
    .enum(['proposed', 'lapsed', 'open', 'overdue', 'ended', 'disputed', 'settled', 'withdrawn'])
    .describe('overdue: its time is over and nobody has ended it. Of deliveries: the state of what was not delivered and of the bond'),
  untilMs: ChainTime.nullable().describe('open: last moment to draw or deliver; ended: to dispute; disputed: for the arbiter'),
  schedule: z
    .object({
      startsMs: ChainTime,
      windowS: z.number(),
      periodS: z.number(),
      count: z.number().int(),
      next: z.object({ number: z.number().int(), opensMs: ChainTime, closesMs: ChainTime }).nullable(),
    })
    .nullable(),
  defaulted: z.boolean(),
  closedByBuyer: z.boolean(),
  reason: z.string().nullable().describe('of a dispute'),
  instalments: z.array(WalletInstalment),
  payable: z.number().int().describe('instalments that can be paid out now'),
});
export type WalletDeal = z.infer<typeof WalletDeal>;

/** An account's money in the settlement: what the newest settled round says, and what its contract grants. */
export const WalletSettlement = z.object({
  place: z.number().int().describe('the member’s number in the contract'),
  account: z.enum(['none', 'own', 'moved']).describe('whether the contract names this account for the place; moved: another one'),
  state: z.enum(['running', 'paused', 'ended']),
  balance: MicroCents.nullable().describe('null before the first settled round'),
  debt: MicroCents.nullable(),
  settledStartMs: PlantTimeMs.nullable().describe('start of the interval that was settled last'),
  waiting: z
    .object({ payout: z.boolean(), amount: MicroCents, before: z.number().int().describe('entries that are applied before it') })
    .nullable()
    .describe('its one entry in the queue'),
  notCovered: z
    .object({ amount: MicroCents, timeMs: ChainTime.nullable() })
    .nullable()
    .describe('its last payout, when the balance did not cover it'),
  claimable: MicroCents.describe('granted and not collected'),
  queueLength: z.number().int().describe('entries of all members that wait'),
  entriesARound: z.number().int(),
});
export type WalletSettlement = z.infer<typeof WalletSettlement>;

/** What the contract holds against what it owes, as it says itself now. Held = balances + waiting + granted + grid + laid out. */
export const Reserve = z.object({
  held: MicroCents,
  balances: MicroCents.describe('of members, settled'),
  waiting: MicroCents.describe('paid in, not applied yet'),
  granted: MicroCents.describe('payouts not collected yet'),
  grid: MicroCents.describe('what the grid’s supplier has earned; negative: owes'),
  laidOut: MicroCents.describe('negative: for members in debt'),
  short: MicroCents.describe('what has to come in until everybody can be paid; 0 when it is enough'),
});
export type Reserve = z.infer<typeof Reserve>;

/** Read from the console's indexed copy of the chain's events, so that it can be shown while the chain is away. */
export const Wallet = z.object({
  member: z.string(),
  name: z.string(),
  operatorOwned: z.boolean(),
  address: z.string().nullable(),
  signedBy: z.enum(['operator', 'gateway']),
  note: z.string().nullable().describe('why there is no account, or no energy'),
  indexedBlock: z.number().nullable().describe('the copy holds the chain up to here'),
  chainInStep: z.boolean(),
  chainTimeMs: ChainTime.describe('against which all times here are judged'),
  money: MicroCents.nullable(),
  energyWh: Wh.nullable().describe('tokens that have not expired'),
  expiredWh: Wh,
  owed: z
    .object({ offers: MicroCents.nullable(), deals: MicroCents.nullable() })
    .describe('to be withdrawn; null until the ledger is deployed'),
  settlement: WalletSettlement.nullable().describe('null until the contract is deployed, or without an account'),
  standing: Standing,
  fees: z.object({ tradeBps: Bps, closeBps: Bps, bondBps: Bps }).nullable().describe('published now; null until the ledger is deployed'),
  arbiter: z.boolean().describe('this account may decide disputes of others'),
  vintages: z.array(z.object({ vintage: z.number(), technology: z.string(), energyWh: Wh, expiresMs: ChainTime, expired: z.boolean() })),
  transactions: z.array(WalletTransaction),
  transfers: z.array(
    z.object({
      transaction: z.string(),
      block: z.number(),
      timeMs: ChainTime.nullable(),
      asset: z.enum(['money', 'energy']),
      amount: z.string().describe('micro-cents or Wh; negative = went out'),
      other: Party,
    }),
  ),
  offers: z.array(WalletOffer),
  groups: z.array(WalletGroup),
  auctions: z.array(WalletAuction),
  deals: z.array(WalletDeal).describe('own ones, proposals of others, and for an arbiter what is disputed'),
  accounts: z.array(z.object({ member: z.string(), name: z.string(), address: z.string() })).describe('to whom one can transfer'),
});
export type Wallet = z.infer<typeof Wallet>;

export const WalletCheck = z.object({
  possible: z.boolean(),
  message: z.string(),
  signedBy: z.string(),
  steps: z.array(z.string()),
  costs: z.object({ money: MicroCents, energyWh: z.string() }),
});
export type WalletCheck = z.infer<typeof WalletCheck>;
const WalletDone = z.object({ signed: z.boolean(), message: z.string(), transactions: z.array(WalletTransaction) });

export const walletCalls = {
  queries: {
    'wallet.get': query('auditor', z.object({ member: z.string() }), Wallet),
    'wallet.reserve': query('auditor', z.object({}), Reserve),
    'wallet.check': query('auditor', z.object({ member: z.string(), act: WalletAct }), WalletCheck),
  },
  commands: {
    'wallet.act': command(
      'operator',
      'Ask for an act of a member’s account on the chain',
      z.object({ member: z.string(), act: WalletAct }),
      WalletDone,
    ),
    'wallet.issueMoney': command(
      'supervisor',
      'Issue test money of the development chain',
      z.object({
        member: z.string(),
        amount: z
          .string()
          .regex(/^[1-9]\d{0,15}$/)
          .describe('micro-cents'),
      }),
      WalletDone,
    ),
  },
  topics: {},
};
