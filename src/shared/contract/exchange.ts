/** Market, settlement, carbon and participants. Energy in Wh, prices in milli-cents per kWh, money in micro-cents. */
import { z } from 'zod';
import { IntervalId, MicroCents, MilliCentsPerKwh, PlantTimeMs, TimeMs, Wh } from '../values.ts';
import { WalletAct } from '../wallet-act.ts';
import { command, query, topic } from './define.ts';

const none = z.object({});
const Side = z.enum(['buy', 'sell']);

export const Order = z.object({
  id: z.string(),
  member: z.string(),
  memberName: z.string(),
  kind: z.enum(['standing', 'interval']),
  side: Side,
  quantityWh: Wh,
  limitPrice: MilliCentsPerKwh,
  sequence: z.number().int(),
  receivedMs: TimeMs,
  state: z.enum(['open', 'committed', 'filled', 'part-filled', 'unfilled', 'replaced', 'refused']),
  filledWh: Wh.nullable(),
  refusal: z.string().optional(),
});
export type Order = z.infer<typeof Order>;

/** One step of a supply or demand curve: from `fromWh` to `toWh` at `price`. */
export const CurveStep = z.object({ order: z.string(), fromWh: Wh, toWh: Wh, price: MilliCentsPerKwh });

export const MarketNow = z.object({
  interval: IntervalId,
  startMs: PlantTimeMs,
  endMs: PlantTimeMs,
  gateClosesMs: PlantTimeMs,
  gate: z.enum(['open', 'closed']),
  /** Why no round can open at all, in a sentence with what to do; null when rounds open. */
  blocked: z.string().nullable(),
  book: z.array(Order),
  demandCurve: z.array(CurveStep),
  supplyCurve: z.array(CurveStep),
  indicative: z.object({ price: MilliCentsPerKwh.nullable(), quantityWh: Wh }),
  tariffs: z.object({ importPrice: MilliCentsPerKwh, feedInPrice: MilliCentsPerKwh }),
});

export const RoundSummary = z.object({
  interval: IntervalId,
  startMs: PlantTimeMs,
  endMs: PlantTimeMs,
  price: MilliCentsPerKwh.nullable(),
  tradedWh: Wh,
  orders: z.number().int(),
  welfare: z.string(),
  state: z.enum(['open', 'committed', 'cleared', 'metered', 'proving', 'proven', 'sent', 'settled', 'failed']),
  message: z.string().nullable(),
});
export type RoundSummary = z.infer<typeof RoundSummary>;

export const Flow = z.object({ from: z.string(), to: z.string(), energyWh: Wh });

/** A step of the settlement story, left to right. */
export const StoryStep = z.object({
  id: z.enum(['readings', 'orders', 'price', 'delivery', 'proof', 'transaction', 'receipt']),
  title: z.string(),
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  timeMs: TimeMs.nullable(),
  text: z.string(),
  evidence: z.array(z.object({ label: z.string(), value: z.string() })),
});
export type StoryStep = z.infer<typeof StoryStep>;

export const MemberLine = z.object({
  member: z.string(),
  name: z.string(),
  positionWh: Wh.describe('traded, positive = bought'),
  meteredWh: Wh.nullable().describe('import less export within the interval; null = no valid reading, carried to a later round'),
  imbalanceWh: Wh.nullable(),
  money: MicroCents.describe('positive = the member pays'),
  balanceAfter: MicroCents.nullable(),
});

export const Round = RoundSummary.extend({
  story: z.array(StoryStep),
  orderList: z.array(Order),
  demandCurve: z.array(CurveStep),
  supplyCurve: z.array(CurveStep),
  flows: z.array(Flow).describe('who traded with whom, pro rata: a call auction has no pairs of its own'),
  members: z.array(MemberLine),
  gridMoney: MicroCents,
  proof: z
    .object({
      circuit: z.string(),
      verificationKeyHash: z.string(),
      provingMs: z.number().nullable(),
      publicSignals: z.array(z.object({ name: z.string(), value: z.string() })),
    })
    .nullable(),
  transaction: z
    .object({
      hash: z.string(),
      block: z.number().nullable(),
      gasUsed: z.number().nullable(),
      status: z.enum(['pending', 'confirmed', 'failed']),
    })
    .nullable(),
});

