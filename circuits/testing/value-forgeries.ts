// SPDX-License-Identifier: GPL-3.0-only
/**
 * Forgeries that lie about a value which the circuit works out: `group` is `Template.signal` of the constraint that defines it. Each line says what
 * the forger gains, and which value, by the name that circom gives it, it lies about.
 */
import { type Forgery, foreignKey, NOT_FOR_THIS_INTERVAL, sign } from './forgeries.ts';
import { divide } from './lies.ts';
import * as rounds from './rounds.ts';
import type { Forged } from './witness-values.ts';

const { trade, tradeOfNewMeters, oneTooMuch, spread, twoSellers, apart, debtor } = rounds;
const tradeWithFlows = () => rounds.tradeWithFlows();
const silent = () => rounds.silent();
const HALF = divide(1n, 2n);
const CARRIED_ZERO = 1n << 48n;

const aimedAt = (group: string, name: string, base: Forgery['base'], forge: Forgery['forge'], falsehood?: string): Forgery => ({
  ...{ name, group, base, forge },
  ...(falsehood !== undefined && { falsehood }),
});
/** One lie, and what follows. */
const lie = (path: string, value: bigint) => (f: Forged) => f.lie(path, value).derive();
/** One lie, with shares to fit. */
const lieAndShare = (path: string, value: bigint) => (f: Forged) => f.lie(path, value).reshare();
/** A round that is declared without trade although orders cross. */
const undeclared = (f: Forged) => f.set('traded', 0n).set('price', 0n).set('low', 5_000n).set('high', 5_000n).set('rationedSide', 0n);

const DELIVERY: readonly Forgery[] = [
  aimedAt('Delivery.measured', 'a new meter’s first reading that measures', tradeOfNewMeters, lie('delivery[2].measured', 1n)),
  aimedAt('Delivery.importedWh', 'consumption that the meter counted and nobody pays', trade, lie('delivery[0].importedWh', 1_000n)),
  aimedAt('Delivery.exportedWh', 'energy delivered that the meter did not count', trade, lie('delivery[1].exportedWh', 9_999n)),
  aimedAt('Delivery.sequenceStep', 'an old sequence passed off as the next', trade, (f) =>
    sign(f, 0, { sequence: 1n }).lie('delivery[0].sequenceStep', 0n).derive(),
  ),
  aimedAt(
    'Delivery.newImportWh',
    'a register set ahead, so that what is consumed next is free',
    trade,
    lie('delivery[0].newImportWh', 9_000n),
  ),
  aimedAt(
    'Delivery.newExportWh',
    'a register set back, so that the same energy is sold again',
    trade,
    lie('delivery[1].newExportWh', 500n),
  ),
  aimedAt('Delivery.newSequence', 'a sequence set back, so that a reading can come again', trade, lie('delivery[0].newSequence', 0n)),
  aimedAt('Delivery.owedWh', 'more due to a buyer than it bought', trade, lie('delivery[0].owedWh', 1_100n)),
  aimedAt(
    'Delivery.newCarried',
    'what a silent seller still has to deliver, forgotten',
    trade,
    lie('delivery[3].newCarried', CARRIED_ZERO),
  ),
  aimedAt('Delivery.dueWh', 'a seller excused from what it did not deliver', trade, lie('delivery[2].dueWh', -200n)),
  aimedAt('Settle.positionWh', 'a seller paid for more than was sold', trade, lie('positionWh[1]', -6_000n)),
  aimedAt('Settle.sameEpoch', 'a new meter passed off as the old one', tradeOfNewMeters, lie('sameEpoch[2].out', 1n)),
  aimedAt('Settle.newEpoch', 'a new meter that begins again with every reading', tradeOfNewMeters, lie('newEpoch[2]', 0n)),
  aimedAt('Settle.certifiedWh', 'certificates for energy that nobody fed in', trade, lie('certifiedWh[0]', 99_999n)),
  aimedAt('Settle.flagBits', 'certificates for a site that is not renewable only', trade, (f) => {
    f.derive();
    return f.lie('flagBits[1].out[0]', 1n - f.lies.said('flagBits[1].out[0]')).derive();
  }),
  aimedAt(
    'Settle.flagBits',
    'flags beyond eight bits',
    trade,
    (f) => f.setAt('flags', 3, f.at('flags', 3) + 256n).derive({ reregister: true }),
    'no registry has such a leaf: its flags are of eight bits',
  ),
];

