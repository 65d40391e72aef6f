// SPDX-License-Identifier: GPL-3.0-only
import { beforeAll, describe, expect, it } from 'vitest';
import { equilibrium } from '../src/domain/settlement/equilibrium.ts';
import { NO_ORDER } from '../src/domain/settlement/leaves.ts';
import { layoutOf, onlyBatch, tradingRound } from '../src/domain/settlement/testing/community.ts';
import { circuitFiles, settleCircuit } from './spec.ts';
import { attempt, FORGERIES, OTHER_FORGERIES } from './testing/forgeries.ts';
import * as rounds from './testing/rounds.ts';
import { VALUE_FORGERIES } from './testing/value-forgeries.ts';
import { refusal, witnessCircuit } from './testing/witness-check.ts';
import { Forged } from './testing/witness-values.ts';
import { type SharedRound, sharedRounds, wordsOf } from './vectors/rounds.ts';
import vectors from './vectors/settlement.json' with { type: 'json' };

let wasm: string;
beforeAll(async () => {
  wasm = await witnessCircuit(settleCircuit(layoutOf(rounds.CAPACITY)));
}, 120_000);

const honest = { ...rounds, tradeWithFlows: () => rounds.tradeWithFlows() };
const bases = [
  'trade',
  'tradeOfNewMeters',
  'tradeWithFlows',
  'wrapping',
  'spread',
  'twoSellers',
  'oneTooMuch',
  'apart',
  'idle',
  'withGap',
  'debtor',
  'baseline',
] as const;

describe('the Settle circuit', () => {
  it.each(bases)('accepts the honest round "%s"', async (name) => {
    expect(await refusal(wasm, onlyBatch(honest[name]()).witnessInput)).toBeNull();
  });

  it('accepts what the engine settles in eight random rounds one after the other', async () => {
    let state = rounds.afterBaseline();
    for (let k = 0; k < 8; k++) {
      const round = rounds.settled(tradingRound(state, rounds.CAPACITY, 200n + BigInt(k), 9_000 + k));
      expect(await refusal(wasm, onlyBatch(round).witnessInput), `seed ${9_000 + k}`).toBeNull();
      state = round.newState;
    }
  }, 120_000);

  it('accepts a round whose places are numbered when a meter has left since the gate: the committed root is the same', async () => {
    const input = tradingRound(rounds.afterBaseline(), rounds.CAPACITY, 300n, 4_711);
    const at = (input.orders.indexOf(null) + rounds.CAPACITY) % rounds.CAPACITY;
    const without = <T>(list: readonly T[]) => list.map((one, i) => (i === at ? null : one));
    const orders = without(input.orders);
    const clearing = equilibrium(
      orders.map((order) => order ?? NO_ORDER),
      input.interval,
    );
    const stayed = { ...input, numbered: true, orders, clearing: { price: clearing.price, filledWh: clearing.filledWh } };
    const left = rounds.settled({ ...stayed, meters: without(input.meters), readings: without(input.readings) });
    expect(left.words.ordersRoot).toBe(rounds.settled(stayed).words.ordersRoot);
    expect(await refusal(wasm, onlyBatch(left).witnessInput)).toBeNull();
  });

  it.each(bases)('agrees with the model that forgeries are worked out with, on "%s"', (name) => {
    const input = onlyBatch(honest[name]()).witnessInput;
    expect(new Forged(input).derive({ recommit: true, restate: true, reregister: true }).input()).toEqual(input);
  });
});

describe('a forger', () => {
  const all = [...FORGERIES, ...VALUE_FORGERIES, ...OTHER_FORGERIES];

  it('has many ways to try, each with its own name', () => {
    expect(new Set(all.map((forgery) => forgery.name)).size).toBe(all.length);
    expect(all.length).toBeGreaterThanOrEqual(160);
  });

  // Lies about values count for nothing here: the circuit works them out itself.
  it.each(all.map((forgery) => [forgery.name, forgery] as const))('is refused: %s', async (_name, forgery) => {
    expect(await refusal(wasm, attempt(forgery).input)).not.toBeNull();
  });
});

describe('the shared vectors', () => {
  it('hold inputs that satisfy the circuit', async () => {
    expect(await refusal(wasm, vectors.baseline4.witnessInput)).toBeNull();
  });

  it('are what the engine settles today: first readings, a trade, deposits and withdrawals, whole and in parts', async () => {
    const rounds = sharedRounds();
    expect(Object.fromEntries(Object.entries(rounds).map(([name, round]) => [name, wordsOf(round)]))).toEqual(vectors.rounds);
    expect(rounds.flows4?.settled.totals.withdrawalsApplied).toEqual([false, true, false]);
    for (const { settled } of [rounds.trade4, rounds.flows4] as SharedRound[])
      expect(await refusal(wasm, onlyBatch(settled).witnessInput)).toBeNull();
  });
});

it('nothing is only assigned: the witness calculator checks all that the constraints do', () => {
  for (const entry of ['settle.circom', 'admit.circom'])
    for (const [file, source] of circuitFiles(entry)) expect(source.includes('<--') || source.includes('-->'), file).toBe(false);
});
