/** Overview, trends, grid and balance: what the plant does now, and why the control functions act as they do. */
import { z } from 'zod';
import { IntervalId, MilliCentsPerKwh, PlantTimeMs, Quality, Series, TimeMs, Unit, Value } from '../values.ts';
import { command, query, topic } from './define.ts';
import { AlarmPriority } from './session.ts';

const none = z.object({});

export const SourceKind = z.enum(['solar', 'wind', 'hydro', 'biomass', 'genset', 'battery', 'grid', 'load']);
export type SourceKind = z.infer<typeof SourceKind>;

/** An analogue bar: value, normal band, limits, set-point and a ten-minute spark. */
export const Bar = z.object({
  id: z.string(),
  label: z.string(),
  unit: Unit,
  value: Value,
  low: z.number().describe('left end of the scale'),
  high: z.number(),
  normalLow: z.number().nullable(),
  normalHigh: z.number().nullable(),
  setPoint: z.number().nullable(),
  where: z.string().nullable().describe('element the value belongs to, e.g. the bus with the lowest voltage'),
  spark: z.array(z.number().nullable()).describe('last ten minutes, 60 values'),
});
export type Bar = z.infer<typeof Bar>;

export const Attention = z.object({
  id: z.string(),
  priority: AlarmPriority.nullable(),
  text: z.string(),
  page: z.string(),
  target: z.string().nullable(),
});

/** One market interval of the plant's day; averages in W. */
export const DayPoint = z.object({
  interval: IntervalId,
  startMs: PlantTimeMs,
  loadW: z.number().nullable(),
  solarW: z.number().nullable(),
  windW: z.number().nullable(),
  hydroW: z.number().nullable(),
  gensetW: z.number().nullable(),
  batteryW: z.number().nullable().describe('positive = charging'),
  exchangeW: z.number().nullable(),
  price: MilliCentsPerKwh.nullable(),
  carbonGPerKwh: z.number().nullable(),
});

export const Overview = z.object({
  bars: z.array(Bar).describe('frequency, lowest voltage, highest voltage, exchange, reserve, state of charge'),
  day: z.array(DayPoint),
  carbonNow: z.object({ intensityGPerKwh: Value, mix: z.array(z.object({ source: SourceKind, powerW: z.number(), gPerKwh: z.number() })) }),
  attention: z.array(Attention).max(5),
  flows: z
    .array(z.object({ source: SourceKind, label: z.string(), powerW: Value }))
    .describe('house sign: positive = load, charging or import; negative = generation, discharging or export'),
});

export const PointInfo = z.object({
  id: z.string(),
  label: z.string(),
  unit: Unit,
  device: z.string(),
  deviceName: z.string(),
  maxAgeMs: z.number(),
});

export const SwitchPosition = z.enum(['open', 'closed', 'unknown']);
export const Energisation = z.enum(['energised', 'dead', 'earthed', 'unknown']);

export const GridTopology = z.object({
  buses: z.array(z.object({ id: z.string(), name: z.string(), nominalKv: z.number(), x: z.number(), y: z.number() })),
  branches: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      kind: z.enum(['line', 'transformer']),
      from: z.string(),
      to: z.string(),
      ratedA: z.number().nullable(),
      ratedVa: z.number().nullable(),
      detail: z.string(),
    }),
  ),
  switches: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      kind: z.enum(['interconnection', 'feeder', 'tie', 'unit']),
      on: z.object({ kind: z.enum(['line', 'transformer', 'unit']), id: z.string() }),
      normal: z.enum(['open', 'closed']),
    }),
  ),
  units: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      kind: SourceKind,
      bus: z.string(),
      ratedW: z.number(),
      critical: z.boolean(),
      controller: z.string().nullable(),
      meter: z.string().nullable(),
      member: z.string().nullable(),
    }),
  ),
  gridBus: z.string(),
});
export type GridTopology = z.infer<typeof GridTopology>;

export const GridState = z.object({
  timeMs: TimeMs,
  converged: z.boolean(),
  message: z.string().nullable(),
  buses: z.record(z.string(), z.object({ vmPu: Value, state: Energisation })),
  branches: z.record(
    z.string(),
    z.object({ powerW: Value, reactiveVar: Value, loadingPercent: Value, lossW: z.number().nullable(), state: Energisation }),
  ),
  switches: z.record(z.string(), z.object({ position: SwitchPosition, quality: Quality, tagged: z.boolean() })),
  units: z.record(z.string(), z.object({ powerW: Value, state: Energisation, mode: z.enum(['auto', 'manual', 'passive']) })),
  totalLossW: z.number().nullable(),
});
export type GridState = z.infer<typeof GridState>;

export const FacePlate = z.object({
  id: z.string(),
  kind: z.enum(['bus', 'line', 'transformer', 'switch', 'unit']),
  name: z.string(),
  rows: z.array(z.object({ label: z.string(), text: z.string(), value: Value.nullable(), unit: Unit, point: z.string().nullable() })),
  alarms: z.array(z.object({ id: z.string(), priority: AlarmPriority, title: z.string() })),
  tags: z.array(z.object({ id: z.string(), text: z.string(), by: z.string(), timeMs: TimeMs })),
  acts: z.array(
    z.object({
      id: z.enum(['open', 'close', 'tag', 'untag', 'setMode']),
      label: z.string(),
      allowed: z.boolean(),
      why: z.string().nullable(),
    }),
  ),
});
export type FacePlate = z.infer<typeof FacePlate>;

