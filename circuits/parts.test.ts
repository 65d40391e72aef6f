// SPDX-License-Identifier: GPL-3.0-only
import { beforeAll, describe, expect, it } from 'vitest';
import { type Size, tradingRound } from '../src/domain/settlement/testing/community.ts';
import { settleCircuit } from './spec.ts';
import { OTHER_PART_FORGERIES, PART_FORGERIES, PARTS_LAYOUT } from './testing/part-forgeries.ts';
import * as rounds from './testing/rounds.ts';
import { refusal, witnessCircuit } from './testing/witness-check.ts';
import { Forged } from './testing/witness-values.ts';

let wasm: string;
beforeAll(async () => {
  wasm = await witnessCircuit(settleCircuit(PARTS_LAYOUT));
}, 120_000);

const { trade, tradeOfNewMeters, wrapping, spread, twoSellers, oneTooMuch, apart, idle, withGap, debtor, baseline } = rounds;
const tradeWithFlows = (size: Size) => rounds.tradeWithFlows(undefined, size);
const HONEST = {
  ...{ trade, tradeOfNewMeters, wrapping, spread, twoSellers, oneTooMuch, apart, idle, withGap, debtor, baseline },
  tradeWithFlows,
};

describe('a round settled in two parts', () => {
  it.each(Object.keys(HONEST) as (keyof typeof HONEST)[])('is the same round as in one, and satisfies the circuit: "%s"', async (name) => {
    const [parts, whole] = [HONEST[name](PARTS_LAYOUT), HONEST[name](rounds.CAPACITY)];
    expect(parts.newState).toEqual(whole.newState);
    expect({ ...parts.words, terms: 0n }).toEqual({ ...whole.words, terms: 0n });
    for (const [part, { witnessInput }] of parts.batches.entries()) expect(await refusal(wasm, witnessInput), `part ${part}`).toBeNull();
  });

  it('links its parts: what one leaves is what the next takes, accounts and sums alike', () => {
    const [first, second] = trade(PARTS_LAYOUT).batches;
    expect(first?.words.carryIn).toBe(0n);
    expect(second?.words.carryOut).toBe(0n);
    expect(second?.words.carryIn).toBe(first?.words.carryOut);
    expect(second?.words.oldRoot).toBe(first?.words.newRoot);
  });

  it('satisfies the circuit in eight random rounds one after the other', async () => {
    let state = rounds.afterBaseline();
    for (let k = 0; k < 8; k++) {
      const round = rounds.settled(tradingRound(state, PARTS_LAYOUT, 200n + BigInt(k), 5_000 + k));
      for (const [part, { witnessInput }] of round.batches.entries())
        expect(await refusal(wasm, witnessInput), `seed ${5_000 + k}, part ${part}`).toBeNull();
      state = round.newState;
    }
  }, 120_000);

  it.each(Object.keys(HONEST) as (keyof typeof HONEST)[])('agrees with the model that forgeries are worked out with, on "%s"', (name) => {
    for (const { witnessInput } of HONEST[name](PARTS_LAYOUT).batches)
      expect(new Forged(witnessInput).derive({ recommit: true, restate: true, reregister: true }).input()).toEqual(witnessInput);
  });

  it.each(PART_FORGERIES.map((forgery) => [forgery.name, forgery] as const))('refuses %s', async (_name, forgery) => {
    expect(await refusal(wasm, forgery.forge().input())).not.toBeNull();
  });

  it.each(OTHER_PART_FORGERIES.map((forgery) => [forgery.name, forgery] as const))('refuses %s', async (_name, forgery) => {
    expect(await refusal(wasm, forgery.input())).not.toBeNull();
  });
});
