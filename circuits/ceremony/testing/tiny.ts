// SPDX-License-Identifier: GPL-3.0-only
/** A circuit of a hundred constraints, powers of tau for it, and a ceremony to run with them in a temporary folder. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { curves } from 'snarkjs';
import type { CircuitSpec } from '../../spec.ts';
import { type Answer, runCeremony } from '../cli.ts';
import type { CeremonyContext } from '../context.ts';
import type { Transcript } from '../transcript.ts';

/** `steps` rounds of squaring and adding a number; only the result is public. */
export const squares = (name: string, steps: number): CircuitSpec => ({
  name,
  entry: 'ceremony/testing/squares.circom',
  publicSignals: ['result'],
  source: `pragma circom 2.1.6;\n\ninclude "ceremony/testing/squares.circom";\n\ncomponent main {public [result]} = Squares(${steps});\n`,
});

export const TINY_STEPS = 100;
const R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** The inputs of a true statement. */
export function tinyInput(secret: bigint): { secret: string; result: string } {
  let at = secret;
  for (let k = 0n; k < TINY_STEPS; k++) at = (at * at + k) % R;
  return { secret: secret.toString(), result: at.toString() };
}

export const BEACON = '42'.repeat(32);

export const endThreads = async (): Promise<void> => (await curves.getCurveFromName('bn128')).terminate();

export interface Bench {
  readonly folder: string;
  readonly context: CeremonyContext;
  /** what was said to the person */
  readonly said: string[];
  /** progress so far */
  readonly fractions: number[];
  run(...args: string[]): Promise<Answer>;
  remove(): void;
}

/** A context with its own folder, pins and cache. `text` is what the contributor types. */
export function ceremonyBench(overrides: Partial<CeremonyContext> = {}, text = 'the cat walked over the keyboard'): Bench {
  const folder = mkdtempSync(join(tmpdir(), 'busbar-ceremony-test-'));
  const said: string[] = [];
  const fractions: number[] = [];
  const circuits = new Map([squares('tiny', TINY_STEPS), squares('large', 400)].map((spec) => [spec.name, spec]));
  const context: CeremonyContext = {
    circuit(name) {
      const spec = circuits.get(name);
      if (spec === undefined) throw new Error(`there is no circuit "${name}"`);
      return spec;
    },
    readText: () => Promise.resolve(text),
    say: (line) => said.push(line),
    progress: (fraction) => fractions.push(fraction),
    now: () => new Date('2026-03-01T12:00:00Z'),
    pinsPath: join(folder, 'pins.json'),
    cacheDir: join(folder, 'cache'),
    ...overrides,
  };
  return {
    folder,
    context,
    said,
    fractions,
    run: (...args) => runCeremony(args, context),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The sentence of a refusal; fails when the command was not refused. */
export function refusalOf(answer: Answer): string {
  if (answer.exitCode === 0) throw new Error(`this was not refused: ${JSON.stringify(answer.document)}`);
  return (answer.document as { problems: string[] }).problems.join(' ');
}

/** Changes the transcript as a cheat with an editor would. */
export function editTranscript(dir: string, edit: (transcript: Transcript) => Transcript): void {
  const path = join(dir, 'transcript.json');
  writeFileSync(path, JSON.stringify(edit(JSON.parse(readFileSync(path, 'utf8')) as Transcript), null, 2));
}
