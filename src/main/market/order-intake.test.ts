import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestKernel, testKernel } from '../settlement/testing/test-kernel.ts';
import { testMeter, testPlant } from '../settlement/testing/test-plant.ts';
import { communityOf } from './community.ts';
import { ordersCloseAt } from './market-times.ts';
import { createOrderIntake } from './order-intake.ts';
import { effectiveOrders, insertOrder, refuseOrder, type StoredOrder } from './order-store.ts';

const plant = testPlant();
const gateway = testMeter(plant, 'church-2');
const other = testMeter(plant, 'church-4');
const NEXT = 1_944_601;
let nowPlantMs: number;
let kernel: TestKernel;
let dataDir: string;
let intake: ReturnType<typeof createOrderIntake>;
let seen: StoredOrder[];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-orders-'));
  kernel = testKernel({ dataDir, plant });
  nowPlantMs = ordersCloseAt(NEXT, plant.market) - 60_000;
  seen = [];
  intake = createOrderIntake(kernel, {
    community: communityOf(plant),
    marketClock: { plantNowMs: () => nowPlantMs },
    keyOf: (meterId) => (meterId === gateway.meterId ? { publicKey: gateway.key.publicKey } : undefined),
    onOrder: (order) => void seen.push(order),
  });
});
afterEach(() => {
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});
const send = (payload: string, member = 'church-2') => intake({ topic: `busbar/members/${member}/order`, payload: Buffer.from(payload) });
const buy = { side: 'buy', quantityWh: 300, limitPrice: 20_000 } as const;
const refusal = () => kernel.store.read.prepare('SELECT reason FROM quarantine').all();
const book = (interval = NEXT) =>
  effectiveOrders(kernel.store.read, interval, ordersCloseAt(interval, plant.market)).map((o) => `${o.kind} ${o.side} ${o.quantityWh}`);

describe('orders', () => {
  it('takes a signed standing order, once', () => {
    const order = gateway.order({ ...buy, sequence: 1 });
    expect(send(order)).toEqual({ kind: 'accept' });
    expect(send(order)).toEqual({ kind: 'accept' });
    expect(seen).toHaveLength(1);
    expect(book()).toEqual(['standing buy 300']);
  });

  it('lets an order for one interval come before the standing one, in that interval only', () => {
    send(gateway.order({ ...buy, sequence: 1 }));
    send(gateway.order({ ...buy, side: 'sell', quantityWh: 50, sequence: 2, interval: NEXT }));
    expect(book()).toEqual(['interval sell 50']);
    expect(book(NEXT + 1)).toEqual(['standing buy 300']);
  });

  it('counts what arrived before orders closed only', () => {
    send(gateway.order({ ...buy, sequence: 1 }));
    nowPlantMs = ordersCloseAt(NEXT, plant.market) + 1;
    send(gateway.order({ ...buy, quantityWh: 999, sequence: 2 }));
    expect(book()).toEqual(['standing buy 300']);
    expect(book(NEXT + 1)).toEqual(['standing buy 999']);
    expect(send(gateway.order({ ...buy, sequence: 3, interval: NEXT })).kind).toBe('discard');
    expect(refusal()).toEqual([{ reason: 'orders-closed' }]);
  });

  it.each([
    ['a changed quantity', () => gateway.order({ ...buy, sequence: 2 }).replace('"quantityWh":300', '"quantityWh":301'), 'bad-signature'],
    [
      'an order signed by somebody else',
      () => other.order({ ...buy, sequence: 2 }).replace(`"meter":${other.meterId}`, `"meter":${gateway.meterId}`),
      'bad-signature',
    ],
    ['another member’s order', () => other.order({ ...buy, sequence: 2 }), 'wrong-meter'],
    ['a replay', () => gateway.order({ ...buy, quantityWh: 301, sequence: 1 }), 'sequence-not-increasing'],
    ['a price above the import tariff', () => gateway.order({ ...buy, limitPrice: 40_000, sequence: 2 }), 'price-out-of-band'],
    ['a price below the feed-in tariff', () => gateway.order({ ...buy, side: 'sell', limitPrice: 1, sequence: 2 }), 'price-out-of-band'],
    ['an interval months ahead', () => gateway.order({ ...buy, sequence: 2, interval: NEXT + 9_000 }), 'too-far-ahead'],
    ['a number that the proof of admission could not compare', () => gateway.order({ ...buy, sequence: 2 + 2 ** 32 }), 'sequence-too-far'],
    ['no JSON', () => 'hello', 'malformed'],
  ])('refuses %s', (_what, payload, reason) => {
    send(gateway.order({ ...buy, sequence: 1 }));
    expect(send(payload()).kind).toBe('discard');
    expect(refusal()).toEqual([{ reason }]);
    expect(book()).toEqual(['standing buy 300']);
    expect(kernel.raised).toContain('market.orderRefused@church-2');
  });

  it('takes an order for the interval that is older than a newer standing one, and one whose number a refused row bears', () => {
    send(gateway.order({ ...buy, quantityWh: 50, sequence: 1, interval: NEXT }));
    send(gateway.order({ ...buy, sequence: 2 }));
    expect(book()).toEqual(['interval buy 50']);
    kernel.store.write((db) => {
      insertOrder(db, { ...(seen[1] as StoredOrder), id: 'church-2:3', sequence: 3, signature: 'ab' });
      refuseOrder(db, 'church-2:3', 'not the member’s');
    });
    expect(send(gateway.order({ ...buy, quantityWh: 70, sequence: 3 }))).toEqual({ kind: 'accept' });
    expect(book(NEXT + 1)).toEqual(['standing buy 70']);
  });

  it('asks again for an order of a member whose key it does not know yet, and ignores strangers', () => {
    expect(send(other.order({ ...buy, sequence: 1 }), 'church-4').kind).toBe('retry');
    expect(send(gateway.order({ ...buy, sequence: 1 }), 'nobody').kind).toBe('discard');
  });
});
