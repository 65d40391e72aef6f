// SPDX-License-Identifier: GPL-3.0-only
import { layoutOf, onlyBatch } from '../src/domain/settlement/testing/community.ts';
import { admitCircuit, circuitFiles, settleCircuit } from './spec.ts';
import { ADMIT_FORGERIES } from './testing/admit-forgeries.ts';
import { FORGERIES } from './testing/forgeries.ts';
import { constraintGroups } from './testing/groups.ts';
import { describeMutations } from './testing/mutations.ts';
import { PART_FORGERIES, PARTS_LAYOUT } from './testing/part-forgeries.ts';
import * as rounds from './testing/rounds.ts';
import { Forged } from './testing/witness-values.ts';

/** They stand only in circuits of several parts. */
const ofParts = new Set(PART_FORGERIES.map((forgery) => forgery.group));
const settle = constraintGroups(circuitFiles('settle.circom'));

describeMutations(
  settleCircuit(layoutOf(rounds.CAPACITY)),
  settle.filter((group) => !ofParts.has(group)),
  (group) => {
    const aimed = FORGERIES.filter((one) => one.group === group);
    return aimed.map(({ name, base, forge }) => ({ name, input: forge(new Forged(onlyBatch(base()).witnessInput)).input() }));
  },
);
describeMutations(settleCircuit(PARTS_LAYOUT), [...ofParts], (group) => {
  return PART_FORGERIES.filter((one) => one.group === group).map((one) => ({ name: one.name, input: one.input() }));
});
describeMutations(admitCircuit(layoutOf(2)), constraintGroups(circuitFiles('admit.circom')), (group) => {
  return ADMIT_FORGERIES.filter((one) => one.group === group).map((one) => ({ name: one.name, input: one.input() }));
});
