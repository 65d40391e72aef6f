// SPDX-License-Identifier: GPL-3.0-only
/** Forgeries of rounds that are settled in two parts of two members. */
import type { BatchLayout } from '../../src/domain/settlement/limits.ts';
import type { SettledRound } from '../../src/domain/settlement/settle-round.ts';
import type { WitnessInput } from '../../src/domain/settlement/witness.ts';
import { foreignKey, sign, withFractionalShares } from './forgeries.ts';
import { divide } from './lies.ts';
import * as rounds from './rounds.ts';
import { Forged } from './witness-values.ts';

export const PARTS_LAYOUT: BatchLayout = { batchMembers: 2, parts: 2 };

interface PartForgery {
  readonly name: string;
  readonly group: string;
  forge(): Forged;
}

/** Places among the sums that run on. */
const [MONEY, CERTIFICATES] = [13, 15];
const one = (input: WitnessInput, name: string): bigint => BigInt(input[name] as string);

export function partsOf(round = rounds.trade(PARTS_LAYOUT)): [WitnessInput, WitnessInput] {
  const [first, second] = round.batches;
  if (first === undefined || second === undefined) throw new Error('the round has no two parts');
  return [first.witnessInput, second.witnessInput];
}

const first = (round?: SettledRound) => new Forged(partsOf(round)[0]);
const second = (round?: SettledRound) => new Forged(partsOf(round)[1]);
/** More has run into the part. */
const withMore = (f: Forged, sum: number, more: bigint) => f.setAt('runningIn', sum, f.at('runningIn', sum) + more);

/** An idle round's first part, charged at a grid tariff of the prover's own: a `traded` that is no bit makes up for it in the public terms. */
function chargedAtWill(): Forged {
  const terms = first(rounds.idle(PARTS_LAYOUT)).one('terms');
  const f = first(rounds.idleAt((1n << 32n) - 1n, PARTS_LAYOUT));
  const rest = (f.one('buyTariff') << 32n) + (f.one('sellTariff') << 64n) + (f.one('interval') << 96n);
  // Without a buyer, bounds of 0 are true claims, and the price rule then says nothing of `traded`.
  f.set('low', 0n).set('high', 0n).set('parity', 0n);
  return f
    .set('terms', terms)
    .set('traded', divide(terms - rest, 1n << 136n))
    .derive();
}

/** What a part may change, with the tree that would show it. */
const CHANGES: Readonly<Record<string, (f: Forged) => Forged>> = {
  registry: (f) => sign(foreignKey(f, 0), 0, { importWh: 1_001n, scalar: 424_242n }),
  orders: (f) => f.setAt('orderQuantityWh', 1, 500n),
  old: (f) => f.setAt('oldBalance', 0, 1n << 60n),
};
/** A part changed below a tree, with a sibling on its way up to fit the lie that the part's own root is on the left as it was. */
function besideWhatWas(tree: string): Forged {
  const siblings = `${tree === 'old' ? 'state' : tree}Siblings`;
  const dense = `${tree === 'old' ? 'oldState' : tree}.node[0].out`;
  const f = first().keep(`${tree}Top.left[0]`);
  const was = f.lies.said(dense);
  CHANGES[tree]?.(f).derive();
  return f.setAt(siblings, 0, f.at(siblings, 0) + was - f.lies.said(dense)).derive();
}

const aimedAt = (group: string, name: string, forge: PartForgery['forge']): PartForgery => ({ name, group, forge });

