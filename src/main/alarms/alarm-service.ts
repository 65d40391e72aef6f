/**
 * Alarms after ISA-18.2: one pure state machine per alarm (domain/alarms), kept across restarts, every transition written down.
 * Rooms define what an alarm means once and then only raise and clear it.
 */

import type { z } from 'zod';
import { initialAlarm, stepAlarm } from '../../domain/alarms/alarm-machine.ts';
import type { AlarmRecord, AlarmEvent as DomainEvent, TransitionCause } from '../../domain/alarms/alarm-types.ts';
import type { PartialHandlers } from '../../shared/contract/contract.ts';
import type { AlarmEvent as AlarmEventSchema, AlarmRow } from '../../shared/contract/operations.ts';
import type { Status as StatusSchema } from '../../shared/contract/session.ts';
import { Fault } from '../../shared/errors.ts';
import type { AlarmDefinition, AlarmSink, Clock, Hub, Log, Service, Store } from '../kernel/ports.ts';
import { alarmPerformance } from './performance.ts';

type AlarmEvent = z.infer<typeof AlarmEventSchema>;
type Status = z.infer<typeof StatusSchema>;

export interface AlarmService extends AlarmSink, Service {
  active(): AlarmRow[];
  summary(): Status['alarms'];
}

interface Instance {
  readonly id: string;
  readonly kind: string;
  readonly source: string;
  sourceName: string;
  page: string;
  title: string;
  value: string | null;
  record: AlarmRecord;
  count: number;
  firstOut: boolean;
  clearedMs: number | null;
}

const STATE: Record<AlarmRecord['state'], AlarmRow['state']> = {
  Normal: 'normal',
  Unack: 'unacknowledged',
  Acked: 'acknowledged',
  RtnUnack: 'returned-unacknowledged',
  Shelved: 'shelved',
  Suppressed: 'suppressed',
  OutOfService: 'suppressed',
};
const EVENT_NAME: Partial<Record<TransitionCause, AlarmEvent['event']>> = {
  raised: 'raised',
  returned: 'cleared',
  acknowledged: 'acknowledged',
  shelved: 'shelved',
  unshelved: 'unshelved',
  'shelving-expired': 'unshelved',
  suppressed: 'suppressed',
};
/** Alarms raised within this time of one another are one upset; the first of them is marked first-out. */
const UPSET_MS = 5_000;

