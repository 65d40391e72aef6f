// SPDX-License-Identifier: GPL-3.0-only
/** What a model of a circuit needs to follow a forger who lies about values that the circuit would work out itself. */
import { poseidon2 } from 'poseidon-lite/poseidon2';
import { inverse, mod } from '../../src/domain/settlement/field.ts';
import type { WitnessInput } from '../../src/domain/settlement/witness.ts';

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

export type Values = Record<string, bigint | bigint[]>;

/** Inputs of an honest statement that a forger changes, and the lies told beside them; a model of each circuit works out what follows. */
export abstract class Forger {
  readonly values: Values;
  readonly lies = new Lies();
  /** Inputs that the forger starts from. */
  readonly honest: WitnessInput;

  constructor(input: WitnessInput) {
    this.honest = input;
    this.values = Object.fromEntries(
      Object.entries(input).map(([name, value]) => [name, Array.isArray(value) ? value.map(BigInt) : BigInt(value)]),
    );
  }

  /** Works out what follows from the inputs and the lies. */
  abstract derive(): this;

  one(name: string): bigint {
    return this.values[name] as bigint;
  }
  many(name: string): bigint[] {
    return this.values[name] as bigint[];
  }
  at(name: string, index: number): bigint {
    return this.many(name)[index] as bigint;
  }
  /** Says of a value that the circuit works out that it is `value`. */
  lie(path: string, value: bigint): this {
    this.lies.told.set(path, mod(value));
    return this;
  }
  /** Says that a value is what it was, whatever is changed after. */
  keep(path: string): this {
    this.derive();
    return this.lie(path, this.lies.said(path));
  }
  input(): WitnessInput {
    return Object.fromEntries(
      Object.entries(this.values).map(([name, value]) => [name, Array.isArray(value) ? value.map(String) : value.toString()]),
    );
  }
}

/** a / b in the field. */
export const divide = (a: bigint, b: bigint): bigint => mod(a * inverse(b));
