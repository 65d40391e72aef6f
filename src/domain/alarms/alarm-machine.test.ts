import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialAlarm, stepAlarm } from './alarm-machine.ts';
import type { AlarmDefinition, AlarmEvent, AlarmRecord, AlarmTransition } from './alarm-types.ts';

const highVoltage: AlarmDefinition = {
  id: 'bus-7-high-voltage',
  priority: 2,
  condition: { kind: 'high', limit: 1.1, deadband: 0.01 },
  onDelayMs: 0,
  offDelayMs: 0,
};
const delayed: AlarmDefinition = { ...highVoltage, onDelayMs: 3000, offDelayMs: 2000 };
const breakerOpen: AlarmDefinition = { id: 'breaker-open', priority: 1, condition: { kind: 'discrete' }, onDelayMs: 0, offDelayMs: 0 };

interface Story {
  record: AlarmRecord;
  transitions: AlarmTransition[];
  refused: (string | undefined)[];
}

const tell = (definition: AlarmDefinition, ...events: AlarmEvent[]): Story => {
  const story: Story = { record: initialAlarm(), transitions: [], refused: [] };
  for (const event of events) {
    const step = stepAlarm(definition, story.record, event);
    story.record = step.record;
    story.transitions.push(...step.transitions);
    story.refused.push(step.refused);
  }
  return story;
};

const seconds = (s: number): number => s * 1000;
const at = (s: number, value: number | boolean | null): AlarmEvent => ({ kind: 'sample', atMs: seconds(s), value });
const tick = (s: number): AlarmEvent => ({ kind: 'tick', atMs: seconds(s) });
const acknowledge = (s: number): AlarmEvent => ({ kind: 'acknowledge', atMs: seconds(s), by: 'Ada' });
const shelve = (s: number, untilS: number, reason = 'sensor being replaced'): AlarmEvent => ({
  kind: 'shelve',
  atMs: seconds(s),
  by: 'Ada',
  untilMs: seconds(untilS),
  reason,
});
const states = (story: Story): string[] => story.transitions.map((t) => t.to);
const sounds = (story: Story): number => story.transitions.filter((t) => t.annunciate).length;

describe('an alarm', () => {
  it('is raised, acknowledged and returns to normal', () => {
    const story = tell(highVoltage, at(0, 1.05), at(1, 1.12), acknowledge(2), at(3, 1.05));
    expect(states(story)).toEqual(['Unack', 'Acked', 'Normal']);
    expect(sounds(story)).toBe(1);
    expect(story.record).toMatchObject({ raisedAtMs: 1000, acknowledgedAtMs: 2000, acknowledgedBy: 'Ada', returnedAtMs: 3000 });
  });

  it('that goes away by itself still asks to be acknowledged', () => {
    expect(states(tell(highVoltage, at(1, 1.12), at(2, 1.05), acknowledge(3)))).toEqual(['Unack', 'RtnUnack', 'Normal']);
  });

  it('that comes back before it was acknowledged sounds again', () => {
    const story = tell(highVoltage, at(1, 1.12), at(2, 1.05), at(3, 1.12));
    expect(states(story)).toEqual(['Unack', 'RtnUnack', 'Unack']);
    expect(sounds(story)).toBe(2);
  });

  it('that comes back after it was acknowledged must be acknowledged again', () => {
    expect(tell(highVoltage, at(1, 1.12), acknowledge(2), at(3, 1.0), at(4, 1.12)).record).toMatchObject({
      state: 'Unack',
      acknowledgedBy: null,
    });
  });

  it('that needs no acknowledgement vanishes with its cause', () => {
    expect(states(tell({ ...highVoltage, acknowledgeRequired: false }, at(1, 1.12), at(2, 1.0)))).toEqual(['Unack', 'Normal']);
  });

  it('cannot be acknowledged when there is nothing to acknowledge', () => {
    expect(tell(highVoltage, acknowledge(1)).refused[0]).toBe('nothing to acknowledge: the alarm is normal');
    expect(tell(highVoltage, at(1, 1.2), acknowledge(2), acknowledge(3)).refused[2]).toContain('acknowledged already');
  });

  it('follows a breaker as well as a measured value', () => {
    expect(states(tell(breakerOpen, at(1, true), acknowledge(2), at(3, false)))).toEqual(['Unack', 'Acked', 'Normal']);
  });

  it('of a low limit is raised below it', () => {
    const low: AlarmDefinition = { ...highVoltage, condition: { kind: 'low', limit: 49.5, deadband: 0.1 } };
    expect(states(tell(low, at(1, 49.5), at(2, 49.4), at(3, 49.55), at(4, 49.6)))).toEqual(['Unack', 'RtnUnack']);
  });
});

