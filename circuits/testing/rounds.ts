// SPDX-License-Identifier: GPL-3.0-only
/** Honest rounds of four members that forgeries start from. All are settled by the engine's own code. */
import type { OrderOpening } from '../../src/domain/settlement/leaves.ts';
import type { SignedReading } from '../../src/domain/settlement/readings.ts';
import { type SettledRound, settleRound } from '../../src/domain/settlement/settle-round.ts';
import type { SettlementState } from '../../src/domain/settlement/state.ts';
import { baselineRound, order, roundInput, type Size, signedReading, testMeter } from '../../src/domain/settlement/testing/community.ts';
import type { Flow } from '../../src/domain/settlement/words.ts';

export const CAPACITY = 4;
/** 101 mod 4 = 1: left-over Wh are given from member 1 upwards. */
export const INTERVAL = 101n;

export function settled(input: Parameters<typeof settleRound>[0]): SettledRound {
  const round = settleRound(input);
  if (round.kind !== 'settled') throw new Error(`the honest round was refused: ${round.detail}`);
  return round;
}

/** After the meters' first readings: member i at 1000·(i+1) Wh import, 500 Wh export; members 0 and 1 have money. */
export const afterBaseline = (): SettlementState => settled(baselineRound(CAPACITY, 100n)).newState;

function reading(
  index: number,
  importedWh: number,
  exportedWh: number,
  extra: { interval?: bigint; sequence?: bigint } = {},
): SignedReading {
  return signedReading(index, {
    interval: extra.interval ?? INTERVAL,
    importWh: 1_000n * BigInt(index + 1) + BigInt(importedWh),
    exportWh: 500n + BigInt(exportedWh),
    sequence: extra.sequence ?? 2n,
  });
}

interface Variant {
  readonly orders: readonly (OrderOpening | null)[];
  readonly readings?: readonly (SignedReading | null)[];
  readonly flows?: readonly Flow[];
  readonly state?: SettlementState;
  readonly absent?: readonly number[];
}

const inputOf = (variant: Variant, size: Size = CAPACITY) =>
  roundInput({
    size,
    interval: INTERVAL,
    state: variant.state ?? afterBaseline(),
    orders: variant.orders,
    readings: variant.readings ?? [reading(0, 1_100, 0), reading(1, 0, 600), reading(2, 0, 200), null],
    flows: variant.flows ?? [],
    meters: Array.from({ length: CAPACITY }, (_, i) => (variant.absent?.includes(i) ? null : testMeter(i))),
  });

const round = (variant: Variant, size?: Size): SettledRound => settled(inputOf(variant, size));

/** Member 0 buys 1000 Wh, 1 sells in the money, 2 and 3 share 400 Wh at the margin with 1 Wh left over; 3 has no reading. */
export const trade = (size?: Size) =>
  round(
    { orders: [order('buy', 1_000, 20_000), order('sell', 600, 12_000), order('sell', 501, 15_000), order('sell', 301, 15_000)] },
    size,
  );
/** As `trade`, but the sellers at the margin have new meters, whose first readings measure nothing, and price and grid tariff are multiples of the 500 they offer. */
export const tradeOfNewMeters = (size?: Size) =>
  round(
    {
      orders: [order('buy', 1_000, 20_000), order('sell', 600, 12_000), order('sell', 301, 15_000), order('sell', 199, 15_000)],
      readings: [reading(0, 1_100, 0), reading(1, 0, 600), reading(2, 0, 200), reading(3, 0, 0)],
      state: { ...afterBaseline(), members: afterBaseline().members.map((m, i) => (i > 1 ? { ...m, epoch: 0n } : m)) },
    },
    size,
  );
/** As `tradeOfNewMeters`, but the sellers at the margin are silent: what they sold is carried. */
export const tradeOfSilentSellers = (size?: Size) =>
  round(
    {
      orders: [order('buy', 1_000, 20_000), order('sell', 600, 12_000), order('sell', 301, 15_000), order('sell', 199, 15_000)],
      readings: [reading(0, 1_100, 0), reading(1, 0, 600), null, null],
    },
    size,
  );
/** As `trade`, but one of those who share stands before the place where left-over Wh begin: 0 and 2 share 400 Wh, 2 comes first. */
export const wrapping = (size?: Size) =>
  round(
    {
      orders: [order('sell', 301, 15_000), order('buy', 1_000, 20_000), order('sell', 501, 15_000), order('sell', 600, 12_000)],
      readings: [reading(0, 0, 100), reading(1, 900, 0), reading(2, 0, 200), null],
    },
    size,
  );
/** As `trade`, with a deposit for member 1 and withdrawals of members 0 and 1 (one covered, one not). */
export const tradeWithFlows = (flows?: readonly Flow[], size?: Size) =>
  round(
    {
      orders: [order('buy', 1_000, 20_000), order('sell', 600, 12_000), null, null],
      flows: flows ?? [
        { kind: 'deposit', index: 1, amount: 7_000_001n },
        { kind: 'withdrawal', index: 1, amount: 5_000_001n },
        { kind: 'withdrawal', index: 2, amount: 9_000_000_000_001n },
      ],
    },
    size,
  );
/** Only room between 10 000 and 20 000: 10 Wh at 15 000. */
export const spread = (size?: Size) => round({ orders: [order('buy', 10, 20_000), order('sell', 10, 10_000), null, null] }, size);
/** 95 Wh cheap, 5 Wh dearer, 100 Wh wanted: the price lies between 12 000 and 20 000. */
export const twoSellers = (size?: Size) =>
  round({ orders: [order('buy', 100, 20_000), order('sell', 95, 10_000), order('sell', 5, 12_000), null] }, size);
/** 1000 Wh wanted, 600 in the money and 401 at the margin: 1 Wh too much on offer. */
export const oneTooMuch = (size?: Size) =>
  round({ orders: [order('buy', 1_000, 20_000), order('sell', 600, 12_000), order('sell', 401, 15_000), null] }, size);
/** A buyer below a seller: no trade. */
export const apart = (size?: Size) => round({ orders: [order('buy', 5, 10_000), order('sell', 5, 20_000), null, null] }, size);
/** Nobody wants anything. */
export const idle = (size?: Size) => round({ orders: [] }, size);
/** As `idle`, and nobody's meter is heard. */
export const silent = (size?: Size) => round({ orders: [], readings: [null, null, null, null] }, size);
/** As `idle`, with other tariffs. */
export const idleAt = (buyTariff: bigint, size?: Size) => settled({ ...inputOf({ orders: [] }, size), buyTariff });
/** Nobody is registered at place 3. */
export const withGap = (size?: Size) =>
  round(
    {
      orders: [],
      absent: [3],
      state: { ...afterBaseline(), members: afterBaseline().members.map((m, i) => (i === 3 ? { ...m, epoch: 0n } : m)) },
    },
    size,
  );
/** Member 2 buys far more than it can pay and goes into debt. */
export const debtor = (size?: Size) =>
  round(
    {
      orders: [order('sell', 1_000, 10_000), null, order('buy', 1_000, 20_000), null],
      readings: [reading(0, 0, 1_000), reading(1, 10, 0), reading(2, 900, 0), reading(3, 5, 5)],
    },
    size,
  );
/** The meters' first readings. */
export const baseline = (size: Size = CAPACITY) => settled(baselineRound(size, 100n));
export { reading };
