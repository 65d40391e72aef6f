// SPDX-License-Identifier: GPL-3.0-only
import { beforeAll, describe, expect, it } from 'vitest';
import { layoutOf, onlyBatch, tradingRound } from '../src/domain/settlement/testing/community.ts';
import { circuitFiles, settleCircuit } from './spec.ts';
import { FORGERIES } from './testing/forgeries.ts';
import * as rounds from './testing/rounds.ts';
import { refusal, witnessCircuit } from './testing/witness-check.ts';
import { Forged } from './testing/witness-values.ts';
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

  it.each(bases)('agrees with the model that forgeries are worked out with, on "%s"', (name) => {
    const input = onlyBatch(honest[name]()).witnessInput;
    expect(new Forged(input).derive({ recommit: true, restate: true, reregister: true }).input()).toEqual(input);
  });
});

describe('a forger', () => {
  it('has at least forty ways to try, each with its own name', () => {
    expect(new Set(FORGERIES.map((forgery) => forgery.name)).size).toBe(FORGERIES.length);
    expect(FORGERIES.length).toBeGreaterThanOrEqual(40);
  });

  it.each(FORGERIES.map((forgery) => [forgery.name, forgery] as const))('is refused: %s', async (_name, forgery) => {
    expect(await refusal(wasm, forgery.forge(new Forged(onlyBatch(forgery.base()).witnessInput)).input())).not.toBeNull();
  });
});

describe('the shared vectors', () => {
  it('hold inputs that satisfy the circuit', async () => {
    expect(await refusal(wasm, vectors.baseline4.witnessInput)).toBeNull();
  });
});

it('nothing is only assigned: the witness calculator checks all that the constraints do', () => {
  for (const entry of ['settle.circom', 'admit.circom'])
    for (const [file, source] of circuitFiles(entry)) expect(source.includes('<--') || source.includes('-->'), file).toBe(false);
});
