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
let dataDir: string;
/** Until when the contract refuses settle:1, s. */
let openUntilS: number;

/** The market's time. */
let plantNowMs: number;
/** What the contract says when it refuses. */
let refusal: string;

const queue = (id: string, change: Partial<rows.OutboxBody> = {}): void => {
  const call = { contract: 'C', method: 'm', args: [id] };
  const kind = id.startsWith('settle') ? 'settle' : id.startsWith('certificates') ? 'issue-certificates' : 'commit-orders';
  kernel.store.write((db) =>
    rows.enqueue(db, { id, kind, title: id, body: { ...call, doneWhen: { ...call, equals: '1' }, ...change } }, clock.nowMs()),
  );
};
const drain = async (): Promise<StepOutcome> => {
  for (let i = 0; i < 100; i++) {
    const outcome = await outbox.step();
    if (outcome !== 'again') return outcome;
  }
  throw new Error('it never comes to rest');
};
const mined = () => chain.mined().map((d) => Buffer.from(d.slice(2), 'hex').toString());

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-outbox-'));
  clock = stepClock();
  plantNowMs = 0;
  kernel = testKernel({ dataDir, plant, clock });
  chain = await openTestingChain();
  openUntilS = Math.floor(clock.nowMs() / 1000) + 20;
  refusal = `InChallengeWindow(1, ${openUntilS})`;
  outbox = createOutbox(
    kernel,
    {
      url: () => chain.url,
      chainId: () => chain.chainId,
      confirmations: 1,
      encode: (call) => ({ to: `0x${'22'.repeat(20)}`, data: data(String(call.args[0])) }),
      decode: (_call, result) => [String(Number(result))],
      plantNowMs: () => plantNowMs,
      explain: () => `the contract refused it: ${refusal}`,
    },
    wallet,
  );
  chain.refused.add(data('settle:1'));
});
afterEach(async () => {
  await chain.close();
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('an entry that the chain takes only later', () => {
  it('lets commitments pass, holds back what builds on it, and goes when its time has come', async () => {
    for (const id of ['commit:1', 'settle:1', 'certificates:1', 'commit:2', 'settle:2', 'commit:3']) queue(id);
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['commit:1', 'commit:2', 'commit:3']);
    expect(rows.byId(kernel.store.read, 'settle:1')).toMatchObject({ state: 'waiting', notBeforeMs: openUntilS * 1000 });
    expect(rows.countOpen(kernel.store.read)).toBe(3);
    clock.advance(10_000);
    expect(await drain()).toBe('idle');
    expect(mined()).toHaveLength(3);
    chain.refused.clear();
    clock.advance(11_000);
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['commit:1', 'commit:2', 'commit:3', 'settle:1', 'certificates:1', 'settle:2']);
  });

  it('is asked again at least once a minute, because the chain’s clock is another one', async () => {
    refusal = `InChallengeWindow(1, ${openUntilS + 86_400})`;
    queue('settle:1');
    expect(await drain()).toBe('idle');
    chain.refused.clear();
    clock.advance(59_000);
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual([]);
    clock.advance(2_000);
    await drain();
    expect(mined()).toEqual(['settle:1']);
  });

  it('goes after what had passed it when the chain forgets both', async () => {
    for (const id of ['settle:1', 'commit:2']) queue(id);
    await drain();
    chain.refused.clear();
    clock.advance(21_000);
    await drain();
    expect(mined()).toEqual(['commit:2', 'settle:1']);
    // The newest block holds the older entry.
    chain.forget(1);
    expect(await outbox.recheck()).toBe(1);
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['commit:2', 'settle:1']);
    chain.forget(2);
    expect(await outbox.recheck()).toBe(2);
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['commit:2', 'settle:1']);
  });

  it('is replaced in its place while nothing of it is under way, and never afterwards', async () => {
    queue('commit:1');
    const body = { contract: 'C', method: 'm', args: ['late:1'], doneWhen: { contract: 'C', method: 'm', args: ['late:1'], equals: '1' } };
    kernel.store.write((db) => rows.replaceUnsent(db, 'commit:1', { title: 'late', body }));
    queue('commit:2');
    await drain();
    expect(mined()).toEqual(['late:1', 'commit:2']);
    kernel.store.write((db) => rows.replaceUnsent(db, 'commit:1', { title: 'again', body }));
    expect(rows.byId(kernel.store.read, 'commit:1')?.title).toBe('late');
  });
});

