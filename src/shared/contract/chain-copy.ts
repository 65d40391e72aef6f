/**
 * What the console's indexed copy of the chain says of carbon and of devices, and acts of the console's own account. The copy is read, so
 * all of it can be shown while the chain is away. Energy in Wh, credits in mg CO2e, times of the chain in UTC ms.
 */
import { z } from 'zod';
import { CarbonChainAct, DeviceChainAct } from '../chain-act.ts';
import { IntervalId, Wh } from '../values.ts';
import { command, query } from './define.ts';
import { OutboxEntry } from './exchange.ts';

const Mg = z.string().regex(/^\d+$/).describe('mg CO2e');
const Party = z.object({ address: z.string(), name: z.string().nullable().describe('member or contract, when it is one') });
const where = { block: z.number(), transaction: z.string(), timeMs: z.number().nullable() };
const Copy = z.object({
  indexedBlock: z.number().nullable().describe('the copy holds the chain up to here'),
  chainInStep: z.boolean(),
});

export const ChainBundle = z.object({
  id: z.number(),
  interval: IntervalId,
  energyWh: Wh,
  state: z.enum(['active', 'reserved', 'locked', 'cancelled', 'claimed', 'expired', 'withdrawn']),
  holder: Party,
  ours: z.boolean().describe('held by the community’s own account'),
  technology: z.string(),
  firstSerial: z.number(),
  origin: z.enum(['round', 'reading', 'unknown']).describe('proven by a settled round, or from a public meter’s reading'),
  originText: z.string(),
  claimedFor: Party.nullable(),
  expiresMs: z.number(),
  ...where,
});
export type ChainBundle = z.infer<typeof ChainBundle>;

export const CarbonOnChain = Copy.extend({
  totals: z.object({ issuedWh: Wh, heldWh: Wh, cancelledWh: Wh, claimedWh: Wh, lapsedWh: Wh }),
  bundles: z.array(ChainBundle).describe('newest first; those that were split are told by their parts'),
  bundleCount: z.number(),
  credits: z.object({
    issuedMg: Mg,
    retiredMg: Mg,
    expiredMg: Mg,
    oursMg: Mg,
    lastPrice: z.number().nullable().describe('last trade of the carbon market, milli-cents per kg'),
    holders: z.array(z.object({ holder: Party, amountMg: Mg })),
    issues: z.array(
      z.object({
        id: z.number(),
        meterId: z.number(),
        deviceName: z.string(),
        interval: IntervalId.nullable(),
        energyWh: Wh,
        factorGPerKwh: z.number().describe('avoided: the grid’s factor less the source’s own'),
        amountMg: Mg,
        holder: Party,
        ...where,
      }),
    ),
    retirements: z.array(z.object({ by: Party, beneficiary: Party, amountMg: Mg, ...where })),
  }),
  records: z.array(
    z.object({
      id: z.number(),
      deviceName: z.string(),
      flow: z.enum(['production', 'consumption']),
      category: z.string(),
      fromInterval: IntervalId,
      toInterval: IntervalId,
      energyWh: Wh,
      standard: z.string(),
      ...where,
    }),
  ),
  recs: z.array(
    z.object({ id: z.number(), owner: Party, energyWh: Wh, state: z.enum(['open', 'sealed', 'retired', 'redeemed']), ...where }),
  ),
  /** Public meters, whose production can be certified. */
  certifiable: z.array(z.object({ device: z.string(), name: z.string() })),
  milestones: z.array(
    z.object({
      id: z.number(),
      title: z.string(),
      metric: z.enum(['exported', 'retired', 'claimed', 'traded']),
      threshold: z.string().describe('Wh, or mg for what was retired'),
      reached: z.string().nullable().describe('what the community’s account has reached, as the copy tells; null = cannot be told'),
      earnedByUs: z.boolean(),
    }),
  ),
  achievements: z.array(
    z.object({
      token: z.number(),
      title: z.string(),
      account: Party,
      value: z.string(),
      metric: z.enum(['exported', 'retired', 'claimed', 'traded']),
      description: z.string().nullable(),
      image: z
        .string()
        .regex(/^data:image\/svg\+xml;base64,[A-Za-z0-9+/=]+$/)
        .max(60_000)
        .nullable()
        .describe('a picture to show as an image; null until the chain has been asked for it'),
      ...where,
    }),
  ),
});
export type CarbonOnChain = z.infer<typeof CarbonOnChain>;