describe('deadband and delays', () => {
  it('keep an alarm up while the value lingers just below the limit', () => {
    const story = tell(highVoltage, at(1, 1.12), at(2, 1.095), at(3, 1.101), at(4, 1.0901));
    expect(states(story)).toEqual(['Unack']);
    expect(states(tell(highVoltage, at(1, 1.12), at(2, 1.089)))).toEqual(['Unack', 'RtnUnack']);
  });

  it('let a short spike pass in silence', () => {
    expect(tell(delayed, at(0, 1.12), at(2.9, 1.05), at(3.5, 1.12), at(6.4, 1.12)).transitions).toEqual([]);
  });

  it('raise the alarm at the moment the delay is over, also when only time passes', () => {
    expect(tell(delayed, at(1, 1.12), tick(3.9), tick(10)).transitions).toEqual([
      { from: 'Normal', to: 'Unack', atMs: 4000, cause: 'raised', annunciate: true },
    ]);
  });

  it('let it return only after the value stayed good long enough', () => {
    expect(states(tell(delayed, at(0, 1.12), at(4, 1.12), at(5, 1.0), at(6, 1.12), at(7, 1.0), at(8.9, 1.0)))).toEqual(['Unack']);
    expect(states(tell(delayed, at(0, 1.12), at(4, 1.12), at(7, 1.0), at(9, 1.0)))).toEqual(['Unack', 'RtnUnack']);
  });

  it('start again when the value was unknown in between', () => {
    expect(tell(delayed, at(0, 1.12), at(2, null), at(2.5, 1.12), at(5.4, 1.12)).transitions).toEqual([]);
  });
});

describe('a silent meter', () => {
  it('holds the alarm as it was, neither raising nor clearing it', () => {
    const raised = tell(highVoltage, at(1, 1.12), at(2, null), at(60, null));
    expect(raised.record).toMatchObject({ state: 'Unack', unknown: true, conditionActive: true });
    expect(tell(highVoltage, at(1, 1.0), at(2, Number.NaN)).record).toMatchObject({ state: 'Normal', unknown: true });
  });
});

describe('shelving', () => {
  it('hides an alarm for a time and a reason, and shows it again if the cause is still there', () => {
    const story = tell(highVoltage, at(1, 1.12), shelve(2, 100), at(50, 1.12), tick(100));
    expect(states(story)).toEqual(['Unack', 'Shelved', 'Unack']);
    expect(story.transitions.map((t) => t.annunciate)).toEqual([true, false, true]);
    expect(story.transitions.at(-1)?.cause).toBe('shelving-expired');
  });

  it('ends in silence when the cause is gone by then', () => {
    const story = tell(highVoltage, at(1, 1.12), shelve(2, 100), at(50, 1.0), tick(200));
    expect(states(story)).toEqual(['Unack', 'Shelved', 'Normal']);
    expect(sounds(story)).toBe(1);
  });

  it('keeps quiet about an alarm that comes while shelved, but counts it', () => {
    const story = tell(highVoltage, shelve(2, 100), at(50, 1.12));
    expect(sounds(story)).toBe(0);
    expect(story.record).toMatchObject({ state: 'Shelved', conditionActive: true, occurrences: 1 });
  });

  it('can be ended by hand', () => {
    expect(states(tell(highVoltage, at(1, 1.2), shelve(2, 100), { kind: 'unshelve', atMs: 3000, by: 'Ada' }))).toEqual([
      'Unack',
      'Shelved',
      'Unack',
    ]);
  });

  it.each<[string, AlarmEvent, AlarmDefinition, string]>([
    ['without a reason', shelve(1, 100, ' '), highVoltage, 'needs a reason'],
    ['into the past', shelve(100, 50), highVoltage, 'must end in the future'],
    ['for longer than allowed', shelve(1, 1 + 9 * 3600), highVoltage, 'at most 480 minutes'],
    ['where the plant forbids it', shelve(1, 100), { ...highVoltage, maxShelveMs: 0 }, 'may not be shelved'],
  ])('is refused %s', (_, event, definition, sentence) => {
    const story = tell(definition, event);
    expect(story.refused[0]).toContain(sentence);
    expect(story.record.state).toBe('Normal');
  });

  it('cannot be acknowledged away', () => {
    expect(tell(highVoltage, at(1, 1.2), shelve(2, 100), acknowledge(3)).refused[2]).toContain('shelved');
  });
});

