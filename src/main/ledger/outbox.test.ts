import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hexlify, toUtf8Bytes, Wallet } from 'ethers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StepClock, stepClock } from '../settlement/testing/step-clock.ts';
import { type TestKernel, testKernel } from '../settlement/testing/test-kernel.ts';
import { testPlant } from '../settlement/testing/test-plant.ts';
import { createOutbox, type Outbox, type StepOutcome } from './outbox.ts';
import * as rows from './outbox-store.ts';
import { openTestingChain, type TestingChain } from './testing-chain.ts';

const plant = testPlant();
const wallet = new Wallet(`0x${'11'.repeat(32)}`);
const data = (name: string) => hexlify(toUtf8Bytes(name));
let chain: TestingChain;
let kernel: TestKernel;
let clock: StepClock;
let outbox: Outbox;
let connected: boolean;
let dataDir: string;

/** A new outbox over the same store: what a restart after a kill sees. */
const restart = (confirmations = 1): void => {
  outbox = createOutbox(
    kernel,
    {
      url: () => (connected ? chain.url : null),
      chainId: () => chain.chainId,
      confirmations,
      encode: (call) => ({ to: `0x${'22'.repeat(20)}`, data: data(String(call.args[0])) }),
      decode: (_call, result) => [String(Number(result))],
      explain: (_call, error) => String((error as Error).message),
    },
    wallet,
  );
};
const queue = (...names: string[]): void => {
  for (const name of names) {
    const call = { contract: 'C', method: 'm', args: [name] };
    kernel.store.write((db) =>
      rows.enqueue(db, { id: name, kind: 'test', title: name, body: { ...call, doneWhen: { ...call, equals: '1' } } }, clock.nowMs()),
    );
  }
};
const drain = async (): Promise<StepOutcome> => {
  for (let i = 0; i < 100; i++) {
    const outcome = await outbox.step();
    if (outcome !== 'again') return outcome;
  }
  throw new Error('it never comes to rest');
};
const states = () =>
  (kernel.store.read.prepare('SELECT id, state FROM outbox ORDER BY sequence').all() as { id: string; state: string }[]).map(
    (r) => `${r.id} ${r.state}`,
  );
