// SPDX-License-Identifier: GPL-3.0-only
/** Forgeries of rounds that are settled in two parts of two members. */
import type { BatchLayout } from '../../src/domain/settlement/limits.ts';
import { carry } from '../../src/domain/settlement/parts.ts';
import type { WitnessInput } from '../../src/domain/settlement/witness.ts';
import * as rounds from './rounds.ts';
import { divide } from './witness-values.ts';

export const PARTS_LAYOUT: BatchLayout = { batchMembers: 2, parts: 2 };

interface PartForgery {
  readonly name: string;
  readonly group: string;
  input(): WitnessInput;
}

/** Place of the money among the sums that run on. */
const MONEY = 13;
const one = (input: WitnessInput, name: string): bigint => BigInt(input[name] as string);
const many = (input: WitnessInput, name: string): bigint[] => (input[name] as string[]).map(BigInt);

export function partsOf(round = rounds.trade(PARTS_LAYOUT)): [WitnessInput, WitnessInput] {
  const [first, second] = round.batches;
  if (first === undefined || second === undefined) throw new Error('the round has no two parts');
  return [first.witnessInput, second.witnessInput];
}

const withMore = (sums: readonly bigint[], money: bigint) => sums.map((sum, k) => (k === MONEY ? sum + money : sum));

const claimsOf = (input: WitnessInput) => ({
  rationedSide: one(input, 'rationedSide'),
  toShare: one(input, 'toShare'),
  divisor: one(input, 'divisor'),
  countedTotal: one(input, 'countedTotal'),
  countedBeforeStart: one(input, 'countedBeforeStart'),
  leftover: one(input, 'leftover'),
});

/** What the first part leaves when `money` more has run through it. */
function leaves(money: bigint): string {
  const [first, second] = partsOf();
  const claims = { low: one(first, 'low'), high: one(first, 'high'), ...claimsOf(first) };
  return carry(claims, withMore(many(second, 'runningIn'), money), one(first, 'carryOutSalt')).toString();
}

/** An idle round's first part, charged at a grid tariff of the prover's own: a `traded` that is no bit makes up for it in the public terms. */
function chargedAtWill(): WitnessInput {
  const [honest] = partsOf(rounds.idle(PARTS_LAYOUT));
  const forged = rounds.idleAt((1n << 32n) - 1n, PARTS_LAYOUT);
  const [first, second] = partsOf(forged);
  const rest = (one(first, 'buyTariff') << 32n) + (one(first, 'sellTariff') << 64n) + (one(first, 'interval') << 96n);
  // Without a buyer, bounds of 0 are true claims, and the price rule then says nothing of `traded`.
  const bent = { ...first, low: '0', high: '0', parity: '0' };
  const claims = { low: 0n, high: 0n, ...claimsOf(first) };
  return {
    ...bent,
    terms: honest.terms as string,
    traded: divide(one(honest, 'terms') - rest, 1n << 136n).toString(),
    carryOut: carry(claims, many(second, 'runningIn'), one(first, 'carryOutSalt')).toString(),
  };
}

/** One for each group that stands only in circuits of several parts. */
export const PART_FORGERIES: readonly PartForgery[] = [
  { name: 'a tariff of the prover’s own in an idle round', group: 'traded-boolean', input: chargedAtWill },
  {
    name: 'money that runs into the first part from nowhere',
    group: 'first-part-starts-empty',
    input: () => {
      const [first] = partsOf();
      return { ...first, runningIn: withMore(many(first, 'runningIn'), 1_000n).map(String), carryOut: leaves(1_000n) };
    },
  },
  {
    name: 'more money taken over than the part before left',
    group: 'carry-in',
    input: () => {
      const [, second] = partsOf();
      return {
        ...second,
        runningIn: withMore(many(second, 'runningIn'), 1_000n).map(String),
        totals: (one(second, 'totals') + 1_000n).toString(),
      };
    },
  },
  {
    name: 'more money left for the next part than ran through this one',
    group: 'carry-out',
    input: () => ({ ...partsOf()[0], carryOut: leaves(1_000n) }),
  },
];

/** Refused by groups that circuits of one part have too. */
export const OTHER_PART_FORGERIES: readonly Omit<PartForgery, 'group'>[] = [
  { name: 'a part in the place of another', input: () => ({ ...partsOf()[0], partIndex: '1' }) },
  {
    name: 'price bounds moved between two parts',
    input: () => {
      const [, second] = partsOf();
      return { ...second, high: (one(second, 'high') + 1n).toString(), parity: '1' };
    },
  },
  {
    name: 'totals told before the last part',
    input: () => {
      const [first] = partsOf();
      return { ...first, totals: (one(first, 'totals') + 5n).toString() };
    },
  },
  {
    name: "another part's accounts moved along",
    input: () => {
      const [first, second] = partsOf();
      return { ...first, newRoot: second.newRoot as string };
    },
  },
  {
    name: 'one order more to share with than there is',
    input: () => {
      const [, second] = partsOf();
      return { ...second, countedTotal: (one(second, 'countedTotal') + 1n).toString() };
    },
  },
  {
    name: 'a withdrawal granted in the part of another member',
    input: () => {
      const round = rounds.tradeWithFlows(undefined, PARTS_LAYOUT);
      const [first] = partsOf(round);
      return { ...first, totals: (one(first, 'totals') + (1n << 241n)).toString() };
    },
  },
];
