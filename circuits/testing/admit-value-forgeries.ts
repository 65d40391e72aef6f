// SPDX-License-Identifier: GPL-3.0-only
/** Forgeries of admissions that lie about a value which the circuit works out: `group` is `Template.signal` of the constraint that defines it. */
import type { Admission } from '../../src/domain/settlement/admit-round.ts';
import * as admissions from './admissions.ts';
import { type AdmitForgery, admitInput, FOREIGN, Lie } from './admit-forgeries.ts';
import { PARTS_LAYOUT } from './part-forgeries.ts';

const { holding, quiet, rekeyed, INTERVAL, signed } = admissions;
const lying = (admission: Admission) => new Lie(admitInput(admission));
const aimedAt = (group: string, name: string, forge: () => Lie): AdmitForgery => ({ name, group, forge });
/** One lie about an admission in which member 0's standing order holds and member 1 signs one for the interval. */
const lie = (value: string, name: string, at: string, said: bigint) =>
  aimedAt(`AdmittedOrder.${value}`, name, () => lying(holding()).lie(`admitted${at}`, said).derive());
/** Member 0's standing order left out. */
const leftOut = (at: string) => lying(holding()).lie(at, 0n).setAt('empty', 0, 1n).setAt('salt', 0, 0n).derive();
const foreign = (kept: string) =>
  lying(holding())
    .keep(kept)
    .foreignKey(1)
    .sign(1, signed(1, { scope: INTERVAL, quantityWh: 9_000n }, FOREIGN))
    .derive();
const older = (at: string) =>
  lying(holding())
    .sign(0, signed(0, { quantityWh: 9_000n, sequence: 2n }))
    .lie(at, 0n)
    .derive();