const mined = () => chain.mined().map((d) => Buffer.from(d.slice(2), 'hex').toString());

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-outbox-'));
  clock = stepClock();
  kernel = testKernel({ dataDir, plant, clock });
  chain = await openTestingChain();
  connected = true;
  restart();
});
afterEach(async () => {
  await chain.close();
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('the outbox', () => {
  it('writes what is queued in order, once, and an effect queued twice only once', async () => {
    queue('a', 'b', 'a', 'c');
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['a', 'b', 'c']);
    expect(states()).toEqual(['a final', 'b final', 'c final']);
  });

  it('takes any of several views for the effect, and all values that it names', async () => {
    const call = { contract: 'C', method: 'm' };
    const entry = (id: string, doneWhen: rows.DoneCheck[]) =>
      kernel.store.write((db) => rows.enqueue(db, { id, kind: 'test', title: id, body: { ...call, args: [id], doneWhen } }, clock.nowMs()));
    chain.stranger(data('whole'));
    entry('part', [
      { ...call, args: ['part'], equals: ['1', '2'] },
      { ...call, args: ['whole'], equals: '1' },
    ]);
    entry('other', [{ ...call, args: ['whole'], equals: ['1', '2'] }]);
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['whole', 'other']);
    expect(states()).toEqual(['part final', 'other final']);
  });

  it('waits while the chain is away and drains in order when it is back', async () => {
    chain.down = true;
    queue('a', 'b');
    expect(await drain()).toBe('wait');
    connected = false;
    queue('c');
    expect(await drain()).toBe('wait');
    connected = true;
    chain.down = false;
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['a', 'b', 'c']);
  });

  it('does not send again what was mined while the connection broke', async () => {
    chain.hangUpAfterSend = true;
    queue('a', 'b');
    await drain();
    restart();
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['a', 'b']);
  });

  it('sends the same bytes again when the node lost them', async () => {
    chain.loseNext = true;
    queue('a');
    await outbox.step();
    expect(mined()).toEqual([]);
    restart();
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['a']);
    expect(kernel.store.read.prepare('SELECT count(*) AS n FROM outbox_attempt').get()).toEqual({ n: 1 });
  });

  it('sends once even if it is killed after signing and before sending', async () => {
    queue('a');
    chain.loseNext = true;
    await outbox.step();
    restart();
    await drain();
    restart();
    await drain();
    expect(mined()).toEqual(['a']);
  });

  it('signs anew when a stranger took its nonce', async () => {
    chain.automine = false;
    queue('a');
    await outbox.step();
    chain.stranger(data('stranger'));
    chain.automine = true;
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['stranger', 'a']);
  });

  it('does not repeat an effect that somebody else brought to the chain', async () => {
    chain.stranger(data('a'));
    queue('a', 'b');
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['a', 'b']);
  });

  it('raises its fee with the same nonce until the chain takes it', async () => {
    chain.minimumFee = 5n;
    queue('a');
    expect(await drain()).not.toBe('blocked');
    for (let i = 0; i < 6; i++) {
      clock.advance(100_000);
      await drain();
    }
    expect(mined()).toEqual(['a']);
    const nonces = kernel.store.read.prepare('SELECT DISTINCT nonce FROM outbox_attempt').all();
    expect(nonces).toEqual([{ nonce: 0 }]);
  });

  it('sends again, in their old places, what a killed development node forgot', async () => {
    queue('a', 'b', 'c', 'd');
    await drain();
    chain.forget(2);
    queue('e');
    restart();
    expect(await outbox.recheck()).toBe(2);
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(await outbox.recheck()).toBe(0);
  });

  it('sends one again that was refused when it was mined, so that those behind a forgotten block keep their nonces', async () => {
    const call = { contract: 'C', method: 'm', args: ['report'] };
    queue('a');
    kernel.store.write((db) =>
      rows.enqueue(db, { id: 'report', kind: 'test', title: 'report', body: { ...call, mayFail: true } }, clock.nowMs()),
    );
    queue('b');
    chain.reverting.add(data('report'));
    expect(await drain()).toBe('idle');
    const report = { state: 'final', block: 2, nonce: 1, lastError: 'the contract refused it when it was mined' };
    expect(rows.byId(kernel.store.read, 'report')).toMatchObject(report);
    expect(mined()).toEqual(['a', 'report', 'b']);
    chain.forget(2);
    restart();
    expect(await outbox.recheck()).toBe(2);
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['a', 'report', 'b']);
    expect(rows.byId(kernel.store.read, 'report')).toMatchObject(report);
    // A stranger has taken its place: it stays given up, and is not tried under another nonce.
    chain.forget(2);
    chain.stranger(data('x'));
    expect(await outbox.recheck()).toBe(2);
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['a', 'x', 'b']);
    expect(rows.byId(kernel.store.read, 'report')).toMatchObject({ state: 'final', lastError: report.lastError });
  });

  it('looks again at what stands in another block after a reorganisation, and at what the contract refused there', async () => {
    queue('a', 'b', 'c');
    await drain();
    chain.remine(2);
    expect(await outbox.recheck()).toBe(2);
    expect(await drain()).toBe('idle');
    expect(states()).toEqual(['a final', 'b final', 'c final']);
    expect(await outbox.recheck()).toBe(0);
    chain.remine(2);
    chain.reverting.add(data('b'));
    chain.refused.add(data('b'));
    expect(await outbox.recheck()).toBe(2);
    expect(await drain()).toBe('blocked');
    expect(states()).toEqual(['a final', 'b failed', 'c final']);
  });

  it('brings an effect again that a stranger had brought when the chain forgets it', async () => {
    queue('a');
    await drain();
    chain.stranger(data('b'));
    queue('b', 'c');
    await drain();
    expect(mined()).toEqual(['a', 'b', 'c']);
    chain.forget(2);
    expect(await outbox.recheck()).toBe(2);
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['a', 'b', 'c']);
    expect(await outbox.recheck()).toBe(0);
    // Of a stranger's transaction that is no effect of ours only the nonce is missing.
    chain.stranger(data('x'));
    queue('d');
    await drain();
    chain.forget(2);
    expect(await outbox.recheck()).toBe(1);
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['a', 'b', 'c', '', 'd']);
  });

  it('takes a stranger’s transaction for final only when it is as deep as its own would have to be', async () => {
    restart(3);
    queue('a');
    chain.stranger(data('a'));
    expect(await drain()).toBe('wait');
    for (const x of ['x', 'y']) chain.stranger(data(x));
    expect(await drain()).toBe('idle');
    expect(rows.byId(kernel.store.read, 'a')).toMatchObject({ state: 'final', transactionHash: null, block: 1 });
  });

  it('does not send again what was given up before it was mined', async () => {
    const call = { contract: 'C', method: 'm', args: ['report'] };
    queue('a');
    kernel.store.write((db) =>
      rows.enqueue(db, { id: 'report', kind: 'test', title: 'report', body: { ...call, mayFail: true } }, clock.nowMs()),
    );
    chain.refused.add(data('report'));
    expect(await drain()).toBe('idle');
    chain.forget(1);
    chain.refused.clear();
    expect(await outbox.recheck()).toBe(1);
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['a']);
  });

  it('holds up what builds on a refused entry, says why, and goes on when the cause is gone', async () => {
    chain.refused.add(data('b'));
    queue('a', 'b', 'c');
    expect(await drain()).toBe('blocked');
    expect(states()).toEqual(['a final', 'b failed', 'c waiting']);
    expect(rows.byId(kernel.store.read, 'b')?.lastError).toMatch(/reverted/);
    chain.refused.clear();
    expect(await drain()).toBe('blocked');
    outbox.retry();
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['a', 'b', 'c']);
  });

  it('lets a report whose time is over end with its reason, and sends what comes behind it', async () => {
    connected = false;
    const call = { contract: 'C', method: 'm', args: ['report'] };
    const body = { ...call, mayFail: true, validUntilMs: clock.nowMs() + 30_000 };
    kernel.store.write((db) => rows.enqueue(db, { id: 'report', kind: 'test', title: 'report', body }, clock.nowMs()));
    queue('a');
    clock.advance(30_001);
    connected = true;
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['a']);
    expect(rows.byId(kernel.store.read, 'report')).toMatchObject({
      state: 'final',
      attempts: 0,
      lastError: expect.stringMatching(/time was over/),
    });
  });

  it('comes through any mixture of kills, losses and outages with every effect exactly once', async () => {
    const names = Array.from({ length: 25 }, (_, i) => `e${i}`);
    let seed = 20_251_121;
    const random = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 2_147_483_648;
    };
    for (const name of names) {
      queue(name);
      const dice = random();
      if (dice < 0.2) chain.hangUpAfterSend = true;
      else if (dice < 0.4) chain.loseNext = true;
      else if (dice < 0.55) chain.down = true;
      else if (dice < 0.7 && chain.mined().length > 2) {
        await drain();
        chain.forget(1 + Math.floor(random() * 2));
        await outbox.recheck();
      }
      if (random() < 0.4) await outbox.step();
      else await drain();
      chain.down = false;
      if (random() < 0.5) restart();
    }
    for (let i = 0; i < 10; i++) await drain();
    expect(mined()).toEqual(names);
  });
});

it('looks for open entries in their index, however many were sent before', () => {
  const plan = kernel.store.read.prepare(`EXPLAIN QUERY PLAN SELECT id FROM outbox WHERE ${rows.OPEN} AND nonce IS NULL ORDER BY sequence`);
  expect(plan.all()).toMatchObject([{ detail: 'SCAN outbox USING INDEX outbox_open' }]);
});
