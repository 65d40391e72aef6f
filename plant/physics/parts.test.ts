import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPlantClock } from '../clock.ts';
import { createGuardian } from '../guardian.ts';
import { smoothNoise, uniformAt } from './noise.ts';
import { createProfileReader, loadProfiles, parseProfiles, weekOfDay } from './profiles.ts';
import { rural1 } from './testing.ts';
import { createTripRelay, stepTripRelay } from './trip-relay.ts';
import { flowAt, windShare, windSpeedAt } from './weather.ts';

describe('interface protection', () => {
  const profile = rural1().tripProfile;

  it('trips at 47.4 Hz after 0.1 s and not at 47.6 Hz', () => {
    const relay = createTripRelay(profile);
    expect(stepTripRelay(relay, 47.4, 1, 0.05)).toBeNull();
    expect(stepTripRelay(relay, 47.4, 1, 0.05)).toBe('under-frequency');
    const other = createTripRelay(profile);
    for (let i = 0; i < 100; i++) expect(stepTripRelay(other, 47.6, 1, 0.1)).toBeNull();
  });

  it('gives a voltage dip three seconds, a deep one 0.3 s', () => {
    const shallow = createTripRelay(profile);
    let t = 0;
    while (stepTripRelay(shallow, 50, 0.7, 0.1) === null) t += 0.1;
    expect(t).toBeCloseTo(2.9, 6);
    const deep = createTripRelay(profile);
    t = 0;
    while (stepTripRelay(deep, 50, 0.3, 0.1) === null) t += 0.1;
    expect(t).toBeCloseTo(0.2, 6);
  });

  it('forgets an excursion that ended before its clearing time', () => {
    const relay = createTripRelay(profile);
    for (let i = 0; i < 50; i++) {
      for (let k = 0; k < 20; k++) expect(stepTripRelay(relay, 50, 0.75, 0.1)).toBeNull();
      expect(stepTripRelay(relay, 50, 1, 0.1)).toBeNull();
    }
  });
});

describe('weather and profiles', () => {
  it('is the same for the same seed and time, and another for another seed', () => {
    expect(windSpeedAt(1, 1e9, 6)).toBe(windSpeedAt(1, 1e9, 6));
    expect(windSpeedAt(1, 1e9, 6)).not.toBe(windSpeedAt(2, 1e9, 6));
  });

  it('keeps noise within one and continuous', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.double({ min: 0, max: 4e9, noNaN: true }), (seed, channel, t) => {
        const a = smoothNoise(seed, channel, t, 60);
        expect(Math.abs(a)).toBeLessThanOrEqual(1);
        expect(Math.abs(a - smoothNoise(seed, channel, t + 0.01, 60))).toBeLessThan(0.01);
        expect(uniformAt(seed, channel, Math.floor(t))).toBeLessThan(1);
      }),
    );
  });

  it('follows the turbine’s power curve: nothing below cut-in, rated power up to cut-out, nothing in a storm', () => {
    const turbine = { cutInMs: 3, ratedMs: 11, cutOutMs: 25 };
    expect([0, 2.9, 11, 20, 25.1].map((v) => windShare(v, turbine))).toEqual([0, 0, 1, 1, 0]);
    expect(windShare(7, turbine)).toBeGreaterThan(windShare(6, turbine));
  });

  it('has more water in spring than in late summer', () => {
    expect(flowAt(1, Date.parse('2025-03-20'), 1)).toBeGreaterThan(flowAt(1, Date.parse('2025-09-10'), 1));
  });

  it('chooses the winter week at New Year and the summer week in July', () => {
    expect(weekOfDay(0)).toBe(0);
    expect(weekOfDay(190)).toBe(3);
    expect(weekOfDay(364)).toBe(0);
  });

  it('interpolates between quarter hours and stays inside the neighbours', () => {
    const profiles = loadProfiles(new URL('../data/rural1-profiles.csv', import.meta.url));
    const reader = createProfileReader(profiles);
    const at = (iso: string) => {
      reader.moveTo(Date.parse(iso));
      return reader.value('PV5');
    };
    const [a, b, c] = [at('2025-07-08T10:07:30Z'), at('2025-07-08T10:15:00Z'), at('2025-07-08T10:22:30Z')] as [number, number, number];
    expect(b).toBeCloseTo((a + c) / 2, 9);
    expect(at('2025-07-08T00:30:00Z')).toBe(0);
  });

  it('refuses a profile file that is cut off', () => {
    expect(() => parseProfiles('timestamp,a\n2016-01-18T00:00Z,1\n')).toThrow(/whole weeks/);
  });
});

describe('plant time', () => {
  it('follows the console’s clock at its speed, corrects for the message’s age and never goes back', () => {
    let mono = 0;
    let wall = 1_000_000;
    const clock = createPlantClock({ monotonicMs: () => mono, wallMs: () => wall, intervalMs: 900_000 });
    expect(clock.now()).toBeNull();
    clock.follow({ plantTimeMs: 5_000_000, wallTimeMs: 999_000, speed: 30, intervalMs: 900_000 });
    expect(clock.now()?.plantTimeMs).toBe(5_030_000);
    mono += 100;
    wall += 100;
    expect(clock.now()?.plantTimeMs).toBe(5_033_000);
    clock.follow({ plantTimeMs: 5_000_000, wallTimeMs: wall, speed: 30, intervalMs: 900_000 });
    expect(clock.now()?.plantTimeMs).toBe(5_033_000);
  });
});

describe('plant time without its console', () => {
  it('stands still, and goes on from what the console says when it is back', () => {
    let mono = 0;
    const clock = createPlantClock({ monotonicMs: () => mono, wallMs: () => mono, intervalMs: 900_000 });
    clock.follow({ plantTimeMs: 1_000_000, wallTimeMs: 0, speed: 30, intervalMs: 900_000 });
    mono = 1000;
    clock.hold();
    mono = 61_000;
    expect(clock.now()).toEqual({ plantTimeMs: 1_030_000, speed: 0 });
    clock.follow({ plantTimeMs: 1_200_000, wallTimeMs: mono, speed: 30, intervalMs: 900_000 });
    mono += 100;
    expect(clock.now()).toEqual({ plantTimeMs: 1_203_000, speed: 30 });
  });

  it('keeps running when it never had one', () => {
    let mono = 0;
    const clock = createPlantClock({
      monotonicMs: () => mono,
      wallMs: () => mono,
      intervalMs: 900_000,
      freeRun: { startMs: 0, speed: 10 },
    });
    clock.hold();
    mono = 500;
    expect(clock.now()?.plantTimeMs).toBe(5000);
  });
});

describe('the guardian', () => {
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it('ends an orphaned plant after its grace, later when somebody looks', async () => {
    let ended = 0;
    let alone = 0;
    const guardian = createGuardian({ graceMs: 120, onEnd: () => ended++, onAlone: () => alone++ });
    guardian.orphaned();
    expect(alone).toBe(1);
    await wait(80);
    guardian.seen();
    await wait(80);
    expect(ended).toBe(0);
    await wait(100);
    expect(ended).toBe(1);
    guardian.close();
  });

  it('stays while the console that adopted it lives, and starts counting when that one is gone', async () => {
    let ended = 0;
    let alive = true;
    const guardian = createGuardian({ graceMs: 60, onEnd: () => ended++, isAlive: () => alive, watchEveryMs: 10 });
    guardian.orphaned();
    guardian.adopted(42);
    await wait(120);
    expect(ended).toBe(0);
    alive = false;
    await wait(120);
    expect(ended).toBe(1);
    guardian.close();
  });
});
