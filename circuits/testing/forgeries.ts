// SPDX-License-Identifier: GPL-3.0-only
/** Named forgeries. `group` is the one constraint group of the circuit that refuses it: with that group removed the forgery passes. */
import { publicKeyOfScalar, SUBGROUP_ORDER, signWithScalar } from '../../src/domain/settlement/babyjubjub.ts';
import { FIELD } from '../../src/domain/settlement/field.ts';
import { readingMessage } from '../../src/domain/settlement/leaves.ts';
import type { SettledRound } from '../../src/domain/settlement/settle-round.ts';
import { onlyBatch, scalarOf } from '../../src/domain/settlement/testing/community.ts';
import type { WitnessInput } from '../../src/domain/settlement/witness.ts';
import { divide } from './lies.ts';
import type { Attempt } from './mutations.ts';
import * as rounds from './rounds.ts';
import { Forged } from './witness-values.ts';

export interface Forgery {
  readonly name: string;
  readonly group: string;
  readonly base: () => SettledRound;
  forge(f: Forged): Forged;
  /** Why the public signals are false, where nothing in them that moves money or makes certificates is another than in the honest round. */
  readonly falsehood?: string;
}

const { INTERVAL } = rounds;

/** Puts a properly signed reading in place. */
export function sign(
  f: Forged,
  index: number,
  values: { importWh?: bigint; exportWh?: bigint; sequence?: bigint; interval?: bigint; meterId?: bigint; scalar?: bigint },
): Forged {
  const reading = {
    interval: values.interval ?? f.one('interval'),
    importWh: values.importWh ?? f.at('importWh', index),
    exportWh: values.exportWh ?? f.at('exportWh', index),
    sequence: values.sequence ?? f.at('sequence', index),
  };
  const { r8, s } = signWithScalar(values.scalar ?? scalarOf(index), readingMessage(values.meterId ?? f.at('meterId', index), reading));
  f.setAt('importWh', index, reading.importWh).setAt('exportWh', index, reading.exportWh).setAt('sequence', index, reading.sequence);
  return f.setAt('R8x', index, r8[0]).setAt('R8y', index, r8[1]).setAt('S', index, s).setAt('hasReading', index, 1n);
}

export function foreignKey(f: Forged, index: number): Forged {
  const [x, y] = publicKeyOfScalar(424_242n);
  return f.setAt('Ax', index, x).setAt('Ay', index, y);
}

/** Moves the remainders of two members by one against each other, and their shares by the fraction of the field that belongs to it. */
export function withFractionalShares(f: Forged, more = 2, less = 3): Forged {
  const step = divide(1n, f.one('divisor'));
  f.setAt('rest', more, f.at('rest', more) + 1n).setAt('rest', less, f.at('rest', less) - 1n);
  return f
    .setAt('share', more, f.at('share', more) - step)
    .setAt('share', less, f.at('share', less) + step)
    .derive();
}

const honest = new Map<() => SettledRound, WitnessInput>();
/** What the forger hands in. */
export function attempt({ name, base, forge, falsehood }: Omit<Forgery, 'group'>): Attempt {
  const input = honest.get(base) ?? onlyBatch(base()).witnessInput;
  honest.set(base, input);
  const forged = forge(new Forged(input));
  return { name, honest: input, input: forged.input(), lies: forged.lies.told, ...(falsehood !== undefined && { falsehood }) };
}

/** A falsehood of a round that trades with an order for another interval. */
export const NOT_FOR_THIS_INTERVAL = 'the order under this ordersRoot is for another interval: an honest round under it does not trade it';

