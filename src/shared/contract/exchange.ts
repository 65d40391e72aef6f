/** Market, settlement, carbon and participants. Energy in Wh, prices in milli-cents per kWh, money in micro-cents. */
import { z } from 'zod';
import { GateState, IntervalId, MicroCents, MilliCentsPerKwh, PlantTimeMs, TimeMs, Wh } from '../values.ts';
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
  ordersCloseMs: PlantTimeMs,
  gateClosesMs: PlantTimeMs,
  gate: GateState,
  bookState: z
    .enum(['open', 'frozen', 'bound'])
    .describe('open: not frozen; frozen: its root is on its way to the chain; bound: it is there for good'),
  /** Why no round can open, or why this interval has none; null when nothing is wrong. */
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
  id: z.enum(['readings', 'orders', 'admission', 'price', 'delivery', 'proof', 'transaction', 'receipt']),
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

export const ChainTransaction = z.object({
  hash: z.string(),
  block: z.number().nullable(),
  gasUsed: z.number().nullable(),
  status: z.enum(['pending', 'confirmed', 'failed']),
});

/** Proofs of a round under one key, in the order of its parts; most rounds have one part. */
export const ProofEvidence = z.object({
  circuit: z.string(),
  verificationKeyHash: z.string(),
  partsNeeded: z.number().int(),
  parts: z.array(
    z.object({
      provingMs: z.number(),
      publicSignals: z.array(z.object({ name: z.string(), value: z.string() })),
      transaction: ChainTransaction.nullable(),
    }),
  ),
});
export type ProofEvidence = z.infer<typeof ProofEvidence>;

export const Round = RoundSummary.extend({
  story: z.array(StoryStep),
  orderList: z.array(Order),
  demandCurve: z.array(CurveStep),
  supplyCurve: z.array(CurveStep),
  flows: z.array(Flow).describe('who traded with whom, pro rata: a call auction has no pairs of its own'),
  members: z.array(MemberLine),
  gridMoney: MicroCents,
  admission: z
    .object({
      idle: z.boolean().describe('nobody could trade; standing orders rest'),
      bookBefore: z.string().describe('root of the standing orders'),
      bookAfter: z.string(),
      proof: ProofEvidence.nullable(),
    })
    .nullable(),
  proof: ProofEvidence.nullable(),
  transaction: ChainTransaction.nullable().describe('of the last part: it settles the round'),
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
  opening: z
    .object({
      state: z
        .enum(['no-key', 'none', 'sent', 'kept', 'refused'])
        .describe('no-key: its gateway named no key to seal for; none: no round yet'),
      reason: z.string().nullable().describe('why the gateway refused the newest one'),
      delivered: z
        .object({ interval: IntervalId, startMs: PlantTimeMs, atMs: TimeMs })
        .nullable()
        .describe('the last one in its own store'),
    })
    .describe('its own line of the newest settled round, sealed for its gateway: with it the member can leave by itself'),
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
  },
  topics: {
    market: topic('auditor', none, MarketNow),
    rounds: topic('auditor', none, z.object({ rounds: z.array(RoundSummary) })),
  },
};