export const DeviceOnChain = Copy.extend({
  device: z.string(),
  note: z.string().nullable().describe('what is missing or waits, in a sentence'),
  /** Where the chain and the plant file, or the console, disagree. */
  differences: z.array(z.string()),
  shown: z
    .object({ publicKey: z.tuple([z.string(), z.string()]), serial: z.string(), firmware: z.string() })
    .nullable()
    .describe('what the meter itself told last; null when it has not since the console started'),
  meter: z
    .object({
      meterId: z.number(),
      device: Party.describe('the account that posts for it'),
      owner: Party,
      epoch: z.number(),
      deviceClass: z.enum(['private', 'public']),
      technology: z.string(),
      renewableOnly: z.boolean(),
      backing: z.enum(['none', 'certificates', 'credits']),
      ratedW: z.number(),
      gridNode: z.string(),
      publicKey: z.tuple([z.string(), z.string()]),
      state: z.enum(['registered', 'active', 'maintenance', 'retired']),
      verified: z.object({ by: Party, record: z.string(), timeMs: z.number().nullable() }).nullable(),
      registryPosition: z.number().nullable().describe('leaf of the registry that proofs rest on; null for public meters'),
      registryLeaf: z.string().nullable(),
      tamper: z.array(z.object({ sign: z.string(), evidence: z.string(), timeMs: z.number().nullable() })),
      maintenance: z.object({ dueMs: z.number().nullable(), workOrder: z.string() }).nullable(),
      firmware: z.object({ version: z.string(), imageHash: z.string(), timeMs: z.number().nullable() }).nullable(),
      commitments: z.number(),
      verifiedExportWh: Wh,
      mintedWh: Wh,
      creditsMg: Mg,
      readings: z
        .array(
          z.object({
            id: z.number(),
            interval: IntervalId,
            importWh: Wh,
            exportWh: Wh,
            state: z.enum(['posted', 'validated', 'rejected', 'installed']),
            growthWh: Wh,
            mintedWh: Wh,
            creditsMg: Mg,
            certificate: z.number().nullable(),
            ...where,
          }),
        )
        .describe('newest first'),
      readingCount: z.number(),
      history: z.array(z.object({ text: z.string(), ...where })),
    })
    .nullable(),
  /** Acts for this meter that are in the outbox or ended there, newest first. */
  acts: z.array(OutboxEntry),
});
export type DeviceOnChain = z.infer<typeof DeviceOnChain>;

export const ChainActCheck = z.object({
  possible: z.boolean(),
  message: z.string(),
  effect: z.array(z.string()),
});
export type ChainActCheck = z.infer<typeof ChainActCheck>;
const ActDone = z.object({ message: z.string(), entries: z.array(OutboxEntry) });
const deviceAct = z.object({ id: z.string(), act: DeviceChainAct });
const carbonAct = z.object({ act: CarbonChainAct });

export const chainCopyCalls = {
  queries: {
    'carbon.onChain': query('auditor', z.object({ limit: z.number().int().min(1).max(500).default(100) }), CarbonOnChain),
    'carbon.checkChainAct': query('operator', carbonAct, ChainActCheck),
    'devices.onChain': query(
      'auditor',
      z.object({ id: z.string(), readings: z.number().int().min(1).max(500).default(48) }),
      DeviceOnChain,
    ),
    'devices.checkChainAct': query('technician', deviceAct, ChainActCheck),
  },
  commands: {
    'carbon.chainAct': command('operator', 'Act on the community’s certificates or credits on the chain', carbonAct, ActDone),
    'devices.chainAct': command('technician', 'Act on a meter’s registration on the chain', deviceAct, ActDone),
  },
  topics: {},
};
