import { describe, expect, it } from 'vitest';
import type { OutboxRow } from '../ledger/outbox-store.ts';
import { nextAttempt } from './attempts.ts';

const entries = (rows: Record<string, Partial<OutboxRow>>) => ({ entry: (id: string) => rows[id] as OutboxRow | undefined });
const refused = (finalMs: number): Partial<OutboxRow> => ({ state: 'final', lastError: 'paused', finalMs });

describe('attempts at an effect', () => {
  it('begin with the effect’s own name, and wait for one that is under way or done', () => {
    expect(nextAttempt(entries({}), 'mint:17:1', 0)).toEqual({ kind: 'new', id: 'mint:17:1', number: 1 });
    for (const row of [{ state: 'waiting', lastError: 'x' }, { state: 'sent' }, { state: 'final', lastError: null }] as const)
      expect(nextAttempt(entries({ 'mint:17:1': { lastError: null, ...row } }), 'mint:17:1', 1e9)).toEqual({ kind: 'under way' });
  });

  it('are made again under the next number when refused, later and later, and at last twice an hour', () => {
    const once = entries({ e: refused(1000) });
    expect(nextAttempt(once, 'e', 10_999)).toEqual({ kind: 'later', failures: 1, error: 'paused' });
    expect(nextAttempt(once, 'e', 11_000)).toEqual({ kind: 'new', id: 'e#2', number: 2 });
    const twice = entries({ e: refused(1000), 'e#2': refused(20_000) });
    expect(nextAttempt(twice, 'e', 39_999)).toMatchObject({ kind: 'later', failures: 2 });
    expect(nextAttempt(twice, 'e', 40_000)).toMatchObject({ id: 'e#3' });
    const many = entries(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [i === 0 ? 'e' : `e#${i + 1}`, refused(0)])));
    expect(nextAttempt(many, 'e', 30 * 60_000 - 1)).toMatchObject({ kind: 'later', failures: 20 });
    expect(nextAttempt(many, 'e', 30 * 60_000)).toMatchObject({ id: 'e#21' });
  });
});