/** For each group that stands only in circuits of several parts, and for some that mean more there. */
export const PART_FORGERIES: readonly PartForgery[] = [
  aimedAt('traded-boolean', 'a tariff of the prover’s own in an idle round', chargedAtWill),
  aimedAt('first-part-starts-empty', 'money that runs into the first part from nowhere', () => withMore(first(), MONEY, 1_000n).derive()),
  ...Array.from({ length: 18 }, (_, sum) =>
    aimedAt('first-part-starts-empty', `sum ${sum} begun above nothing in the first part`, () => withMore(first(), sum, 1n).derive()),
  ),
  aimedAt('carry-in', 'more money taken over than the part before left', () => {
    const f = second();
    return withMore(f.set('carryIn', f.one('carryIn')), MONEY, 1_000n).derive();
  }),
  aimedAt('carry-out', 'more money left for the next part than ran through this one', () =>
    first().set('carryOut', withMore(first(), MONEY, 1_000n).derive().one('carryOut')),
  ),
  aimedAt('carried-range', 'shares of silent members that are fractions of the field, in the last part', () =>
    withFractionalShares(second(rounds.tradeOfSilentSellers(PARTS_LAYOUT)), 0, 1),
  ),
  aimedAt('Settle.place', 'the accounts of the other part moved in the place of this one', () => {
    const f = second(rounds.idle(PARTS_LAYOUT)).set('partIndex', 0n).lie('place.out[0]', 1n);
    for (const sum of f.many('runningIn').keys()) f.setAt('runningIn', sum, 0n);
    return f.derive();
  }),
  aimedAt('Settle.place', 'a third part of two: the place overflows its bits', () =>
    first(rounds.idle(PARTS_LAYOUT)).set('partIndex', 2n).derive(),
  ),
  aimedAt('Settle.isLast', 'a last part with a false claim that compares as not the last, so that nothing is judged', () => {
    const f = second().lie('isLast.out', 0n);
    return f.set('leftover', f.one('leftover') + 1n).derive();
  }),
  aimedAt('Settle.first', 'money from nowhere: the first part compares as a later one', () =>
    withMore(first(), MONEY, 1_000n).lie('first.out', 0n).derive(),
  ),
  aimedAt('Carry.said', 'a left-over Wh more claimed in one part than in the other', () =>
    first(rounds.wrapping(PARTS_LAYOUT)).keep('carry.said.out').set('leftover', 2n).derive(),
  ),
  aimedAt('Carry.sums', 'more money taken over than was left, with the same hash', () =>
    withMore(second().keep('carry.sums[0].out'), MONEY, 1_000n).derive(),
  ),
  aimedAt('Carry.bound', 'more certificates taken over than were left, with the same hash', () =>
    withMore(second().keep('carry.bound[0].out'), CERTIFICATES, 99_999n).derive(),
  ),
  aimedAt('Carry.sums', 'other sums left for the next part', () => first().lie('carry.sums[1].out', 4_711n).derive()),
  aimedAt('Carry.bound', 'something else left for the next part', () => first().lie('carry.bound[1].out', 4_711n).derive()),
  ...Object.entries(CHANGES).flatMap(([tree, change]) => [
    aimedAt('PathRoot.left', `a change below the ${tree} root, beside what was there`, () => besideWhatWas(tree)),
    aimedAt('PathRoot.hash', `a change below the ${tree} root, which is said to be the same`, () =>
      change(first().keep(`${tree}Top.hash[0].out`)).derive(),
    ),
  ]),
  aimedAt('PathRoot.left', 'accounts of the part under a root of other ones', () => first().lie('newTop.left[0]', 4_711n).derive()),
  aimedAt('PathRoot.hash', 'a root that is not above the accounts', () => second().lie('newTop.hash[0].out', 4_711n).derive()),
  aimedAt('Settle.told', 'money told before the last part', () => first().lie('told[0]', 5n).derive()),
  aimedAt('Settle.ran', 'money kept back from what runs on', () => first().lie('ran[13]', 0n).derive()),
  aimedAt('Market.ran', 'demand kept back from what runs on', () => first().lie('market.ran[0]', 900n).derive()),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 12].map((sum) =>
    aimedAt('Market.ran', `sum ${sum} of the market one above what ran`, () => {
      const f = first().derive();
      return f.lie(`market.ran[${sum}]`, f.lies.said(`market.ran[${sum}]`) + 1n).derive();
    }),
  ),
  aimedAt('Market.ahead', 'a left-over beyond the width of its comparator, in a part that judges nothing', () =>
    first(rounds.wrapping(PARTS_LAYOUT))
      .set('leftover', 1n << 40n)
      .lie('market.ahead[0].out', 1n)
      .lie('market.ahead[1].out', 1n)
      .derive(),
  ),
  aimedAt('Settle.firstIndex', 'a deposit of the first part’s member credited again in the second', () => {
    const f = second(rounds.tradeWithFlows(undefined, PARTS_LAYOUT)).lie('firstIndex', 0n);
    // The start of the round is passed twice, then, and the buyer that shares stands before it both times.
    return f.set('countedBeforeStart', 2n).derive();
  }),
];

/** Refused by groups that circuits of one part have too. */
export const OTHER_PART_FORGERIES: readonly { readonly name: string; input(): WitnessInput }[] = [
  {
    name: 'a price that wraps into the grid tariff, in a part that judges nothing',
    input: () => {
      const f = first(rounds.spread(PARTS_LAYOUT));
      return f
        .set('price', f.one('price') + (1n << 32n))
        .set('buyTariff', f.one('buyTariff') - 1n)
        .derive()
        .input();
    },
  },
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
