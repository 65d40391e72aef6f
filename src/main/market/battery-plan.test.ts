import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestKernel, testKernel } from '../settlement/testing/test-kernel.ts';
import { testMeter, testPlant } from '../settlement/testing/test-plant.ts';
import { createBatteryPlan } from './battery-plan.ts';
import { communityOf } from './community.ts';
import { newestSummaries } from './market-view.ts';
import { insertRound, roundOrders, setCleared, setRoundState } from './round-store.ts';
import { place } from './testing.ts';

const base = testPlant();
const meter = testMeter(base, 'church-6');
const plant = {
  ...base,
  grid: {
    ...base.grid,
    units: base.grid.units.map((u) => (u.meter === meter.deviceId ? { ...u, kind: 'battery' as const } : u)) as typeof base.grid.units,
  },
};
const ROUND = 1_001;
/** 300 Wh sold in a quarter of an hour. */
const SELLS_W = -1_200;
let dataDir: string;
let kernel: TestKernel;
let told: (number | null)[];
let turn: (interval: number) => void;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-battery-plan-'));
  kernel = testKernel({ dataDir, plant });
  told = [];
  turn = createBatteryPlan(kernel, { community: communityOf(plant), plannedBatteryW: (w) => void told.push(w) });
  const order = place(kernel.store, meter, { side: 'sell', quantityWh: 300, limitPrice: 12_000, sequence: 1 });
  kernel.store.write((db) =>
    insertRound(db, { interval: ROUND, kind: 'market', ordersRoot: '7', message: null, nowMs: 1 }, [
      { orderId: order.id, meterId: order.meterId, salt: '1' },
    ]),
  );
});
afterEach(() => {
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});
const clear = () =>
  kernel.store.write((db) =>
    setCleared(db, ROUND, { price: 15_000, tradedWh: 300, welfare: '9', fills: new Map([['church-6:1', 300]]), late: false }, 2),
  );
const fail = () => kernel.store.write((db) => setRoundState(db, ROUND, 'failed', 3, 'never bound'));

describe('the battery’s plan', () => {
  it('is what its order traded, told once, and ends with the interval', () => {
    turn(ROUND);
    clear();
    turn(ROUND);
    turn(ROUND);
    turn(ROUND + 1);
    expect(told).toEqual([null, SELLS_W, null]);
  });

  it('is nothing for a round that fails, before its interval and within it', () => {
    clear();
    turn(ROUND);
    fail();
    turn(ROUND);
    expect(told).toEqual([SELLS_W, null]);
    told = [];
    createBatteryPlan(kernel, { community: communityOf(plant), plannedBatteryW: (w) => void told.push(w) })(ROUND);
    expect(told).toEqual([null]);
  });
});

describe('a round that fails after it was cleared', () => {
  it('shows no price, no energy and no fills', () => {
    clear();
    fail();
    expect(newestSummaries(kernel, 1)).toMatchObject([{ price: null, tradedWh: 0, welfare: '0', state: 'failed', message: 'never bound' }]);
    expect(roundOrders(kernel.store.read, ROUND)).toMatchObject([{ quantityWh: 300, filledWh: 0 }]);
  });
});
