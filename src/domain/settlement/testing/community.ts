/** A small community for tests, vectors and benchmarks: deterministic keys, orders and readings. Never used by the engine. */
import { publicKeyOfScalar, signWithScalar } from '../babyjubjub.ts';
import { equilibrium } from '../equilibrium.ts';
import { NO_ORDER, type Order, type OrderOpening, orderMessage, type Reading, type RegisteredMeter, readingMessage } from '../leaves.ts';
import { type BatchLayout, type Capacity, capacityOf } from '../limits.ts';
import type { SignedOrder } from '../order-book.ts';
import type { SettledBatch } from '../parts.ts';
import type { SignedReading } from '../readings.ts';
import type { RoundInput, SettledRound } from '../settle-round.ts';
import { genesisState, type SettlementState } from '../state.ts';
import { type Flow, settlementDomain } from '../words.ts';

export const TEST_CONTRACT = '0x5FbDB2315678afecb367f032d93F642f64180aa3';
export const TEST_DOMAIN = settlementDomain(31337, TEST_CONTRACT);
export const BUY_TARIFF = 32_000n;
export const SELL_TARIFF = 6_000n;

export function scalarOf(index: number): bigint {
  return 7_919n * BigInt(index + 1) + 1_000_003n;
}

/** Member index i has meter i + 1; every third is a renewable-only site (solar). */
export function testMeter(index: number): RegisteredMeter {
  const renewable = index % 3 === 0;
  return { meterId: BigInt(index + 1), publicKey: publicKeyOfScalar(scalarOf(index)), flags: renewable ? 0b11 : 0 };
}

export function signedReading(index: number, reading: Reading): SignedReading {
  return { ...reading, signature: signWithScalar(scalarOf(index), readingMessage(BigInt(index + 1), reading)) };
}

/** Small seeded generator (mulberry32): tests must print the seed they fail with. */
export function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function testSalts(capacity: number, seed: number): bigint[] {
  return Array.from({ length: capacity }, (_, i) => BigInt(seed) * 1_000_000_007n + BigInt(i) * 65_537n + 11n);
}

/** Members of a round of one batch, or a layout of several. */
export type Size = Capacity | BatchLayout;
export const layoutOf = (size: Size): BatchLayout => (typeof size === 'number' ? { batchMembers: size, parts: 1 } : size);

export interface Scenario {
  readonly size: Size;
  readonly interval: bigint;
  readonly state: SettlementState;
  readonly orders: readonly (OrderOpening | null)[];
  readonly readings: readonly (SignedReading | null)[];
  readonly flows?: readonly Flow[];
  readonly meters?: readonly (RegisteredMeter | null)[];
  readonly seed?: number;
}

/** Completes a scenario with the clearing that its orders give. */
export function roundInput(scenario: Scenario): RoundInput {
  const { interval, state, orders, readings } = scenario;
  const layout = layoutOf(scenario.size);
  const capacity = capacityOf(layout);
  const padded = Array.from({ length: capacity }, (_, i) => orders[i] ?? NO_ORDER);
  const found = equilibrium(padded, interval);
  return {
    layout,
    carrySalts: testSalts(layout.parts, 4_711),
    domain: TEST_DOMAIN,
    interval,
    buyTariff: BUY_TARIFF,
    sellTariff: SELL_TARIFF,
    meters: scenario.meters ?? Array.from({ length: capacity }, (_, i) => testMeter(i)),
    state,
    orders,
    clearing: { price: found.price, filledWh: found.filledWh },
    readings,
    flows: scenario.flows ?? [],
    salts: testSalts(capacity, (scenario.seed ?? 1) + Number(interval)),
  };
}

export function order(side: 'buy' | 'sell', quantityWh: number, limitPrice: number, salt = 5n): OrderOpening {
  return { scope: 0n, side, quantityWh: BigInt(quantityWh), limitPrice: BigInt(limitPrice), sequence: 1n, salt };
}

/** Signed with the member's own key for its own meter, unless others are given. */
export function signedOrder(index: number, terms: Order, scalar = scalarOf(index), meterId = BigInt(index + 1)): SignedOrder {
  return { ...terms, signature: signWithScalar(scalar, orderMessage(meterId, terms)) };
}

/** First round of a community: every meter's baseline reading at 1 000·(i+1) Wh, no orders, deposits for the first members. */
export function baselineRound(size: Size, interval: bigint): RoundInput {
  const capacity = capacityOf(layoutOf(size));
  return roundInput({
    size,
    interval,
    state: genesisState(capacity),
    orders: [],
    readings: Array.from({ length: capacity }, (_, i) =>
      signedReading(i, { interval, importWh: 1_000n * BigInt(i + 1), exportWh: 500n, sequence: 1n }),
    ),
    flows: [
      { kind: 'deposit', index: 0, amount: 90_000_000_000n },
      { kind: 'deposit', index: 1, amount: 40_000_000_000n },
    ],
  });
}

/** A trading round on `state`: odd members sell, even ones buy, several at the margin, each reading differs a little from the position. */
export function tradingRound(state: SettlementState, size: Size, interval: bigint, seed: number): RoundInput {
  const capacity = capacityOf(layoutOf(size));
  const random = seeded(seed);
  const whole = (limit: number) => Math.floor(random() * limit);
  const orders = Array.from({ length: capacity }, (_, i) =>
    whole(10) === 0
      ? null
      : order(i % 2 === 0 ? 'buy' : 'sell', 100 + whole(2_000), 15_000 + 1_000 * whole(6) * (i % 2 === 0 ? 1 : -1), BigInt(i + 77)),
  );
  const readings = Array.from({ length: capacity }, (_, i) => {
    if (whole(12) === 0) return null;
    const old = state.members[i];
    if (old === undefined) return null;
    return signedReading(i, {
      interval,
      importWh: old.importWh + BigInt(whole(2_500)),
      exportWh: old.exportWh + BigInt(whole(2_500)),
      sequence: old.sequence + 1n + BigInt(whole(3)),
    });
  });
  return roundInput({ size, interval, state, orders, readings, seed });
}

/** The batch of a round that is settled in one. */
export function onlyBatch(round: SettledRound): SettledBatch {
  const [batch, more] = round.batches;
  if (batch === undefined || more !== undefined) throw new Error(`the round has ${round.batches.length} batches`);
  return batch;
}
