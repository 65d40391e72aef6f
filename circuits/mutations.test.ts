// SPDX-License-Identifier: GPL-3.0-only
import { expect, it } from 'vitest';
import { layoutOf } from '../src/domain/settlement/testing/community.ts';
import { admitCircuit, circuitFiles, settleCircuit } from './spec.ts';
import { ADMIT_FORGERIES, type Lie } from './testing/admit-forgeries.ts';
import { ADMIT_PART_FORGERIES, ADMIT_VALUE_FORGERIES } from './testing/admit-value-forgeries.ts';
import { attempt, FORGERIES } from './testing/forgeries.ts';
import { constraintGroups, escapes, valueGroups } from './testing/groups.ts';
import { type Attempt, describeMutations } from './testing/mutations.ts';
import { PART_FORGERIES, PARTS_LAYOUT } from './testing/part-forgeries.ts';
import * as rounds from './testing/rounds.ts';
import { VALUE_FORGERIES } from './testing/value-forgeries.ts';
import type { Forged } from './testing/witness-values.ts';

const handedIn = (name: string, forged: Forged | Lie, falsehood?: string): Attempt => ({
  ...{ name, honest: forged.honest, input: forged.input(), lies: forged.lies.told },
  ...(falsehood !== undefined && { falsehood }),
});
const groupsOf = (forgeries: readonly { readonly group: string }[]) => [...new Set(forgeries.map((forgery) => forgery.group))];
const WHOLE_ADMIT_FORGERIES = [...ADMIT_FORGERIES, ...ADMIT_VALUE_FORGERIES];
const WHOLE_FORGERIES = [...FORGERIES, ...VALUE_FORGERIES];

describeMutations(settleCircuit(layoutOf(rounds.CAPACITY)), groupsOf(WHOLE_FORGERIES), (group) =>
  WHOLE_FORGERIES.filter((one) => one.group === group).map(attempt),
);
describeMutations(settleCircuit(PARTS_LAYOUT), groupsOf(PART_FORGERIES), (group) =>
  PART_FORGERIES.filter((one) => one.group === group).map(({ name, forge }) => handedIn(name, forge())),
);
describeMutations(admitCircuit(layoutOf(2)), groupsOf(WHOLE_ADMIT_FORGERIES), (group) =>
  WHOLE_ADMIT_FORGERIES.filter((one) => one.group === group).map(({ name, forge, falsehood }) => handedIn(name, forge(), falsehood)),
);
describeMutations(admitCircuit(PARTS_LAYOUT), groupsOf(ADMIT_PART_FORGERIES), (group) =>
  ADMIT_PART_FORGERIES.filter((one) => one.group === group).map(({ name, forge }) => handedIn(name, forge())),
);

/** Values that nothing depends on, each with the reason why. */
const NOT_NEEDED: Readonly<Record<string, string>> = {
  'Settle.domainSquared': 'binds a public signal, of which the circuit says nothing else; the verifier binds it as well',
  'Admit.domainSquared': 'as in Settle',
  'price-bounds-range':
    'kept as hardening. AgainstPrice compares 33 bits against limits of 32, so bounds are within 2^33 of zero. With a trade a lower bound below zero or above every limit fails `low-clears` or `low-is-lowest`, and an upper one `high-clears` or `high-is-highest`; without one nothing public depends on them, and no bound makes `no-trade-is-true` pass where orders cross',
  'Market.judged':
    'only chooses what is checked. Said to be anything but 1, it leaves `no-trade-is-true` in force, by which nothing is demanded at `low` or above and nothing offered below: the volume is 0, and `traded` with it. Said to be 1 of a round without trade, its bounds must clear and the volume still be 0: truly no trade',
};

it.each([
  ['settle.circom', [...WHOLE_FORGERIES, ...PART_FORGERIES]],
  ['admit.circom', [...WHOLE_ADMIT_FORGERIES, ...ADMIT_PART_FORGERIES]],
] as const)('every constraint of %s has a forgery that it alone stops', (entry, forgeries) => {
  const files = circuitFiles(entry);
  const groups = [...constraintGroups(files), ...valueGroups(files)];
  expect(escapes(files)).toEqual([]);
  expect(new Set(groups).size).toBe(groups.length);
  const aimed = groupsOf(forgeries);
  expect(groups.filter((group) => !aimed.includes(group) && NOT_NEEDED[group] === undefined)).toEqual([]);
  expect(aimed.filter((group) => !groups.includes(group) || NOT_NEEDED[group] !== undefined)).toEqual([]);
});