/** What a switching act will do, shown before it is confirmed; the token is good for 30 s and for the state it was checked against. */
export const SwitchCheck = z.object({
  token: z.string(),
  expiresMs: TimeMs,
  effects: z.array(z.string()),
  blockedBy: z.array(z.string()).describe('permissives not met and tags; empty when the act is allowed'),
});
export const CommandOutcome = z.object({
  state: z.enum(['verified', 'mismatch', 'unknown', 'refused']),
  message: z.string(),
  sentMs: TimeMs.nullable(),
  verifiedMs: TimeMs.nullable(),
});
export type CommandOutcome = z.infer<typeof CommandOutcome>;

export const FunctionState = z.object({
  id: z.enum(['frequency', 'battery', 'peak', 'curtailment', 'shedding', 'genset']),
  name: z.string(),
  mode: z.enum(['auto', 'manual', 'off']),
  state: z.enum(['idle', 'acting', 'limited', 'overrun', 'blind']),
  decision: z.string().describe('what it last decided, in words'),
  why: z.string(),
  sinceMs: TimeMs,
  outputs: z.array(
    z.object({
      target: z.string(),
      label: z.string(),
      setW: z.number().nullable(),
      readBackW: z.number().nullable(),
      verified: z.boolean(),
    }),
  ),
});
export type FunctionState = z.infer<typeof FunctionState>;

export const Balance = z.object({
  timeMs: TimeMs,
  frequencyHz: Value,
  rocofHzPerS: Value,
  supply: z.array(z.object({ source: SourceKind, label: z.string(), powerW: Value })).describe('house sign, as in the overview’s flows'),
  demandW: Value,
  lossW: Value,
  exchangeW: Value,
  reserve: z.object({ upW: Value, downW: Value, secondsAtPresentLoad: z.number().nullable() }),
  storage: z.array(
    z.object({
      device: z.string(),
      name: z.string(),
      socPercent: Value,
      powerW: Value,
      capacityWh: z.number(),
      socMinPercent: z.number(),
      socMaxPercent: z.number(),
    }),
  ),
  functions: z.array(FunctionState),
  cycle: z.object({ periodMs: z.number(), lastMs: z.number(), jitterP99Ms: z.number(), overruns: z.number() }),
  voltageProfiles: z.array(
    z.object({ feeder: z.string(), points: z.array(z.object({ bus: z.string(), distanceKm: z.number(), vmPu: z.number().nullable() })) }),
  ),
});

export const gridCalls = {
  queries: {
    'overview.get': query('auditor', none, Overview),
    'points.list': query('auditor', none, z.array(PointInfo)),
    'trends.query': query(
      'auditor',
      z.object({
        points: z.array(z.string()).min(1).max(12),
        fromMs: TimeMs,
        toMs: TimeMs,
        maxPoints: z.number().int().min(10).max(5000).default(800),
      }),
      z.object({ series: z.array(Series) }),
    ),
    'trends.csv': query(
      'auditor',
      z.object({ points: z.array(z.string()).min(1).max(12), fromMs: TimeMs, toMs: TimeMs }),
      z.object({ fileName: z.string(), csv: z.string() }),
    ),
    'grid.topology': query('auditor', none, GridTopology),
    'grid.facePlate': query('auditor', z.object({ id: z.string() }), FacePlate),
  },
  commands: {
    'grid.checkSwitch': command(
      'operator',
      'Check a switching act',
      z.object({ id: z.string(), position: z.enum(['open', 'closed']) }),
      SwitchCheck,
    ),
    'grid.switch': command(
      'operator',
      'Operate a switch',
      z.object({ id: z.string(), position: z.enum(['open', 'closed']), token: z.string() }),
      CommandOutcome,
    ),
    'grid.tag': command(
      'operator',
      'Hang a lock-out tag',
      z.object({ id: z.string(), text: z.string().trim().min(3).max(200) }),
      z.object({ id: z.string() }),
    ),
    'grid.untag': command('operator', 'Remove a lock-out tag', z.object({ tag: z.string() }), none),
    'control.setMode': command(
      'operator',
      'Set the mode of a control function',
      z.object({ id: FunctionState.shape.id, mode: z.enum(['auto', 'manual', 'off']) }),
      FunctionState,
    ),
    'control.setUnitMode': command(
      'operator',
      'Set who commands a unit',
      z.object({ unit: z.string(), mode: z.enum(['auto', 'manual', 'passive']) }),
      none,
    ),
    'control.setPower': command(
      'operator',
      'Set the power of a unit in manual mode',
      z.object({ unit: z.string(), powerW: z.number() }),
      CommandOutcome,
    ),
  },
  topics: {
    overview: topic('auditor', none, Overview),
    points: topic('auditor', z.object({ points: z.array(z.string()).max(300) }), z.record(z.string(), Value)),
    grid: topic('auditor', none, GridState),
    balance: topic('auditor', none, Balance),
  },
};
