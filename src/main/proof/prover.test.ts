/** Real proofs of the two-member circuits; their artefacts are made on the first run (about twenty seconds) and cached. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admitRound } from '../../domain/settlement/admit-round.ts';
import { emptyBook } from '../../domain/settlement/order-book.ts';
import { settleRound } from '../../domain/settlement/settle-round.ts';
import { baselineRound, onlyBatch, TEST_DOMAIN, testMeter, tradingRound } from '../../domain/settlement/testing/community.ts';
import type { WitnessInput } from '../../domain/settlement/witness.ts';
import { entryFile } from '../host/entries.ts';
import { forkProcess, type OwnProcess, processAlive } from '../host/fork.ts';
import { cacheDir } from '../host/paths.ts';
import { assertKeyAllowed } from './key-policy.ts';
import { createProver, type Prover } from './prover.ts';
import { createSettler, randomSalt } from './settler.ts';

const CAPACITY = 2;
const layout = { batchMembers: CAPACITY, parts: 1 } as const;
let input: WitnessInput;
let publicSignals: readonly string[];
let prover: Prover;
const started: OwnProcess[] = [];
const start = () => {
  const child = forkProcess(entryFile('prover'), {});
  started.push(child);
  return child;
};

beforeAll(async () => {
  const base = settleRound(baselineRound(CAPACITY, 100n));
  if (base.kind !== 'settled') throw new Error(base.detail);
  const round = settleRound(tradingRound(base.newState, CAPACITY, 101n, 1));
  if (round.kind !== 'settled') throw new Error(round.detail);
  input = onlyBatch(round).witnessInput;
  publicSignals = onlyBatch(round).publicSignals;
  prover = createProver({ cacheDir: join(cacheDir, 'circuits'), layout, start });
  await prover.prepare();
}, 180_000);
afterAll(() => prover.close());

describe('the prover', () => {
  it('proves a round, with progress, and the public signals are those of the engine', async () => {
    const fractions: number[] = [];
    const proven = await prover.prove('settle', input, { onProgress: (fraction) => fractions.push(fraction) });
    expect(proven.publicSignals).toEqual(publicSignals);
    expect(fractions.at(-1)).toBe(1);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(proven.calldata.flat).toHaveLength(8);
    expect(await prover.verify('settle', proven.proof, proven.publicSignals)).toBe(true);
  }, 180_000);

  it('proves the other statement in the same process, under a key of its own', async () => {
    const idle = admitRound({
      layout,
      domain: TEST_DOMAIN,
      interval: 101n,
      idle: true,
      meters: [testMeter(0), testMeter(1)],
      book: emptyBook(CAPACITY),
      orders: [null, null],
      salts: [1n, 2n],
    });
    if (idle.kind !== 'admitted') throw new Error(idle.detail);
    const [batch] = idle.batches;
    if (!batch) throw new Error('an admission has a batch');
    expect(await prover.verify('settle', { pi_a: [], pi_b: [], pi_c: [] }, publicSignals)).toBe(false);
    const before = started.at(-1);
    const proven = await prover.prove('admit', batch.witnessInput);
    expect(started.at(-1)).toBe(before);
    expect(proven.publicSignals).toEqual(batch.publicSignals);
    expect(await prover.verify('admit', proven.proof, proven.publicSignals)).toBe(true);
    expect(await prover.verify('settle', proven.proof, proven.publicSignals)).toBe(false);
    expect(prover.circuit('admit')).toMatchObject({ name: 'admit-2', lastProvingMs: proven.proveMs });
  }, 180_000);

  it('refuses its proof for any other public signal', async () => {
    const proven = await prover.prove('settle', input);
    for (const k of publicSignals.keys()) {
      const other = proven.publicSignals.map((value, i) => (i === k ? (BigInt(value) + 1n).toString() : value));
      expect(await prover.verify('settle', proven.proof, other), `signal ${k}`).toBe(false);
    }
  }, 180_000);

  it('proves again after it was killed in the middle of a proof', async () => {
    const killed = started.at(-1);
    const proven = await prover.prove('settle', input, {
      onProgress: (fraction) => {
        if (fraction >= 0.1 && started.at(-1) === killed) killed?.kill('SIGKILL');
      },
    });
    expect(started.at(-1)).not.toBe(killed);
    expect(await prover.verify('settle', proven.proof, publicSignals)).toBe(true);
  }, 180_000);

  it('proves again when the process says nothing any more, as when one of its threads has died', async () => {
    let first: OwnProcess | undefined;
    const deaf = createProver({
      cacheDir: join(cacheDir, 'circuits'),
      layout,
      silentMs: 8_000,
      start: () => {
        const child = start();
        if (first) return child;
        first = child;
        return { ...child, send: () => {} };
      },
    });
    try {
      expect((await deaf.prove('settle', input)).publicSignals).toEqual(publicSignals);
      expect(started.at(-1)).not.toBe(first);
      expect(processAlive(first?.pid ?? 0)).toBe(false);
    } finally {
      await deaf.close();
    }
  }, 180_000);

  it('stops when cancelled, and works afterwards', async () => {
    const controller = new AbortController();
    const stopped = prover.prove('settle', input, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(stopped).rejects.toMatchObject({ code: 'proof.failed', details: { reason: 'cancelled' } });
    expect((await prover.prove('settle', input)).publicSignals).toEqual(publicSignals);
  }, 180_000);

  it('says that a round breaks the rules instead of proving it', async () => {
    const forged = {
      ...input,
      settledBalance: (input.settledBalance as string[]).map((value, i) => (i === 0 ? (BigInt(value) + 1n).toString() : value)),
    };
    await expect(prover.prove('settle', forged)).rejects.toMatchObject({
      code: 'proof.failed',
      retry: 'never',
      details: { reason: 'witness' },
    });
  }, 180_000);

  it('leaves no process behind', async () => {
    const one = createProver({ cacheDir: join(cacheDir, 'circuits'), layout, start });
    await one.prepare();
    const pending = one.prove('settle', input);
    const failed = expect(pending).rejects.toMatchObject({ code: 'proof.failed' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await one.close();
    await failed;
    const last = started.at(-1);
    expect(last === undefined || !processAlive(last.pid)).toBe(true);
  }, 180_000);
});

describe('development keys', () => {
  it('are refused on any chain but the development chain on loopback', () => {
    expect(prover.keyOrigin()).toBe('development');
    expect(prover.circuit('settle')).toMatchObject({ name: 'settle-2', keyOrigin: 'development' });
    expect(prover.circuit('settle').verificationKeyHash).toMatch(/^[0-9a-f]{64}$/);
    expect(prover.circuit('admit').verificationKeyHash).not.toBe(prover.circuit('settle').verificationKeyHash);
    expect(() => assertKeyAllowed('development', { chainId: 31337, rpcUrl: 'http://127.0.0.1:8545' })).not.toThrow();
    expect(() => assertKeyAllowed('development', { chainId: 31337, rpcUrl: 'http://10.0.0.7:8545' })).toThrow(/development keys/);
    expect(() => assertKeyAllowed('development', { chainId: 1, rpcUrl: 'http://127.0.0.1:8545' })).toThrow(/development keys/);
    expect(() => assertKeyAllowed('ceremony', { chainId: 1, rpcUrl: 'https://node.example' })).not.toThrow();
  });
});

describe('the settler', () => {
  it('settles in its thread what settleRound settles', async () => {
    const settler = createSettler();
    try {
      const given = { ...baselineRound(CAPACITY, 100n), salts: [randomSalt(), randomSalt()] };
      expect(await settler.settle(given)).toEqual(settleRound(given));
    } finally {
      await settler.close();
    }
  }, 30_000);
});
