import { describe, expect, it } from 'vitest';
import { queueWords, whyNoEntry } from './queue-words.ts';

const at = (before: number, queueLength: number) =>
  queueWords({ waiting: { payout: false, amount: '1', before }, queueLength, entriesARound: 3 });
const own = {
  place: 1,
  account: 'own',
  state: 'running',
  balance: '0',
  debt: '0',
  settledStartMs: null,
  waiting: null,
  notCovered: null,
  claimable: '0',
  queueLength: 0,
  entriesARound: 3,
} as const;

describe('the settlement’s queue in words', () => {
  it('says which round applies an entry: three a round, oldest first', () => {
    expect(at(0, 1)).toBe('number 1 of 1 in the queue: the next round applies it');
    expect(at(2, 3)).toMatch(/next round/);
    expect(at(3, 9)).toMatch(/^number 4 of 9 .* 2nd round from now/);
    expect(at(33, 64)).toMatch(/12th round/);
    expect(queueWords({ waiting: null, queueLength: 4, entriesARound: 3 })).toBe('');
  });
  it('names what stands in the way of an entry', () => {
    expect(whyNoEntry(own, false)).toBeUndefined();
    expect(whyNoEntry({ ...own, state: 'ended' }, false)).toMatch(/openings/);
    expect(whyNoEntry({ ...own, state: 'paused' }, false)).toMatch(/paused/);
    expect(whyNoEntry({ ...own, account: 'none' }, true)).toMatch(/own assets/);
    expect(whyNoEntry({ ...own, waiting: { payout: true, amount: '5', before: 0 } }, false)).toMatch(/One entry waits/);
  });
});