export const FORGERIES: readonly Forgery[] = [
  // readings
  {
    name: 'a reading 1 Wh higher than signed',
    group: 'reading-signature',
    base: rounds.trade,
    forge: (f) => f.setAt('importWh', 0, f.at('importWh', 0) + 1n).derive(),
  },
  {
    name: 'an export reading 1 Wh higher than signed',
    group: 'reading-signature',
    base: rounds.trade,
    forge: (f) => f.setAt('exportWh', 1, f.at('exportWh', 1) + 1n).derive(),
  },
  {
    name: 'a reading invented for a member that sent none',
    group: 'reading-signature',
    base: rounds.trade,
    forge: (f) => f.setAt('hasReading', 3, 1n).setAt('importWh', 3, 4_000n).setAt('exportWh', 3, 900n).setAt('sequence', 3, 9n).derive(),
  },
  {
    name: "another interval's reading",
    group: 'reading-signature',
    base: rounds.trade,
    forge: (f) => sign(f, 0, { importWh: 2_050n, interval: INTERVAL - 1n }).derive(),
  },
  {
    name: "another meter's reading",
    group: 'reading-signature',
    base: rounds.trade,
    forge: (f) => sign(f, 0, { importWh: 2_050n, meterId: 2n, scalar: scalarOf(1) }).derive(),
  },
  {
    name: 'a reading signed with a foreign key',
    group: 'reading-signature',
    base: rounds.trade,
    forge: (f) => sign(f, 0, { importWh: 2_050n, scalar: 424_242n }).derive(),
  },
  {
    name: 'a signature made malleable by the group order',
    group: 'reading-signature',
    base: rounds.trade,
    forge: (f) => f.setAt('S', 0, f.at('S', 0) + SUBGROUP_ORDER).derive(),
    falsehood: 'the reading is the meter’s, the signature is not: nobody may make a second one of it',
  },
  {
    name: 'an import register rolled back',
    group: 'import-register-grows',
    base: rounds.trade,
    forge: (f) => sign(f, 0, { importWh: 900n }).derive(),
  },
  {
    name: 'an export register rolled back',
    group: 'export-register-grows',
    base: rounds.trade,
    forge: (f) => sign(f, 1, { exportWh: 400n }).derive(),
  },
  {
    name: 'an import register that jumps 2^32 Wh',
    group: 'import-register-grows',
    base: rounds.trade,
    forge: (f) => sign(f, 0, { importWh: 1_000n + (1n << 32n) }).derive(),
  },
  {
    name: 'a replayed reading with an old sequence',
    group: 'sequence-grows',
    base: rounds.trade,
    forge: (f) => sign(f, 0, { sequence: 1n }).derive(),
  },
  {
    name: 'a first reading beyond the register width',
    group: 'register-range',
    base: rounds.baseline,
    forge: (f) => sign(f, 2, { importWh: 1n << 50n }).derive(),
  },
  {
    name: 'a first reading just below the end of the field',
    group: 'register-range',
    base: rounds.baseline,
    forge: (f) => sign(f, 2, { exportWh: FIELD - 3n }).derive(),
  },
  { name: 'a reading counted twice', group: 'reading-boolean', base: rounds.trade, forge: (f) => f.setAt('hasReading', 0, 2n).derive() },
  {
    name: 'a certificate for an unregistered generator',
    group: 'reading-needs-meter',
    base: rounds.withGap,
    forge: (f) =>
      sign(foreignKey(f, 3).setAt('flags', 3, 3n).setAt('oldEpoch', 3, 0n), 3, {
        importWh: 4_000n,
        exportWh: 99_999n,
        sequence: 5n,
        scalar: 424_242n,
      }).derive(),
  },
  // registry
  {
    name: "a foreign key in a member's place",
    group: 'registry-root',
    base: rounds.trade,
    forge: (f) => sign(foreignKey(f, 0), 0, { importWh: 1_001n, scalar: 424_242n }).derive(),
  },
  {
    name: 'a storage site passed off as renewable',
    group: 'registry-root',
    base: rounds.trade,
    forge: (f) => f.setAt('flags', 1, 3n).derive(),
  },
  {
    name: 'a registered member left out',
    group: 'registry-root',
    base: rounds.idle,
    forge: (f) => f.setAt('present', 3, 0n).setAt('hasReading', 3, 0n).derive(),
  },
  {
    name: 'two members exchanged',
    group: 'registry-root',
    base: rounds.idle,
    forge: (f) =>
      f.setAt('meterId', 1, 3n).setAt('meterId', 2, 2n).setAt('hasReading', 1, 0n).setAt('hasReading', 2, 0n).derive({ recommit: true }),
  },
  {
    name: 'a member scaled into another key',
    group: 'present-boolean',
    base: rounds.idle,
    forge: (f) => {
      const leaf = f.registryLeaves()[3] as bigint;
      foreignKey(f, 3).setAt('present', 3, 1n);
      return f.setAt('present', 3, divide(leaf, f.registryLeaves()[3] as bigint)).derive();
    },
  },
  // orders
  {
    name: 'an order changed after the gate',
    group: 'orders-root',
    base: rounds.trade,
    forge: (f) => f.setAt('orderQuantityWh', 1, 500n).reshare(),
  },
  {
    name: 'an order dropped after the gate',
    group: 'orders-root',
    base: rounds.spread,
    forge: (f) => f.setAt('orderQuantityWh', 1, 0n).set('traded', 0n).set('price', 0n).set('low', 20_001n).set('high', 20_001n).derive(),
  },
  {
    name: 'an order invented for nobody',
    group: 'order-needs-meter',
    base: rounds.withGap,
    forge: (f) => {
      f.setAt('orderQuantityWh', 3, 7n).setAt('orderSide', 3, 1n).setAt('orderLimit', 3, 1n);
      f.setAt('orderQuantityWh', 0, 7n).setAt('orderLimit', 0, 20_000n);
      return f.set('low', 1n).set('high', 20_000n).set('traded', 1n).set('price', 10_000n).set('parity', 1n).derive({ recommit: true });
    },
  },
  {
    name: "another interval's order",
    group: 'order-scope-boolean',
    base: rounds.trade,
    forge: (f) => f.setAt('orderForInterval', 0, divide(INTERVAL + 7n, INTERVAL)).derive({ recommit: true }),
    falsehood: NOT_FOR_THIS_INTERVAL,
  },
  {
    name: 'a sale of a negative quantity, so that another sells more than is bought',
    group: 'quantity-range',
    base: rounds.spread,
    forge: (f) =>
      f
        .setAt('orderQuantityWh', 1, 15n)
        .setAt('orderSide', 2, 1n)
        .setAt('orderQuantityWh', 2, -5n)
        .setAt('orderLimit', 2, 10_000n)
        .derive({ recommit: true }),
  },
  {
    name: 'a limit price beyond its width that lifts the price',
    group: 'limit-range',
    base: rounds.spread,
    forge: (f) => {
      const limit = (1n << 32n) + 5n;
      f.setAt('orderLimit', 0, limit).set('high', limit).set('parity', 1n);
      return f.set('price', (limit + 10_000n) / 2n).derive({ recommit: true });
    },
  },
  {
    name: 'a seller on side 2, paid for three times what its fill is',
    group: 'side-boolean',
    base: rounds.spread,
    forge: (f) =>
      f
        .setAt('orderQuantityWh', 1, 6n)
        .setAt('orderSide', 2, 2n)
        .setAt('orderQuantityWh', 2, 2n)
        .setAt('orderLimit', 2, 10_000n)
        .derive({ recommit: true }),
  },
  // price and allocation
  {
    name: 'a price under the clearing interval',
    group: 'low-clears',
    base: rounds.twoSellers,
    forge: (f) => f.set('low', 10_000n).set('price', 15_000n).derive(),
  },
  {
    name: 'a lower price bound set too high',
    group: 'low-is-lowest',
    base: rounds.spread,
    forge: (f) => f.set('low', 15_000n).set('price', 17_500n).derive(),
  },
  {
    name: 'a price over the clearing interval',
    group: 'high-clears',
    base: rounds.spread,
    forge: (f) => f.set('high', 25_000n).set('price', 17_500n).derive(),
  },
  {
    name: 'an upper price bound set too low',
    group: 'high-is-highest',
    base: rounds.spread,
    forge: (f) => f.set('high', 15_000n).set('price', 12_500n).derive(),
  },
  {
    name: 'a price at the buyer’s end of the interval',
    group: 'price-rule',
    base: rounds.spread,
    forge: (f) => f.set('price', 20_000n).derive(),
  },
  {
    name: 'a price of half a unit, in the field',
    group: 'price-range',
    base: rounds.spread,
    forge: (f) => f.set('parity', 1n).set('price', divide(29_999n, 2n)).derive(),
  },
  {
    name: 'a price one below the midpoint',
    group: 'parity-boolean',
    base: rounds.spread,
    forge: (f) => f.set('price', 14_999n).set('parity', 2n).derive(),
  },
  {
    name: 'a round declared without trade although orders cross',
    group: 'no-trade-is-true',
    base: rounds.spread,
    forge: (f) => f.set('traded', 0n).set('price', 0n).set('low', 5_000n).set('high', 5_000n).set('rationedSide', 0n).derive(),
  },
  {
    name: 'a price declared without any trade',
    group: 'traded-means-volume',
    base: rounds.apart,
    forge: (f) => f.set('traded', 1n).set('low', 10_000n).set('high', 20_000n).set('price', 15_000n).derive(),
  },
  {
    name: 'more sold than bought',
    group: 'rationed-side-is-longer',
    base: rounds.oneTooMuch,
    forge: (f) => {
      f.set('rationedSide', 0n);
      for (const i of f.rationing().members.length === 0 ? [2] : []) f.setAt('share', i, 0n).setAt('rest', i, 0n);
      return f.derive();
    },
  },
  {
    name: 'a rationed side that is neither, so that sellers at the margin buy',
    group: 'rationed-side-boolean',
    base: rounds.trade,
    forge: (f) => f.set('rationedSide', 2n).reshare(),
  },
  {
    name: 'a stolen share of 1 Wh',
    group: 'pro-rata-division',
    base: rounds.trade,
    forge: (f) =>
      f
        .setAt('share', 2, f.at('share', 2) + 1n)
        .setAt('share', 3, f.at('share', 3) - 1n)
        .derive(),
  },
  {
    name: 'shares that are fractions of the field',
    group: 'short-range',
    base: rounds.tradeOfNewMeters,
    forge: (f) => {
      withFractionalShares(f);
      for (const i of [2, 3]) f.setAt('shortWh', i, f.at('shortWh', i) - f.at('surplusWh', i)).setAt('surplusWh', i, 0n);
      return f.derive();
    },
  },
  {
    name: 'shares of silent members that are fractions of the field',
    group: 'carried-range',
    base: rounds.tradeOfSilentSellers,
    forge: (f) => withFractionalShares(f),
  },
  {
    name: 'a share rounded up',
    group: 'remainder-range',
    base: rounds.trade,
    forge: (f) =>
      f
        .setAt('share', 3, f.at('share', 3) + 1n)
        .setAt('rest', 3, f.at('rest', 3) - f.rationing().divisor)
        .derive(),
  },
  {
    name: 'a share rounded down twice',
    group: 'remainder-below-divisor',
    base: rounds.trade,
    forge: (f) =>
      f
        .setAt('share', 2, f.at('share', 2) - 1n)
        .setAt('rest', 2, f.at('rest', 2) + f.rationing().divisor)
        .derive(),
  },
  // delivery and money
  {
    name: 'consumption beyond the position not charged',
    group: 'delivery-difference',
    base: rounds.trade,
    forge: (f) => f.setAt('shortWh', 0, 0n).derive(),
  },
  {
    name: 'energy bought from and sold to the grid at once',
    group: 'one-sided-difference',
    base: rounds.trade,
    forge: (f) =>
      f
        .setAt('shortWh', 0, f.at('shortWh', 0) + 10n)
        .setAt('surplusWh', 0, 10n)
        .derive(),
  },
  {
    name: 'a surplus paid at the grid tariff',
    group: 'short-range',
    base: rounds.debtor,
    forge: (f) => f.setAt('shortWh', 2, -f.at('surplusWh', 2)).setAt('surplusWh', 2, 0n).derive(),
  },
  {
    name: 'a shortage charged at the feed-in tariff',
    group: 'surplus-range',
    base: rounds.trade,
    forge: (f) => f.setAt('surplusWh', 0, -f.at('shortWh', 0)).setAt('shortWh', 0, 0n).derive(),
  },
  {
    name: 'a carried position beyond its width',
    group: 'carried-range',
    base: rounds.trade,
    forge: (f) => f.setAt('oldCarried', 3, 2n).derive({ restate: true }),
  },
  {
    name: 'an inflated new balance',
    group: 'balance-equation',
    base: rounds.trade,
    forge: (f) => f.setAt('settledBalance', 2, f.at('settledBalance', 2) + 1_000_000n).derive(),
  },
  {
    name: 'a rounding skim of 1 micro-cent',
    group: 'balance-equation',
    base: rounds.trade,
    forge: (f) => f.setAt('settledBalance', 0, f.at('settledBalance', 0) - 1n).derive(),
  },
  {
    name: 'money lent by the default account',
    group: 'balance-or-debt',
    base: rounds.trade,
    forge: (f) =>
      f
        .setAt('settledBalance', 2, f.at('settledBalance', 2) + 5n)
        .setAt('newDebt', 2, f.at('newDebt', 2) + 5n)
        .derive(),
  },
  {
    name: 'a negative balance',
    group: 'balance-range',
    base: rounds.debtor,
    forge: (f) => f.setAt('settledBalance', 2, -f.at('newDebt', 2)).setAt('newDebt', 2, 0n).derive(),
  },
  {
    name: 'a negative debt',
    group: 'debt-range',
    base: rounds.trade,
    forge: (f) => f.setAt('newDebt', 1, -f.at('settledBalance', 1)).setAt('settledBalance', 1, 0n).derive(),
  },
  {
    name: 'an inflated old balance',
    group: 'old-root',
    base: rounds.trade,
    forge: (f) => f.setAt('oldBalance', 2, f.at('oldBalance', 2) + 1_000_000n).derive(),
  },
  {
    name: "another community's state",
    group: 'old-root',
    base: rounds.trade,
    forge: (f) => {
      for (const i of [0, 1, 2, 3]) f.setAt('oldBalance', i, 5_000_000_000_000n + BigInt(i));
      return f.derive();
    },
  },
  {
    name: 'a new root that hides another balance',
    group: 'new-root',
    base: rounds.trade,
    forge: (f) => f.set('newRoot', f.one('newRoot') + 1n).derive(),
  },
  // deposits and withdrawals
  {
    name: 'a deposit that is not in the queue',
    group: 'flows-are-the-queue',
    base: () => rounds.tradeWithFlows(),
    forge: (f) => f.setAt('flowAmount', 0, f.at('flowAmount', 0) + 1_000n).derive(),
  },
  {
    name: "a deposit turned to another member's credit",
    group: 'flows-are-the-queue',
    base: () => rounds.tradeWithFlows(),
    forge: (f) => f.setAt('flowIndex', 0, 2n).derive(),
  },
  {
    name: 'an amount that swallows the index',
    group: 'flow-amount-range',
    base: () => rounds.tradeWithFlows([{ kind: 'deposit', index: 1, amount: 7n }]),
    forge: (f) =>
      f
        .setAt('flowAmount', 0, 7n + (1n << 64n))
        .setAt('flowIndex', 0, 0n)
        .derive(),
  },
  {
    name: 'an index that swallows the kind',
    group: 'flow-index-range',
    base: () => rounds.tradeWithFlows([{ kind: 'withdrawal', index: 1, amount: 7n }]),
    forge: (f) =>
      f
        .setAt('flowIndex', 0, (1n << 16n) + 1n)
        .setAt('flowWithdrawal', 0, 0n)
        .derive(),
  },
  {
    name: 'a deposit that pays a withdrawal beside it',
    group: 'flow-kind-boolean',
    base: () =>
      rounds.tradeWithFlows([
        { kind: 'deposit', index: 0, amount: 8n },
        { kind: 'deposit', index: 1, amount: 9n },
      ]),
    forge: (f) => f.setAt('flowWithdrawal', 0, 2n).setAt('flowAmount', 1, 8n).derive(),
  },
  // public words
  {
    name: 'a tariff that wraps into the next one',
    group: 'terms-range',
    base: rounds.trade,
    forge: (f) =>
      f
        .set('buyTariff', f.one('buyTariff') + (1n << 32n))
        .set('sellTariff', f.one('sellTariff') - 1n)
        .derive(),
  },
  {
    name: 'a tariff that wraps into the interval',
    group: 'terms-range',
    base: rounds.debtor,
    forge: (f) => {
      f.set('sellTariff', f.one('sellTariff') + (1n << 32n)).set('interval', INTERVAL - 1n);
      for (const i of [0, 1, 2, 3]) if (f.at('hasReading', i) === 1n) sign(f, i, {});
      return f.derive({ recommit: true });
    },
  },
  {
    name: 'tariffs other than the published ones',
    group: 'terms-are-public',
    base: rounds.debtor,
    forge: (f) =>
      f
        .set('terms', f.one('terms'))
        .set('sellTariff', f.one('sellTariff') + 1n)
        .derive(),
  },
  {
    name: 'another interval in public',
    group: 'terms-are-public',
    base: rounds.trade,
    forge: (f) => f.set('terms', f.one('terms') + (1n << 96n)).derive(),
  },
  {
    name: 'more certificate energy in public than proven',
    group: 'totals-are-public',
    base: rounds.trade,
    forge: (f) => f.set('totals', f.one('totals') + (1n << 184n)).derive(),
  },
  {
    name: 'a skim from the grid account',
    group: 'totals-are-public',
    base: rounds.trade,
    forge: (f) => f.set('totals', f.one('totals') - 1n).derive(),
  },
  {
    name: 'a carried member kept silent',
    group: 'totals-are-public',
    base: rounds.trade,
    forge: (f) => f.set('totals', f.one('totals') - (1n << 224n)).derive(),
  },
  {
    name: 'an uncovered withdrawal declared paid',
    group: 'totals-are-public',
    base: () => rounds.tradeWithFlows(),
    forge: (f) => f.set('totals', f.one('totals') + (1n << 234n)).derive(),
  },
  {
    name: 'a default total beyond its width',
    group: 'totals-range',
    base: rounds.trade,
    forge: (f) =>
      f
        .setAt('oldBalance', 2, 1n << 95n)
        .setAt('oldDebt', 2, 1n << 95n)
        .derive({ restate: true }),
  },
  // claims about the whole round
  {
    name: 'a Wh more to share than the volume leaves',
    group: 'claim-to-share',
    base: rounds.trade,
    forge: (f) => f.set('toShare', f.one('toShare') + 1n).reshare(),
  },
  {
    name: 'shares of less than is offered, so that more is sold than bought',
    group: 'claim-divisor',
    base: rounds.trade,
    forge: (f) => f.set('divisor', 790n).reshare(),
  },
  {
    name: 'fewer orders counted, so that one before the start gets a left-over Wh too',
    group: 'claim-counted',
    base: rounds.wrapping,
    forge: (f) => f.set('countedTotal', 0n).derive(),
  },
  {
    name: 'fewer orders before the start, so that nobody gets the left-over Wh',
    group: 'claim-start',
    base: rounds.wrapping,
    forge: (f) => f.set('countedBeforeStart', 0n).derive(),
  },
  {
    name: 'a left-over Wh invented',
    group: 'claim-leftover',
    base: rounds.trade,
    forge: (f) => f.set('leftover', f.one('leftover') + 1n).derive(),
  },
];

/** Refused by more than one group, or by what `mutations.test.ts` lists as not needed. */
export const OTHER_FORGERIES: readonly Omit<Forgery, 'group'>[] = [
  {
    name: 'a signature point off the curve',
    base: rounds.trade,
    forge: (f) => f.setAt('R8x', 3, 5n).setAt('R8y', 3, 7n).derive(),
  },
  {
    name: 'a price that wraps into the grid tariff',
    base: rounds.spread,
    forge: (f) =>
      f
        .set('price', f.one('price') + (1n << 32n))
        .set('buyTariff', f.one('buyTariff') - 1n)
        .derive(),
  },
];
