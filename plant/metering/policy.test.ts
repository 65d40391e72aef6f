import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { moneyWords } from '../../src/domain/wallet/money-acts.ts';
import { memberFolder, writeMemberFile } from './member-folder.ts';
import { DAY_MS, layOutPolicy, moneyObjection, orderObjection, policyOf, recent, TRAINING_POLICY } from './policy.ts';

let dir: string;
const folder = () => memberFolder(dir, 'm');
const ok = { kind: 'ok', policy: { ...TRAINING_POLICY, mostMoneyAtOnce: '500', mostMoneyADay: '900' } } as const;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'busbar-policy-'));
  mkdirSync(folder(), { recursive: true });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('a member’s policy', () => {
  it('is laid out once, and what the member wrote stays', async () => {
    await layOutPolicy(folder());
    expect(policyOf(dir, 'm')).toEqual({ kind: 'ok', policy: TRAINING_POLICY });
    await writeMemberFile(folder(), 'policy', { ...TRAINING_POLICY, orders: false });
    await layOutPolicy(folder());
    expect(policyOf(dir, 'm')).toMatchObject({ policy: { orders: false } });
  });
  it('allows nothing when it is damaged, and is not replaced', async () => {
    writeFileSync(join(folder(), 'policy.json'), '{"orders": fals');
    await layOutPolicy(folder());
    const now = policyOf(dir, 'm');
    expect(orderObjection(now)).toMatch(/damaged/);
    expect(moneyObjection(now, 0n, [], 0)).toMatch(/damaged/);
    expect(readFileSync(join(folder(), 'policy.json'), 'utf8')).toBe('{"orders": fals');
  });
  it('holds orders back when the member says so', () => {
    expect(orderObjection(ok)).toBeNull();
    expect(orderObjection({ kind: 'ok', policy: { ...ok.policy, orders: false } })).toMatch(/lets nobody ask/);
  });
  it('limits money at once and within any 24 hours, to the last micro-cent', () => {
    expect(moneyObjection(ok, 500n, [], 0)).toBeNull();
    expect(moneyObjection(ok, 501n, [], 0)).toMatch(/at most 0.000005 at once/);
    const moved = [{ atMs: 1000, money: '450' }];
    expect(moneyObjection(ok, 450n, moved, DAY_MS)).toBeNull();
    expect(moneyObjection(ok, 451n, moved, DAY_MS)).toMatch(/in a day/);
    expect(moneyObjection(ok, 451n, moved, DAY_MS + 1000)).toBeNull();
    expect(recent(moved, DAY_MS + 1000)).toEqual([]);
    expect(moneyObjection({ kind: 'ok', policy: { ...ok.policy, mostMoneyAtOnce: '0' } }, 1n, [], 0)).toMatch(/at most 0.00 at once/);
  });
  it('speaks of money as people do', () => {
    expect([10_000_000_000n, 5n, 150_000_000n, 0n].map(moneyWords)).toEqual(['100.00', '0.00000005', '1.50', '0.00']);
  });
});
