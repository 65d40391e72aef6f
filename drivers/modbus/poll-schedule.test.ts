import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSchedule, nextAction, recordFailure, recordSuccess, type Schedule, setMember, started } from './poll-schedule.ts';

/**
 * A link with one slot, simulated in virtual time: a poll of a live member takes `costMs`, of a dead one `timeoutMs`.
 * Returns the worst age each group ever reached and how long the link spent on members that never answer.
 */
function simulate(
  schedule: Schedule,
  options: { untilMs: number; costMs: (member: string) => number; alive: (member: string, nowMs: number) => boolean; timeoutMs: number },
) {
  const sampled = new Map<string, number>();
  const worst = new Map<string, number>();
  const order: string[] = [];
  let wastedMs = 0;
  let nowMs = 0;
  while (nowMs < options.untilMs) {
    const action = nextAction(schedule, nowMs);
    if (action.kind === 'wait') {
      nowMs = Math.max(nowMs + 0.01, Math.min(action.untilMs, options.untilMs));
      continue;
    }
    const { member, group } = action;
    const key = `${member.id}/${group.id}`;
    started(group);
    order.push(key);
    const sentMs = nowMs;
    if (options.alive(member.id, nowMs)) {
      nowMs += options.costMs(member.id);
      const last = sampled.get(key);
      if (last !== undefined) worst.set(key, Math.max(worst.get(key) ?? 0, nowMs - last));
      sampled.set(key, sentMs);
      recordSuccess(schedule, member, group, sentMs, nowMs);
    } else {
      nowMs += options.timeoutMs;
      wastedMs += options.timeoutMs;
      recordFailure(schedule, member, group, { reached: false, tookMs: options.timeoutMs, nowMs });
    }
  }
  return { worst, order, wastedMs };
}

const always = () => true;

describe('the poll schedule', () => {
  it('keeps every group within its declared age when there is time for all', () => {
    const schedule = createSchedule();
    setMember(
      schedule,
      {
        id: 'a',
        groups: [
          { id: 'fast', maxAgeMs: 500 },
          { id: 'slow', maxAgeMs: 10_000 },
        ],
      },
      0,
    );
    setMember(schedule, { id: 'b', groups: [{ id: 'fast', maxAgeMs: 500 }] }, 0);
    const { worst } = simulate(schedule, { untilMs: 60_000, costMs: () => 20, alive: always, timeoutMs: 0 });
    expect(worst.get('a/fast')).toBeLessThanOrEqual(500);
    expect(worst.get('b/fast')).toBeLessThanOrEqual(500);
    expect(worst.get('a/slow')).toBeLessThanOrEqual(10_000);
  });

  it('holds every age limit at up to 80 % load, whatever the mix (earliest deadline first)', () => {
    const group = fc.record({ maxAgeMs: fc.integer({ min: 400, max: 20_000 }) });
    fc.assert(
      fc.property(fc.array(group, { minLength: 1, maxLength: 25 }), (groups) => {
        const costMs = 5;
        // Polled at half its age limit, each group needs costMs every maxAgeMs / 2.
        const load = groups.reduce((sum, { maxAgeMs }) => sum + (2 * costMs) / maxAgeMs, 0);
        fc.pre(load <= 0.8);
        const schedule = createSchedule();
        groups.forEach(({ maxAgeMs }, i) => {
          setMember(schedule, { id: `m${i}`, groups: [{ id: 'g', maxAgeMs }] }, 0);
        });
        const { worst } = simulate(schedule, { untilMs: 60_000, costMs: () => costMs, alive: always, timeoutMs: 0 });
        for (const [i, { maxAgeMs }] of groups.entries()) expect(worst.get(`m${i}/g`) ?? 0).toBeLessThanOrEqual(maxAgeMs);
      }),
      { numRuns: 50 },
    );
  });

  it('polls what would be too old first when it cannot poll all', () => {
    const schedule = createSchedule();
    setMember(schedule, { id: 'relaxed', groups: [{ id: 'g', maxAgeMs: 60_000 }] }, 0);
    setMember(schedule, { id: 'urgent', groups: [{ id: 'g', maxAgeMs: 300 }] }, 0);
    const action = nextAction(schedule, 0);
    expect(action).toMatchObject({ kind: 'poll', member: { id: 'urgent' } });
  });

  it('lets a dead unit behind a shared gateway take at most a tenth of the time, and the living keep their age', () => {
    const schedule = createSchedule();
    for (const id of ['a', 'b', 'c', 'dead']) setMember(schedule, { id, groups: [{ id: 'g', maxAgeMs: 4000 }] }, 0);
    const untilMs = 600_000;
    const { worst, wastedMs } = simulate(schedule, { untilMs, costMs: () => 20, alive: (id) => id !== 'dead', timeoutMs: 1000 });
    expect(wastedMs).toBeLessThan(untilMs * 0.1);
    for (const id of ['a', 'b', 'c']) expect(worst.get(`${id}/g`)).toBeLessThanOrEqual(4000);
  });

  it('probes a dead device less and less often, and takes it back at its first answer', () => {
    const schedule = createSchedule();
    setMember(schedule, { id: 'a', groups: [{ id: 'g', maxAgeMs: 1000 }] }, 0);
    const { order } = simulate(schedule, { untilMs: 100_000, costMs: () => 10, alive: () => false, timeoutMs: 100 });
    expect(order.length).toBeLessThan(15);
    const member = schedule.members.get('a');
    expect(member?.dead).toBe(true);
    const back = simulate(schedule, { untilMs: 140_000, costMs: () => 10, alive: (_id, nowMs) => nowMs >= 0, timeoutMs: 100 });
    expect(member?.dead).toBe(false);
    expect(back.order.length).toBeGreaterThan(30);
  });

  it('does not take a device for dead that refuses a request', () => {
    const schedule = createSchedule();
    setMember(
      schedule,
      {
        id: 'a',
        groups: [
          { id: 'refused', maxAgeMs: 1000 },
          { id: 'good', maxAgeMs: 1000 },
        ],
      },
      0,
    );
    const member = schedule.members.get('a');
    if (!member) throw new Error('no member');
    const refused = member.groups[0];
    if (!refused) throw new Error('no group');
    for (let i = 0; i < 10; i++) recordFailure(schedule, member, refused, { reached: true, tookMs: 5, nowMs: i });
    expect(member.dead).toBe(false);
    expect(refused.releaseMs).toBeGreaterThan(100);
  });

  it('keeps the age of a group when its device gets other groups', () => {
    const schedule = createSchedule();
    setMember(schedule, { id: 'a', groups: [{ id: 'g', maxAgeMs: 1000 }] }, 0);
    const member = schedule.members.get('a');
    const group = member?.groups[0];
    if (!member || !group) throw new Error('no member');
    recordSuccess(schedule, member, group, 5, 10);
    setMember(
      schedule,
      {
        id: 'a',
        groups: [
          { id: 'g', maxAgeMs: 1000 },
          { id: 'h', maxAgeMs: 2000 },
        ],
      },
      20,
    );
    expect(schedule.members.get('a')?.groups.map(({ sampledAtMs }) => sampledAtMs)).toEqual([5, undefined]);
  });
});
