import { describe, expect, it } from 'vitest';
import { fromJson, toJson } from './bigint-json.ts';
import { flowsOf } from './round-view.ts';

const fill = (memberId: string, side: 'buy' | 'sell', filledWh: number) => ({ memberId, side, filledWh });

describe('who trades with whom', () => {
  it('spreads each seller over the buyers in whole Wh that add up', () => {
    const orders = [
      fill('pv', 'sell', 100),
      fill('wind', 'sell', 7),
      fill('a', 'buy', 33),
      fill('b', 'buy', 41),
      fill('c', 'buy', 33),
      fill('d', 'buy', 0),
    ];
    const flows = flowsOf(orders);
    const total = (pick: 'from' | 'to', who: string) => flows.filter((f) => f[pick] === who).reduce((sum, f) => sum + f.energyWh, 0);
    expect(total('from', 'pv')).toBe(100);
    expect(total('from', 'wind')).toBe(7);
    for (const [who, wh] of [
      ['a', 33],
      ['b', 41],
      ['c', 33],
    ] as const)
      expect(Math.abs(total('to', who) - wh)).toBeLessThanOrEqual(1);
    expect(flows.some((f) => f.to === 'd')).toBe(false);
  });
  it('shows nothing where nothing was traded', () => {
    expect(flowsOf([fill('a', 'buy', 0), fill('b', 'sell', 0)])).toEqual([]);
  });
});

describe('JSON with bigints', () => {
  it('gives back what it was given', () => {
    const value = { a: 12345678901234567890n, b: [-1n, 0n, null], c: 'n', d: '12', e: { f: true } };
    expect(fromJson(toJson(value))).toEqual(value);
  });
});
