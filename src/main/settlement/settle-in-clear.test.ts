import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ordersRoot, settleRound } from '../../domain/settlement/settle-round.ts';
import { Fault } from '../../shared/errors.ts';
import { communityOf } from '../market/community.ts';
import { insertRound, openRounds, roundAt, setCleared, setRoundState } from '../market/round-store.ts';
import { place } from '../market/testing.ts';
import { batchAt } from './batch-store.ts';
import type { Places } from './registry.ts';
import { createClearSettlement } from './settle-in-clear.ts';
import { type StepClock, stepClock } from './testing/step-clock.ts';
import { type TestKernel, testKernel } from './testing/test-kernel.ts';
import { testMeter, testPlant } from './testing/test-plant.ts';

const plant = testPlant();
const community = communityOf(plant, { batchMembers: 16, parts: 1 });
let dataDir: string;
let kernel: TestKernel;
let clock: StepClock;
let failed: [number, string][];
/** What the contract says of itself: as the console's view gives it. */
let chain: { lastInterval: number; buy: number; sell: number; head: bigint; queue: { index: bigint; amount: bigint }[] } | null;
let settleNext: () => Promise<void>;
let places: Places;
let waits: boolean;

/** The root of a round without orders, as it is committed. */
const NO_ORDERS = ordersRoot(16, [], [], true).toString();
const addRound = (interval: number, committed = NO_ORDERS) =>
  kernel.store.write((db) => {
    insertRound(db, { interval, kind: 'market', ordersRoot: committed, message: null, nowMs: 1 }, []);
    setCleared(db, interval, { price: null, tradedWh: 0, welfare: '0', fills: new Map(), late: false }, 1);
  });
const flowsOf = (interval: number) => batchAt(kernel.store.read, interval)?.input.flows.map((f) => f.amount);

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-clear-'));
  clock = stepClock();
  kernel = testKernel({ dataDir, plant, clock });
  failed = [];
  places = new Array(16).fill(null);
  waits = false;
  chain = { lastInterval: 0, buy: 30_000, sell: 8_000, head: 0n, queue: [] };
  const turn = createClearSettlement(kernel, {
    community,
    marketClock: { plantNowMs: () => Number.MAX_SAFE_INTEGER },
    registry: { places: () => places, inStep: async () => places, waitsForVerification: () => waits },
    ledger: {
      deployed: () => ({ chainId: 31337, contracts: { has: () => true, address: () => `0x${'12'.repeat(20)}` } as never }),
      tariffs: () => ({ buy: 11_000, sell: 1_000 }),
      view: async ({ method, args }) => {
        if (!chain) throw new Fault('chain.away', 'The chain is away.');
        const tail = BigInt(chain.queue.length);
        if (method === 'head')
          return [BigInt(chain.lastInterval), 0n, BigInt(chain.buy), BigInt(chain.sell), 0n, chain.head, tail, false, true];
        if (method === 'queueBounds') return [chain.head, tail];
        const flow = chain.queue[Number(args[0])];
        return ['0x', flow?.amount, flow?.index, false];
      },
    },
    settler: {
      settle: async (input) => settleRound(input),
    },
    fail: (interval, message) => void failed.push([interval, message]),
    onChange: () => {},
    graceMs: 0,
  });
  settleNext = () => turn(openRounds(kernel.store.read));
});
afterEach(() => {
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a round settled in the clear', () => {
  it('takes each deposit once, whether the round that took the one before is mined, final or on its way', async () => {
    const deposit = (amount: bigint) => chain?.queue.push({ index: amount, amount });
    for (const interval of [100, 101, 102, 103]) addRound(interval);
    deposit(1n);
    await settleNext();
    expect(flowsOf(100)).toEqual([1n]);
    // 100 is on its way: its deposit is still in the queue.
    deposit(2n);
    await settleNext();
    expect(flowsOf(101)).toEqual([2n]);
    // 100 and 101 are mined, but not final: the queue has moved, and their rounds are not settled yet.
    if (chain) Object.assign(chain, { head: 2n, lastInterval: 101 });
    deposit(3n);
    await settleNext();
    expect(flowsOf(102)).toEqual([3n]);
    kernel.store.write((db) => setRoundState(db, 100, 'settled', 1));
    deposit(4n);
    await settleNext();
    expect(flowsOf(103)).toEqual([4n]);
  });

  it('is settled at the tariffs the contract has now, and while the chain is away at the last ones known', async () => {
    for (const interval of [100, 101]) addRound(interval);
    await settleNext();
    expect(batchAt(kernel.store.read, 100)?.input).toMatchObject({ buyTariff: 30_000n, sellTariff: 8_000n });
    chain = null;
    await settleNext();
    expect(batchAt(kernel.store.read, 101)?.input).toMatchObject({ buyTariff: 11_000n, sellTariff: 1_000n, flows: [] });
  });

  it('is settled as it was committed, also when that was before empty places bore their numbers', async () => {
    addRound(100, ordersRoot(16, [], [], false).toString());
    addRound(101);
    await settleNext();
    await settleNext();
    expect(failed).toEqual([]);
    expect([100, 101].map((n) => batchAt(kernel.store.read, n)?.input.numbered)).toEqual([false, true]);
    for (const { interval, ordersRoot: committed } of openRounds(kernel.store.read))
      expect(batchAt(kernel.store.read, interval)?.result.words.ordersRoot.toString()).toBe(committed);
  });

  it('fails in words when its orders are no longer those that were committed, and sends nothing', async () => {
    addRound(100, '7');
    await settleNext();
    expect(failed).toEqual([[100, expect.stringContaining('are not those that were committed')]]);
    expect(batchAt(kernel.store.read, 100)).toBeUndefined();
    expect(roundAt(kernel.store.read, 100)?.state).toBe('cleared');
  });
});

describe('a round whose committed order has lost its meter', () => {
  const acre = testMeter(plant, 'long-acre');
  const withOrder = (interval: number): void => {
    const order = place(kernel.store, acre, { side: 'buy', quantityWh: 300, limitPrice: 20_000, sequence: 1 });
    kernel.store.write((db) => {
      insertRound(db, { interval, kind: 'market', ordersRoot: '7', message: null, nowMs: 1 }, [
        { orderId: order.id, meterId: acre.meterId, salt: '5' },
      ]);
      setCleared(db, interval, { price: null, tradedWh: 0, welfare: '0', fills: new Map(), late: false }, 1);
    });
  };

  it('is ended in words instead of being tried for ever', async () => {
    withOrder(100);
    await settleNext();
    expect(failed).toEqual([[100, expect.stringMatching(/no meter in service for .*, whose order was in the frozen book/)]]);
    expect(batchAt(kernel.store.read, 100)).toBeUndefined();
  });

  it('waits a little while a technician has still to verify the new key', async () => {
    withOrder(100);
    waits = true;
    await settleNext();
    expect(failed).toEqual([]);
    clock.advance(121_000);
    await settleNext();
    expect(failed).toHaveLength(1);
  });
});