export const Verification = z.object({
  valid: z.boolean(),
  checkedMs: TimeMs,
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});

export const OutboxEntry = z.object({
  id: z.string(),
  sequence: z.number().int(),
  kind: z.string(),
  title: z.string(),
  state: z.enum(['waiting', 'sending', 'sent', 'final', 'failed']),
  createdMs: TimeMs,
  attempts: z.number().int(),
  transaction: z.string().nullable(),
  block: z.number().nullable(),
  lastError: z.string().nullable(),
});

export const CertificateState = z.enum(['active', 'reserved', 'locked', 'cancelled', 'claimed', 'expired', 'withdrawn']);
export const Certificate = z.object({
  id: z.string(),
  interval: IntervalId,
  startMs: PlantTimeMs,
  device: z.string(),
  deviceName: z.string(),
  technology: z.string(),
  energyWh: Wh,
  holder: z.string(),
  state: CertificateState,
  onChain: z.object({
    transaction: z.string().nullable(),
    state: z.enum(['waiting', 'confirmed', 'differs']),
    text: z.string().describe('what the copy of the chain says of it'),
    bundle: z.number().nullable().describe('bundle that holds it, when one holds nothing else'),
  }),
  issuedMs: TimeMs,
  expiresMs: PlantTimeMs,
});
export type Certificate = z.infer<typeof Certificate>;

export const CarbonSummary = z.object({
  intensityGPerKwh: z.number().nullable(),
  mix: z.array(z.object({ source: z.string(), powerW: z.number(), gPerKwh: z.number(), factorSource: z.string() })),
  issuedWh: Wh,
  heldWh: Wh,
  cancelledWh: Wh,
  expiringWh: Wh,
  /** Avoided emissions of certificates' energy against the main grid's factor, with the factor's source. */
  avoidedGrams: z.number(),
  factor: z.object({ gPerKwh: z.number(), zone: z.string(), source: z.string() }),
  /** Matching by hour: min(certificates, load) / load, per hour of the plant's days. */
  matching: z.array(z.object({ hourStartMs: PlantTimeMs, loadWh: Wh, renewableWh: Wh, percent: z.number().nullable() })),
  flow: z.array(Flow),
  bySource: z.array(z.object({ technology: z.string(), energyWh: Wh })),
});

export const Provenance = z.object({
  certificate: Certificate,
  steps: z.array(z.object({ title: z.string(), text: z.string(), evidence: z.array(z.object({ label: z.string(), value: z.string() })) })),
  readings: z.array(
    z.object({
      device: z.string(),
      interval: IntervalId,
      importWh: Wh,
      exportWh: Wh,
      sequence: z.number(),
      signature: z.string(),
      signatureValid: z.boolean(),
      receivedMs: TimeMs,
    }),
  ),
});

export const Participant = z.object({
  id: z.string(),
  name: z.string(),
  category: z.enum(['residential', 'commercial', 'industrial', 'public', 'community']),
  operatorOwned: z.boolean(),
  meter: z.string(),
  bus: z.string(),
  balance: MicroCents.nullable(),
  positionWh: Wh.nullable().describe('in the current interval'),
  lastMeteredWh: Wh.nullable(),
  reliabilityPercent: z.number().nullable().describe('100 − mean |imbalance| / |position| over the last 96 settled rounds'),
  gateway: z.enum(['online', 'silent', 'unknown']),
});

export const ParticipantDetail = Participant.extend({
  wallet: z.object({ address: z.string().nullable(), moneyOnChain: MicroCents.nullable(), pending: z.array(OutboxEntry) }),
  standingOrder: Order.nullable(),
  orders: z.array(Order),
  statement: z.array(
    z.object({
      interval: IntervalId,
      startMs: PlantTimeMs,
      price: MilliCentsPerKwh.nullable(),
      positionWh: Wh,
      meteredWh: Wh.nullable(),
      imbalanceWh: Wh.nullable(),
      money: MicroCents,
      balanceAfter: MicroCents.nullable(),
    }),
  ),
  totals: z.object({ boughtWh: Wh, soldWh: Wh, money: MicroCents, savedAgainstTariff: MicroCents }),
});

