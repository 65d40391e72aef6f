import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import vectors from '../../../circuits/vectors/settlement.json' with { type: 'json' };
import { clearUniform } from '../market/clear-uniform.ts';
import {
  isOnCurve,
  isUsableKey,
  packPoint,
  packSignature,
  publicKeyOfScalar,
  SUBGROUP_ORDER,
  signWithScalar,
  unpackPoint,
  unpackSignature,
  verifySignature,
} from './babyjubjub.ts';
import { account, settleDelivery } from './delivery.ts';
import { committedOrder, equilibrium } from './equilibrium.ts';
import { orderMessage, readingMessage, registryLeaf, stateLeaf } from './leaves.ts';
import { merklePath, merkleRoot, rootOfPath } from './merkle.ts';
import { settleRound } from './settle-round.ts';
import { genesisState, moneySum, stateRoot } from './state.ts';
import { baselineRound, onlyBatch, order, roundInput, signedReading, testMeter, tradingRound } from './testing/community.ts';
import { packFlows, packTerms, packTotals, unpackFlows, unpackTerms, unpackTotals } from './words.ts';

/** Published by iden3/circomlibjs, test/eddsa.js: a mathematical fact. */
const PUBLISHED = {
  key: [
    13277427435165878497778222415993513565335242147425444199013288855685581939618n,
    13622229784656158136036771217484571176836296686641868549125388198837476602820n,
  ] as const,
  message: 42649378395939397566720n,
  signature:
    'dfedb4315d3f2eb4de2d3c510d7a987dcab67089c8ace06308827bf5bcbe02a29d043ece562a8f82bfc0adb640c0107a7d3a27c1c7c1a6179a0da73de5c1b203',
};

describe('EdDSA-Poseidon', () => {
  it('verifies the published signature and unpacks it as circomlib packs it', () => {
    const bytes = Uint8Array.from(Buffer.from(PUBLISHED.signature, 'hex'));
    const signature = unpackSignature(bytes);
    expect(signature).not.toBeNull();
    if (signature === null) return;
    expect(verifySignature(PUBLISHED.message, signature, PUBLISHED.key)).toBe(true);
    expect(verifySignature(PUBLISHED.message + 1n, signature, PUBLISHED.key)).toBe(false);
    expect(verifySignature(PUBLISHED.message, { ...signature, s: signature.s + SUBGROUP_ORDER }, PUBLISHED.key)).toBe(false);
    expect(Buffer.from(packSignature(signature)).toString('hex')).toBe(PUBLISHED.signature);
  });

  it('signs what it verifies, and packs every key back to itself', () => {
    for (const scalar of [1n, 7n, SUBGROUP_ORDER - 1n, 123456789123456789n]) {
      const key = publicKeyOfScalar(scalar);
      expect(isUsableKey(key)).toBe(true);
      expect(unpackPoint(packPoint(key))).toEqual(key);
      expect(verifySignature(99n, signWithScalar(scalar, 99n), key)).toBe(true);
    }
  });

  it('takes neither the identity, nor a point of order two, nor one off the curve as a key', () => {
    expect(isUsableKey([0n, 1n])).toBe(false);
    expect(isUsableKey([0n, 21888242871839275222246405745257275088548364400416034343698204186575808495616n])).toBe(false);
    expect(isOnCurve([1n, 1n])).toBe(false);
  });
});