const MONEY: readonly Forgery[] = [
  aimedAt('Payment.trade', 'a trade paid at a price of the forger’s own', trade, lie('payment[2].trade', -9_000_000_000n)),
  aimedAt('Payment.bought', 'grid energy that costs nothing', trade, lie('payment[0].bought', 0n)),
  aimedAt('Payment.sold', 'a surplus paid above the feed-in tariff', debtor, lie('payment[2].sold', 9_000_000_000n)),
  aimedAt('Payment.money', 'a buyer let off its bill', trade, lie('payment[0].money', 0n)),
  aimedAt('Flows.depositAmount', 'a deposit credited tenfold', tradeWithFlows, lie('flow.depositAmount[0]', 70_000_010n)),
  aimedAt('Flows.hit', 'a deposit that reaches another member', tradeWithFlows, (f) =>
    f.lie('flow.hit[0][1].out', 0n).lie('flow.hit[0][2].out', 1n).derive(),
  ),
  aimedAt('Flows.depositPart', 'a deposit credited to two members', tradeWithFlows, lie('flow.depositPart[0][2]', 7_000_001n)),
  aimedAt('Flows.selected', 'a withdrawal covered by a balance that is not there', tradeWithFlows, lie('flow.selected[2][2]', 1n << 60n)),
  aimedAt('Flows.covered', 'an uncovered withdrawal that compares as covered', tradeWithFlows, lie('flow.covered[2].out', 1n)),
  aimedAt('Flows.covered', 'a covered withdrawal that is refused', tradeWithFlows, lie('flow.covered[1].out', 0n)),
  aimedAt('Flows.applied', 'a deposit turned into a payout', tradeWithFlows, lie('flow.applied[0]', 1n)),
  aimedAt('Flows.takenAmount', 'a payout that is taken from nobody', tradeWithFlows, lie('flow.takenAmount[1]', 0n)),
  aimedAt('Flows.taken', 'a payout taken from another member', tradeWithFlows, (f) =>
    f.lie('flow.taken[1][1]', 0n).lie('flow.taken[1][0]', 5_000_001n).derive(),
  ),
  aimedAt('Flows.balance', 'a balance raised behind the queue', tradeWithFlows, lie('flow.balance[3][1]', 1n << 60n)),
  aimedAt('Settle.firstIndex', 'every entry of the queue moved to the member before', tradeWithFlows, lie('firstIndex', 1n)),
];

