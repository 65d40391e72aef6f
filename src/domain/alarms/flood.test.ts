import { describe, expect, it } from 'vitest';
import { alarmMetrics, initialFlood, stepFlood } from './flood.ts';

const minutes = (m: number): number => m * 60_000;

describe('an alarm flood', () => {
  it('starts with the eleventh annunciation within ten minutes and ends below five', () => {
    let state = initialFlood();
    for (let i = 0; i < 10; i += 1) state = stepFlood(state, i * 1000, 1);
    expect(state.inFlood).toBe(false);
    state = stepFlood(state, 10_000, 1);
    expect(state).toMatchObject({ inFlood: true, floodSinceMs: 10_000 });
    state = stepFlood(state, minutes(10) + 6_500, 0);
    expect(state.recentMs).toHaveLength(4);
    expect(state).toMatchObject({ inFlood: false, floodSinceMs: null });
  });

  it('goes on while five or more are recent', () => {
    let state = stepFlood(initialFlood(), 0, 11);
    state = stepFlood(state, minutes(9), 5);
    state = stepFlood(state, minutes(15), 0);
    expect(state).toMatchObject({ inFlood: true, floodSinceMs: 0 });
    expect(stepFlood(state, minutes(20), 0).inFlood).toBe(false);
  });
});

describe('the figures of a period', () => {
  const day = { fromMs: minutes(0), toMs: minutes(24 * 60) };

  it('count the rate, the peak and the loudest alarms', () => {
    const burst = Array.from({ length: 12 }, (_, i) => ({ id: 'wind-speed', atMs: minutes(60) + i * 1000, returnedAtMs: minutes(61) }));
    const figures = alarmMetrics([...burst, { id: 'door', atMs: minutes(300), returnedAtMs: minutes(300) + 4000 }], day);
    expect(figures).toMatchObject({ annunciations: 13, peakPer10Min: 12, fleeting: ['door'], stale: [] });
    expect(figures.averagePerHour).toBeCloseTo(13 / 24, 9);
    expect(figures.floodPercent).toBeCloseTo(100 / 144, 9);
    expect(figures.topContributors[0]).toEqual({ id: 'wind-speed', count: 12, sharePercent: (12 * 100) / 13 });
  });

  it('name what has stood for more than a day, also from before the period', () => {
    const figures = alarmMetrics(
      [
        { id: 'old', atMs: minutes(-60), returnedAtMs: null },
        { id: 'fresh', atMs: minutes(60), returnedAtMs: null },
        { id: 'over', atMs: minutes(-60), returnedAtMs: minutes(60) },
      ],
      day,
    );
    expect(figures.stale).toEqual(['old']);
    expect(figures.annunciations).toBe(1);
  });

  it('of a quiet plant are zero', () => {
    expect(alarmMetrics([], day)).toMatchObject({ annunciations: 0, averagePerHour: 0, floodPercent: 0, topContributors: [] });
  });
});
