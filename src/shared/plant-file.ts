/**
 * The plant file (`plant/1`): what stands in the field and by which rules it is run. One file is the single source for the engine
 * (topology, devices, members, limits, emergency levels) and, through its `simulation` part, for the simulated plant.
 * A file without `simulation` describes a real plant: nothing is simulated and no demo operator is signed in.
 *
 * Units are in the names. Signs: positive is import/consumption, negative is export/generation.
 */
import { z } from 'zod';

const Id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$/, 'an id is 1-48 letters, digits, dots, dashes or underscores');
const positive = z.number().positive();

export const Technology = z.enum(['none', 'solar', 'wind', 'hydro', 'biomass', 'diesel', 'storage', 'mixed']);
export type Technology = z.infer<typeof Technology>;

/** Codes as they stand in the meter registry's leaf flags (bits 1..4). */
export const TECHNOLOGY_CODE: Record<Technology, number> = {
  none: 0,
  solar: 1,
  wind: 2,
  hydro: 3,
  biomass: 4,
  diesel: 5,
  storage: 6,
  mixed: 7,
};

/** Places of the largest round: 16 batches of 64. */
const MOST_SETTLING = 1024;
/** Places of the round that a community needs: settling meters are 1 to this, public ones are numbered from the next on, as the registry on the chain numbers them. */
function settlingCapacity(highestMeterId: number): number {
  if (highestMeterId <= 16) return 16;
  return Math.min(MOST_SETTLING, 2 ** Math.max(6, Math.ceil(Math.log2(highestMeterId))));
}
export const Backing = z.enum(['none', 'certificates', 'credits']);
export type Backing = z.infer<typeof Backing>;

const TripStep = z.strictObject({ threshold: z.number(), clearingTimeS: positive });
/** Shall-trip table as data with its source; `threshold` in Hz for frequency and in per unit for voltage. */
export const TripProfile = z.strictObject({
  id: Id,
  source: z.string(),
  underFrequency: z.array(TripStep),
  overFrequency: z.array(TripStep),
  underVoltage: z.array(TripStep),
  overVoltage: z.array(TripStep),
});
export type TripProfile = z.infer<typeof TripProfile>;

export const PlantBus = z.strictObject({
  id: Id,
  name: z.string(),
  nominalKv: positive,
  x: z.number().optional(),
  y: z.number().optional(),
});
export const PlantLine = z.strictObject({
  id: Id,
  name: z.string(),
  from: Id,
  to: Id,
  rOhm: z.number().nonnegative(),
  xOhm: z.number().nonnegative(),
  bUs: z.number().nonnegative(),
  ratedA: positive,
  lengthKm: z.number().nonnegative(),
  type: z.string(),
});
export const PlantTransformer = z.strictObject({
  id: Id,
  name: z.string(),
  hv: Id,
  lv: Id,
  snKva: positive,
  vnHvKv: positive,
  vnLvKv: positive,
  vkPercent: positive,
  vkrPercent: z.number().nonnegative(),
  pfeKw: z.number().nonnegative(),
  i0Percent: z.number().nonnegative(),
  tapPos: z.number().int(),
  tapStepPercent: z.number(),
});

/** A switch sits on a line, on a transformer, or between a unit and its bus. Its position is always read from its relay. */
export const PlantSwitch = z.strictObject({
  id: Id,
  name: z.string(),
  kind: z.enum(['interconnection', 'feeder', 'tie', 'unit']),
  on: z.strictObject({ kind: z.enum(['line', 'transformer', 'unit']), id: Id }),
  normal: z.enum(['open', 'closed']),
  relay: Id.describe('device id of the relay that drives it'),
  coil: z
    .number()
    .int()
    .min(0)
    .max(63)
    .describe('coil address (command, 1 = closed); position feedback is the discrete input of the same address'),
});
export type PlantSwitch = z.infer<typeof PlantSwitch>;

/** Something connected to a bus: a load, a source or a store. */
export const PlantUnit = z.strictObject({
  id: Id,
  name: z.string(),
  kind: z.enum(['load', 'solar', 'wind', 'hydro', 'biomass', 'genset', 'battery']),
  bus: Id,
  ratedW: positive,
  capacityWh: positive.optional().describe('batteries'),
  critical: z.boolean().default(false),
  controller: Id.optional().describe('device that measures and controls it (inverter, genset controller)'),
  meter: Id.optional().describe('revenue meter it sits behind'),
});
export type PlantUnit = z.infer<typeof PlantUnit>;