const PRICE: readonly Forgery[] = [
  aimedAt('AgainstPrice.less', 'a buyer above the price that compares as below it', spread, (f) =>
    undeclared(f).lie('market.atLow.against[0].less.out', 0n).derive(),
  ),
  aimedAt(
    'AgainstPrice.same',
    'a seller at the margin filled as if its limit were lower',
    trade,
    lieAndShare('market.atLow.against[3].same.out', 0n),
  ),
  aimedAt('Curves.buyAbovePart', 'a buyer served for nothing in a round without trade', spread, (f) =>
    undeclared(f).lie('market.atLow.buyAbovePart[0]', 0n).derive(),
  ),
  aimedAt('Curves.buyAtPart', 'a Wh sold to a buyer at the margin that is none', trade, lieAndShare('market.atLow.buyAtPart[0]', 1n)),
  ...(
    [
      ['AgainstPrice.same', 'against[0].same.out', 1n, 'a buyer that compares as at the margin of a price that nobody bids'],
      ['Curves.buyAtPart', 'buyAtPart[0]', 10n, 'demand said to be at the margin of a price that nobody bids'],
      ['Curves.sellAtPart', 'sellAtPart[1]', 10n, 'supply said to be at the margin of a price that nobody bids'],
    ] as const
  ).map(([group, value, said, name]) =>
    aimedAt(group, name, spread, (f) => f.set('high', 25_000n).set('price', 17_500n).lie(`market.atHigh.${value}`, said).derive()),
  ),
  aimedAt(
    'Curves.sellAbovePart',
    'supply left out of the sum, so that more is sold than bought',
    trade,
    lieAndShare('market.atLow.sellAbovePart[3]', 301n),
  ),
  aimedAt(
    'Curves.sellAtPart',
    'supply at the margin left out, so that the others share less',
    trade,
    lieAndShare('market.atLow.sellAtPart[3]', 0n),
  ),
  aimedAt('Market.sellWh', 'a seller of one Wh more than its order', trade, lieAndShare('market.sellWh[3]', 302n)),
  aimedAt('Market.buyWh', 'a buyer of one Wh more than its order', trade, lieAndShare('market.buyWh[0]', 1_001n)),
  aimedAt('Market.ran', 'a sum of demand one Wh above its orders', trade, lieAndShare('market.ran[0]', 1_001n)),
  aimedAt('Market.ran', 'demand at a price that nobody bids', spread, (f) =>
    f.set('high', 25_000n).set('price', 17_500n).lie('market.ran[5]', 10n).derive(),
  ),
  aimedAt('Market.ran', 'a sum of marginal offers below what they are', trade, lieAndShare('market.ran[8]', 790n)),
  aimedAt('Market.ran', 'a sum of shares one Wh below what was given', trade, lie('market.ran[12]', 398n)),
  aimedAt('Market.lowClears', 'a price below the clearing ones, its check said to hold', twoSellers, (f) =>
    f.set('low', 10_000n).set('price', 15_000n).lie('market.lowClears', 0n).derive(),
  ),
  aimedAt('Market.belowLowFails', 'a lower bound that is not the lowest, its check said to hold', spread, (f) =>
    f.set('low', 15_000n).set('price', 17_500n).lie('market.belowLowFails', 0n).derive(),
  ),
  aimedAt('Market.highClears', 'a price above the clearing ones, its check said to hold', spread, (f) =>
    f.set('high', 25_000n).set('price', 17_500n).lie('market.highClears', 0n).derive(),
  ),
  aimedAt('Market.aboveHighFails', 'an upper bound that is not the highest, its check said to hold', spread, (f) =>
    f.set('high', 15_000n).set('price', 12_500n).lie('market.aboveHighFails', 0n).derive(),
  ),
  aimedAt('Market.judgedIdle', 'a round declared without trade and not judged', spread, (f) =>
    undeclared(f).lie('market.judgedIdle', 0n).derive(),
  ),
  aimedAt(
    'Market.tradedLow',
    'a marginal seller filled in full: the price said not to be its limit',
    oneTooMuch,
    lieAndShare('market.tradedLow', 1n),
  ),
  aimedAt(
    'Market.priceIsLow',
    'a marginal seller filled in full: the price compares as another',
    oneTooMuch,
    lieAndShare('market.priceIsLow.out', 0n),
  ),
  aimedAt('Market.buyMarginal', 'a Wh of demand at the margin invented', trade, lieAndShare('market.buyMarginal', 1n)),
  aimedAt('Market.sellMarginal', 'a Wh of supply at the margin denied', trade, lieAndShare('market.sellMarginal', 801n)),
  aimedAt('Market.buyTotal', 'a Wh of demand invented', trade, lieAndShare('market.buyTotal', 1_001n)),
  aimedAt('Market.surplus', 'the shorter side rationed: no surplus said to be on the other', oneTooMuch, (f) =>
    f.set('rationedSide', 0n).lie('market.surplus', 0n).reshare(),
  ),
  aimedAt('Market.judgedSurplus', 'the shorter side rationed, and not judged', oneTooMuch, (f) =>
    f.set('rationedSide', 0n).lie('market.judgedSurplus', 0n).reshare(),
  ),
  aimedAt('Market.volume', 'a volume of one Wh more than was bought', trade, lieAndShare('market.volume', 1_001n)),
  aimedAt('Market.noVolume', 'a price without any trade, the volume said not to be nothing', apart, (f) =>
    f.set('traded', 1n).set('low', 10_000n).set('high', 20_000n).set('price', 15_000n).lie('market.noVolume.out', 0n).derive(),
  ),
  aimedAt(
    'Market.strictOnRationed',
    'a Wh in the money denied, so that the margin shares one more',
    trade,
    lieAndShare('market.strictOnRationed', 599n),
  ),
];

