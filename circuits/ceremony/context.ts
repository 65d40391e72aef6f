// SPDX-License-Identifier: GPL-3.0-only
/** What the commands take from outside: circuits, clock, the person at the keyboard. */
import type { Progress } from '../keys/make-keys.ts';
import type { CircuitSpec } from '../spec.ts';

export interface CeremonyContext {
  /** Throws when there is no such circuit. */
  readonly circuit: (name: string) => CircuitSpec;
  /** The random text that a contributor types. */
  readonly readText: () => Promise<string>;
  /** A line for the person (standard error). */
  readonly say: (line: string) => void;
  readonly progress: Progress;
  readonly now: () => Date;
  /** the list of keys that the console trusts */
  readonly pinsPath: string;
  /** where finished keys go unless --out says otherwise */
  readonly cacheDir: string;
}

/** Part of a progress, from `from` to `to`. */
export const part =
  (progress: Progress, from: number, to: number): Progress =>
  (fraction, text) =>
    progress(from + (to - from) * fraction, text);