export const PlantDevice = z.strictObject({
  id: Id,
  name: z.string(),
  kind: z.enum(['meter', 'solar-inverter', 'wind-inverter', 'hydro-controller', 'battery', 'genset', 'relay']),
  manufacturer: z.string(),
  model: z.string(),
  serial: z.string(),
  protocol: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('sunspec'), baseAddress: z.number().int(), models: z.array(z.number().int()).min(1) }),
    z.strictObject({ kind: z.literal('profile'), profile: Id.describe('name of a device profile in drivers/modbus/profiles') }),
  ]),
  connection: z.strictObject({
    transport: z.literal('modbus-tcp'),
    host: z.string(),
    port: z.number().int().min(0).max(65535),
    unitId: z.number().int().min(0).max(247),
  }),
  pollMs: z.number().int().min(100).default(1000),
  maxAgeMs: z.number().int().min(200).default(5000),
  meter: z
    .strictObject({
      meterId: z.number().int().min(1).max(65535),
      settling: z.boolean(),
      renewableOnly: z.boolean(),
      technology: Technology,
      ratedW: positive,
      public: z
        .strictObject({ backing: Backing.describe('what a verified Wh backs as attribute; for good') })
        .optional()
        .describe('a public meter posts plain readings on the chain and backs energy tokens; it never settles. For good'),
    })
    .optional()
    .describe('meters only'),
});
export type PlantDevice = z.infer<typeof PlantDevice>;

export const PlantMember = z.strictObject({
  id: Id,
  name: z.string(),
  category: z.enum(['residential', 'commercial', 'industrial', 'public', 'community']),
  meter: Id,
  bus: Id,
  operatorOwned: z.boolean().default(false).describe('true for the community’s own assets, for which the operator may place offers'),
});
export type PlantMember = z.infer<typeof PlantMember>;

export const EmergencyLevel = z.strictObject({
  id: Id,
  name: z.string(),
  description: z.string(),
  opens: z.array(Id).describe('switch ids, in the order in which they open'),
  stopsUnits: z.array(Id).default([]).describe('units told to stop after the relays'),
  keepsCritical: z.boolean(),
});

export const PlantFile = z.strictObject({
  schema: z.literal('plant/1'),
  id: Id,
  name: z.string(),
  notes: z.string(),
  timeZone: z.string().describe('IANA name, for local times on screen'),
  location: z.strictObject({ latitudeDeg: z.number(), longitudeDeg: z.number() }),
  nominal: z.strictObject({ frequencyHz: z.union([z.literal(50), z.literal(60)]), voltageV: positive }),
  tripProfile: TripProfile,
  limits: z.strictObject({
    importMaxW: positive,
    exportMaxW: positive,
    voltageMinPu: positive,
    voltageMaxPu: positive,
    frequencyMinHz: positive,
    frequencyMaxHz: positive,
  }),
  grid: z.strictObject({
    baseMva: positive,
    gridBus: Id.describe('bus fed by the main grid'),
    gridVoltagePu: positive,
    buses: z.array(PlantBus).min(2),
    lines: z.array(PlantLine),
    transformers: z.array(PlantTransformer),
    switches: z.array(PlantSwitch),
    units: z.array(PlantUnit),
    interconnectionMeter: Id.describe('meter at the point of common coupling'),
  }),
  devices: z.array(PlantDevice).min(1),
  members: z.array(PlantMember).max(MOST_SETTLING),
  market: z.strictObject({
    intervalMs: z.number().int().min(60_000),
    ordersCloseBeforeGateMs: z
      .number()
      .int()
      .min(10_000, 'the time to bind must be at least 10000 ms: freezing the book and a block of the chain must fit into it')
      .default(120_000)
      .describe('time to bind: from the freezing of the book to gate closure; later orders count for the next interval'),
    gateClosesBeforeEndMs: z
      .number()
      .int()
      .nonnegative()
      .describe(
        'gate closure, before delivery begins: by then the book’s root is on the chain or receipted by more than half of the members',
      ),
    currency: z.string().length(3),
    importTariffMilliCentsPerKwh: z.number().int().nonnegative().describe('T_buy, what the grid account charges for energy not bought'),
    feedInTariffMilliCentsPerKwh: z.number().int().nonnegative().describe('T_sell, what it pays for energy not sold'),
  }),
  control: z.strictObject({
    cycleMs: z.number().int().min(100).default(1000),
    shedOrder: z.array(Id).describe('switch ids of non-critical loads, first to be shed first'),
    batterySocMinPercent: z.number(),
    batterySocMaxPercent: z.number(),
    peakImportW: positive,
    setpointRevertS: z
      .number()
      .int()
      .min(5)
      .describe('time after which a device falls back to its safe value when nobody renews its set-point'),
  }),
  emergency: z.strictObject({ defaultLevel: Id, deadlineMs: z.number().int(), levels: z.array(EmergencyLevel).min(1) }),
  carbon: z.strictObject({ zone: z.string(), gridIntensityGPerKwh: z.number().nonnegative(), source: z.string() }),
  simulation: z.record(z.string(), z.unknown()).optional().describe('read by the simulated plant only'),
});
export type PlantFile = z.infer<typeof PlantFile>;

