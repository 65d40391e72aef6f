/**
 * What to poll next: earliest deadline first. Every group states the oldest age its values may have; a group is released in
 * time to stay below it, and among those released the one that would be too old first goes first. A member that fails
 * three times is dead: it is only probed, behind the others and within a share of the link's time, so that it costs its
 * neighbours next to nothing. Pure: time comes in as a number, nothing is awaited.
 */

export interface GroupSpec {
  readonly id: string;
  readonly maxAgeMs: number;
  /** Half of `maxAgeMs` when absent. */
  readonly periodMs?: number;
}

export interface MemberSpec {
  readonly id: string;
  readonly groups: readonly GroupSpec[];
}

export interface ScheduleOptions {
  /** Consecutive failures after which a member counts as dead. */
  readonly failuresUntilDead: number;
  readonly probeMinMs: number;
  readonly probeMaxMs: number;
  /** Part of the link's time that probes of dead members may take. */
  readonly probeShare: number;
}

export interface GroupState extends GroupSpec {
  readonly period: number;
  releaseMs: number;
  deadlineMs: number;
  sampledAtMs: number | undefined;
  running: boolean;
}

export interface MemberState {
  readonly id: string;
  groups: GroupState[];
  failures: number;
  dead: boolean;
  probeAtMs: number;
  probeDelayMs: number;
}

export interface Schedule {
  readonly options: ScheduleOptions;
  readonly members: Map<string, MemberState>;
  /** No probe before this moment: the share of the link's time is spent. */
  probeAllowedAtMs: number;
}

export type Action =
  | { readonly kind: 'poll'; readonly member: MemberState; readonly group: GroupState; readonly probe: boolean }
  | { readonly kind: 'wait'; readonly untilMs: number };

export const defaultOptions: ScheduleOptions = { failuresUntilDead: 3, probeMinMs: 1000, probeMaxMs: 30_000, probeShare: 0.1 };

export function createSchedule(options: Partial<ScheduleOptions> = {}): Schedule {
  return { options: { ...defaultOptions, ...options }, members: new Map(), probeAllowedAtMs: Number.NEGATIVE_INFINITY };
}

/** Adds a member or replaces its groups; `spreadMs` delays the first poll, so that members do not march in step. */
export function setMember(schedule: Schedule, spec: MemberSpec, nowMs: number, spreadMs = 0): void {
  const known = schedule.members.get(spec.id);
  const groups = spec.groups.map((group): GroupState => {
    const before = known?.groups.find(({ id }) => id === group.id);
    const releaseMs = before ? before.releaseMs : nowMs + spreadMs;
    return {
      ...group,
      period: group.periodMs ?? group.maxAgeMs / 2,
      releaseMs,
      deadlineMs: releaseMs + group.maxAgeMs,
      sampledAtMs: before?.sampledAtMs,
      running: before?.running ?? false,
    };
  });
  if (known) known.groups = groups;
  else {
    const probeDelayMs = schedule.options.probeMinMs;
    schedule.members.set(spec.id, { id: spec.id, groups, failures: 0, dead: false, probeAtMs: nowMs, probeDelayMs });
  }
}

export function removeMember(schedule: Schedule, memberId: string): void {
  schedule.members.delete(memberId);
}

export function nextAction(schedule: Schedule, nowMs: number): Action {
  let due: { member: MemberState; group: GroupState } | undefined;
  let probe: MemberState | undefined;
  let untilMs = Number.POSITIVE_INFINITY;
  for (const member of schedule.members.values()) {
    if (member.dead) {
      if (member.groups.length === 0 || member.groups.some((group) => group.running)) continue;
      const atMs = Math.max(member.probeAtMs, schedule.probeAllowedAtMs);
      if (atMs > nowMs) untilMs = Math.min(untilMs, atMs);
      else if (!probe || member.probeAtMs < probe.probeAtMs) probe = member;
      continue;
    }
    for (const group of member.groups) {
      if (group.running) continue;
      if (group.releaseMs > nowMs) untilMs = Math.min(untilMs, group.releaseMs);
      else if (!due || group.deadlineMs < due.group.deadlineMs) due = { member, group };
    }
  }
  if (due) return { kind: 'poll', ...due, probe: false };
  if (probe) return { kind: 'poll', member: probe, group: cheapest(probe), probe: true };
  return { kind: 'wait', untilMs };
}

/** Probes ask for one group at a time, each in its turn, so that one broken group does not hide a live device. */
function cheapest(member: MemberState): GroupState {
  return member.groups.reduce((best, group) => (group.releaseMs < best.releaseMs ? group : best));
}

export function started(group: GroupState): void {
  group.running = true;
}

/** `sampledAtMs` is when the request was sent: the value is at least as young as that. */
export function recordSuccess(schedule: Schedule, member: MemberState, group: GroupState, sampledAtMs: number, nowMs: number): void {
  group.running = false;
  group.sampledAtMs = sampledAtMs;
  group.releaseMs = Math.max(group.releaseMs + group.period, nowMs);
  // Far behind, keeping the old rhythm would mean polling without a pause until caught up.
  if (group.releaseMs === nowMs) group.releaseMs = sampledAtMs + group.period;
  group.deadlineMs = sampledAtMs + group.maxAgeMs;
  member.failures = 0;
  if (member.dead) revive(schedule, member, nowMs);
}

/**
 * A failed poll. `reached` is true when the device itself answered, if only to refuse: then it is not dead, and the group
 * is asked again in its turn. `tookMs` is how long the link was busy with it.
 */
export function recordFailure(
  schedule: Schedule,
  member: MemberState,
  group: GroupState,
  failure: { reached: boolean; tookMs: number; nowMs: number },
): void {
  const { options } = schedule;
  const { reached, tookMs, nowMs } = failure;
  group.running = false;
  group.releaseMs = nowMs + group.period;
  group.deadlineMs = Math.max(group.deadlineMs, nowMs) + group.period;
  if (reached) {
    member.failures = 0;
    if (member.dead) revive(schedule, member, nowMs);
    return;
  }
  member.failures++;
  if (member.dead) {
    member.probeDelayMs = Math.min(options.probeMaxMs, member.probeDelayMs * 2);
    member.probeAtMs = nowMs + member.probeDelayMs;
    schedule.probeAllowedAtMs = nowMs + tookMs * (1 / options.probeShare - 1);
  } else if (member.failures >= options.failuresUntilDead) {
    member.dead = true;
    member.probeDelayMs = options.probeMinMs;
    member.probeAtMs = nowMs + member.probeDelayMs;
  } else {
    group.releaseMs = nowMs;
  }
}

/** Brings a member back at once, as when its connection has come up again. */
export function revive(schedule: Schedule, member: MemberState, nowMs: number): void {
  member.dead = false;
  member.failures = 0;
  member.probeDelayMs = schedule.options.probeMinMs;
  for (const group of member.groups) {
    if (group.running) continue;
    group.releaseMs = Math.min(group.releaseMs, nowMs);
    group.deadlineMs = nowMs + group.maxAgeMs;
  }
}

/** Probes a dead member at the next chance, without taking its word that it lives. */
export function probeSoon(member: MemberState, nowMs: number): void {
  member.probeAtMs = Math.min(member.probeAtMs, nowMs);
}
