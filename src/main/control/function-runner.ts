/**
 * Runs control functions within their share of the cycle. A result that took too much, or did not come at all, is thrown away: the last safe
 * one holds, the function pauses for ten cycles, an alarm says so. A function computes only; it cannot be interrupted half-way, so its share is
 * measured and its late result never reaches a device. The share is computing time of this thread: a machine that lets others go first is no
 * fault of the function. If that made the result later than a whole cycle, its readings are old and it is thrown away without an alarm.
 */
import type { z } from 'zod';
import type { FunctionId, Verdict } from '../../domain/control/types.ts';
import type { FunctionState } from '../../shared/contract/grid.ts';
import type { Clock, Kernel } from '../kernel/ports.ts';

export type FunctionMode = z.infer<typeof FunctionState>['mode'];
export type FunctionStatus = z.infer<typeof FunctionState>['state'];

export interface FunctionRecord {
  readonly id: FunctionId;
  readonly name: string;
  mode: FunctionMode;
  state: FunctionStatus;
  decision: string;
  why: string;
  sinceMs: number;
}

export const FUNCTIONS: readonly { id: FunctionId; name: string }[] = [
  { id: 'frequency', name: 'Frequency restoration' },
  { id: 'battery', name: 'Battery' },
  { id: 'peak', name: 'Peak shaving' },
  { id: 'curtailment', name: 'Curtailment' },
  { id: 'genset', name: 'Genset' },
  { id: 'shedding', name: 'Load shedding' },
];

const SHARE_MS = 20;
const PAUSE_CYCLES = 10;
const JOURNAL_EVERY_MS = 30_000;

export interface Runner {
  readonly records: ReadonlyMap<FunctionId, FunctionRecord>;
  /** The decision of this cycle, or the last safe one; null when the function is off or has none yet. */
  run<D extends Verdict>(id: FunctionId, decide: () => D): { decision: D | null; fresh: boolean; mayCommand: boolean };
  setMode(id: FunctionId, mode: FunctionMode): FunctionRecord;
  overruns(): number;
}

/** Computing time of this thread, ms; null where the runtime cannot tell (before Node 23.9). */
const threadCpuMs = (): number | null => {
  if (typeof process.threadCpuUsage !== 'function') return null;
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

export function createRunner(kernel: Kernel, clock: Clock, cpuMs: () => number | null = threadCpuMs): Runner {
  const records = new Map<FunctionId, FunctionRecord>();
  const lastSafe = new Map<FunctionId, Verdict>();
  const paused = new Map<FunctionId, number>();
  const journalled = new Map<FunctionId, { key: string; atMs: number }>();
  let overruns = 0;
  const stored = new Map(
    (kernel.store.read.prepare('SELECT function, mode FROM function_mode').all() as { function: FunctionId; mode: FunctionMode }[]).map(
      (r) => [r.function, r.mode],
    ),
  );
  for (const { id, name } of FUNCTIONS) {
    records.set(id, {
      id,
      name,
      mode: stored.get(id) ?? 'auto',
      state: 'idle',
      decision: 'Nothing yet',
      why: 'The first cycle has not run',
      sinceMs: clock.nowMs(),
    });
  }
  const need = (id: FunctionId): FunctionRecord => records.get(id) as FunctionRecord;

  const show = (record: FunctionRecord, state: FunctionStatus, decision: string, why: string): void => {
    if (record.state !== state) record.sinceMs = clock.nowMs();
    record.state = state;
    record.decision = decision;
    record.why = why;
  };

  /** What changes in kind goes to the journal; a set-point that moves every second does not. */
  const note = (record: FunctionRecord): void => {
    const coarse =
      record.id === 'shedding' || record.id === 'genset' ? `${record.state} ${record.decision.replace(/[\d.]+/g, '#')}` : record.state;
    const last = journalled.get(record.id);
    const nowMs = clock.monotonicMs();
    if (last?.key === coarse) return;
    if (last && record.id !== 'shedding' && record.id !== 'genset' && nowMs - last.atMs < JOURNAL_EVERY_MS) return;
    journalled.set(record.id, { key: coarse, atMs: nowMs });
    // What a function says before the first readings are in is no decision.
    if (!last && (record.state === 'idle' || record.state === 'blind')) return;
    kernel.journal.record({
      who: 'Busbar',
      kind: 'decision',
      title: record.name,
      text: `${record.decision}. ${record.why}`,
      target: record.id,
      outcome: 'noted',
    });
  };

  const cutOff = (record: FunctionRecord, why: string): void => {
    overruns += 1;
    paused.set(record.id, PAUSE_CYCLES);
    show(record, 'overrun', 'Cut off: its last safe output holds', why);
    kernel.alarms.raise('control.overrun', record.id, { sourceName: record.name, page: `balance:${record.id}`, value: why });
    note(record);
  };

  return {
    records,
    run(id, decide) {
      const record = need(id);
      if (record.mode === 'off') {
        lastSafe.delete(id);
        show(record, 'idle', 'Switched off', 'A person has switched it off');
        return { decision: null, fresh: false, mayCommand: false };
      }
      const held = () => ({
        decision: (lastSafe.get(id) as ReturnType<typeof decide> | undefined) ?? null,
        fresh: false,
        mayCommand: record.mode === 'auto',
      });
      const pause = paused.get(id) ?? 0;
      if (pause > 0) {
        paused.set(id, pause - 1);
        if (pause === 1) kernel.alarms.clear('control.overrun', id);
        return held();
      }
      const startedMs = clock.monotonicMs();
      const cpuBeforeMs = cpuMs();
      let decision: ReturnType<typeof decide>;
      try {
        decision = decide();
      } catch (cause) {
        cutOff(record, `It failed: ${cause instanceof Error ? cause.message : String(cause)}`);
        return held();
      }
      const tookMs = clock.monotonicMs() - startedMs;
      const cpuAfterMs = cpuMs();
      const usedMs = cpuBeforeMs === null || cpuAfterMs === null ? tookMs : cpuAfterMs - cpuBeforeMs;
      if (usedMs > SHARE_MS) {
        cutOff(record, `It computed for ${usedMs.toFixed(0)} ms; its share is ${SHARE_MS} ms`);
        return held();
      }
      if (tookMs > kernel.plant.control.cycleMs) {
        kernel.log.warn('a control function was held up by a busy machine; its result is not used', { function: id, tookMs });
        return held();
      }
      lastSafe.set(id, decision);
      const advice = record.mode === 'manual' ? 'Advises only (manual): ' : '';
      show(record, decision.status, advice + decision.decision, decision.why);
      note(record);
      return { decision, fresh: true, mayCommand: record.mode === 'auto' };
    },
    setMode(id, mode) {
      const record = need(id);
      kernel.store.write((db) =>
        db.prepare('INSERT INTO function_mode VALUES (?, ?) ON CONFLICT (function) DO UPDATE SET mode = excluded.mode').run(id, mode),
      );
      record.mode = mode;
      record.sinceMs = clock.nowMs();
      return record;
    },
    overruns: () => overruns,
  };
}
