// SPDX-License-Identifier: GPL-3.0-only
/** Forgeries of admissions, and a model of the circuit's equations without its checks to work out what follows from a lie. */
import { poseidon4 } from 'poseidon-lite/poseidon4';
import { poseidon5 } from 'poseidon-lite/poseidon5';
import { poseidon7 } from 'poseidon-lite/poseidon7';
import type { Admission } from '../../src/domain/settlement/admit-round.ts';
import { publicKeyOfScalar, SUBGROUP_ORDER } from '../../src/domain/settlement/babyjubjub.ts';
import { mod } from '../../src/domain/settlement/field.ts';
import { sideCode } from '../../src/domain/settlement/leaves.ts';
import type { SignedOrder } from '../../src/domain/settlement/order-book.ts';
import type { WitnessInput } from '../../src/domain/settlement/witness.ts';
import * as admissions from './admissions.ts';
import { divide, Forger } from './lies.ts';

const { INTERVAL, signed } = admissions;
export const FOREIGN = 424_242n;

export interface AdmitForgery {
  readonly name: string;
  readonly group: string;
  forge(): Lie;
  /** Why the public signals are false, where they are those of the honest admission. */
  readonly falsehood?: string;
}

export function admitInput(admission: Admission): WitnessInput {
  const [batch] = admission.batches;
  if (batch === undefined) throw new Error('an admission has a batch');
  return batch.witnessInput;
}

export class Lie extends Forger {
  set(name: string, value: bigint): this {
    this.values[name] = mod(value);
    return this;
  }
  setAt(name: string, i: number, value: bigint): this {
    this.many(name)[i] = mod(value);
    return this;
  }
  /** Puts a signed order in place; `keepSignature` false leaves whatever signature stood there. */
  sign(i: number, order: SignedOrder, keepSignature = true): this {
    this.setAt('signedNow', i, 1n).setAt('signedForInterval', i, order.scope === 0n ? 0n : 1n);
    this.setAt('signedSide', i, sideCode(order.side)).setAt('signedQuantityWh', i, order.quantityWh);
    this.setAt('signedLimit', i, order.limitPrice).setAt('signedSequence', i, order.sequence);
    this.setAt('empty', i, order.quantityWh > 0n ? 0n : 1n).setAt('salt', i, order.quantityWh > 0n ? 77n : 0n);
    if (!keepSignature) return this;
    const { r8, s } = order.signature;
    return this.setAt('R8x', i, r8[0]).setAt('R8y', i, r8[1]).setAt('S', i, s);
  }
  foreignKey(i: number): this {
    const [x, y] = publicKeyOfScalar(FOREIGN);
    return this.setAt('Ax', i, x).setAt('Ay', i, y);
  }
  meterHash(i: number): bigint {
    return poseidon4([this.at('meterId', i), this.at('Ax', i), this.at('Ay', i), this.at('flags', i)]);
  }
  registryLeaf(i: number): bigint {
    return mod(this.at('present', i) * this.meterHash(i));
  }
  heldHash(i: number): bigint {
    return poseidon5(['heldEpoch', 'heldSide', 'heldQuantityWh', 'heldLimit', 'heldSequence'].map((name) => this.at(name, i)));
  }
  /** Orders' root and new book as they follow. */
  derive(): this {
    const lines = this.many('meterId').map((_, i) => this.#line(i));
    const siblings = (name: string) => (this.values[`${name}Siblings`] as bigint[] | undefined) ?? [];
    const bits = siblings('book').map((_, k) => this.lies.say(`place.out[${k}]`, (this.one('partIndex') >> BigInt(k)) & 1n));
    const root = (tree: number, path: string, leaves: bigint[]) =>
      this.lies.pathRoot(`top[${tree}]`, this.lies.denseRoot(`tree[${tree}]`, leaves), bits, siblings(path));
    const [ordersRoot, newBook] = [1, 3].map((tree) =>
      root(
        tree,
        tree === 1 ? 'orders' : 'book',
        lines.map((line) => (tree === 1 ? line.order : line.book)),
      ),
    ) as [bigint, bigint];
    root(
      0,
      'registry',
      lines.map((line) => line.registry),
    );
    root(
      2,
      'book',
      lines.map((line) => line.held),
    );
    this.lies.assertAllAsked();
    return this.set('ordersRoot', ordersRoot).set('newBook', newBook);
  }
  #line(i: number): { registry: bigint; held: bigint; book: bigint; order: bigint } {
    const v = (name: string) => this.at(name, i);
    const say = (name: string, honest: bigint) => this.lies.say(`admitted[${i}].${name}`, honest);
    const registry = say('registryLeaf', v('present') * this.lies.say(`meter[${i}].out`, this.meterHash(i)));
    const scope = say('signedScope', v('signedForInterval') * this.one('interval'));
    const held = say('heldLeaf', v('heldKnown') * say('held.out', this.heldHash(i)));
    const holds = say('holds', v('heldKnown') * say('sameKey.out', v('heldEpoch') === registry ? 1n : 0n));
    const now = v('signedNow');
    const replaces = say('replaces', now * (1n - v('signedForInterval')));
    say('checkedStep', holds * say('sequenceStep', replaces * (v('signedSequence') - v('heldSequence') - 1n)));
    say('firstSequence', replaces * v('signedSequence'));
    const stays = say('stays', (1n - replaces) * holds);
    const mixed = ['Side', 'QuantityWh', 'Limit', 'Sequence'].map((name, k) =>
      say(`book.inputs[${k + 1}]`, v(`held${name}`) + replaces * (v(`signed${name}`) - v(`held${name}`))),
    );
    const book = say('bookLeaf', (replaces + stays) * say('book.out', poseidon5([registry, ...mixed])));
    const standing = say('standing', (1n - now) * holds);
    const quantityWh = say('quantityWh', now * v('signedQuantityWh'));
    const standingWh = say('standingWh', standing * v('heldQuantityWh'));
    say('due', (quantityWh + standingWh) * (1n - this.one('idle')));
    const full = say('full', 1n - v('empty'));
    const either = (name: string) => say(`now${name}`, now * v(`signed${name}`)) + say(`standing${name}`, standing * v(`held${name}`));
    const counts = [say('nowScope', now * scope), either('Side'), quantityWh + standingWh, either('Limit'), either('Sequence')];
    const filled = counts.map((count, k) => say(`filled[${k}]`, full * count));
    return { registry, held, book, order: say('leaf.out', poseidon7([v('meterId'), ...filled, v('salt')])) };
  }
}

