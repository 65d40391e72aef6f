/** Devices, alarms, emergency, journal, settings and training. */
import { z } from 'zod';
import { Quality, TimeMs } from '../values.ts';
import { command, query, topic } from './define.ts';
import type { CommandOutcome } from './grid.ts';
import { AlarmPriority } from './session.ts';

const none = z.object({});

export const DeviceState = z.enum(['online', 'slow', 'silent', 'garbage', 'disabled', 'starting']);
export const DeviceSummary = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(['meter', 'solar-inverter', 'wind-inverter', 'hydro-controller', 'battery', 'genset', 'relay']),
  state: DeviceState,
  why: z.string().nullable(),
  oldestAgeMs: z.number().nullable(),
  latencyMs: z.number().nullable(),
  lifecycle: z.enum(['discovered', 'identified', 'bound', 'commissioned', 'active', 'maintenance', 'retired']),
  firmware: z.string().nullable(),
  serial: z.string(),
  manufacturer: z.string(),
  model: z.string(),
  address: z.string(),
  keyRegistered: z.boolean().nullable().describe('meters: public key on chain'),
  lastReadingInterval: z.number().nullable(),
  quarantined: z.number().describe('readings of this device kept apart'),
});
export type DeviceSummary = z.infer<typeof DeviceSummary>;

export const RegisterRow = z.object({
  point: z.string(),
  label: z.string(),
  model: z.string(),
  address: z.number().nullable(),
  raw: z.string().nullable().describe('registers in hexadecimal, as read'),
  value: z.union([z.number(), z.string()]).nullable(),
  unit: z.string(),
  quality: Quality,
  ageMs: z.number().nullable(),
  writable: z.boolean(),
});
export const DeviceDetail = DeviceSummary.extend({
  registers: z.array(RegisterRow),
  history: z.array(z.object({ timeMs: TimeMs, text: z.string(), by: z.string() })),
  requests: z.object({ sent: z.number(), failed: z.number(), timeouts: z.number(), reconnects: z.number() }),
});

export const AlarmRow = z.object({
  id: z.string(),
  priority: AlarmPriority,
  title: z.string(),
  source: z.string(),
  sourceName: z.string(),
  cause: z.string(),
  consequence: z.string(),
  action: z.string(),
  respondWithinS: z.number(),
  state: z.enum(['unacknowledged', 'acknowledged', 'returned-unacknowledged', 'shelved', 'suppressed', 'normal']),
  active: z.boolean(),
  raisedMs: TimeMs,
  clearedMs: TimeMs.nullable(),
  acknowledgedMs: TimeMs.nullable(),
  acknowledgedBy: z.string().nullable(),
  shelvedUntilMs: TimeMs.nullable(),
  shelveReason: z.string().nullable(),
  count: z.number().int().describe('times raised since last normal'),
  value: z.string().nullable(),
  firstOut: z.boolean(),
  page: z.string().describe('page and element that shows its cause, e.g. grid:bus-4'),
});
export type AlarmRow = z.infer<typeof AlarmRow>;

export const AlarmEvent = z.object({
  id: z.number(),
  alarm: z.string(),
  title: z.string(),
  priority: AlarmPriority,
  source: z.string(),
  event: z.enum(['raised', 'cleared', 'acknowledged', 'shelved', 'unshelved', 'suppressed']),
  timeMs: TimeMs,
  by: z.string().nullable(),
  value: z.string().nullable(),
});
export const AlarmPerformance = z.object({
  windowHours: z.number(),
  averagePerHour: z.number(),
  peakPer10Min: z.number(),
  percentFlood: z.number(),
  priorityPercent: z.object({ p1: z.number(), p2: z.number(), p3: z.number(), p4: z.number() }),
  mostFrequent: z.array(z.object({ title: z.string(), count: z.number(), percent: z.number() })),
  chattering: z.array(z.string()),
  staleOver24h: z.number(),
  targets: z.string(),
});

export const RelayRow = z.object({
  switch: z.string(),
  number: z.number().int(),
  name: z.string(),
  state: z.enum(['waiting', 'sent', 'verified', 'unverified', 'already-open']),
  ms: z.number().nullable(),
  message: z.string().nullable(),
});
export const EmergencyState = z.object({
  phase: z.enum(['ready', 'armed', 'acting', 'done', 'recovering']),
  drill: z.boolean(),
  level: z.string().nullable(),
  armedUntilMs: TimeMs.nullable(),
  startedMs: TimeMs.nullable(),
  by: z.string().nullable(),
  deadlineMs: z.number(),
  relays: z.array(RelayRow),
  unverified: z.array(z.string()),
  elapsedMs: z.number().nullable(),
  recovery: z.array(
    z.object({ id: z.string(), title: z.string(), state: z.enum(['waiting', 'possible', 'done', 'blocked']), why: z.string().nullable() }),
  ),
});
export type EmergencyState = z.infer<typeof EmergencyState>;
export const EmergencyLevelView = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  keepsCritical: z.boolean(),
  isDefault: z.boolean(),
  opens: z.array(
    z.object({ switch: z.string(), number: z.number().int(), name: z.string(), position: z.enum(['open', 'closed', 'unknown']) }),
  ),
  stops: z.array(z.string()),
  remainsFed: z.array(z.string()),
  goesDark: z.array(z.string()),
});

export const JournalEntry = z.object({
  sequence: z.number().int(),
  timeMs: TimeMs,
  who: z.string(),
  kind: z.enum(['act', 'decision', 'event', 'fault']),
  title: z.string(),
  text: z.string(),
  target: z.string().nullable(),
  outcome: z.enum(['done', 'refused', 'failed', 'noted']),
  hash: z.string(),
});
export type JournalEntry = z.infer<typeof JournalEntry>;