const FILLS: readonly Forgery[] = [
  aimedAt('Market.marginal', 'a marginal order taken as in the money', trade, lieAndShare('market.marginal[3]', 0n)),
  aimedAt('Market.inMoney', 'an order in the money that is not filled', trade, lie('market.inMoney[1]', 0n)),
  aimedAt('Market.inMoneyWh', 'an order filled with more than it wants', trade, lie('market.inMoneyWh[0]', 2_000n)),
  aimedAt('Market.marginalWh', 'a marginal order of one Wh more', trade, lie('market.marginalWh[3]', 302n)),
  aimedAt(
    'Market.sideAndRationed',
    'a marginal order that need not share: its side said to be half',
    trade,
    lieAndShare('market.sideAndRationed[2]', HALF),
  ),
  aimedAt('Market.rationed', 'a marginal order that need not share', trade, lieAndShare('market.rationed[2]', 0n)),
  aimedAt('Market.rationedWh', 'a Wh kept out of what is shared', trade, lieAndShare('market.rationedWh[2]', 500n)),
  aimedAt('Market.empty', 'an order passed over as empty when left-over Wh are given out', trade, lie('market.empty[2].out', 1n)),
  aimedAt('Market.counted', 'a left-over Wh for an order that shares nothing', trade, lie('market.counted[1]', 1n)),
  aimedAt(
    'Market.nothingRationed',
    'shares of less than is offered: nothing said to be offered, twelvefold below zero',
    trade,
    lieAndShare('market.nothingRationed.out', -12n),
  ),
  aimedAt('Market.entitled', 'a claim to a Wh more than the share', trade, (f) =>
    f.lie('market.entitled[3]', 151n * f.one('divisor')).reshare(),
  ),
  aimedAt('Market.startsAt', 'the left-over Wh given from another place on', trade, (f) =>
    f.lie('market.startsAt[1].out', 0n).lie('market.startsAt[3].out', 1n).derive(),
  ),
  aimedAt(
    'Market.beforeStart',
    'an order said to stand before the start, so that nobody gets the left-over Wh',
    trade,
    lie('market.beforeStart[1]', -1n),
  ),
  aimedAt('Market.wrapped', 'a place in the order of left-over Wh moved to the front', trade, lie('market.wrapped[3]', -1n)),
  aimedAt('Market.ahead', 'a second left-over Wh: the place compares as ahead', trade, lie('market.ahead[3].out', 1n)),
  aimedAt('Market.extra', 'a second left-over Wh', trade, lie('market.extra[3]', 1n)),
  aimedAt('Market.fillWh', 'a fill of the forger’s own', trade, lie('market.fillWh[1]', 6_000n)),
  aimedAt('Settle.intervalBits', 'the left-over Wh given from the place of another interval', trade, lie('intervalBits.out[1]', 1n)),
  aimedAt('Settle.intervalBits', 'a trade declared in an idle round: the interval overflows its forty bits', silent, (f) =>
    f.set('interval', f.one('interval') + (1n << 40n)).derive({ recommit: true }),
  ),
];