export type PlantFileResult = { kind: 'ok'; plant: PlantFile } | { kind: 'invalid'; problems: string[] };

/**
 * Parses and cross-checks a plant file. Every problem is one sentence that names the place; nothing is guessed.
 * Cross-checks: unique ids, every reference resolves, switch/relay pairs, settling meters within a round's places and one member each,
 * feed-in tariff not above import tariff, limits in order.
 */
export function parsePlantFile(json: unknown): PlantFileResult {
  const parsed = PlantFile.safeParse(json);
  if (!parsed.success) {
    return { kind: 'invalid', problems: parsed.error.issues.map((i) => `${i.path.join('.') || 'the file'}: ${i.message}`) };
  }
  const problems = crossCheck(parsed.data);
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'ok', plant: parsed.data };
}

function crossCheck(p: PlantFile): string[] {
  const problems: string[] = [];
  const idsOf = (what: string, items: { id: string }[]): Set<string> => {
    const seen = new Set<string>();
    for (const { id } of items) {
      if (seen.has(id)) problems.push(`${what}: the id ${id} is used twice; ids must be unique`);
      seen.add(id);
    }
    return seen;
  };
  const buses = idsOf('grid.buses', p.grid.buses);
  const lines = idsOf('grid.lines', p.grid.lines);
  const transformers = idsOf('grid.transformers', p.grid.transformers);
  const switches = idsOf('grid.switches', p.grid.switches);
  const units = idsOf('grid.units', p.grid.units);
  const devices = idsOf('devices', p.devices);
  idsOf('members', p.members);
  idsOf('emergency.levels', p.emergency.levels);
  const need = (set: Set<string>, id: string | undefined, where: string, what: string) => {
    if (id !== undefined && !set.has(id)) problems.push(`${where}: there is no ${what} with the id ${id}`);
  };
  need(buses, p.grid.gridBus, 'grid.gridBus', 'bus');
  need(devices, p.grid.interconnectionMeter, 'grid.interconnectionMeter', 'device');
  for (const l of p.grid.lines) for (const end of [l.from, l.to]) need(buses, end, `line ${l.id}`, 'bus');
  for (const t of p.grid.transformers) for (const end of [t.hv, t.lv]) need(buses, end, `transformer ${t.id}`, 'bus');
  for (const s of p.grid.switches) {
    need({ line: lines, transformer: transformers, unit: units }[s.on.kind], s.on.id, `switch ${s.id}`, s.on.kind);
    need(devices, s.relay, `switch ${s.id}`, 'relay');
  }
  for (const u of p.grid.units) {
    need(buses, u.bus, `unit ${u.id}`, 'bus');
    need(devices, u.controller, `unit ${u.id}`, 'device');
    need(devices, u.meter, `unit ${u.id}`, 'meter');
  }
  for (const m of p.members) {
    need(buses, m.bus, `member ${m.id}`, 'bus');
    need(devices, m.meter, `member ${m.id}`, 'meter');
  }
  for (const id of p.control.shedOrder) need(switches, id, 'control.shedOrder', 'switch');
  for (const level of p.emergency.levels) {
    for (const id of level.opens) need(switches, id, `emergency level ${level.id}`, 'switch');
    for (const id of level.stopsUnits) need(units, id, `emergency level ${level.id}`, 'unit');
  }
  if (!p.emergency.levels.some((l) => l.id === p.emergency.defaultLevel))
    problems.push(`emergency.defaultLevel: there is no level ${p.emergency.defaultLevel}`);
  const settling = p.devices.filter((d) => d.meter?.settling);
  for (const { id, meter } of settling)
    if (meter && meter.meterId > MOST_SETTLING)
      problems.push(
        `device ${id}: settling meters are numbered 1 to ${MOST_SETTLING}, the places of the largest round; this is ${meter.meterId}`,
      );
  const meterIds = new Set<number>();
  for (const d of p.devices) {
    if (d.kind === 'meter' && !d.meter) problems.push(`device ${d.id}: a meter needs its "meter" part (meterId, technology, rating)`);
    if (d.meter) {
      if (meterIds.has(d.meter.meterId)) problems.push(`device ${d.id}: the meterId ${d.meter.meterId} is used twice`);
      meterIds.add(d.meter.meterId);
      if (d.meter.settling && p.members.filter((m) => m.meter === d.id).length !== 1) {
        problems.push(`device ${d.id}: a settling meter belongs to exactly one member`);
      }
    }
  }
  problems.push(...publicMeterProblems(p));
  if (p.market.feedInTariffMilliCentsPerKwh > p.market.importTariffMilliCentsPerKwh) {
    problems.push('market: the feed-in tariff is above the import tariff, which would pay for trading in circles');
  }
  const { intervalMs, ordersCloseBeforeGateMs, gateClosesBeforeEndMs } = p.market;
  if (ordersCloseBeforeGateMs + gateClosesBeforeEndMs >= intervalMs)
    problems.push(
      `market: orders close ${ordersCloseBeforeGateMs} ms before a gate that closes ${gateClosesBeforeEndMs} ms before delivery; together this must be shorter than the interval of ${intervalMs} ms, or no order could be taken`,
    );
  if (p.limits.voltageMinPu >= p.limits.voltageMaxPu) problems.push('limits: voltageMinPu must be below voltageMaxPu');
  if (p.limits.frequencyMinHz >= p.limits.frequencyMaxHz) problems.push('limits: frequencyMinHz must be below frequencyMaxHz');
  return problems;
}

