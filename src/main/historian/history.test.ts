import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../kernel/log.ts';
import { systemClock } from '../kernel/system-clock.ts';
import { type OpenHistory, openHistory } from './history.ts';

let dir: string;
let history: OpenHistory;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'busbar-history-'));
  history = openHistory({ file: join(dir, 'history.sqlite'), budgetBytes: 3_000_000, clock: systemClock, log: silentLog() });
});
afterEach(() => {
  history.close();
  rmSync(dir, { recursive: true, force: true });
});
const point = { id: 'm.W', label: 'Power', unit: 'W' as const };

describe('the history', () => {
  it('gives back what was appended', () => {
    history.append([0, 1, 2].map((i) => ({ point: 'm.W', timeMs: 1_000_000 + i * 1000, value: 10 + i, quality: 'good' as const })));
    history.flush();
    expect(history.query([point], 1_000_000, 1_010_000, 100)[0]).toMatchObject({
      timesMs: [1_000_000, 1_001_000, 1_002_000],
      values: [10, 11, 12],
    });
  });

  it('shows a hole as a hole and never carries a value across it', () => {
    history.append([
      { point: 'm.W', timeMs: 1_000_000, value: 5, quality: 'good' },
      { point: 'm.W', timeMs: 1_120_000, value: 6, quality: 'good' },
    ]);
    history.flush();
    expect(history.query([point], 900_000, 1_200_000, 100)[0]?.values).toEqual([5, null, 6]);
  });

  it('shows a bad sample as missing', () => {
    history.append([
      { point: 'm.W', timeMs: 1_000_000, value: 5, quality: 'good' },
      { point: 'm.W', timeMs: 1_001_000, value: null, quality: 'missing' },
    ]);
    history.flush();
    expect(history.query([point], 900_000, 1_200_000, 100)[0]?.values).toEqual([5, null]);
  });

  it('keeps minimum and maximum when it thins a long span', () => {
    const samples = Array.from({ length: 600 }, (_, i) => ({
      point: 'm.W',
      timeMs: 1_000_000 + i * 1000,
      value: i === 300 ? 999 : Math.sin(i),
      quality: 'good' as const,
    }));
    history.append(samples);
    history.flush();
    const series = history.query([point], 1_000_000, 1_600_000, 50)[0];
    expect(series?.values.length).toBeLessThanOrEqual(60);
    expect(Math.max(...(series?.max ?? []).filter((v): v is number => v !== null))).toBe(999);
  });

  it('forgets the oldest 1 s values first and stays within its disk budget', () => {
    for (let minute = 0; minute < 400; minute++) {
      history.append(
        Array.from({ length: 600 }, (_, i) => ({
          point: `p${i % 10}`,
          timeMs: 1_000_000 + minute * 60_000 + Math.floor(i / 10) * 1000,
          value: Math.random(),
          quality: 'good' as const,
        })),
      );
      history.flush();
    }
    for (let i = 0; i < 600; i++) {
      history.append([{ point: 'p0', timeMs: 30_000_000 + i * 1000, value: Math.random(), quality: 'good' }]);
      history.flush();
    }
    expect(history.usedBytes()).toBeLessThan(4_500_000);
    const newest = history.query([{ id: 'p0', label: 'p', unit: 'W' }], 29_000_000, 31_000_000, 1000)[0];
    expect(newest?.values.length).toBeGreaterThan(100);
  });
});
