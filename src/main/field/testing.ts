/** In-memory stand-ins of the engine's ports for tests of the plant's side. Time is real unless a clock is passed. */
import { performance } from 'node:perf_hooks';
import Database from 'better-sqlite3';
import type { PlantFile } from '../../shared/plant-file.ts';
import { migration as commands } from '../historian/migrations/0010-commands.ts';
import { migration as lifecycle } from '../historian/migrations/0011-device-lifecycle.ts';
import { migration as tags } from '../historian/migrations/0012-tags-and-modes.ts';
import { migration as emergency } from '../historian/migrations/0013-emergency.ts';
import type { Clock, Kernel, Log, Sample } from '../kernel/ports.ts';

export const realClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimeout(fn, ms) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
  setInterval(fn, ms) {
    const timer = setInterval(fn, ms);
    return () => clearInterval(timer);
  },
};

/** A clock that stands still until it is stepped. */
export function steppedClock(startMs = 1_750_000_000_000): Clock & { step(ms: number): void } {
  let elapsed = 0;
  let next = 1;
  const timers = new Map<number, { at: number; fn: () => void; every: number | null }>();
  const add = (fn: () => void, ms: number, every: number | null) => {
    const id = next++;
    timers.set(id, { at: elapsed + ms, fn, every });
    return () => void timers.delete(id);
  };
  return {
    nowMs: () => startMs + elapsed,
    monotonicMs: () => elapsed,
    setTimeout: (fn, ms) => add(fn, ms, null),
    setInterval: (fn, ms) => add(fn, ms, ms),
    step(ms) {
      const end = elapsed + ms;
      for (;;) {
        const due = [...timers].filter(([, t]) => t.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
        if (!due) break;
        const [id, timer] = due;
        elapsed = Math.max(elapsed, timer.at);
        if (timer.every === null) timers.delete(id);
        else timer.at += timer.every;
        timer.fn();
      }
      elapsed = end;
    },
  };
}

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

export interface TestKernel extends Kernel {
  readonly entries: { who: string; kind: string; title: string; text: string; target?: string | null; outcome?: string }[];
  /** `kind@source` of the alarms that are active. */
  readonly active: Set<string>;
  /** `kind@source` (kind `*` = all) of what is suppressed by design. */
  readonly suppressed: Set<string>;
  readonly published: Map<string, unknown>;
  readonly samples: Sample[];
  close(): void;
}

export function testKernel(plant: PlantFile, options: { clock?: Clock; db?: Database.Database; log?: Log } = {}): TestKernel {
  const fresh = options.db === undefined;
  const db = options.db ?? new Database(':memory:');
  if (fresh) for (const step of [commands, lifecycle, tags, emergency]) step.up(db);
  const entries: TestKernel['entries'] = [];
  const active = new Set<string>();
  const suppressed = new Set<string>();
  const defined = new Set<string>();
  const published = new Map<string, unknown>();
  const samples: Sample[] = [];
  const raise = (kind: string, source: string) => {
    if (!defined.has(kind)) throw new Error(`the alarm ${kind} was raised before it was defined`);
    active.add(`${kind}@${source}`);
  };
  return {
    clock: options.clock ?? realClock,
    log: options.log ?? quiet,
    plant,
    dataDir: '/nonexistent',
    simulated: true,
    entries,
    active,
    suppressed,
    published,
    samples,
    store: {
      read: db,
      write: (fn) => (db.inTransaction ? fn(db) : db.transaction(() => fn(db)).immediate()),
    },
    historian: {
      append: (list) => void samples.push(...list),
      query: (points) => points.map((p) => ({ id: p.id, label: p.label, unit: p.unit, timesMs: [], values: [] })),
      usedBytes: () => 0,
    },
    journal: { record: (entry) => entries.push(entry) },
    alarms: {
      define: (definition) => void defined.add(definition.kind),
      raise,
      clear: (kind, source) => void active.delete(`${kind}@${source}`),
      set: (kind, source, on) => (on ? raise(kind, source) : void active.delete(`${kind}@${source}`)),
      suppress: (source, why, kind = '*') =>
        void (why === null ? suppressed.delete(`${kind}@${source}`) : suppressed.add(`${kind}@${source}`)),
    },
    hub: { publish: (topic, payload) => void published.set(topic, payload), hasListeners: () => true },
    close: () => db.close(),
  };
}
