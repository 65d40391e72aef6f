// SPDX-License-Identifier: GPL-3.0-only
/**
 * No constraint is decoration: with a group loosened, its forgery passes, and it passes because of that group alone.
 *
 * A few circuits are compiled; every group is loosened in three of them, no two groups in the same three. Suppose a forgery also broke
 * another group: then one of its circuits would still hold that one and refuse it. So a forgery that passes in all of them breaks its own
 * group and nothing else. (That the full circuit refuses it is tested beside it.) One circuit per group would show the same in ten times the time.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { WitnessInput } from '../../src/domain/settlement/witness.ts';
import { CIRCUITS_DIR, type CircuitSpec, circuitFiles } from '../spec.ts';
import { codeOf, LIES, loosened } from './groups.ts';
import { refusal, witnessCircuit } from './witness-check.ts';

const LOOSENED_IN = 3;

/** All choices of three circuits, as bit sets. */
const choices = (circuits: number): number[] =>
  Array.from({ length: 2 ** circuits }, (_, set) => set).filter((set) => set.toString(2).replaceAll('0', '').length === LOOSENED_IN);

/** What a forger hands in: inputs, and lies about values, by the names that circom gives them. */
export interface Attempt {
  readonly name: string;
  readonly input: WitnessInput;
  readonly lies: ReadonlyMap<string, bigint>;
  /** inputs of the honest round or admission that the forger starts from */
  readonly honest: WitnessInput;
  /** why the public signals are false, where none of those that the forger gains by is another than the honest one */
  readonly falsehood?: string;
}
/** Public signals that a forger gains by: accounts, totals, price and tariffs, what the next part takes over, orders admitted, the book. */
const GAINS: Readonly<Record<string, readonly string[]>> = {
  'settle.circom': ['newRoot', 'totals', 'terms', 'carryOut'],
  'admit.circom': ['ordersRoot', 'newBook', 'scope'],
};
/** Who hands in what is true anyway shows nothing of a constraint. */
const provesFalsehood = (entry: string, { honest, input, falsehood }: Attempt): boolean =>
  GAINS[entry]?.some((name) => honest[name] !== input[name]) !== (falsehood !== undefined);
/** The forgeries that are aimed at a group. */
export type ForgeriesFor = (group: string) => readonly Attempt[];

function withLies({ input, lies }: Attempt): WitnessInput {
  if (lies.size > LIES) throw new Error(`a forger tells at most ${LIES} lies`);
  const padded = (values: bigint[]) => Array.from({ length: LIES }, (_, k) => String(values[k] ?? 0n));
  return { ...input, lieAt: padded([...lies.keys()].map(codeOf)), lieTo: padded([...lies.values()]) };
}

export function describeMutations(spec: CircuitSpec, groups: readonly string[], forgeriesFor: ForgeriesFor): void {
  const files = circuitFiles(spec.entry);
  const loose = readFileSync(join(CIRCUITS_DIR, 'testing', 'loose.circom'), 'utf8');
  let circuits = LOOSENED_IN + 1;
  while (choices(circuits).length < groups.length) circuits++;
  const chosen = choices(circuits);
  const lacks = (circuit: number, group: string) => (((chosen[groups.indexOf(group)] ?? 0) >> circuit) & 1) === 1;
  const wasms: string[] = [];

  describe(`constraint groups of ${spec.name}`, () => {
    beforeAll(async () => {
      const compile = (circuit: number) =>
        witnessCircuit(
          spec,
          loosened((group) => groups.includes(group) && lacks(circuit, group), files, spec.entry, loose),
        );
      // Two at a time: the compiler takes a core each.
      for (let k = 0; k < circuits; k += 2) {
        wasms.push(...(await Promise.all([k, k + 1].filter((circuit) => circuit < circuits).map(compile))));
      }
    }, 300_000);

    it('are told apart by the circuits that lack them', () => {
      expect(groups.length).toBeGreaterThan(0);
      expect(new Set(groups).size).toBe(groups.length);
      expect(groups.length).toBeLessThanOrEqual(chosen.length);
    });

    it.each(groups)(
      '"%s" is all that stops a forgery',
      async (group) => {
        const forgeries = forgeriesFor(group);
        if (forgeries.length === 0) throw new Error(`no forgery is aimed at the group ${group}`);
        const lacking = wasms.filter((_, circuit) => lacks(circuit, group));
        for (const forgery of forgeries) {
          expect(provesFalsehood(spec.entry, forgery), `"${forgery.name}" proves what is false`).toBe(true);
          for (const wasm of lacking) expect(await refusal(wasm, withLies(forgery)), forgery.name).toBeNull();
        }
      },
      60_000,
    );
  });
}