export const ADMIT_VALUE_FORGERIES: readonly AdmitForgery[] = [
  aimedAt('Admit.meter', 'a foreign key that hashes to the registered leaf', () => foreign('meter[1].out')),
  aimedAt('Admit.admitted.registryLeaf', 'a foreign key under the registered leaf', () => foreign('admitted[1].registryLeaf')),
  aimedAt('AdmittedOrder.signedScope', 'an order of yesterday, its scope said to be what was signed', () =>
    lying(holding())
      .sign(1, signed(1, { scope: 100n }))
      .lie('admitted[1].signedScope', 100n)
      .derive(),
  ),
  aimedAt('AdmittedOrder.held', 'a standing order of another quantity that hashes to the old leaf', () =>
    lying(holding()).keep('admitted[0].held.out').setAt('heldQuantityWh', 0, 9_000n).derive(),
  ),
  aimedAt('AdmittedOrder.heldLeaf', 'a standing order that nobody signed, its leaf said to be empty', () => {
    const forger = lying(quiet()).setAt('heldKnown', 0, 1n).setAt('heldQuantityWh', 0, 9_000n);
    forger.setAt('heldEpoch', 0, forger.registryLeaf(0)).setAt('empty', 0, 0n).setAt('salt', 0, 8n);
    return forger.lie('admitted[0].heldLeaf', 0n).derive();
  }),
  aimedAt('AdmittedOrder.sameKey', 'an order under a key that has changed: the keys compare as the same', () =>
    lying(rekeyed()).lie('admitted[0].sameKey.out', 1n).setAt('empty', 0, 0n).setAt('salt', 0, 8n).derive(),
  ),
  aimedAt('AdmittedOrder.holds', 'a standing order said not to hold', () => leftOut('admitted[0].holds')),
  lie('replaces', 'an order for one interval put into the book', '[1].replaces', 1n),
  aimedAt('AdmittedOrder.sequenceStep', 'an older standing order, its step said to be forward', () => older('admitted[0].sequenceStep')),
  aimedAt('AdmittedOrder.checkedStep', 'an older standing order, its step not checked', () => older('admitted[0].checkedStep')),
  aimedAt('AdmittedOrder.firstSequence', 'a first sequence beyond its width, said to be within', () =>
    lying(quiet())
      .sign(1, signed(1, { sequence: 1n << 50n }))
      .lie('admitted[1].firstSequence', 0n)
      .derive(),
  ),
  lie('stays', 'a standing order that counts now and is gone from the book', '[0].stays', 0n),
  lie('book', 'a book leaf of another standing order', '[0].book.out', 4_711n),
  lie('book.inputs', 'a standing order turned from buying to selling in the book', '[0].book.inputs[1]', 1n),
  lie('book.inputs', 'a standing order for more in the book', '[0].book.inputs[2]', 9_000n),
  lie('book.inputs', 'a standing order at another limit in the book', '[0].book.inputs[3]', 1n),
  lie('book.inputs', 'a standing order with its sequence set back in the book', '[0].book.inputs[4]', 0n),
  lie('bookLeaf', 'a standing order in the book for who has none', '[1].bookLeaf', 4_711n),
  aimedAt('AdmittedOrder.standing', 'a standing order said not to count', () => leftOut('admitted[0].standing')),
  lie('quantityWh', 'more than was signed', '[1].quantityWh', 5_000n),
  lie('standingWh', 'more than stands in the book', '[0].standingWh', 9_000n),
  aimedAt('AdmittedOrder.due', 'a standing order said not to be due', () => leftOut('admitted[0].due')),
  lie('full', 'a leaf with a quantity that stays empty', '[1].full', 0n),
  lie('standingSide', 'a standing order admitted on the other side', '[0].standingSide', 1n),
  lie('standingLimit', 'a standing order admitted at another limit', '[0].standingLimit', 1n),
  lie('standingSequence', 'a standing order admitted under another sequence', '[0].standingSequence', 9n),
  lie('nowScope', 'an order for the interval admitted as a standing one', '[1].nowScope', 0n),
  lie('nowSide', 'an order admitted on the other side', '[1].nowSide', 0n),
  lie('nowLimit', 'an order admitted at another limit', '[1].nowLimit', 1n),
  lie('nowSequence', 'an order admitted under another sequence', '[1].nowSequence', 9n),
  lie('filled', 'another scope in the leaf', '[1].filled[0]', 0n),
  lie('filled', 'another side in the leaf', '[1].filled[1]', 0n),
  lie('filled', 'another quantity in the leaf', '[1].filled[2]', 9_000n),
  lie('filled', 'another limit in the leaf', '[1].filled[3]', 1n),
  lie('filled', 'another sequence in the leaf', '[1].filled[4]', 9n),
  lie('leaf', 'a leaf of another order', '[1].leaf.out', 4_711n),
  aimedAt('DenseRoot.node', 'a foreign key under the registered root', () => foreign('tree[0].node[0].out')),
  aimedAt('DenseRoot.node', 'an orders’ root that is not above the orders', () =>
    lying(holding()).lie('tree[1].node[0].out', 4_711n).derive(),
  ),
  aimedAt('DenseRoot.node', 'a standing order that nobody signed under the old book', () => {
    const forger = lying(quiet()).keep('tree[2].node[0].out').setAt('heldKnown', 0, 1n).setAt('heldQuantityWh', 0, 9_000n);
    return forger.setAt('heldEpoch', 0, forger.registryLeaf(0)).setAt('empty', 0, 0n).setAt('salt', 0, 8n).derive();
  }),
  aimedAt('DenseRoot.node', 'a new book that is not above the standing orders', () =>
    lying(holding()).lie('tree[3].node[0].out', 4_711n).derive(),
  ),
];

const firstPart = () => lying(holding(PARTS_LAYOUT));

/** Of admissions in two parts of two members. */
export const ADMIT_PART_FORGERIES: readonly AdmitForgery[] = [
  aimedAt('Admit.place', 'a third part of two: the place of an admission overflows its bits', () => {
    const forger = firstPart();
    return forger
      .set('partIndex', 2n)
      .set('scope', forger.one('scope') + (2n << 40n))
      .derive();
  }),
  aimedAt('PathRoot.left', 'a part’s book under a root of other ones', () => firstPart().lie('top[3].left[0]', 4_711n).derive()),
  aimedAt('PathRoot.hash', 'a root that is not above the book', () => firstPart().lie('top[3].hash[0].out', 4_711n).derive()),
];