const ChainTime = z.number().describe('time of the chain, UTC ms');
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
  money: MicroCents.nullable(),
  energyWh: Wh.nullable().describe('tokens that have not expired'),
  expiredWh: Wh,
  owed: z
    .object({ offers: MicroCents.nullable(), deals: MicroCents.nullable() })
    .describe('to be withdrawn; null while the chain cannot be asked'),
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
  offers: z.array(
    z.object({
      id: z.number(),
      maker: Party,
      mine: z.boolean(),
      side: Side.describe('what its maker does'),
      energyWh: Wh,
      leftWh: Wh,
      price: MilliCentsPerKwh,
      expiresMs: ChainTime,
      state: z.enum(['open', 'expired', 'done', 'closed']),
      plain: z.boolean().describe('for money and without a condition: can be taken here'),
    }),
  ),
  auctions: z.array(
    z.object({
      id: z.number(),
      seller: Party,
      mine: z.boolean(),
      energyWh: Wh,
      leastPrice: MilliCentsPerKwh.describe('the next bid must be at least this'),
      highest: z.object({ bidder: Party, mine: z.boolean(), price: MilliCentsPerKwh }).nullable(),
      endsMs: ChainTime,
      state: z.enum(['open', 'over', 'settled']),
    }),
  ),
  connections: z.array(
    z.object({
      id: z.number(),
      seller: Party,
      buyer: Party,
      role: z.enum(['seller', 'buyer']),
      energyWh: Wh,
      deliveredWh: Wh,
      price: MilliCentsPerKwh,
      state: z.enum(['open', 'ended', 'disputed', 'settled']),
    }),
  ),
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

export const exchangeCalls = {
  queries: {
    'market.now': query('auditor', none, MarketNow),
    'market.rounds': query(
      'auditor',
      z.object({ limit: z.number().int().min(1).max(500).default(96), before: IntervalId.optional() }),
      z.object({ rounds: z.array(RoundSummary) }),
    ),
    'settlement.round': query('auditor', z.object({ interval: IntervalId }), Round),
    'settlement.outbox': query(
      'auditor',
      z.object({ limit: z.number().int().min(1).max(500).default(100) }),
      z.object({ entries: z.array(OutboxEntry), waiting: z.number() }),
    ),
    'settlement.exportRound': query(
      'auditor',
      z.object({ interval: IntervalId, member: z.string() }),
      z.object({ fileName: z.string(), json: z.string() }),
    ),
    'carbon.summary': query('auditor', none, CarbonSummary),
    'carbon.certificates': query(
      'auditor',
      z.object({ limit: z.number().int().min(1).max(1000).default(200), before: z.string().optional(), device: z.string().optional() }),
      z.object({ certificates: z.array(Certificate), total: z.number() }),
    ),
    'carbon.provenance': query('auditor', z.object({ certificate: z.string() }), Provenance),
    'participants.list': query('auditor', none, z.array(Participant)),
    'participants.get': query('auditor', z.object({ id: z.string() }), ParticipantDetail),
    'wallet.get': query('auditor', z.object({ member: z.string() }), Wallet),
    'wallet.check': query('auditor', z.object({ member: z.string(), act: WalletAct }), WalletCheck),
  },
  commands: {
    'market.placeOffer': command(
      'operator',
      'Place an offer for the community’s own asset',
      z.object({ member: z.string(), side: Side, quantityWh: Wh.positive(), limitPrice: MilliCentsPerKwh }),
      Order,
    ),
    'market.withdrawOffer': command('operator', 'Withdraw an offer of the community', z.object({ order: z.string() }), Order),
    'settlement.verifyAgain': command('auditor', 'Verify a round again', z.object({ interval: IntervalId }), Verification),
    'settlement.retryOutbox': command('operator', 'Try the outbox again now', none, z.object({ waiting: z.number() })),
    'carbon.cancelCertificate': command(
      'operator',
      'Cancel a certificate for a beneficiary',
      z.object({ certificate: z.string(), beneficiary: z.string().trim().min(1).max(120) }),
      Certificate,
    ),
    'participants.askOrder': command(
      'operator',
      'Ask a member’s gateway for an order',
      z.object({ member: z.string(), side: Side, quantityWh: Wh.positive(), limitPrice: MilliCentsPerKwh }),
      z.object({ asked: z.boolean(), message: z.string() }),
    ),
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
  topics: {
    market: topic('auditor', none, MarketNow),
    rounds: topic('auditor', none, z.object({ rounds: z.array(RoundSummary) })),
  },
};
