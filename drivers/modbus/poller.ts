/** Runs poll schedules over links: one schedule per link, so that a device that hangs delays nobody on another link. */
import { performance } from 'node:perf_hooks';
import type { ModbusLink } from './link.ts';
import {
  createSchedule,
  type GroupState,
  type MemberState,
  nextAction,
  probeSoon,
  recordFailure,
  recordSuccess,
  removeMember,
  type Schedule,
  type ScheduleOptions,
  setMember,
  started,
} from './poll-schedule.ts';
import type { Failure, ReadOutcome } from './requests.ts';
import type { TagGroup, TagValue } from './tag-group.ts';

export interface PolledDevice {
  readonly id: string;
  /** Devices behind one gateway share a link. */
  readonly link: ModbusLink;
  readonly groups: readonly TagGroup[];
}

export type PollSample =
  | {
      readonly kind: 'ok';
      readonly deviceId: string;
      readonly groupId: string;
      readonly tags: TagValue[];
      /** Monotonic; the moment the oldest request of the group was sent, hence an upper bound of the age. */
      readonly sampledAtMs: number;
      /** UTC of the same moment. */
      readonly wallTimeMs: number;
      readonly latencyMs: number;
      /** The first value after the device was dead. */
      readonly revived: boolean;
    }
  | {
      readonly kind: 'failed';
      readonly deviceId: string;
      readonly groupId: string;
      readonly failure: Failure;
      readonly consecutive: number;
      readonly dead: boolean;
      readonly wallTimeMs: number;
    };

export interface DeviceStatus {
  readonly dead: boolean;
  readonly failures: number;
  readonly groups: { readonly id: string; readonly maxAgeMs: number; readonly ageMs: number | undefined; readonly late: boolean }[];
}

export interface Poller {
  add(device: PolledDevice): void;
  remove(deviceId: string): void;
  setGroups(deviceId: string, groups: readonly TagGroup[]): void;
  /** Polls a device (or one group of it) at the next free moment. */
  pollNow(deviceId: string, groupId?: string): void;
  status(deviceId: string): DeviceStatus | undefined;
  close(): void;
}

export interface PollerClock {
  /** Monotonic milliseconds, on the same scale as `performance.now()`. */
  nowMs(): number;
  wallTimeMs(): number;
}

interface Lane {
  readonly link: ModbusLink;
  readonly schedule: Schedule;
  readonly groups: Map<string, Map<string, TagGroup>>;
  readonly forget: () => void;
  active: number;
  timer: NodeJS.Timeout | undefined;
}

/** Longest sleep: a clock that jumps or a timer that is lost must not silence a device. */
const MAX_SLEEP_MS = 1000;

