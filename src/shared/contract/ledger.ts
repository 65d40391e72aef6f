/**
 * What the ledger keeps of the grid and of itself: grid reports, emergencies, demand response, roles, parameters and the council's acts.
 * Power in W, money in micro-cents, frequency in mHz, voltage in mV, chain times as Unix ms. Everything comes from the indexed copy of events.
 */
import { z } from 'zod';
import { IntervalId, MicroCents, TimeMs } from '../values.ts';
import { Address } from '../wallet-act.ts';
import { command, query } from './define.ts';

const none = z.object({});
const count = z.number().int().nonnegative();
/** Where in the chain something stands. */
const Evidence = z.object({ transaction: z.string(), block: count, timeMs: TimeMs.nullable() });
/** An entry of the outbox on its way: `refused` ended without effect and holds nothing up. */
const Sending = z.object({
  state: z.enum(['waiting', 'sent', 'final', 'refused']),
  error: z.string().nullable(),
  createdMs: TimeMs,
  transaction: z.string().nullable(),
  block: count.nullable(),
});
export type Sending = z.infer<typeof Sending>;
export const LedgerParty = z.object({ address: z.string(), name: z.string().nullable(), mine: z.boolean() });
export type LedgerParty = z.infer<typeof LedgerParty>;
const Freshness = { indexedBlock: count.nullable(), chainInStep: z.boolean() };

export const GridNodeType = z.enum(['consumer', 'producer', 'prosumer', 'storage', 'critical-load', 'interconnection']);
export type GridNodeType = z.infer<typeof GridNodeType>;
export const ChainLevel = z.enum(['normal', 'alert', 'restricted', 'shutdown']);
export type ChainLevel = z.infer<typeof ChainLevel>;

export const GridRecord = z.object({
  ...Freshness,
  paused: z.boolean(),
  nodes: z.array(
    z.object({
      node: count.nullable().describe('null while it waits for its registration'),
      name: z.string(),
      type: GridNodeType,
      address: z.string(),
      capacityW: count.nullable(),
      loadW: count.nullable(),
      loadMs: TimeMs.nullable(),
    }),
  ),
  withoutAccount: z.array(z.string()).describe('members whose gateway has named no account yet'),
  latest: Evidence.extend({
    frequencyMHz: count,
    voltageMV: count,
    demandW: count,
    supplyW: count,
    withinBands: z.boolean(),
  }).nullable(),
  reports: count,
  outsideBands: count,
  peakDemandW: count.nullable(),
  lastInterval: z.object({ interval: IntervalId, text: z.string() }).nullable().describe('what became of the last finished interval'),
  queued: Sending.nullable(),
});
export type GridRecord = z.infer<typeof GridRecord>;

export const EmergencyLedger = z.object({
  ...Freshness,
  level: ChainLevel.nullable().describe('null: the contracts are not deployed yet'),
  needed: count.nullable(),
  guardians: z.array(LedgerParty),
  canPlay: z.boolean().describe('development chain of the simulated plant: the console may play another guardian'),
  records: z.array(
    z.object({
      id: z.string(),
      emergency: count.nullable(),
      level: ChainLevel,
      levelName: z.string().nullable().describe('the plant’s level; null when another guardian tripped it'),
      by: z.string(),
      journal: count.nullable().describe('entry of the journal whose hash is the cause on the chain'),
      cause: z.string(),
      startedMs: TimeMs.nullable(),
      sending: Sending.nullable().describe('null: not from this console'),
      recorded: Evidence.nullable(),
      signatures: z.array(Evidence.extend({ by: LedgerParty })),
      lifted: Evidence.nullable(),
      replaced: z.boolean().describe('a higher level took its place'),
      mySignature: z.enum(['given', 'on-its-way', 'possible', 'not-needed']),
      why: z.string().nullable().describe('why the console’s account cannot sign now'),
    }),
  ),
});
export type EmergencyLedger = z.infer<typeof EmergencyLedger>;

export const DemandRequest = z.object({
  reductionW: z.number().int().min(100).max(1e9),
  durationS: z
    .number()
    .int()
    .min(60)
    .max(24 * 3600),
  compensation: z
    .string()
    .regex(/^[1-9]\d{0,17}$/)
    .describe('micro-cents for the whole reduction'),
});
export type DemandRequest = z.infer<typeof DemandRequest>;
export const DemandEnrolment = z.object({
  node: count,
  member: z.string().nullable(),
  name: z.string(),
  offeredW: count,
  enrolled: Evidence,
  /** By validated readings; null while they are not there. */
  baselineW: count.nullable(),
  meanW: count.nullable(),
  deliveredW: count.nullable(),
  earned: MicroCents.nullable(),
  paidOut: z.boolean(),
  state: z.enum(['enrolled', 'running', 'readings-missing', 'recording', 'recorded', 'lapsed']),
  text: z.string(),
  recorded: Evidence.nullable(),
});
export const DemandEvent = z.object({
  id: count,
  state: z.enum(['enrolling', 'running', 'measuring', 'closed']),
  requester: LedgerParty,
  called: Evidence,
  reductionW: count,
  enrolledW: count,
  deliveredW: count,
  startsMs: TimeMs,
  endsMs: TimeMs,
  measureUntilMs: TimeMs,
  compensation: MicroCents,
  earned: MicroCents,
  returned: MicroCents.nullable(),
  enrolments: z.array(DemandEnrolment),
});
export type DemandEvent = z.infer<typeof DemandEvent>;
export const DemandState = z.object({
  ...Freshness,
  chainNowMs: TimeMs,
  note: z.string().nullable().describe('why no event can be called now'),
  account: z.object({ address: z.string(), money: MicroCents.nullable() }),
  leastDurationS: count,
  members: z.array(
    z.object({
      member: z.string(),
      name: z.string(),
      node: count.nullable(),
      drawnW: count.nullable().describe('mean of the last validated readings'),
      why: z.string().nullable().describe('why it cannot enrol now'),
    }),
  ),
  events: z.array(DemandEvent),
  sending: z.array(Sending.extend({ title: z.string() })),
});
export type DemandState = z.infer<typeof DemandState>;
export const LedgerCheck = z.object({
  possible: z.boolean(),
  message: z.string(),
  signedBy: z.string(),
  steps: z.array(z.string()),
  effects: z.array(z.string()),
});
export type LedgerCheck = z.infer<typeof LedgerCheck>;
export const LedgerDone = z.object({ message: z.string(), transaction: z.string().nullable() });