export function createAlarmService(deps: { store: Store; clock: Clock; hub: Hub; log: Log }): AlarmService {
  const { store, clock, hub, log } = deps;
  const definitions = new Map<string, AlarmDefinition>();
  const instances = new Map<string, Instance>();
  /** Reasons to suppress, by `kind@source`; kind `*` stands for all at the source. */
  const suppressions = new Map<string, string>();
  let upset: { firstId: string; lastMs: number } | null = null;
  let dirty = true;
  let stopTick: (() => void) | null = null;

  for (const row of store.read.prepare('SELECT record FROM alarm').all() as { record: string }[]) {
    const instance = JSON.parse(row.record) as Instance;
    instances.set(instance.id, instance);
  }

  const definitionOf = (kind: string): AlarmDefinition => {
    const found = definitions.get(kind);
    if (!found) throw new Error(`alarm kind ${kind} was never defined`);
    return found;
  };

  const write = (instance: Instance, event: AlarmEvent['event'], by: string | null): void => {
    const definition = definitions.get(instance.kind);
    store.write((db) => {
      db.prepare('INSERT INTO alarm_event (alarm, title, priority, source, event, time_ms, by_whom, value) VALUES (?,?,?,?,?,?,?,?)').run(
        instance.id,
        instance.title,
        definition?.priority ?? 4,
        instance.sourceName,
        event,
        clock.nowMs(),
        by,
        instance.value,
      );
      db.prepare(
        'INSERT INTO alarm (id, kind, source, record) VALUES (?,?,?,?) ON CONFLICT (id) DO UPDATE SET record = excluded.record',
      ).run(instance.id, instance.kind, instance.source, JSON.stringify(instance));
    });
  };

  const markUpset = (instance: Instance): void => {
    const now = clock.nowMs();
    if (upset && now - upset.lastMs <= UPSET_MS) {
      const first = instances.get(upset.firstId);
      if (first && first.id !== instance.id) first.firstOut = true;
      upset.lastMs = now;
    } else {
      for (const other of instances.values()) other.firstOut = false;
      upset = { firstId: instance.id, lastMs: now };
    }
  };

  /** Steps one alarm, writes every transition down, and returns the machine's refusal, if any. */
  const apply = (instance: Instance, event: DomainEvent, by: string | null): string | undefined => {
    const definition = definitions.get(instance.kind);
    if (!definition) return undefined;
    const result = stepAlarm(
      {
        id: instance.id,
        priority: definition.priority,
        condition: { kind: 'discrete' },
        onDelayMs: definition.onDelayMs ?? 0,
        offDelayMs: definition.offDelayMs ?? 0,
      },
      instance.record,
      event,
    );
    instance.record = result.record;
    if (result.refused) return result.refused;
    for (const transition of result.transitions) {
      dirty = true;
      if (transition.cause === 'raised') {
        instance.count++;
        instance.clearedMs = null;
        if (transition.annunciate) markUpset(instance);
      }
      if (transition.cause === 'returned') instance.clearedMs = transition.atMs;
      if (transition.to === 'Normal') instance.count = 0;
      const name = EVENT_NAME[transition.cause];
      if (!name) continue;
      try {
        write(instance, name, by);
      } catch (error) {
        log.error('alarms: a transition could not be written down', { alarm: instance.id, error: String(error) });
      }
    }
    return undefined;
  };

  const applySuppression = (instance: Instance): void => {
    const reason = suppressions.get(`*@${instance.source}`) ?? suppressions.get(instance.id) ?? null;
    const atMs = clock.nowMs();
    if (reason !== null && instance.record.suppressed === null) apply(instance, { kind: 'suppress', atMs, reason }, null);
    if (reason === null && instance.record.suppressed !== null) apply(instance, { kind: 'unsuppress', atMs }, null);
  };

  const instanceOf = (
    kind: string,
    source: string,
    fields: { sourceName: string; page: string; value?: string; title?: string },
  ): Instance => {
    const id = `${kind}@${source}`;
    let instance = instances.get(id);
    const title = fields.title ?? definitionOf(kind).title;
    if (!instance) {
      instance = {
        id,
        kind,
        source,
        sourceName: fields.sourceName,
        page: fields.page,
        title,
        value: fields.value ?? null,
        record: initialAlarm(),
        count: 0,
        firstOut: false,
        clearedMs: null,
      };
      instances.set(id, instance);
      applySuppression(instance);
    }
    if (instance.value !== (fields.value ?? null) || instance.title !== title) dirty = true;
    instance.value = fields.value ?? null;
    instance.title = title;
    instance.page = fields.page;
    instance.sourceName = fields.sourceName;
    return instance;
  };

  const rowOf = (i: Instance): AlarmRow => {
    const d = definitions.get(i.kind);
    return {
      id: i.id,
      priority: d?.priority ?? 4,
      title: i.title,
      source: i.source,
      sourceName: i.sourceName,
      cause: d?.cause ?? '',
      consequence: d?.consequence ?? '',
      action: d?.action ?? '',
      respondWithinS: d?.respondWithinS ?? 3600,
      state: STATE[i.record.state],
      active: i.record.conditionActive,
      raisedMs: i.record.raisedAtMs ?? 0,
      clearedMs: i.clearedMs,
      acknowledgedMs: i.record.acknowledgedAtMs,
      acknowledgedBy: i.record.acknowledgedBy,
      shelvedUntilMs: i.record.shelved?.untilMs ?? null,
      shelveReason: i.record.shelved?.reason ?? i.record.suppressed?.reason ?? null,
      count: i.count,
      value: i.value,
      firstOut: i.firstOut,
      page: i.page,
    };
  };

  const active = (): AlarmRow[] =>
    [...instances.values()]
      .filter((i) => definitions.has(i.kind) && i.record.state !== 'Normal')
      .filter((i) => i.record.state !== 'Suppressed' || i.record.conditionActive)
      .map(rowOf)
      .sort((a, b) => a.priority - b.priority || b.raisedMs - a.raisedMs);

  const mustFind = (id: string): Instance => {
    const found = instances.get(id);
    if (!found || found.record.state === 'Normal')
      throw new Fault('not.found', 'This alarm is over: it is back to normal. Reload the list.');
    return found;
  };

  const tick = (): void => {
    const atMs = clock.nowMs();
    for (const instance of instances.values()) {
      if (instance.record.state === 'Normal' && instance.record.pendingSinceMs === null) continue;
      apply(instance, { kind: 'tick', atMs }, null);
    }
    if (dirty) {
      dirty = false;
      hub.publish('alarms', active());
    }
  };

  const set: AlarmSink['set'] = (kind, source, isActive, fields) => {
    const id = `${kind}@${source}`;
    if (!isActive && !instances.has(id)) return;
    const instance = instanceOf(kind, source, fields);
    apply(instance, { kind: 'sample', atMs: clock.nowMs(), value: isActive }, null);
  };

  const handlers: PartialHandlers = {
    'alarms.active': () => active(),
    'alarms.history': ({ limit, beforeId, text }) => {
      const where: string[] = [];
      const args: (string | number)[] = [];
      if (text) {
        where.push("(title LIKE ? ESCAPE '\\' OR source LIKE ? ESCAPE '\\')");
        const like = `%${text.replace(/[\\%_]/g, (c) => `\\${c}`)}%`;
        args.push(like, like);
      }
      const total = (
        store.read.prepare(`SELECT count(*) AS n FROM alarm_event ${where.length ? `WHERE ${where.join(' AND ')}` : ''}`).get(...args) as {
          n: number;
        }
      ).n;
      if (beforeId !== undefined) {
        where.push('id < ?');
        args.push(beforeId);
      }
      const rows = store.read
        .prepare(`SELECT * FROM alarm_event ${where.length ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY id DESC LIMIT ?`)
        .all(...args, limit) as {
        id: number;
        alarm: string;
        title: string;
        priority: 1 | 2 | 3 | 4;
        source: string;
        event: AlarmEvent['event'];
        time_ms: number;
        by_whom: string | null;
        value: string | null;
      }[];
      return {
        events: rows.map((r) => ({
          id: r.id,
          alarm: r.alarm,
          title: r.title,
          priority: r.priority,
          source: r.source,
          event: r.event,
          timeMs: r.time_ms,
          by: r.by_whom,
          value: r.value,
        })),
        total,
      };
    },
    'alarms.performance': ({ hours }) => alarmPerformance(store, active(), clock.nowMs(), hours),
    'alarms.acknowledge': ({ ids }, caller) => {
      let acknowledged = 0;
      for (const id of ids) {
        const instance = instances.get(id);
        if (!instance || (instance.record.state !== 'Unack' && instance.record.state !== 'RtnUnack')) continue;
        const refused = apply(
          instance,
          { kind: 'acknowledge', atMs: clock.nowMs(), by: caller.person?.name ?? 'nobody' },
          caller.person?.name ?? null,
        );
        if (!refused) acknowledged++;
      }
      tick();
      return { acknowledged };
    },
    'alarms.shelve': ({ id, minutes, reason }, caller) => {
      const instance = mustFind(id);
      const by = caller.person?.name ?? 'nobody';
      const refused = apply(instance, { kind: 'shelve', atMs: clock.nowMs(), by, untilMs: clock.nowMs() + minutes * 60_000, reason }, by);
      if (refused) throw new Fault('permissive.missing', refused);
      tick();
      return rowOf(instance);
    },
    'alarms.unshelve': ({ id }, caller) => {
      const instance = mustFind(id);
      const by = caller.person?.name ?? 'nobody';
      const refused = apply(instance, { kind: 'unshelve', atMs: clock.nowMs(), by }, by);
      if (refused) throw new Fault('permissive.missing', refused);
      tick();
      return rowOf(instance);
    },
  };

  return {
    name: 'alarms',
    handlers,
    define: (definition) => void definitions.set(definition.kind, definition),
    raise: (kind, source, fields) => set(kind, source, true, fields),
    clear(kind, source) {
      const instance = instances.get(`${kind}@${source}`);
      if (instance) apply(instance, { kind: 'sample', atMs: clock.nowMs(), value: false }, null);
    },
    set,
    suppress(source, why, kind = '*') {
      if (why === null) suppressions.delete(`${kind}@${source}`);
      else suppressions.set(`${kind}@${source}`, why);
      for (const instance of instances.values()) {
        if (instance.source === source && (kind === '*' || instance.kind === kind)) applySuppression(instance);
      }
    },
    active,
    summary() {
      const rows = active();
      const count = (of: (a: AlarmRow) => boolean) => {
        const by = { p1: 0, p2: 0, p3: 0, p4: 0 };
        for (const a of rows) if (of(a)) by[`p${a.priority}`]++;
        return by;
      };
      const unacknowledged = rows.filter((a) => a.state === 'unacknowledged' || a.state === 'returned-unacknowledged');
      return {
        unacknowledged: count((a) => a.state === 'unacknowledged' || a.state === 'returned-unacknowledged'),
        active: count((a) => a.active && a.state !== 'shelved' && a.state !== 'suppressed'),
        shelved: rows.filter((a) => a.state === 'shelved').length,
        strip: unacknowledged.slice(0, 5).map((a) => ({
          id: a.id,
          priority: a.priority,
          title: a.title,
          source: a.sourceName,
          raisedMs: a.raisedMs,
          acknowledged: false,
          active: a.active,
        })),
      };
    },
    async start() {
      stopTick ??= clock.setInterval(tick, 500);
      tick();
    },
    async stop() {
      stopTick?.();
      stopTick = null;
    },
  };
}