describe('an entry with a time of the market', () => {
  it('goes before it, and from it on waits in its place until who queued it has decided', async () => {
    queue('commit:1', { beginBeforePlantMs: 900 });
    plantNowMs = 899;
    expect(await drain()).toBe('idle');
    queue('commit:2', { beginBeforePlantMs: 1_800 });
    queue('commit:3');
    plantNowMs = 1_800;
    expect(await drain()).toBe('wait');
    expect(mined()).toEqual(['commit:1']);
    kernel.store.write((db) => rows.replaceUnsent(db, 'commit:2', { title: 't', body: { contract: 'C', method: 'm', args: ['late:2'] } }));
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['commit:1', 'late:2', 'commit:3']);
  });

  it('is not begun when its time comes, or it is replaced, while the chain is being asked what it costs', async () => {
    queue('commit:1', { beginBeforePlantMs: 900 });
    chain.onEstimate = () => {
      plantNowMs = 900;
    };
    expect(await drain()).toBe('wait');
    expect(rows.byId(kernel.store.read, 'commit:1')).toMatchObject({ state: 'waiting', nonce: null, attempts: 0 });
    queue('commit:2');
    chain.onEstimate = () =>
      kernel.store.write((db) => {
        rows.giveUp(db, rows.byId(db, 'commit:1')?.sequence ?? 0, 'withdrawn: the round failed', 1);
        rows.replaceUnsent(db, 'commit:2', { title: 't', body: { contract: 'C', method: 'm', args: ['late:2'] } });
      });
    kernel.store.write((db) => rows.replaceUnsent(db, 'commit:1', { title: 't', body: { contract: 'C', method: 'm', args: ['late:1'] } }));
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['late:2']);
  });

  it('goes before what was queued earlier, even if that is refused, but overtakes no signed entry', async () => {
    refusal = 'BatchStale()';
    queue('account:1');
    queue('settle:1');
    chain.automine = false;
    await outbox.step();
    queue('commit:2', { beginBeforePlantMs: 900 });
    queue('commit:3');
    queue('commit:4', { beginBeforePlantMs: 1_800 });
    await drain();
    chain.automine = true;
    chain.mine();
    expect(await drain()).toBe('blocked');
    expect(mined()).toEqual(['account:1', 'commit:2', 'commit:4']);
    queue('commit:5', { beginBeforePlantMs: 900 });
    expect(await drain()).toBe('blocked');
    expect(mined()).toEqual(['account:1', 'commit:2', 'commit:4', 'commit:5']);
    chain.refused.clear();
    outbox.retry();
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['account:1', 'commit:2', 'commit:4', 'commit:5', 'settle:1', 'commit:3']);
  });

  it.each(['GateClosed(1, 2)', 'InChallengeWindow(1, 2)'])(
    'stays withdrawn when that happens while the chain is asked, and the chain refuses it: %s',
    async (why) => {
      refusal = why;
      queue('commit:1', { beginBeforePlantMs: 900 });
      queue('settle:2');
      chain.refused.add(data('commit:1'));
      chain.onEstimate = () => kernel.store.write((db) => rows.withdrawUnsent(db, 'commit:1', 'the round failed', clock.nowMs()));
      expect(await drain()).toBe('idle');
      expect(rows.byId(kernel.store.read, 'commit:1')).toMatchObject({ state: 'final', lastError: 'withdrawn: the round failed' });
      expect(mined()).toEqual(['settle:2']);
    },
  );

  it('frees its nonce when the node dropped it, fees have risen and the contract would refuse it by now', async () => {
    refusal = 'GateClosed(1, 2)';
    chain.loseNext = true;
    queue('commit:1', { beginBeforePlantMs: 900 });
    await outbox.step();
    queue('settle:2');
    chain.minimumFee = 50n;
    chain.refused.add(data('commit:1'));
    chain.reverting.add(data('commit:1'));
    expect(await drain()).toBe('blocked');
    expect(rows.byId(kernel.store.read, 'commit:1')).toMatchObject({ state: 'failed', nonce: null });
    kernel.store.write((db) => rows.withdrawUnsent(db, 'commit:1', 'the round failed', clock.nowMs()));
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['commit:1', 'settle:2']);
  });

  it('waits for the market’s fees rather than to offer without end', async () => {
    chain.loseNext = true;
    queue('commit:1');
    await outbox.step();
    chain.minimumFee = 10n ** 12n;
    expect(await drain()).toBe('wait');
    clock.advance(91_000);
    expect(await drain()).toBe('wait');
    chain.minimumFee = 0n;
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['commit:1']);
  });

  it('is sent again after its time when the chain had it and forgot it, though a stranger has its place', async () => {
    queue('commit:1', { beginBeforePlantMs: 900 });
    await drain();
    plantNowMs = 5_000;
    chain.forget(1);
    expect(await outbox.recheck()).toBe(1);
    chain.stranger(data('x'));
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['x', 'commit:1']);
  });

  it('is not signed again after its time when another transaction took its nonce', async () => {
    chain.loseNext = true;
    queue('commit:1', { beginBeforePlantMs: 900 });
    await outbox.step();
    plantNowMs = 5_000;
    chain.stranger(data('x'));
    expect(await drain()).toBe('wait');
    expect(mined()).toEqual(['x']);
    expect(rows.byId(kernel.store.read, 'commit:1')).toMatchObject({ state: 'waiting', nonce: null, attempts: 1 });
  });

  const signedOnly = async (): Promise<void> => {
    queue('commit:1', { beginBeforePlantMs: 900 });
    // The connection breaks between the signing and the sending.
    chain.cutBeforeSend = true;
    expect(await drain()).toBe('wait');
    chain.cutBeforeSend = false;
    expect(rows.byId(kernel.store.read, 'commit:1')).toMatchObject({ state: 'sending', nonce: 0 });
  };

  it('is not sent after its time when it was signed before, but no node has it', async () => {
    await signedOnly();
    plantNowMs = 5_000;
    expect(await drain()).toBe('wait');
    expect(rows.byId(kernel.store.read, 'commit:1')).toMatchObject({ state: 'waiting', nonce: null });
    kernel.store.write((db) => rows.withdrawUnsent(db, 'commit:1', 'the round failed', clock.nowMs()));
    queue('settle:2');
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['settle:2']);
  });

  it('is followed to its end when a node has it from before', async () => {
    chain.automine = false;
    queue('commit:1', { beginBeforePlantMs: 900 });
    await drain();
    plantNowMs = 5_000;
    expect(await drain()).toBe('wait');
    chain.mine();
    expect(await drain()).toBe('idle');
    expect(mined()).toEqual(['commit:1']);
  });
});