const parameterKey = z.string().regex(/^[A-Za-z0-9.]{1,31}$/);
export const GovernanceAct = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('pause'), contract: z.string().max(64) }),
  z.object({ kind: z.literal('propose-unpause'), contract: z.string().max(64) }),
  z.object({
    kind: z.literal('propose-parameter'),
    key: parameterKey,
    value: z.number().int().nonnegative(),
    source: z.string().trim().min(5, 'say where the value comes from, in at least 5 characters').max(200),
  }),
  z.object({ kind: z.literal('approve'), proposal: count }),
  z.object({ kind: z.literal('execute'), proposal: count }),
  z.object({ kind: z.literal('veto'), proposal: count }),
]);
export type GovernanceAct = z.infer<typeof GovernanceAct>;
/** What another signer of a development chain can be played for. */
export const PlayedAct = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('approve'), proposal: count }),
  z.object({ kind: z.literal('execute'), proposal: count }),
  z.object({ kind: z.literal('sign-lift'), emergency: count }),
]);
export type PlayedAct = z.infer<typeof PlayedAct>;

export const Proposal = z.object({
  id: count,
  title: z.string(),
  target: LedgerParty,
  state: z.enum(['proposed', 'waiting', 'ready', 'executed', 'vetoed', 'lapsed', 'void']),
  proposed: Evidence.extend({ by: LedgerParty }),
  approvals: z.array(Evidence.extend({ by: LedgerParty })),
  vetoes: z.array(Evidence.extend({ by: LedgerParty })),
  readyMs: TimeMs.nullable(),
  lapsesMs: TimeMs.nullable(),
  ended: Evidence.extend({ by: LedgerParty }).nullable(),
  mayApprove: z.boolean(),
  missing: count,
});
export type Proposal = z.infer<typeof Proposal>;
export const Governance = z.object({
  ...Freshness,
  deployed: z.boolean(),
  chainNowMs: TimeMs,
  account: z.object({
    address: z.string(),
    may: z.array(z.string()),
    needsOthers: z.array(z.string()),
  }),
  contracts: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      block: count,
      state: z.enum(['running', 'paused', 'cannot-pause']),
      since: Evidence.extend({ by: LedgerParty }).nullable(),
    }),
  ),
  roles: z.array(z.object({ id: count, name: z.string(), what: z.string(), holders: z.array(LedgerParty.extend({ since: Evidence })) })),
  parameters: z.array(
    z.object({
      key: z.string(),
      name: z.string(),
      value: count,
      min: count,
      max: count,
      unit: z.string(),
      source: z.string(),
      since: Evidence,
    }),
  ),
  council: z.object({
    members: z.array(LedgerParty),
    threshold: count,
    delayS: count,
    proposals: z.array(Proposal),
  }),
  canPlay: z.boolean().describe('development chain of the simulated plant: the console may play another signer'),
  sending: z.array(Sending.extend({ title: z.string() })),
});
export type Governance = z.infer<typeof Governance>;

export const ledgerCalls = {
  queries: {
    'gridRecord.get': query('auditor', none, GridRecord),
    'emergency.ledger': query('auditor', none, EmergencyLedger),
    'demand.get': query('auditor', none, DemandState),
    'demand.check': query('auditor', DemandRequest, LedgerCheck),
    'governance.get': query('auditor', none, Governance),
    'governance.check': query('auditor', z.object({ act: GovernanceAct }), LedgerCheck),
  },
  commands: {
    'emergency.signLift': command('operator', 'Sign the lifting of an emergency on the chain', z.object({ emergency: count }), LedgerDone),
    'demand.request': command('operator', 'Call a demand-response event', DemandRequest, LedgerDone),
    'governance.act': command('supervisor', 'Act on the ledger’s governance', z.object({ act: GovernanceAct }), LedgerDone),
    'governance.play': command(
      'supervisor',
      'Play another signer of the development chain',
      z.object({ as: Address, act: PlayedAct }),
      LedgerDone,
    ),
  },
  topics: {},
} as const;