describe('suppression by design and out of service', () => {
  const suppress: AlarmEvent = { kind: 'suppress', atMs: 2000, reason: 'feeder 2 is open' };

  it('hide alarms that mean nothing now, and raise them when they mean something again', () => {
    const story = tell(highVoltage, suppress, at(3, 1.2), { kind: 'unsuppress', atMs: 9000 });
    expect(states(story)).toEqual(['Suppressed', 'Unack']);
    expect(story.record.suppressed).toBeNull();
  });

  it('cover each other: out of service over suppressed over shelved', () => {
    const story = tell(
      highVoltage,
      at(0, 1.2),
      shelve(1, 100),
      suppress,
      { kind: 'take-out-of-service', atMs: 3000, by: 'Ada', reason: 'probe broken' },
      { kind: 'return-to-service', atMs: 4000, by: 'Ada' },
      { kind: 'unsuppress', atMs: 5000 },
      tick(100),
    );
    expect(states(story)).toEqual(['Unack', 'Shelved', 'Suppressed', 'OutOfService', 'Suppressed', 'Shelved', 'Unack']);
    expect(sounds(story)).toBe(2);
  });

  it('can be said again without effect', () => {
    expect(
      tell(highVoltage, suppress, { ...suppress, atMs: 3000 }, { kind: 'unsuppress', atMs: 4000 }, { kind: 'unsuppress', atMs: 5000 })
        .transitions,
    ).toHaveLength(2);
  });

  it('out of service needs a reason, and ends only once', () => {
    expect(tell(highVoltage, { kind: 'take-out-of-service', atMs: 0, by: 'Ada', reason: '' }).refused[0]).toContain('needs a reason');
    expect(tell(highVoltage, { kind: 'return-to-service', atMs: 0, by: 'Ada' }).refused[0]).toContain('in service');
  });
});

describe('a chattering alarm', () => {
  const flap = (from: number, times: number): AlarmEvent[] =>
    Array.from({ length: times }, (_, i) => [at(from + 4 * i, 1.2), at(from + 4 * i + 2, 1.0)]).flat();

  it('is told once as chattering and then keeps quiet', () => {
    const story = tell(highVoltage, ...flap(0, 10));
    expect(story.transitions.filter((t) => t.annunciate).map((t) => t.cause)).toEqual(['raised', 'raised', 'chattering']);
    expect(story.record).toMatchObject({ chattering: true, occurrences: 10 });
  });

  it('speaks again once it has been calm for the whole window', () => {
    const story = tell(highVoltage, ...flap(0, 5), tick(90), at(91, 1.2));
    expect(story.transitions.at(-2)).toMatchObject({ cause: 'chattering-over', annunciate: false });
    expect(story.transitions.at(-1)).toMatchObject({ cause: 'raised', annunciate: true });
  });
});

describe('whatever happens to an alarm', () => {
  const events = fc.array(
    fc.tuple(
      fc.integer({ min: 0, max: 20_000 }),
      fc.oneof(
        fc.record({ kind: fc.constant('sample' as const), value: fc.oneof(fc.constantFrom(1.0, 1.095, 1.2), fc.constant(null)) }),
        fc.record({ kind: fc.constantFrom('tick' as const, 'unsuppress' as const) }),
        fc.record({
          kind: fc.constantFrom('acknowledge' as const, 'unshelve' as const, 'return-to-service' as const),
          by: fc.constant('Ada'),
        }),
        fc.record({ kind: fc.constantFrom('suppress' as const), reason: fc.constant('r') }),
        fc.record({ kind: fc.constantFrom('take-out-of-service' as const), by: fc.constant('Ada'), reason: fc.constant('r') }),
        fc.record({
          kind: fc.constant('shelve' as const),
          by: fc.constant('Ada'),
          reason: fc.constant('r'),
          forMs: fc.integer({ min: 1, max: 60_000 }),
        }),
      ),
    ),
    { maxLength: 60 },
  );

  it('no condition that lasts is ever lost: visible and active means Unack or Acked, visible and gone never does', () => {
    fc.assert(
      fc.property(events, fc.constantFrom(highVoltage, delayed), (steps, definition) => {
        let record = initialAlarm();
        let nowMs = 0;
        for (const [waitMs, event] of steps) {
          nowMs += waitMs;
          const full = { ...event, atMs: nowMs, ...('forMs' in event ? { untilMs: nowMs + event.forMs } : {}) } as AlarmEvent;
          const { record: next, transitions } = stepAlarm(definition, record, full);
          let expected = record.state;
          for (const t of transitions) {
            expect(t.from).toBe(expected);
            expected = t.to;
            if (t.annunciate) expect(t.to).toBe('Unack');
          }
          expect(next.state).toBe(expected);
          record = next;
          const covered = record.shelved !== null || record.suppressed !== null || record.outOfService !== null;
          if (covered) expect(['Shelved', 'Suppressed', 'OutOfService']).toContain(record.state);
          else expect(record.conditionActive).toBe(record.state === 'Unack' || record.state === 'Acked');
        }
      }),
      { numRuns: 1500 },
    );
  });
});
