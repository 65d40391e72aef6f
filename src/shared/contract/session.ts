/** Who is at the console, and what stands around every page: session, status bar, progress, people. */
import { z } from 'zod';
import { Role } from '../roles.ts';
import { GateState, IntervalId, PlantTimeMs, TimeMs, Value } from '../values.ts';
import { command, query, topic } from './define.ts';

export const Person = z.object({ id: z.string(), name: z.string(), role: Role, disabled: z.boolean(), createdMs: TimeMs });
export const Session = z.object({
  person: z.object({ id: z.string(), name: z.string(), role: Role }).nullable(),
  /** The simulated plant signs in a demo operator (role supervisor, so that every page can be tried); a band says so. */
  demo: z.boolean(),
  locked: z.boolean(),
  /** True on the first start of a real plant: the first supervisor must be created. */
  needsFirstSupervisor: z.boolean(),
  plant: z.object({
    id: z.string(),
    name: z.string(),
    timeZone: z.string(),
    nominalFrequencyHz: z.number(),
    nominalVoltageV: z.number(),
    simulated: z.boolean(),
    currency: z.string(),
  }),
  developmentKeys: z.boolean(),
  version: z.string(),
  host: z.enum(['electron', 'headless']),
});
export type Session = z.infer<typeof Session>;

export const PlantMode = z.enum(['connected', 'islanded', 'resynchronising', 'black-start', 'emergency', 'unknown']);
export type PlantMode = z.infer<typeof PlantMode>;

export const ChainState = z.object({
  state: z.enum(['in-step', 'catching-up', 'away', 'wrong-chain']),
  chainId: z.number().nullable(),
  height: z.number().nullable(),
  waiting: z.number().int().describe('entries in the outbox not yet final'),
  sinceMs: TimeMs,
  message: z.string(),
});
export type ChainState = z.infer<typeof ChainState>;

export const AlarmPriority = z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]);
export type AlarmPriority = z.infer<typeof AlarmPriority>;

export const StripAlarm = z.object({
  id: z.string(),
  priority: AlarmPriority,
  title: z.string(),
  source: z.string(),
  raisedMs: TimeMs,
  acknowledged: z.boolean(),
  active: z.boolean(),
});

/** Everything the frame shows, once a second. */
export const Status = z.object({
  timeMs: TimeMs,
  mode: PlantMode,
  frequencyHz: Value,
  exchangeW: Value.describe('at the interconnection, positive = import'),
  supplyW: Value,
  demandW: Value,
  market: z.object({
    interval: IntervalId,
    plantTimeMs: PlantTimeMs,
    startMs: PlantTimeMs,
    endMs: PlantTimeMs,
    ordersCloseMs: PlantTimeMs,
    gateClosesMs: PlantTimeMs,
    gate: GateState,
    speed: z.number(),
    paused: z.boolean(),
  }),
  chain: ChainState,
  alarms: z.object({
    unacknowledged: z.object({ p1: z.number(), p2: z.number(), p3: z.number(), p4: z.number() }),
    active: z.object({ p1: z.number(), p2: z.number(), p3: z.number(), p4: z.number() }),
    shelved: z.number(),
    strip: z.array(StripAlarm).max(5).describe('most important unacknowledged, newest first within priority'),
  }),
  onDuty: z.string().nullable(),
  drill: z.boolean(),
  settlement: z.object({ lastSettledInterval: IntervalId.nullable(), proving: z.boolean(), provingProgress: z.number().nullable() }),
  communication: z.object({ devices: z.number(), silent: z.number() }),
});
export type Status = z.infer<typeof Status>;

export const Progress = z.object({
  id: z.string(),
  title: z.string(),
  fraction: z.number().min(0).max(1).nullable(),
  detail: z.string(),
  done: z.boolean(),
  failed: z.string().optional(),
});
export type Progress = z.infer<typeof Progress>;

const none = z.object({});
const Credentials = z.object({ name: z.string().trim().min(1).max(64), password: z.string().min(1).max(256) });
const NewPassword = z.string().min(10, 'use at least 10 characters').max(256);

export const sessionCalls = {
  queries: {
    'session.get': query('public', none, Session),
    'people.list': query('supervisor', none, z.array(Person)),
    /** What goes on and what stops when the window is closed, in sentences. */
    'host.closing': query(
      'public',
      none,
      z.object({ goesOn: z.array(z.string()), stops: z.array(z.string()), running: z.array(z.string()) }),
    ),
  },
  commands: {
    'session.signIn': command('public', 'Sign in', Credentials, Session, ['password']),
    'session.signInDemo': command('public', 'Sign in as the demo operator', none, Session),
    'session.signOut': command('auditor', 'Sign out', none, Session),
    'session.lock': command('auditor', 'Lock the screen', none, Session),
    'session.unlock': command('public', 'Unlock the screen', z.object({ password: z.string().max(256) }), Session, ['password']),
    'people.createFirstSupervisor': command(
      'public',
      'Create the first supervisor',
      Credentials.extend({ password: NewPassword }),
      Session,
      ['password'],
    ),
    'people.create': command(
      'supervisor',
      'Add a person',
      z.object({ name: z.string().trim().min(1).max(64), role: Role, password: NewPassword }),
      Person,
      ['password'],
    ),
    'people.setDisabled': command('supervisor', 'Disable or enable a person', z.object({ id: z.string(), disabled: z.boolean() }), Person),
    'people.setPassword': command('supervisor', 'Set a password', z.object({ id: z.string(), password: NewPassword }), Person, [
      'password',
    ]),
  },
  topics: {
    status: topic('public', none, Status),
    session: topic('public', none, Session),
    progress: topic('public', none, Progress, 'all'),
  },
};
