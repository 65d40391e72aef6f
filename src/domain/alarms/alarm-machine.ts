/**
 * The life of one alarm after ANSI/ISA-18.2: a pure step from a record and an event to the next record and what changed.
 *
 * The condition is followed at all times. Shelving, suppression by design and out of service only hide it, in rising precedence; when the
 * last of them ends, a condition that is still present is raised anew.
 */
import type { AlarmDefinition, AlarmEvent, AlarmRecord, AlarmState, AlarmStep, AlarmTransition, TransitionCause } from './alarm-types.ts';

export const DEFAULT_CHATTER = { raises: 3, windowMs: 60_000 } as const;
export const DEFAULT_MAX_SHELVE_MS = 8 * 3_600_000;

export const initialAlarm = (): AlarmRecord => ({
  state: 'Normal',
  base: 'Normal',
  conditionActive: false,
  pendingSinceMs: null,
  unknown: false,
  raisedAtMs: null,
  returnedAtMs: null,
  acknowledgedAtMs: null,
  acknowledgedBy: null,
  shelved: null,
  suppressed: null,
  outOfService: null,
  chattering: false,
  recentRaisesMs: [],
  occurrences: 0,
});

export const stepAlarm = (definition: AlarmDefinition, record: AlarmRecord, event: AlarmEvent): AlarmStep => {
  const settled = passTime(definition, record, event.atMs);
  const refused = refusal(definition, settled.record, event);
  if (refused !== null) return { ...settled, refused };
  const acted = act(definition, settled.record, event);
  return { record: acted.record, transitions: [...settled.transitions, ...acted.transitions] };
};

const stateOf = (record: AlarmRecord): AlarmState => {
  if (record.outOfService !== null) return 'OutOfService';
  if (record.suppressed !== null) return 'Suppressed';
  if (record.shelved !== null) return 'Shelved';
  return record.base;
};

/** Recomputes the shown state, and reports the change with its cause. */
const change = (before: AlarmRecord, after: AlarmRecord, atMs: number, cause: TransitionCause, annunciate: boolean): AlarmStep => {
  const record = { ...after, state: stateOf(after) };
  return { record, transitions: [{ from: before.state, to: record.state, atMs, cause, annunciate }] };
};

const unchanged = (record: AlarmRecord): AlarmStep => ({ record, transitions: [] });

/** Runs out what time alone ends: shelving, chattering, and the delays of a condition that has not changed since. */
const passTime = (definition: AlarmDefinition, record: AlarmRecord, atMs: number): AlarmStep => {
  const transitions: AlarmTransition[] = [];
  let current = record;
  const apply = (step: AlarmStep): void => {
    current = step.record;
    transitions.push(...step.transitions);
  };
  apply(passDelay(definition, current, atMs));
  if (current.shelved !== null && atMs >= current.shelved.untilMs) {
    apply(uncover(current, { ...current, shelved: null }, atMs, 'shelving-expired'));
  }
  const chatter = definition.chatter ?? DEFAULT_CHATTER;
  if (current.recentRaisesMs.length > 0) {
    const recentRaisesMs = current.recentRaisesMs.filter((raisedMs) => atMs - raisedMs < chatter.windowMs);
    if (recentRaisesMs.length !== current.recentRaisesMs.length) current = { ...current, recentRaisesMs };
    if (current.chattering && recentRaisesMs.length === 0) {
      apply(change(current, { ...current, chattering: false }, atMs, 'chattering-over', false));
    }
  }
  return { record: current, transitions };
};

const passDelay = (definition: AlarmDefinition, record: AlarmRecord, atMs: number): AlarmStep => {
  if (record.pendingSinceMs === null) return unchanged(record);
  const delayMs = record.conditionActive ? definition.offDelayMs : definition.onDelayMs;
  const dueMs = record.pendingSinceMs + delayMs;
  if (atMs < dueMs) return unchanged(record);
  return record.conditionActive ? conditionGone(definition, record, dueMs) : conditionPresent(definition, record, dueMs);
};

const conditionPresent = (definition: AlarmDefinition, record: AlarmRecord, atMs: number): AlarmStep => {
  const chatter = definition.chatter ?? DEFAULT_CHATTER;
  const recentRaisesMs = [...record.recentRaisesMs.filter((raisedMs) => atMs - raisedMs < chatter.windowMs), atMs];
  const chattering = record.chattering || recentRaisesMs.length >= chatter.raises;
  const hidden = record.state !== record.base;
  const after: AlarmRecord = {
    ...record,
    base: hidden ? record.base : 'Unack',
    conditionActive: true,
    pendingSinceMs: null,
    raisedAtMs: atMs,
    returnedAtMs: null,
    acknowledgedAtMs: hidden ? record.acknowledgedAtMs : null,
    acknowledgedBy: hidden ? record.acknowledgedBy : null,
    recentRaisesMs,
    chattering,
    occurrences: record.occurrences + 1,
  };
  if (hidden) return unchanged({ ...after, state: stateOf(after) });
  // A chattering alarm is told once as chattering, and then stays quiet until it has calmed down.
  const newlyChattering = chattering && !record.chattering;
  return change(record, after, atMs, newlyChattering ? 'chattering' : 'raised', newlyChattering || !chattering);
};