export function startPolling(options: {
  devices: readonly PolledDevice[];
  onSample: (sample: PollSample) => void;
  clock?: PollerClock;
  schedule?: Partial<ScheduleOptions>;
  /** Told what a decoder or `onSample` threw; without it such a fault ends the process, as an unhandled one does. */
  onFault?: (error: unknown, deviceId: string) => void;
  /** Probes of dead devices a second, over all links. */
  probeBudgetPerS?: number;
}): Poller {
  const clock = options.clock ?? { nowMs: () => performance.now(), wallTimeMs: () => Date.now() };
  const lanes = new Map<ModbusLink, Lane>();
  const homes = new Map<string, Lane>();
  const budget = createBudget(options.probeBudgetPerS ?? 10);
  let closed = false;
  let joined = 0;

  const laneOf = (link: ModbusLink): Lane => {
    const known = lanes.get(link);
    if (known) return known;
    const schedule = createSchedule(options.schedule);
    const forget = link.onState((state) => {
      if (state !== 'open') return;
      for (const member of schedule.members.values()) if (member.dead) probeSoon(member, clock.nowMs());
      pump(lane);
    });
    const lane: Lane = { link, schedule, groups: new Map(), forget, active: 0, timer: undefined };
    lanes.set(link, lane);
    return lane;
  };

  const pump = (lane: Lane): void => {
    if (closed) return;
    clearTimeout(lane.timer);
    lane.timer = undefined;
    while (lane.active < lane.link.pollSlots) {
      const nowMs = clock.nowMs();
      const action = nextAction(lane.schedule, nowMs);
      if (action.kind === 'wait') {
        if (lane.schedule.members.size > 0) sleep(lane, Math.min(MAX_SLEEP_MS, action.untilMs - nowMs));
        return;
      }
      if (action.probe && !budget.take(nowMs)) {
        action.member.probeAtMs = nowMs + 200;
        continue;
      }
      started(action.group);
      lane.active++;
      const polled = poll(lane, action.member, action.group, nowMs).finally(() => {
        lane.active--;
        pump(lane);
      });
      const { onFault } = options;
      if (onFault) polled.catch((error: unknown) => onFault(error, action.member.id));
    }
  };

  const sleep = (lane: Lane, delayMs: number): void => {
    lane.timer = setTimeout(() => pump(lane), Math.max(1, delayMs));
  };

  const poll = async (lane: Lane, member: MemberState, state: GroupState, startedMs: number): Promise<void> => {
    const group = lane.groups.get(member.id)?.get(state.id);
    if (!group) return;
    const outcomes = await Promise.all(group.requests.map((request) => lane.link.read(request)));
    if (closed || !lane.groups.has(member.id)) return;
    const nowMs = clock.nowMs();
    const failure = outcomes.find((outcome): outcome is Failure => outcome.kind !== 'ok');
    const wasDead = member.dead;
    if (failure) {
      const reached = failure.kind === 'exception' && failure.code !== 10 && failure.code !== 11;
      recordFailure(lane.schedule, member, state, { reached, tookMs: nowMs - startedMs, nowMs });
      const { failures: consecutive, dead } = member;
      const wallTimeMs = clock.wallTimeMs();
      options.onSample({ kind: 'failed', deviceId: member.id, groupId: state.id, failure, consecutive, dead, wallTimeMs });
      return;
    }
    const read = outcomes as Extract<ReadOutcome, { kind: 'ok' }>[];
    const sampledAtMs = read.reduce((oldest, { receivedAtMs, latencyMs }) => Math.min(oldest, receivedAtMs - latencyMs), nowMs);
    recordSuccess(lane.schedule, member, state, sampledAtMs, nowMs);
    options.onSample({
      kind: 'ok',
      deviceId: member.id,
      groupId: state.id,
      tags: group.decode(read.map(({ values }) => values)),
      sampledAtMs,
      wallTimeMs: clock.wallTimeMs() - (nowMs - sampledAtMs),
      latencyMs: read.reduce((worst, { latencyMs }) => Math.max(worst, latencyMs), 0),
      revived: wasDead,
    });
  };

  const setGroups = (lane: Lane, id: string, groups: readonly TagGroup[], spreadMs: number): void => {
    lane.groups.set(id, new Map(groups.map((group) => [group.id, group])));
    setMember(lane.schedule, { id, groups }, clock.nowMs(), spreadMs);
    pump(lane);
  };

  const poller: Poller = {
    add({ id, link, groups }) {
      if (homes.has(id)) throw new Error(`device ${id} is polled already`);
      const lane = laneOf(link);
      homes.set(id, lane);
      // First polls are spread over a quarter of a second: 500 devices must not all be asked in the same millisecond.
      setGroups(lane, id, groups, (joined++ * 7) % 250);
    },
    remove(deviceId) {
      const lane = homes.get(deviceId);
      if (!lane) return;
      homes.delete(deviceId);
      lane.groups.delete(deviceId);
      removeMember(lane.schedule, deviceId);
      if (lane.schedule.members.size > 0) return;
      clearTimeout(lane.timer);
      lane.forget();
      lanes.delete(lane.link);
    },
    setGroups(deviceId, groups) {
      const lane = homes.get(deviceId);
      if (!lane) throw new Error(`device ${deviceId} is not polled`);
      setGroups(lane, deviceId, groups, 0);
    },
    pollNow(deviceId, groupId) {
      const lane = homes.get(deviceId);
      const member = lane?.schedule.members.get(deviceId);
      if (!lane || !member) return;
      const nowMs = clock.nowMs();
      if (member.dead) probeSoon(member, nowMs);
      for (const group of member.groups)
        if (groupId === undefined || group.id === groupId) group.releaseMs = Math.min(group.releaseMs, nowMs);
      pump(lane);
    },
    status(deviceId) {
      const member = homes.get(deviceId)?.schedule.members.get(deviceId);
      if (!member) return undefined;
      const nowMs = clock.nowMs();
      return {
        dead: member.dead,
        failures: member.failures,
        groups: member.groups.map(({ id, maxAgeMs, sampledAtMs }) => {
          const ageMs = sampledAtMs === undefined ? undefined : nowMs - sampledAtMs;
          return { id, maxAgeMs, ageMs, late: ageMs === undefined || ageMs > maxAgeMs };
        }),
      };
    },
    close() {
      closed = true;
      for (const lane of lanes.values()) {
        clearTimeout(lane.timer);
        lane.forget();
      }
      lanes.clear();
      homes.clear();
    },
  };
  for (const device of options.devices) poller.add(device);
  return poller;
}

/** A bucket that holds one second's worth. */
function createBudget(perSecond: number): { take(nowMs: number): boolean } {
  let tokens = perSecond;
  let lastMs: number | undefined;
  return {
    take(nowMs) {
      tokens = Math.min(perSecond, tokens + ((nowMs - (lastMs ?? nowMs)) / 1000) * perSecond);
      lastMs = nowMs;
      if (tokens < 1) return false;
      tokens--;
      return true;
    },
  };
}
