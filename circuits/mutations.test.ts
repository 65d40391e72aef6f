// SPDX-License-Identifier: GPL-3.0-only
/**
 * No constraint is decoration: with a group removed, its forgery passes, and it passes because of that group alone.
 *
 * Eight circuits are compiled; every group is removed from four of them, no two groups from the same four. Suppose a forgery also broke
 * another group: then one of its four circuits would still hold that one and refuse it. So a forgery that passes in all four breaks its own
 * group and nothing else. (That the full circuit refuses it is tested in settle.test.ts.) One circuit per group would show the same in six times the time.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { settleCircuit } from './spec.ts';
import { FORGERIES } from './testing/forgeries.ts';
import { constraintGroups, withoutGroups } from './testing/groups.ts';
import * as rounds from './testing/rounds.ts';
import { refusal, witnessCircuit } from './testing/witness-check.ts';
import { Forged } from './testing/witness-values.ts';

const CIRCUITS = 8;
const groups = constraintGroups();
/** All 70 choices of four circuits out of eight, as bit sets. */
const choices = Array.from({ length: 2 ** CIRCUITS }, (_, set) => set).filter(
  (set) => set.toString(2).replaceAll('0', '').length === CIRCUITS / 2,
);
const lacks = (circuit: number, group: string) => (((choices[groups.indexOf(group)] ?? 0) >> circuit) & 1) === 1;
const wasms: string[] = [];

beforeAll(async () => {
  const compile = (circuit: number) =>
    witnessCircuit(
      settleCircuit(rounds.CAPACITY),
      withoutGroups((group) => lacks(circuit, group)),
    );
  // Two at a time: the compiler takes a core each.
  for (let k = 0; k < CIRCUITS; k += 2) wasms.push(...(await Promise.all([compile(k), compile(k + 1)])));
}, 300_000);

describe('constraint groups', () => {
  it('are told apart by the circuits that lack them', () => {
    expect(groups.length).toBeLessThanOrEqual(choices.length);
  });

  it.each(groups)(
    '"%s" is all that stops a forgery',
    async (group) => {
      const forgery = FORGERIES.find((one) => one.group === group);
      if (forgery === undefined) throw new Error(`no forgery is aimed at the group ${group}`);
      const input = forgery.forge(new Forged(forgery.base().witnessInput)).input();
      for (const [circuit, wasm] of wasms.entries()) if (lacks(circuit, group)) expect(await refusal(wasm, input), forgery.name).toBeNull();
    },
    60_000,
  );
});
