import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keccak256, Wallet } from 'ethers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../kernel/system-clock.ts';
import { openTestingChain, type TestingChain } from '../ledger/testing-chain.ts';
import { type TestKernel, testKernel } from '../settlement/testing/test-kernel.ts';
import { testPlant } from '../settlement/testing/test-plant.ts';
import { createRelay } from './relay.ts';
import * as rows from './transaction-store.ts';

const member = new Wallet(`0x${'17'.repeat(32)}`);
let dir: string;
let chain: TestingChain;
let kernel: TestKernel;
let relay: ReturnType<typeof createRelay>;
let nowMs = 0;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'busbar-relay-'));
  chain = await openTestingChain();
  kernel = testKernel({ dataDir: dir, plant: testPlant(), clock: { ...systemClock, monotonicMs: () => nowMs } });
  relay = createRelay(kernel, { confirmations: () => 1 });
});
afterEach(async () => {
  kernel.store.close();
  await chain.close();
  rmSync(dir, { recursive: true, force: true });
});
const signed = async (nonce: number): Promise<string> => {
  const transaction = {
    type: 2,
    chainId: 31337,
    to: member.address,
    data: `0x0${nonce}`,
    nonce,
    gasLimit: 50_000,
    maxFeePerGas: 10,
    maxPriorityFeePerGas: 1,
  };
  const raw = await member.signTransaction(transaction);
  const hash = keccak256(raw);
  const row = { hash, act: 'a', memberId: 'church-2', account: member.address, nonce, title: `Act ${nonce}`, raw, createdMs: 1 };
  kernel.store.write((db) => rows.insertTransaction(db, row));
  return hash;
};
const stateOf = (hash: string) => rows.newestOf(kernel.store.read, 'church-2', 10).find((t) => t.hash === hash)?.state;

describe('the relay of members’ transactions', () => {
  it('waits for a receipt that the node shows later than it counts the transaction', async () => {
    const hash = await signed(0);
    chain.lateReceipts = 3;
    await relay.step(chain.url);
    expect(chain.mined()).toEqual(['0x00']);
    expect(stateOf(hash)).toBe('sent');
    nowMs += 9_000;
    await relay.step(chain.url);
    expect(stateOf(hash)).toBe('final');
    expect(chain.sends).toBe(1);
  });
  it('gives a transaction up when the account used its number for something else, and goes on with the next', async () => {
    const [lost, next] = [await signed(0), await signed(1)];
    chain.stranger('0xff');
    await relay.step(chain.url);
    expect(stateOf(lost)).toBe('waiting');
    nowMs += 10_000;
    await relay.step(chain.url);
    expect([stateOf(lost), stateOf(next)]).toEqual(['failed', 'final']);
    expect(rows.newestOf(kernel.store.read, 'church-2', 10).find((t) => t.hash === lost)?.lastError).toMatch(/number 0 for something else/);
  });
});