const HASHES: readonly Forgery[] = [
  aimedAt('Settle.meter', 'a foreign key that hashes to the registered leaf', trade, (f) =>
    sign(foreignKey(f.keep('meter[0].out'), 0), 0, { importWh: 1_001n, scalar: 424_242n }).derive(),
  ),
  aimedAt('Settle.registryLeaf', 'a foreign key under the registered leaf', trade, (f) =>
    sign(foreignKey(f.keep('registryLeaf[0]'), 0), 0, { importWh: 1_001n, scalar: 424_242n }).derive(),
  ),
  aimedAt(
    'Settle.scope',
    'another interval’s order passed off as this one’s',
    trade,
    (f) => f.lie('scope[0]', rounds.INTERVAL + 7n).derive({ recommit: true }),
    NOT_FOR_THIS_INTERVAL,
  ),
  aimedAt('Settle.order', 'another quantity that hashes to the committed leaf', trade, (f) =>
    f.keep('order[1].out').setAt('orderQuantityWh', 1, 900n).reshare(),
  ),
  aimedAt('Settle.oldLeaf', 'an inflated balance that hashes to the old leaf', trade, (f) =>
    f
      .keep('oldLeaf[2].out')
      .setAt('oldBalance', 2, 1n << 60n)
      .derive(),
  ),
  aimedAt('Settle.newLeaf', 'a new leaf of another balance', trade, lie('newLeaf[2].out', 4_711n)),
  aimedAt('DenseRoot.node', 'inflated balances under the old root', trade, (f) =>
    f
      .keep('oldState.node[0].out')
      .setAt('oldBalance', 2, 1n << 60n)
      .derive(),
  ),
  aimedAt('DenseRoot.node', 'a foreign key under the registered root', trade, (f) =>
    sign(foreignKey(f.keep('registry.node[0].out'), 0), 0, { importWh: 1_001n, scalar: 424_242n }).derive(),
  ),
  aimedAt('DenseRoot.node', 'another quantity under the committed root', trade, (f) =>
    f.keep('orders.node[0].out').setAt('orderQuantityWh', 1, 500n).reshare(),
  ),
  aimedAt('DenseRoot.node', 'a new root over other accounts', trade, lie('newState.node[1].out', 4_711n)),
];

const TOTALS: readonly Forgery[] = [
  aimedAt('Settle.ran', 'money of the grid account kept back', trade, (f) =>
    f
      .keep('ran[13]')
      .lie('ran[13]', f.lies.said('ran[13]') - 1n)
      .derive(),
  ),
  aimedAt('Settle.ran', 'debts said to be paid back', trade, lie('ran[14]', 1_000n)),
  aimedAt('Settle.ran', 'certificates beyond what was measured', trade, lie('ran[15]', 99_999n)),
  aimedAt('Settle.ran', 'a silent member counted as heard', trade, lie('ran[16]', 0n)),
  aimedAt('Settle.ran', 'an uncovered withdrawal counted as paid', tradeWithFlows, lie('ran[17]', 7n)),
  aimedAt('Settle.ran', 'the energy of a certificate counted twice', debtor, (f) => {
    f.derive();
    return f.lie('ran[15]', 2n * f.lies.said('ran[15]')).derive();
  }),
  aimedAt('Settle.told', 'money of the grid account told that did not run up', trade, lie('told[0]', 1n)),
  aimedAt('Settle.told', 'debts told that nobody paid back', trade, lie('told[1]', 1_000n)),
  aimedAt('Settle.told', 'a silent member not told of', trade, lie('told[3]', 0n)),
  aimedAt('Settle.told', 'a withdrawal told as paid that was not', tradeWithFlows, lie('told[4]', 7n)),
  aimedAt('Settle.told', 'certificates told beyond what ran up', trade, lie('told[2]', 99_999n)),
  aimedAt('Settle.gridTotal', 'the grid account’s gain left untold', trade, lie('gridTotal', 1n << 91n)),
  aimedAt('Settle.defaultTotal', 'a loan of the default account told that nobody took', trade, lie('defaultTotal', (1n << 91n) - 5n)),
];

export const VALUE_FORGERIES: readonly Forgery[] = [...DELIVERY, ...MONEY, ...PRICE, ...FILLS, ...HASHES, ...TOTALS];
