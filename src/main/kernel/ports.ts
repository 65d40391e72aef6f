/**
 * The ports every room of the engine stands on. Implementations live in their own rooms (historian, journal, alarms, …);
 * composition builds them and hands each service only what it needs. Nothing here has behaviour.
 */
import type { Database } from 'better-sqlite3';
import type { PartialHandlers, TopicName, TopicPayload } from '../../shared/contract/contract.ts';
import type { AlarmPriority } from '../../shared/contract/session.ts';
import type { PlantFile } from '../../shared/plant-file.ts';
import type { Quality, Series, Value } from '../../shared/values.ts';

/** Wall clock and monotonic clock, injected so that tests can step them. */
export interface Clock {
  /** Unix time, ms, UTC. */
  nowMs(): number;
  /** Monotonic, ms; the only base for durations and ages. */
  monotonicMs(): number;
  setTimeout(fn: () => void, ms: number): () => void;
  setInterval(fn: () => void, ms: number): () => void;
}

export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
  child(room: string): Log;
}

/** Anything with a lifetime. `start` may be awaited; `stop` is idempotent, bounded in time, and leaves nothing running. */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Its share of the contract. */
  readonly handlers?: PartialHandlers;
}

/** Hash-chained record of every act and decision. `record` is synchronous and durable within the caller's transaction. */
export interface Journal {
  record(entry: {
    who: string;
    kind: 'act' | 'decision' | 'event' | 'fault';
    title: string;
    text: string;
    target?: string | null;
    outcome?: 'done' | 'refused' | 'failed' | 'noted';
  }): number;
}

/** What an alarm means, given once; `raise` and `clear` only name it. After ISA-18.2: cause, consequence, action, time to respond. */
export interface AlarmDefinition {
  /** Stable kind, e.g. `device.silent`. */
  readonly kind: string;
  readonly priority: AlarmPriority;
  readonly title: string;
  readonly cause: string;
  readonly consequence: string;
  readonly action: string;
  readonly respondWithinS: number;
  readonly onDelayMs?: number;
  readonly offDelayMs?: number;
}

export interface AlarmSink {
  define(definition: AlarmDefinition): void;
  /** Raises (or keeps) the alarm of this kind at this source. `page` leads to its cause, e.g. `grid:bus-4`. `title` overrides the definition's for this source. */
  raise(kind: string, source: string, fields: { sourceName: string; page: string; value?: string; title?: string }): void;
  clear(kind: string, source: string): void;
  /** raise when `active`, else clear. */
  set(kind: string, source: string, active: boolean, fields: { sourceName: string; page: string; value?: string; title?: string }): void;
  /**
   * Suppress by design: alarms whose cause is upstream (breaker open, device in maintenance), also those raised later, until it is called
   * with null. With `kind`, only that kind at the source; without, all of them.
   */
  suppress(source: string, why: string | null, kind?: string): void;
}

/** Live topics. `publish` keeps the latest payload for late subscribers; `provide` computes payloads only while somebody listens. */
export interface Hub {
  publish<N extends TopicName>(topic: N, payload: TopicPayload<N>): void;
  /** True while anybody subscribes, so that expensive payloads are not made for nobody. */
  hasListeners(topic: TopicName): boolean;
}

/** One sample on its way to the historian. */
export interface Sample {
  readonly point: string;
  readonly timeMs: number;
  readonly value: number | null;
  readonly quality: Quality;
}

export interface Historian {
  /** Queues samples; they are committed in batches within a second. Never throws for a full disk: it alarms and drops the oldest detail. */
  append(samples: readonly Sample[]): void;
  query(points: readonly { id: string; label: string; unit: Series['unit'] }[], fromMs: number, toMs: number, maxPoints: number): Series[];
  usedBytes(): number;
}

/** Process image of the plant: the latest value of every point, with age and quality already applied at the time of reading. */
export interface ProcessImage {
  /** Point ids are `<deviceId>.<point>`, e.g. `meter-01.W`, `battery.SoC`; computed ones `grid.<…>`. */
  read(point: string): Value;
  ids(): readonly string[];
}

/** Plant time (weather, energy, market). On a real plant speed is 1 and it equals wall time. */
export interface MarketClock {
  plantNowMs(): number;
  speed(): number;
  intervalMs(): number;
  /** Interval that contains the present plant time. */
  currentInterval(): number;
  /** Wall-clock ms until the given plant time (≤ 0 when past). */
  wallMsUntil(plantTimeMs: number): number;
  /** Slows the market so that an interval lasts at least this long in wall time (proof time); journalled. */
  requireIntervalAtLeastMs(wallMs: number): void;
  onChange(listener: () => void): () => void;
}

/** Ledger-grade storage: the same SQLite file for journal, readings, orders, rounds, outbox. `write` runs an IMMEDIATE transaction with synchronous=FULL. */
export interface Store {
  /** Read handle: query-only connection. */
  readonly read: Database;
  /** Runs `fn` in one durable transaction; nested calls join the outer one. Throws Fault storage.full / storage.corrupt. */
  write<T>(fn: (db: Database) => T): T;
}

export interface Kernel {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly historian: Historian;
  readonly journal: Journal;
  readonly alarms: AlarmSink;
  readonly hub: Hub;
  readonly plant: PlantFile;
  /** Absolute path of the data folder. */
  readonly dataDir: string;
  readonly simulated: boolean;
}
