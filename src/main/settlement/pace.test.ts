import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { migrations } from '../historian/migrations/index.ts';
import type { Statement } from '../proof/types.ts';
import { leastInterval, leastToBind, roundTimes, slowerPace } from './pace.ts';
import { insertProof } from './proof-store.ts';

const times = { settle: 8_000, admit: 4_000 };
const proof = (statement: 'settle' | 'admit', sinceMs: number) => ({ statement, interval: 1, part: 0, sinceMs, progress: null });

describe('the pace of the market', () => {
  it('leaves an interval room for admission and settlement, one after the other', () => {
    expect(leastInterval(times)).toBe(17_000);
  });
  it('leaves four seconds of wall time to bind, however fast the plant runs', () => {
    expect(leastToBind({ intervalMs: 900_000, ordersCloseBeforeGateMs: 120_000 })).toBe(30_000);
    expect(leastToBind({ intervalMs: 900_000, ordersCloseBeforeGateMs: 600_000 })).toBe(6_000);
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

  it('follows the slowest of the last rounds that were proven whole, of each of the two proofs', () => {
    const db = new Database(':memory:');
    for (const step of migrations) step.up(db);
    db.pragma('foreign_keys = OFF');
    const prove = (of: Statement, interval: number, part: number, provingMs: number) =>
      insertProof(db, of, interval, {
        part,
        circuit: 'c',
        verificationKeyHash: 'h',
        proof: { pi_a: [], pi_b: [], pi_c: [] },
        publicSignals: [],
        provingMs,
        verifiedMs: 1,
      });
    const layout = { batchMembers: 4, parts: 2 } as const;
    expect(roundTimes(db, layout)).toEqual({ settle: 18_000, admit: 18_000 });
    expect(roundTimes(db, { batchMembers: 64, parts: 1 })).toEqual({ settle: 36_000, admit: 36_000 });
    prove('admit', 1, 0, 1_000);
    expect(roundTimes(db, layout).admit).toBe(18_000);
    prove('admit', 1, 1, 1_500);
    for (const interval of [2, 3, 4, 5, 6]) for (const part of [0, 1]) prove('settle', interval, part, 10_000 - 1_000 * interval);
    expect(roundTimes(db, layout)).toEqual({ settle: 14_000, admit: 2_500 });
  });
});