export const TrainingFault = z.object({
  kind: z.string(),
  label: z.string(),
  description: z.string(),
  targets: z.array(z.object({ id: z.string(), label: z.string() })),
  defaultSeconds: z.number(),
});
export const ActiveFault = z.object({
  id: z.string(),
  kind: z.string(),
  label: z.string(),
  target: z.string(),
  targetLabel: z.string(),
  endsMs: TimeMs.nullable(),
});

export const ConnectionInfo = z.object({
  id: z.enum(['plant', 'broker', 'chain', 'historian', 'prover']),
  name: z.string(),
  address: z.string(),
  state: z.enum(['ok', 'degraded', 'down']),
  text: z.string(),
  facts: z.array(z.object({ label: z.string(), value: z.string() })),
});

export const operationsCalls = {
  queries: {
    'devices.list': query('auditor', none, z.array(DeviceSummary)),
    'devices.get': query('auditor', z.object({ id: z.string() }), DeviceDetail),
    'alarms.active': query('auditor', none, z.array(AlarmRow)),
    'alarms.history': query(
      'auditor',
      z.object({
        limit: z.number().int().min(1).max(1000).default(200),
        beforeId: z.number().optional(),
        text: z.string().max(80).optional(),
      }),
      z.object({ events: z.array(AlarmEvent), total: z.number() }),
    ),
    'alarms.performance': query('auditor', z.object({ hours: z.number().min(1).max(720).default(24) }), AlarmPerformance),
    'emergency.levels': query('auditor', none, z.array(EmergencyLevelView)),
    'emergency.state': query('auditor', none, EmergencyState),
    'journal.list': query(
      'auditor',
      z.object({
        limit: z.number().int().min(1).max(500).default(100),
        beforeSequence: z.number().int().optional(),
        text: z.string().max(80).optional(),
        kind: JournalEntry.shape.kind.optional(),
      }),
      z.object({ entries: z.array(JournalEntry), total: z.number() }),
    ),
    'journal.export': query('auditor', none, z.object({ fileName: z.string(), jsonl: z.string() })),
    'settings.connections': query('auditor', none, z.array(ConnectionInfo)),
    'settings.plant': query(
      'auditor',
      none,
      z.object({
        file: z.string(),
        facts: z.array(z.object({ group: z.string(), label: z.string(), value: z.string() })),
        dataFolder: z.string(),
        diskBudgetBytes: z.number(),
        diskUsedBytes: z.number(),
      }),
    ),
    'settings.notices': query('public', none, z.object({ text: z.string() })),
    'training.list': query(
      'auditor',
      none,
      z.object({ available: z.boolean(), faults: z.array(TrainingFault), active: z.array(ActiveFault) }),
    ),
  },
  commands: {
    'devices.testRead': command(
      'technician',
      'Read a device now',
      z.object({ id: z.string() }),
      z.object({ ok: z.boolean(), ms: z.number().nullable(), message: z.string(), registers: z.array(RegisterRow) }),
    ),
    'devices.setMaintenance': command(
      'technician',
      'Set a device to maintenance or back',
      z.object({ id: z.string(), maintenance: z.boolean(), note: z.string().trim().min(3).max(300) }),
      DeviceSummary,
    ),
    'alarms.acknowledge': command(
      'operator',
      'Acknowledge alarms',
      z.object({ ids: z.array(z.string()).min(1).max(500) }),
      z.object({ acknowledged: z.number() }),
    ),
    'alarms.shelve': command(
      'operator',
      'Shelve an alarm',
      z.object({ id: z.string(), minutes: z.number().int().min(1).max(480), reason: z.string().trim().min(3).max(200) }),
      AlarmRow,
    ),
    'alarms.unshelve': command('operator', 'Unshelve an alarm', z.object({ id: z.string() }), AlarmRow),
    'emergency.arm': command(
      'operator',
      'Arm an emergency shutdown',
      z.object({ level: z.string(), drill: z.boolean() }),
      EmergencyState.extend({ token: z.string() }),
    ),
    'emergency.disarm': command('operator', 'Disarm the emergency shutdown', none, EmergencyState),
    'emergency.execute': command('operator', 'Shut down', z.object({ token: z.string() }), EmergencyState, ['token']),
    'emergency.recover': command('operator', 'Take a recovery step', z.object({ step: z.string() }), EmergencyState),
    'journal.verify': command(
      'auditor',
      'Verify the journal’s chain',
      none,
      z.object({ valid: z.boolean(), entries: z.number(), message: z.string(), firstBroken: z.number().nullable() }),
    ),
    'settings.testConnection': command(
      'technician',
      'Test a connection',
      z.object({ id: ConnectionInfo.shape.id }),
      z.object({ ok: z.boolean(), ms: z.number(), message: z.string() }),
    ),
    'training.inject': command(
      'operator',
      'Start a training fault',
      z.object({ kind: z.string(), target: z.string(), seconds: z.number().int().min(1).max(3600) }),
      ActiveFault,
    ),
    'training.clear': command('operator', 'End a training fault', z.object({ id: z.string() }), none),
  },
  topics: {
    devices: topic('auditor', none, z.array(DeviceSummary)),
    alarms: topic('auditor', none, z.array(AlarmRow)),
    emergency: topic('auditor', none, EmergencyState),
    journal: topic('auditor', none, JournalEntry, 'all'),
    training: topic('auditor', none, z.object({ active: z.array(ActiveFault) })),
  },
};
export type { CommandOutcome };
