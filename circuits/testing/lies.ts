// SPDX-License-Identifier: GPL-3.0-only
/** What a model of a circuit needs to follow a forger who lies about values that the circuit would work out itself. */
import { poseidon2 } from 'poseidon-lite/poseidon2';
import { inverse, mod } from '../../src/domain/settlement/field.ts';

export class Lies {
  /** Values by the names that circom gives them, and what is said instead. */
  readonly told = new Map<string, bigint>();
  /** What the model has made of each value. */
  readonly #said = new Map<string, bigint>();

  /** What the value `path` is, or what the forger says it is. */
  say(path: string, honest: bigint): bigint {
    const value = this.told.get(path) ?? mod(honest);
    this.#said.set(path, value);
    return value;
  }
  /** What the model made of a value. */
  said(path: string): bigint {
    const value = this.#said.get(path);
    if (value === undefined) throw new Error(`the model knows no value ${path}`);
    return value;
  }
  /** A lie about a value that the model does not work out would be a slip of the pen. */
  assertAllAsked(): void {
    for (const path of this.told.keys()) this.said(path);
  }

  /** DenseRoot of circuits/lib/tree.circom. */
  denseRoot(path: string, leaves: readonly bigint[]): bigint {
    const inner = leaves.length - 1;
    const nodes: bigint[] = [...new Array<bigint>(inner).fill(0n), ...leaves];
    for (let k = inner - 1; k >= 0; k--)
      nodes[k] = this.say(`${path}.node[${k}].out`, poseidon2([nodes[2 * k + 1] as bigint, nodes[2 * k + 2] as bigint]));
    return nodes[0] as bigint;
  }
  /** PathRoot of circuits/lib/tree.circom. */
  pathRoot(path: string, node: bigint, bits: readonly bigint[], siblings: readonly bigint[]): bigint {
    return siblings.reduce((up, sibling, k) => {
      const left = this.say(`${path}.left[${k}]`, up + (bits[k] as bigint) * (sibling - up));
      return this.say(`${path}.hash[${k}].out`, poseidon2([left, mod(up + sibling - left)]));
    }, node);
  }
}

/** a / b in the field. */
export const divide = (a: bigint, b: bigint): bigint => mod(a * inverse(b));