describe('the equilibrium', () => {
  const anyOrder = fc.record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    quantityWh: fc.integer({ min: 0, max: 60 }),
    limitPrice: fc.integer({ min: 0, max: 12 }),
  });

  it('is what the market clears, price and every fill, on any book of four or sixteen', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(4, 16),
        fc.array(anyOrder, { minLength: 16, maxLength: 16 }),
        fc.integer({ min: 0, max: 1_000 }),
        (capacity, orders, interval) => {
          const book = orders.slice(0, capacity);
          const mine = equilibrium(
            book.map((o) => ({ ...o, quantityWh: BigInt(o.quantityWh), limitPrice: BigInt(o.limitPrice) })),
            BigInt(interval),
          );
          const committed = committedOrder(BigInt(interval), capacity).filter((i) => (book[i]?.quantityWh ?? 0) > 0);
          const cleared = clearUniform({ orders: committed.map((i) => ({ id: String(i), ...(book[i] as (typeof book)[number]) })) });
          expect(mine.price).toEqual(cleared.price === null ? null : BigInt(cleared.price));
          expect(Number(mine.volumeWh)).toBe(cleared.quantityWh);
          const fills = new Map(cleared.fills.map((fill) => [Number(fill.id), fill.quantityWh]));
          expect(mine.filledWh.map(Number)).toEqual(book.map((_, i) => fills.get(i) ?? 0));
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('delivery and money', () => {
  const prices = { price: 15_000n, buyTariff: 32_000n, sellTariff: 8_000n };
  it('charges the grid tariff for what was taken beyond the position', () => {
    expect(settleDelivery(0n, 1_000n, { importedWh: 1_100n, exportedWh: 0n }, prices)).toEqual({
      positionWh: 1_000n,
      netWh: 1_100n,
      deltaWh: 100n,
      money: 15_000_000n + 3_200_000n,
    });
  });
  it('pays the feed-in tariff for what was fed in beyond the position', () => {
    expect(settleDelivery(0n, -1_000n, { importedWh: 0n, exportedWh: 1_100n }, prices).money).toBe(-15_000_000n - 800_000n);
  });
  it('pays the trade and carries the position when there is no reading', () => {
    expect(settleDelivery(7n, 1_000n, null, prices)).toEqual({ positionWh: 1_000n, netWh: null, deltaWh: 0n, money: 15_000_000n });
  });
  it('turns a shortfall into debt and pays debt back first', () => {
    expect(account({ balance: 10n, debt: 0n }, 0n, 25n)).toEqual({ balance: 0n, debt: 15n });
    expect(account({ balance: 0n, debt: 15n }, 5n, -20n)).toEqual({ balance: 10n, debt: 0n });
  });
});

describe('a round', () => {
  it('conserves money over a thirty random rounds: balances, grid and default account move by deposits only', () => {
    let state = genesisState(4);
    const first = settleRound(baselineRound(4, 100n));
    if (first.kind !== 'settled') throw new Error(first.detail);
    const deposited = 130_000_000_000n;
    state = first.newState;
    expect(moneySum(state)).toBe(deposited);
    for (let k = 0; k < 30; k++) {
      const input = tradingRound(state, 4, 101n + BigInt(k), 5_000 + k);
      const round = settleRound(input);
      if (round.kind !== 'settled') throw new Error(`seed ${5_000 + k}: ${round.detail}`);
      expect(moneySum(round.newState), `seed ${5_000 + k}`).toBe(deposited);
      expect(round.lines.reduce((sum, line) => sum + line.delivery.positionWh, 0n)).toBe(0n);
      expect(round.newState.members.every((m) => m.balance >= 0n && m.debt >= 0n && m.balance * m.debt === 0n)).toBe(true);
      state = round.newState;
    }
  }, 60_000);

  it('trues a carried member up with its next reading, as if it had been read in between', () => {
    const base = settleRound(baselineRound(4, 100n));
    if (base.kind !== 'settled') throw new Error(base.detail);
    const orders = [order('buy', 400, 20_000), order('sell', 400, 10_000), null, null];
    const carried = settleRound(roundInput({ size: 4, interval: 101n, state: base.newState, orders, readings: [] }));
    if (carried.kind !== 'settled') throw new Error(carried.detail);
    expect(carried.totals.carriedMembers).toBe(4);
    expect(carried.newState.members.map((m) => m.carriedWh)).toEqual([400n, -400n, 0n, 0n]);
    const readings = [signedReading(0, { interval: 102n, importWh: 1_450n, exportWh: 500n, sequence: 2n })];
    const next = settleRound(roundInput({ size: 4, interval: 102n, state: carried.newState, orders: [], readings }));
    if (next.kind !== 'settled') throw new Error(next.detail);
    expect(next.lines[0]?.delivery).toEqual({ positionWh: 0n, netWh: 450n, deltaWh: 50n, money: 50n * 32_000n });
    expect(next.newState.members[0]?.carriedWh).toBe(0n);
  });

  it('names why a reading does not count', () => {
    const base = settleRound(baselineRound(4, 100n));
    if (base.kind !== 'settled') throw new Error(base.detail);
    const good = signedReading(0, { interval: 101n, importWh: 1_100n, exportWh: 500n, sequence: 2n });
    const round = settleRound(
      roundInput({
        size: 4,
        interval: 101n,
        state: base.newState,
        orders: [],
        readings: [
          { ...good, importWh: 1_101n },
          signedReading(1, { interval: 101n, importWh: 1_999n, exportWh: 500n, sequence: 2n }),
          signedReading(2, { interval: 100n, importWh: 9_000n, exportWh: 500n, sequence: 2n }),
          signedReading(3, { interval: 101n, importWh: 9_000n, exportWh: 500n, sequence: 1n }),
        ],
      }),
    );
    if (round.kind !== 'settled') throw new Error(round.detail);
    expect(round.carried.map((c) => c.reason)).toEqual(['bad-signature', 'register-fell', 'wrong-interval', 'sequence-not-newer']);
  });

  it('refuses a clearing that is not the equilibrium of the committed orders', () => {
    const input = roundInput({
      size: 4,
      interval: 100n,
      state: genesisState(4),
      orders: [order('buy', 10, 20_000), order('sell', 10, 10_000)],
      readings: [],
    });
    expect(settleRound({ ...input, clearing: { ...input.clearing, price: 15_001n } })).toMatchObject({
      kind: 'refused',
      reason: 'not-the-equilibrium',
    });
    expect(settleRound({ ...input, clearing: { ...input.clearing, filledWh: [9n, 10n, 0n, 0n] } })).toMatchObject({
      kind: 'refused',
      reason: 'not-the-equilibrium',
    });
  });

  it('refuses input out of range with a sentence, and an order of another interval', () => {
    const input = roundInput({ size: 4, interval: 100n, state: genesisState(4), orders: [], readings: [] });
    expect(settleRound({ ...input, sellTariff: 40_000n })).toMatchObject({ reason: 'bad-input' });
    expect(settleRound({ ...input, orders: [{ ...order('buy', 10, 1), scope: 99n }] })).toMatchObject({ reason: 'bad-input' });
    expect(settleRound({ ...input, orders: [{ ...order('buy', 10, 1), quantityWh: 1n << 32n }] })).toMatchObject({ reason: 'bad-input' });
  });
});

describe('words and trees', () => {
  it('unpack to what was packed', () => {
    const terms = { interval: 123_456n, price: 4_294_967_295n, buyTariff: 1n, sellTariff: 0n };
    expect(unpackTerms(packTerms(terms))).toEqual(terms);
    expect(unpackTerms(packTerms({ ...terms, price: null })).price).toBeNull();
    const totals = {
      gridMoney: -(1n << 90n),
      defaultMoney: 5n,
      certificateWh: 9n,
      carriedMembers: 16,
      withdrawalsApplied: [true, false, true],
    };
    expect(unpackTotals(packTotals(totals))).toEqual(totals);
    const flows = [
      { kind: 'deposit' as const, index: 3, amount: 1n },
      { kind: 'withdrawal' as const, index: 15, amount: (1n << 64n) - 1n },
    ];
    expect(unpackFlows(packFlows(flows))).toEqual(flows.map((flow, place) => ({ ...flow, place })));
    expect(() => packFlows([{ kind: 'deposit', index: 0, amount: 1n << 64n }])).toThrow(RangeError);
  });

  it('prove every leaf by its path', () => {
    const leaves = [5n, 6n, 7n, 8n];
    for (const [i, leaf] of leaves.entries()) expect(rootOfPath(leaf, i, merklePath(leaves, i))).toBe(merkleRoot(leaves));
  });
});

describe('a member that sells before its meter was ever read', () => {
  it('is paid nothing for what no meter has shown: the first reading charges it the grid tariff for what it sold', () => {
    const base = settleRound({ ...baselineRound(4, 100n), readings: [baselineRound(4, 100n).readings[0] ?? null, null, null, null] });
    if (base.kind !== 'settled') throw new Error(base.detail);
    const orders = [order('buy', 1_000, 20_000), order('sell', 1_000, 10_000), null, null];
    const sold = settleRound(roundInput({ size: 4, interval: 101n, state: base.newState, orders, readings: [] }));
    if (sold.kind !== 'settled') throw new Error(sold.detail);
    expect(sold.lines[1]).toMatchObject({ verdict: { kind: 'carried' }, next: { carriedWh: -1_000n } });
    const readings = [null, signedReading(1, { interval: 102n, importWh: 5n, exportWh: 0n, sequence: 1n })];
    const read = settleRound(roundInput({ size: 4, interval: 102n, state: sold.newState, orders: [], readings }));
    if (read.kind !== 'settled') throw new Error(read.detail);
    expect(read.lines[1]).toMatchObject({ verdict: { kind: 'baseline' }, next: { carriedWh: 0n } });
    expect(read.lines[1]?.delivery).toEqual({ positionWh: 0n, netWh: 0n, deltaWh: 1_000n, money: 1_000n * 32_000n });
  });
});

describe('the shared vectors', () => {
  it('are what this code computes', () => {
    const meter = testMeter(0);
    const reading = { interval: 101n, importWh: 2_100n, exportWh: 500n, sequence: 2n };
    expect(registryLeaf(meter).toString()).toBe(vectors.registryLeaf);
    expect(readingMessage(1n, reading).toString()).toBe(vectors.readingMessage);
    expect(orderMessage(1n, order('buy', 1_000, 20_000)).toString()).toBe(vectors.orderMessage);
    expect(
      stateLeaf({ epoch: 1n, balance: 2n, debt: 0n, importWh: 3n, exportWh: 4n, sequence: 5n, carriedWh: -6n, salt: 7n }).toString(),
    ).toBe(vectors.stateLeaf);
    expect(stateRoot(genesisState(16)).toString()).toBe(vectors.genesisRoot16);
    const round = settleRound(baselineRound(4, 100n));
    expect(round.kind === 'settled' && onlyBatch(round).publicSignals).toEqual(vectors.baseline4.publicSignals);
  });
});
