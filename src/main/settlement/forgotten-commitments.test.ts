import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../shared/errors.ts';
import * as outbox from '../ledger/outbox-store.ts';
import { insertRound, setRoundState } from '../market/round-store.ts';
import { createForgottenCommitments } from './forgotten-commitments.ts';
import { type TestKernel, testKernel } from './testing/test-kernel.ts';
import { testPlant } from './testing/test-plant.ts';

const ROUND = 100;
let dataDir: string;
let kernel: TestKernel;
/** What the chain's newest block says. */
let chain: { height: number; ordersRootOf: bigint; rootAfter: bigint; away: boolean; own: boolean };
let look: () => Promise<number[]>;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-forgotten-'));
  kernel = testKernel({ dataDir, plant: testPlant({ simulated: false }) });
  chain = { height: 50, ordersRootOf: 0n, rootAfter: 0n, away: false, own: false };
  kernel.store.write((db) => {
    insertRound(db, { interval: ROUND, kind: 'market', ordersRoot: '7', message: null, nowMs: 1 }, []);
    setRoundState(db, ROUND, 'settled', 1);
    outbox.enqueue(
      db,
      { id: `commit:${ROUND}`, kind: 'commit-orders', title: 't', body: { contract: 'Settlement', method: 'commitOrders', args: [] } },
      1,
    );
    db.prepare("UPDATE outbox SET state = 'failed', last_error = 'the contract refused it: GateClosed(1, 2)'").run();
  });
  const forgotten = createForgottenCommitments(kernel, {
    parts: 1,
    ledger: {
      view: async ({ method }) => {
        if (chain.away) throw new Fault('chain.away', 'away');
        return [method === 'ordersRootOf' ? chain.ordersRootOf : chain.rootAfter];
      },
      endpoint: () => (chain.away ? null : { url: '', own: chain.own, confirmations: chain.own ? 1 : 3 }),
      indexedHeight: () => chain.height,
    },
  });
  look = async () => (await forgotten()).map((one) => one.interval);
});
afterEach(() => {
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a settled round whose commitment the chain refuses', () => {
  it('ends when the chain has not shown it for as many blocks as make a receipt final', async () => {
    for (const height of [50, 50, 51, 52]) {
      chain.height = height;
      expect(await look()).toEqual([]);
    }
    chain.height = 53;
    expect(await look()).toEqual([ROUND]);
  });

  it.each(['ordersRootOf', 'rootAfter'] as const)('does not end when the old branch wins meanwhile, by its %s', async (method) => {
    expect(await look()).toEqual([]);
    chain = { ...chain, height: 52, [method]: 9n };
    expect(await look()).toEqual([]);
    chain.height = 60;
    expect(await look()).toEqual([]);
    // Forgotten once more: counted from here on.
    chain = { ...chain, [method]: 0n };
    expect(await look()).toEqual([]);
    chain.height = 63;
    expect(await look()).toEqual([ROUND]);
  });

  it('counts from the lower height when the chain went back', async () => {
    expect(await look()).toEqual([]);
    chain.height = 48;
    expect(await look()).toEqual([]);
    chain.height = 50;
    expect(await look()).toEqual([]);
    chain.height = 51;
    expect(await look()).toEqual([ROUND]);
  });

  it('waits while the chain is away', async () => {
    expect(await look()).toEqual([]);
    chain = { ...chain, height: 60, away: true };
    expect(await look()).toEqual([]);
  });

  it('ends at once on the console’s own node, which mines nothing meanwhile', async () => {
    chain.own = true;
    expect(await look()).toEqual([ROUND]);
  });

  it('does not end when the outbox finds its commitment bound while the chain is asked', async () => {
    await look();
    chain.height = 60;
    const looking = look();
    kernel.store.write((db) => db.prepare("UPDATE outbox SET state = 'final'").run());
    expect(await looking).toEqual([]);
  });
});
