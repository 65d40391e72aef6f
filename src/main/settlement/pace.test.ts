import { describe, expect, it } from 'vitest';
import { leastInterval, slowerPace } from './pace.ts';

const times = { settle: 8_000, admit: 4_000 };
const proof = (statement: 'settle' | 'admit', sinceMs: number) => ({ statement, interval: 1, part: 0, sinceMs, progress: null });

describe('the pace of the market', () => {
  it('leaves an interval room for admission and settlement, one after the other', () => {
    expect(leastInterval(times)).toBe(17_000);
  });
  it('stays while proofs are in time', () => {
    expect(slowerPace(times, 1, null, 60_000, 17_000)).toBeNull();
    expect(slowerPace(times, 1, proof('settle', 0), 8_000, 17_000)).toBeNull();
    expect(slowerPace(times, 1, proof('settle', 0), 9_000, 17_000)).toBeNull();
  });
  it('slows before a proof that takes too long is done, and counts the other one', () => {
    expect(slowerPace(times, 1, proof('settle', 0), 20_000, 17_000)).toBe(leastInterval({ settle: 26_000, admit: 4_000 }));
    expect(slowerPace(times, 1, proof('admit', 0), 20_000, 17_000)).toBe(leastInterval({ settle: 8_000, admit: 26_000 }));
  });
  it('counts every part of a round of several', () => {
    expect(slowerPace(times, 4, proof('settle', 0), 5_000, 17_000)).toBe(leastInterval({ settle: 26_000, admit: 4_000 }));
  });
});
