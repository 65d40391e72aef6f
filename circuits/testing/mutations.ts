// SPDX-License-Identifier: GPL-3.0-only
/**
 * No constraint is decoration: with a group removed, its forgery passes, and it passes because of that group alone.
 *
 * A few circuits are compiled; every group is removed from half of them, no two groups from the same half. Suppose a forgery also broke
 * another group: then one of its circuits would still hold that one and refuse it. So a forgery that passes in all of them breaks its own
 * group and nothing else. (That the full circuit refuses it is tested beside it.) One circuit per group would show the same in six times the time.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { WitnessInput } from '../../src/domain/settlement/witness.ts';
import { type CircuitSpec, circuitFiles } from '../spec.ts';
import { withoutGroups } from './groups.ts';
import { refusal, witnessCircuit } from './witness-check.ts';

/** All choices of half of `circuits` circuits (rounded down), as bit sets. */
const halves = (circuits: number): number[] =>
  Array.from({ length: 2 ** circuits }, (_, set) => set).filter(
    (set) => set.toString(2).replaceAll('0', '').length === Math.floor(circuits / 2),
  );

/** Names and inputs of the forgeries that are aimed at a group. */
export type ForgeriesFor = (group: string) => readonly { readonly name: string; readonly input: WitnessInput }[];

export function describeMutations(spec: CircuitSpec, groups: readonly string[], forgeriesFor: ForgeriesFor): void {
  const files = circuitFiles(spec.entry);
  let circuits = 2;
  while (halves(circuits).length < groups.length) circuits++;
  const choices = halves(circuits);
  const lacks = (circuit: number, group: string) => (((choices[groups.indexOf(group)] ?? 0) >> circuit) & 1) === 1;
  const wasms: string[] = [];

  describe(`constraint groups of ${spec.name}`, () => {
    beforeAll(async () => {
      const compile = (circuit: number) =>
        witnessCircuit(
          spec,
          withoutGroups((group) => groups.includes(group) && lacks(circuit, group), files),
        );
      // Two at a time: the compiler takes a core each.
      for (let k = 0; k < circuits; k += 2) {
        wasms.push(...(await Promise.all([k, k + 1].filter((circuit) => circuit < circuits).map(compile))));
      }
    }, 300_000);

    it('are told apart by the circuits that lack them', () => {
      expect(groups.length).toBeGreaterThan(0);
      expect(new Set(groups).size).toBe(groups.length);
      expect(groups.length).toBeLessThanOrEqual(choices.length);
    });

    it.each(groups)(
      '"%s" is all that stops a forgery',
      async (group) => {
        const forgeries = forgeriesFor(group);
        if (forgeries.length === 0) throw new Error(`no forgery is aimed at the group ${group}`);
        const lacking = wasms.filter((_, circuit) => lacks(circuit, group));
        for (const forgery of forgeries) for (const wasm of lacking) expect(await refusal(wasm, forgery.input), forgery.name).toBeNull();
      },
      60_000,
    );
  });
}
