import { describe, expect, it } from 'vitest';
import { benchLine, medianMs, quantile } from './harness.ts';

describe('the bench line', () => {
  it('is one line of JSON with the name, the figures and the peer', () => {
    const line = benchLine('clear', { figures: { ordersPerSecond: 1234567.8, tenThousandOrdersMs: 0.51239 }, peer: 'x', ratio: 49.0951 });
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual({
      schema: 'bench/1',
      name: 'clear',
      ordersPerSecond: 1235000,
      tenThousandOrdersMs: 0.5124,
      peer: 'x',
      ratio: 49.1,
    });
  });

  it('leaves peer and ratio out where there is none', () => {
    expect(JSON.parse(benchLine('x', { figures: {} }))).toEqual({ schema: 'bench/1', name: 'x' });
  });
});

describe('timing', () => {
  it('takes the middle of at least the runs asked for', () => {
    let calls = 0;
    const ms = medianMs(
      () => {
        calls += 1;
      },
      { warmups: 2, minRuns: 7, minTimeMs: 0 },
    );
    expect(calls).toBe(9);
    expect(ms).toBeGreaterThanOrEqual(0);
  });

  it('knows quantiles by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect([quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1), quantile([7], 0.99)]).toEqual([50, 99, 100, 7]);
    expect(quantile([], 0.5)).toBeNaN();
  });
});
