import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrations } from '../historian/migrations/index.ts';
import { type OpenStore, openStore } from '../historian/store.ts';
import { testPlant } from '../settlement/testing/test-plant.ts';
import { communityOf } from './community.ts';
import { chooseLayout, depthOf, layoutFor, layoutName, storedLayout } from './layout.ts';

describe('the layout of a round', () => {
  it('is one proof for up to 64 members and several of 64 beyond', () => {
    expect([1, 16, 17, 64, 65, 128, 129, 1024].map((n) => layoutName(layoutFor(n)))).toEqual([
      '16x1',
      '16x1',
      '64x1',
      '64x1',
      '64x2',
      '64x2',
      '64x4',
      '64x16',
    ]);
    expect(depthOf({ batchMembers: 4, parts: 4 })).toBe(4);
  });

  let dir: string;
  let store: OpenStore;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'busbar-layout-'));
    store = openStore(join(dir, 'console.sqlite'), migrations);
  });
  afterAll(() => {
    store.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('stays what it was at the first start, however the community grows', () => {
    expect(() => chooseLayout(store, 16, { batchMembers: 16, parts: 3 })).toThrow(/cannot be laid out as 16x3/);
    expect(storedLayout(store.read)).toBeNull();
    expect(chooseLayout(store, 16, { batchMembers: 4, parts: 4 })).toEqual({ batchMembers: 4, parts: 4 });
    expect(chooseLayout(store, 40)).toEqual({ batchMembers: 4, parts: 4 });
    expect(() => chooseLayout(store, 40, { batchMembers: 64, parts: 1 })).toThrow(/settles rounds as 4x4 and cannot change to 64x1/);
  });

  it('gives nobody a place who stands beyond it, and names those left out', () => {
    const plant = testPlant();
    const all = communityOf(plant);
    expect(all.withoutPlace).toEqual([]);
    const highest = all.members.at(-1);
    const small = communityOf(plant, { batchMembers: 2, parts: 1 });
    expect(small.members.every((m) => m.meterId <= 2)).toBe(true);
    expect(small.withoutPlace.map((m) => m.memberId)).toContain(highest?.memberId);
    expect(small.member(highest?.memberId ?? '')).toBeUndefined();
  });
});