/** The inputs of an honest admission as the model works them out. */
export const modelled = (admission: Admission): WitnessInput => new Lie(admitInput(admission)).derive().input();

const invented = signed(0, { scope: INTERVAL, side: 'sell', quantityWh: 5_000n, limitPrice: 1n, sequence: 9n });
const lying = (admission: Admission) => new Lie(admitInput(admission));
const forged = (name: string, group: string, forge: () => Lie, falsehood?: string): AdmitForgery => ({
  ...{ name, group, forge },
  ...(falsehood !== undefined && { falsehood }),
});

export const ADMIT_FORGERIES: readonly AdmitForgery[] = [
  forged('an order invented by the operator', 'order-signature', () =>
    lying(admissions.holding()).sign(0, invented, false).setAt('signedNow', 0, 1n).derive(),
  ),
  forged('a quantity changed after it was signed', 'order-signature', () =>
    lying(admissions.holding()).setAt('signedQuantityWh', 1, 501n).derive(),
  ),
  forged('a limit changed after it was signed', 'order-signature', () =>
    lying(admissions.holding()).setAt('signedLimit', 1, 11_999n).derive(),
  ),
  forged('a side changed after it was signed', 'order-signature', () => lying(admissions.holding()).setAt('signedSide', 1, 0n).derive()),
  forged("another member's order", 'order-signature', () =>
    lying(admissions.holding())
      .sign(0, signed(1, { scope: INTERVAL }, undefined, 2n))
      .derive(),
  ),
  forged('an order signed with a foreign key', 'order-signature', () =>
    lying(admissions.holding())
      .sign(0, signed(0, { scope: INTERVAL }, FOREIGN))
      .derive(),
  ),
  forged(
    'a signature of an order made malleable by the group order',
    'order-signature',
    () => {
      const lie = lying(admissions.holding());
      return lie.setAt('S', 1, lie.at('S', 1) + SUBGROUP_ORDER).derive();
    },
    'the order is the member’s, the signature is not: nobody may make a second one of it',
  ),
  forged("an interval's order made a standing one", 'order-signature', () =>
    lying(admissions.holding()).setAt('signedForInterval', 1, 0n).derive(),
  ),
  forged('an order for a place where no meter is registered', 'signed-needs-meter', () =>
    lying(admissions.withGap())
      .foreignKey(1)
      .setAt('meterId', 1, 2n)
      .sign(1, signed(1, { scope: INTERVAL }, FOREIGN, 2n))
      .derive(),
  ),
  forged('an order counted twice', 'signed-boolean', () => lying(admissions.holding()).setAt('signedNow', 1, 2n).derive()),
  forged("another interval's order, scaled into this one", 'signed-scope-boolean', () =>
    lying(admissions.quiet())
      .sign(1, signed(1, { scope: 100n, sequence: 0n }))
      .setAt('signedForInterval', 1, divide(100n, INTERVAL))
      .derive(),
  ),
  forged('a standing order made to vanish by a scaled opening', 'held-boolean', () => {
    const lie = lying(admissions.holding());
    const leaf = lie.heldHash(0);
    for (const name of ['Epoch', 'Side', 'QuantityWh', 'Limit', 'Sequence']) lie.setAt(`held${name}`, 0, 0n);
    return lie
      .setAt('heldKnown', 0, divide(leaf, lie.heldHash(0)))
      .setAt('empty', 0, 1n)
      .setAt('salt', 0, 0n)
      .derive();
  }),
  forged('an older standing order brought back', 'standing-sequence-grows', () =>
    lying(admissions.holding())
      .sign(0, signed(0, { quantityWh: 9_000n, sequence: 2n }))
      .derive(),
  ),
  forged('the same standing order signed again', 'standing-sequence-grows', () =>
    lying(admissions.holding())
      .sign(0, signed(0, { quantityWh: 9_000n, sequence: 3n }))
      .derive(),
  ),
  forged('a first sequence beyond its width', 'standing-sequence-range', () =>
    lying(admissions.quiet())
      .sign(1, signed(1, { sequence: 1n << 50n }))
      .derive(),
  ),
  forged('an empty order with an invented limit', 'empty-boolean', () =>
    lying(admissions.nothingWanted()).setAt('empty', 1, 5n).setAt('salt', 1, 3n).derive(),
  ),
  forged('a standing order left out', 'order-not-left-out', () =>
    lying(admissions.holding()).setAt('empty', 0, 1n).setAt('salt', 0, 0n).derive(),
  ),
  forged("an interval's order left out", 'order-not-left-out', () =>
    lying(admissions.holding()).setAt('empty', 1, 1n).setAt('salt', 1, 0n).derive(),
  ),
  forged('orders in a round that only measures', 'idle-is-empty', () =>
    lying(admissions.idle()).setAt('empty', 0, 0n).setAt('salt', 0, 7n).derive(),
  ),
  forged('a round that only measures, with orders after all', 'admit-interval-range', () =>
    lying(admissions.idle())
      .set('idle', 0n)
      .set('interval', INTERVAL + (1n << 48n))
      .setAt('empty', 0, 0n)
      .setAt('salt', 0, 7n)
      .derive(),
  ),
  forged('a standing order dropped by what its member signed for the interval before', 'admit-idle-boolean', () =>
    lying(admissions.standing())
      .set('interval', INTERVAL - 1n)
      .set('idle', divide(1n, 1n << 48n))
      .sign(0, signed(0, { scope: INTERVAL - 1n, quantityWh: 0n }))
      .derive(),
  ),
  forged("yesterday's order in today's round", 'admit-scope-is-public', () =>
    lying(admissions.holding())
      .set('interval', 100n)
      .sign(1, signed(1, { scope: 100n }))
      .derive(),
  ),
  forged('a standing order booked under another meter number', 'admit-present-boolean', () => {
    const lie = lying(admissions.holding());
    const leaf = lie.registryLeaf(0);
    lie.setAt('meterId', 0, 9n);
    return lie.setAt('present', 0, divide(leaf, lie.meterHash(0))).derive();
  }),
  forged("a foreign key in a member's place", 'admit-registry-root', () =>
    lying(admissions.holding())
      .foreignKey(1)
      .sign(1, signed(1, { scope: INTERVAL, quantityWh: 9_000n }, FOREIGN))
      .derive(),
  ),
  forged('other orders than those committed', 'admit-orders-root', () => {
    const lie = lying(admissions.holding()).derive();
    return lie.set('ordersRoot', lie.one('ordersRoot') + 1n);
  }),
  forged('a standing order that nobody ever signed', 'admit-old-book', () => {
    const lie = lying(admissions.quiet());
    lie.setAt('heldKnown', 0, 1n).setAt('heldEpoch', 0, lie.registryLeaf(0)).setAt('heldQuantityWh', 0, 9_000n);
    return lie.setAt('empty', 0, 0n).setAt('salt', 0, 8n).derive();
  }),
  forged('a standing order slipped into the book for next time', 'admit-new-book', () => {
    const lie = lying(admissions.holding()).derive();
    return lie.set('newBook', lie.one('newBook') + 1n);
  }),
];

/** Refused by what `mutations.test.ts` lists as not needed. */
export const OTHER_ADMIT_FORGERIES: readonly Omit<AdmitForgery, 'group'>[] = [
  {
    name: 'a signature point of an order off the curve',
    forge: () => lying(admissions.holding()).setAt('R8x', 0, 5n).setAt('R8y', 0, 7n).derive(),
  },
];