/** A public meter has one path only, and the registry's rules for it are known beforehand. */
function publicMeterProblems(p: PlantFile): string[] {
  const problems: string[] = [];
  const first = 1 + settlingCapacity(Math.max(0, ...p.devices.map((d) => (d.meter?.settling ? d.meter.meterId : 0))));
  const meters = p.devices.flatMap((d) => (d.meter?.public ? [{ id: d.id, ...d.meter, backing: d.meter.public.backing }] : []));
  for (const m of meters) {
    if (m.settling) problems.push(`device ${m.id}: a public meter cannot settle; its energy is sold as tokens, and nothing is sold twice`);
    if (p.members.some((member) => member.meter === m.id))
      problems.push(`device ${m.id}: a public meter belongs to the community, not to a member who trades in the rounds`);
    const renewable = ['solar', 'wind', 'hydro', 'biomass'].includes(m.technology);
    if (m.renewableOnly && !renewable)
      problems.push(`device ${m.id}: ${m.technology} is not a renewable technology, so the meter cannot be renewableOnly`);
    if (!m.renewableOnly && m.backing !== 'none')
      problems.push(`device ${m.id}: only a renewableOnly meter can back ${m.backing}; set "backing" to "none"`);
  }
  for (const [i, id] of meters
    .map((m) => m.meterId)
    .sort((a, b) => a - b)
    .entries())
    if (id !== first + i)
      problems.push(`devices: public meters are numbered from ${first} on without a gap; there is ${id} instead of ${first + i}`);
  return problems;
}
