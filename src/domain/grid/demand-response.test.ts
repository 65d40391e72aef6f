import { describe, expect, it } from 'vitest';
import { intervalsWithin, recordedW, responseOf } from './demand-response.ts';

const intervalMs = 900_000;
/** 500 Wh in each of intervals 6…9 (2 kW), 350 Wh (1.4 kW) in 10…13. */
const drawn = new Map([6, 7, 8, 9, 10, 11, 12, 13].map((i) => [i, i < 10 ? 500 : 350]));
const event = { drawn, startsMs: 10 * intervalMs, endsMs: 14 * intervalMs, intervalMs, offeredW: 1000 };

describe('a measured response', () => {
  it('is the mean before the event less the mean during it', () => {
    expect(responseOf(event)).toEqual({ kind: 'measured', baselineW: 2000, meanW: 1400, deliveredW: 600 });
  });
  it('is at most what was offered, and nothing when more was drawn', () => {
    expect(responseOf({ ...event, offeredW: 400 })).toMatchObject({ deliveredW: 400 });
    const more = new Map([...drawn, [12, 5000] as const]);
    expect(responseOf({ ...event, drawn: more })).toMatchObject({ deliveredW: 0 });
  });
  it('leaves out intervals that the event only touches', () => {
    expect(intervalsWithin(9.5 * intervalMs, 13.5 * intervalMs, intervalMs)).toEqual({ from: 10, end: 13 });
    const early = new Map([...drawn, [5, 900] as const]);
    expect(responseOf({ ...event, drawn: early, startsMs: 9.5 * intervalMs })).toMatchObject({ baselineW: 2400, meanW: 1400 });
  });
  it('is unknown while a reading is missing, and says which', () => {
    const gap = new Map([...drawn].filter(([i]) => i !== 7 && i !== 11));
    expect(responseOf({ ...event, drawn: gap })).toEqual({ kind: 'incomplete', missing: [7, 11] });
  });
  it('does not exist for an event shorter than an interval', () => {
    expect(responseOf({ ...event, startsMs: 10.2 * intervalMs, endsMs: 11.9 * intervalMs })).toEqual({ kind: 'too-short' });
  });
  it('is recorded so that the contract pays what the meter shows, whatever load was reported', () => {
    for (const reportedW of [1000, 2000, 50_000]) expect(reportedW - recordedW(reportedW, 600)).toBe(600);
    expect(recordedW(100, 600)).toBe(0);
  });
});