const conditionGone = (definition: AlarmDefinition, record: AlarmRecord, atMs: number): AlarmStep => {
  const gone: AlarmRecord = { ...record, conditionActive: false, pendingSinceMs: null, returnedAtMs: atMs };
  if (record.state !== record.base) return unchanged(gone);
  const keepsAsking = record.base === 'Unack' && definition.acknowledgeRequired !== false;
  return change(record, { ...gone, base: keepsAsking ? 'RtnUnack' : 'Normal' }, atMs, 'returned', false);
};

/** After a cover was taken off: if nothing hides the alarm any more, its condition decides what the operator sees. */
const uncover = (before: AlarmRecord, after: AlarmRecord, atMs: number, cause: TransitionCause): AlarmStep => {
  if (after.outOfService !== null || after.suppressed !== null || after.shelved !== null) return change(before, after, atMs, cause, false);
  const base = after.conditionActive ? 'Unack' : 'Normal';
  return change(before, { ...after, base, acknowledgedAtMs: null, acknowledgedBy: null }, atMs, cause, after.conditionActive);
};

const refusal = (definition: AlarmDefinition, record: AlarmRecord, event: AlarmEvent): string | null => {
  switch (event.kind) {
    case 'acknowledge':
      return record.state === 'Unack' || record.state === 'RtnUnack'
        ? null
        : `nothing to acknowledge: the alarm is ${spoken(record.state)}`;
    case 'shelve': {
      const longestMs = definition.maxShelveMs ?? DEFAULT_MAX_SHELVE_MS;
      if (longestMs === 0) return 'this alarm may not be shelved';
      if (event.reason.trim() === '') return 'shelving needs a reason';
      if (event.untilMs <= event.atMs) return 'shelving must end in the future';
      if (event.untilMs - event.atMs > longestMs) return `this alarm may be shelved for at most ${Math.round(longestMs / 60_000)} minutes`;
      return null;
    }
    case 'unshelve':
      return record.shelved === null ? 'the alarm is not shelved' : null;
    case 'take-out-of-service':
      return event.reason.trim() === '' ? 'taking an alarm out of service needs a reason' : null;
    case 'return-to-service':
      return record.outOfService === null ? 'the alarm is in service' : null;
    default:
      return null;
  }
};

const spoken = (state: AlarmState): string =>
  ({
    Normal: 'normal',
    Unack: 'not acknowledged',
    Acked: 'acknowledged already',
    RtnUnack: 'back to normal',
    Shelved: 'shelved',
    Suppressed: 'suppressed by design',
    OutOfService: 'out of service',
  })[state];

const act = (definition: AlarmDefinition, record: AlarmRecord, event: AlarmEvent): AlarmStep => {
  const { atMs } = event;
  switch (event.kind) {
    case 'tick':
      return unchanged(record);
    case 'sample':
      return sample(definition, record, event.value, atMs);
    case 'acknowledge': {
      const base = record.base === 'Unack' ? 'Acked' : 'Normal';
      return change(record, { ...record, base, acknowledgedAtMs: atMs, acknowledgedBy: event.by }, atMs, 'acknowledged', false);
    }
    case 'shelve':
      return change(record, { ...record, shelved: { untilMs: event.untilMs, by: event.by, reason: event.reason } }, atMs, 'shelved', false);
    case 'unshelve':
      return uncover(record, { ...record, shelved: null }, atMs, 'unshelved');
    case 'suppress':
      return record.suppressed !== null
        ? unchanged({ ...record, suppressed: { reason: event.reason } })
        : change(record, { ...record, suppressed: { reason: event.reason } }, atMs, 'suppressed', false);
    case 'unsuppress':
      return record.suppressed === null ? unchanged(record) : uncover(record, { ...record, suppressed: null }, atMs, 'unsuppressed');
    case 'take-out-of-service':
      return change(record, { ...record, outOfService: { by: event.by, reason: event.reason } }, atMs, 'taken-out-of-service', false);
    case 'return-to-service':
      return uncover(record, { ...record, outOfService: null }, atMs, 'returned-to-service');
  }
};

const sample = (definition: AlarmDefinition, record: AlarmRecord, value: number | boolean | null, atMs: number): AlarmStep => {
  const present = conditionOf(definition, record.conditionActive, value);
  // What is not known neither raises nor clears, and a delay must be seen through without a gap.
  if (present === null) return unchanged({ ...record, unknown: true, pendingSinceMs: null });
  const known = { ...record, unknown: false };
  if (present === record.conditionActive) return unchanged({ ...known, pendingSinceMs: null });
  // A clock that stepped back starts the delay again.
  const pendingSinceMs = record.pendingSinceMs === null ? atMs : Math.min(record.pendingSinceMs, atMs);
  return passDelay(definition, { ...known, pendingSinceMs }, atMs);
};

const conditionOf = (definition: AlarmDefinition, active: boolean, value: number | boolean | null): boolean | null => {
  const { condition } = definition;
  if (value === null || (typeof value === 'number' && Number.isNaN(value))) return null;
  if (condition.kind === 'discrete') return Boolean(value);
  const measured = Number(value);
  if (condition.kind === 'high') return active ? measured > condition.limit - condition.deadband : measured > condition.limit;
  return active ? measured < condition.limit + condition.deadband : measured < condition.limit;
};
