/** Small pure parts of the grid room. */
import { describe, expect, it } from 'vitest';
import { attention } from './attention.ts';
import { plantMode } from './plant-mode.ts';
import { createSpark } from './spark-ring.ts';
import { toCsv } from './trends.ts';

describe('mode of the plant', () => {
  const base = { emergency: false, breaker: 'closed' as const, gridAlive: true, localAlive: true, localUnknown: false, closing: false };
  it('is told from breaker, main grid and what is alive', () => {
    expect(plantMode(base)).toBe('connected');
    expect(plantMode({ ...base, breaker: 'open' })).toBe('islanded');
    expect(plantMode({ ...base, breaker: 'open', closing: true })).toBe('resynchronising');
    expect(plantMode({ ...base, breaker: 'open', localAlive: false })).toBe('black-start');
    expect(plantMode({ ...base, breaker: 'unknown' })).toBe('unknown');
    expect(plantMode({ ...base, emergency: true })).toBe('emergency');
  });
  it('is unknown and not dark while positions are missing', () => {
    expect(plantMode({ ...base, breaker: 'open', localAlive: false, localUnknown: true })).toBe('unknown');
  });
});

describe('spark', () => {
  it('keeps sixty steps of ten seconds, with gaps where nothing was measured', () => {
    const spark = createSpark();
    for (let s = 0; s < 1200; s += 1) spark.add(s >= 1000 && s < 1010 ? null : s, s * 1000);
    const values = spark.values();
    expect(values).toHaveLength(60);
    expect(values.at(-1)).toBeCloseTo(1194.5);
    expect(values.filter((v) => v === null)).toHaveLength(1);
  });
});

describe('trend as CSV', () => {
  it('has one row per time, empty where a series has none, and quotes what needs it', () => {
    const csv = toCsv([
      { id: 'a', label: 'Meter "A", import', unit: 'W', timesMs: [0, 1000], values: [1.5, null] },
      { id: 'b', label: 'B', unit: '', timesMs: [1000], values: [2] },
    ]);
    expect(csv.split('\r\n')).toEqual([
      '"time (UTC)","Meter ""A"", import [W]","B"',
      '1970-01-01T00:00:00.000Z,1.5,',
      '1970-01-01T00:00:01.000Z,,2',
      '',
    ]);
  });
});

describe('attention', () => {
  const none = { alarms: [], mode: 'connected' as const, gridAlive: true, functions: [], tagged: 0 };
  it('is empty when nothing needs anybody', () => {
    expect(attention(none)).toEqual([]);
  });
  it('says that the main grid is back', () => {
    expect(attention({ ...none, mode: 'islanded' })[0]?.text).toContain('main grid is back');
  });
  const alarm = (n: number, active: boolean, priority: 1 | 2 | 3 | 4 = 3) => ({
    id: `k@${n}`,
    priority,
    title: `Alarm ${n}`,
    source: `s${n}`,
    sourceName: `Device ${n}`,
    cause: '',
    consequence: '',
    action: 'Go and look',
    respondWithinS: 60,
    state: active ? ('unacknowledged' as const) : ('returned-unacknowledged' as const),
    active,
    raisedMs: n,
    clearedMs: active ? null : n,
    acknowledgedMs: null,
    acknowledgedBy: null,
    shelvedUntilMs: null,
    shelveReason: null,
    count: 1,
    value: null,
    firstOut: false,
    page: 'devices:x',
  });
  it('never tells what is over as if it were still there, and puts it last', () => {
    const texts = attention({ ...none, alarms: [alarm(1, false, 1), alarm(2, true)] }).map((a) => a.text);
    expect(texts).toEqual(['Alarm 2: Device 2. Go and look.', 'Over, not acknowledged yet: Alarm 1, Device 1.']);
  });
  it('says that everything is dark even in a flood of alarms', () => {
    const items = attention({ ...none, mode: 'black-start', alarms: Array.from({ length: 30 }, (_, n) => alarm(n, true)) });
    expect(items).toHaveLength(5);
    expect(items[3]?.text).toContain('27 more');
    expect(items[4]?.text).toContain('Nothing is fed');
  });
});
