// SPDX-License-Identifier: GPL-3.0-only
/** The subcommands: options in, one document out. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { CeremonyContext } from './context.ts';
import { beacon, contribute, parseBeacon } from './contribute.ts';
import { finish } from './finish.ts';
import { parsePtauHash } from './ptau.ts';
import { UsageError } from './refusal.ts';
import { start } from './start.ts';
import { DEFAULT_CONTRIBUTIONS, LEAST_CONTRIBUTIONS, lastStep, type Transcript } from './transcript.ts';
import { verify } from './verify.ts';

export interface Command {
  readonly usage: string;
  readonly summary: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  readonly run: (given: Given, context: CeremonyContext) => Promise<unknown>;
}

/** What was typed, by option. */
interface Given {
  need(option: string): string;
  text(option: string): string | null;
  flag(option: string): boolean;
  /** people; null when not given */
  people(option: string): number | null;
}

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;

export function readOptions(command: Command, args: readonly string[]): Given {
  let values: Record<string, unknown>;
  try {
    values = parseArgs({ args: [...args], options: command.options }).values;
  } catch (cause) {
    throw new UsageError((cause as Error).message);
  }
  const text = (option: string): string | null => (values[option] as string | undefined) ?? null;
  return {
    text,
    flag: (option) => values[option] === true,
    need(option) {
      const value = text(option);
      if (value === null || value.trim() === '') throw new UsageError(`--${option} is missing.`);
      return value;
    },
    people(option) {
      const value = text(option);
      if (value === null) return null;
      const number = Number(value);
      if (!/^\d{1,4}$/.test(value) || number < LEAST_CONTRIBUTIONS)
        throw new UsageError(
          `--${option} takes a number from ${LEAST_CONTRIBUTIONS} upwards: one person alone would know the key's secret.`,
        );
      return number;
    },
  };
}

/** 128 digits as people compare them: in groups of eight, four to a line. */
export const readableHash = (hash: string): string =>
  (hash.match(/.{1,8}/g) ?? []).map((group, k) => `${k % 4 === 0 ? '\n    ' : ' '}${group}`).join('');

const summaryOf = (transcript: Transcript) => ({
  circuit: transcript.circuit,
  circuitHash: transcript.circuitHash,
  powersOfTau: transcript.powersOfTau,
  requiredContributions: transcript.requiredContributions,
  beaconSource: transcript.beaconSource,
  contributions: transcript.contributions.map(({ name, hash }) => ({ name, hash })),
  beacon: transcript.beacon === null ? null : { value: transcript.beacon.value, iterationsExp: transcript.beacon.iterationsExp },
  lastFile: lastStep(transcript),
});

export const COMMANDS: Readonly<Record<string, Command>> = {
  start: {
    usage: '--circuit NAME --ptau FILE --dir DIR [--ptau-hash HEX] [--verify-ptau] [--contributors N] [--beacon-source TEXT]',
    summary: `coordinator: compiles the circuit and makes the key without contributions (N: ${DEFAULT_CONTRIBUTIONS} if not given)`,
    options: { circuit: TEXT, ptau: TEXT, dir: TEXT, 'ptau-hash': TEXT, 'verify-ptau': FLAG, contributors: TEXT, 'beacon-source': TEXT },
    async run(given, context) {
      const transcript = await start(
        {
          circuit: given.need('circuit'),
          ptau: given.need('ptau'),
          dir: given.need('dir'),
          ptauHash: parsePtauHash(given.text('ptau-hash')),
          verifyPtau: given.flag('verify-ptau'),
          contributions: given.people('contributors') ?? DEFAULT_CONTRIBUTIONS,
          beaconSource: given.text('beacon-source'),
        },
        context,
      );
      context.say(`The ceremony of ${transcript.circuit} has begun. Publish the circuit's hash:${readableHash(transcript.circuitHash)}`);
      if (transcript.beaconSource === null)
        context.say(
          'Say now, in public, which value of which day will be the beacon; --beacon-source would have put it into the transcript.',
        );
      return { schema: 'ceremony-started/1', ...summaryOf(transcript) };
    },
  },
  contribute: {
    usage: '--dir DIR --name NAME [--in FILE.zkey]',
    summary: 'contributor: adds your secret; asks for random text, or takes it from standard input',
    options: { dir: TEXT, name: TEXT, in: TEXT },
    async run(given, context) {
      const transcript = await contribute({ dir: given.need('dir'), name: given.need('name'), from: given.text('in') }, context);
      const entry = transcript.contributions.at(-1) as Transcript['contributions'][number];
      context.say(
        `Contribution ${transcript.contributions.length} of ${entry.name} is in ${entry.file}. Publish this hash under your name, and keep it:${readableHash(entry.hash)}`,
      );
      return { schema: 'ceremony-contribution/1', number: transcript.contributions.length, ...entry };
    },
  },
  beacon: {
    usage: '--dir DIR --beacon HEX --iterations-exp N',
    summary: 'coordinator: closes the ceremony with the public random value that was announced before',
    options: { dir: TEXT, beacon: TEXT, 'iterations-exp': TEXT },
    async run(given, context) {
      const value = parseBeacon(given.need('beacon'), given.need('iterations-exp'));
      const transcript = await beacon({ dir: given.need('dir'), ...value }, context);
      context.say(`The ceremony of ${transcript.circuit} is closed. Everybody can check it now: verify.`);
      return { schema: 'ceremony-beacon/1', ...transcript.beacon };
    },
  },
  verify: {
    usage: '--dir DIR [--ptau FILE] [--ptau-hash HEX] [--partial] [--contributors N]',
    summary: 'everybody: checks all of it again from circuit, powers of tau and key (--partial: an open ceremony)',
    options: { dir: TEXT, ptau: TEXT, 'ptau-hash': TEXT, partial: FLAG, contributors: TEXT },
    async run(given, context) {
      const isPartial = given.flag('partial');
      const { transcript, absent } = await verify(
        {
          dir: given.need('dir'),
          ptau: given.text('ptau'),
          ptauHash: parsePtauHash(given.text('ptau-hash')),
          isPartial,
          contributions: given.people('contributors'),
        },
        context,
      );
      if (absent.length > 0)
        context.say(`Not here, so not compared: ${absent.join(', ')}. The last file proves their contributions all the same.`);
      context.say(
        `${isPartial ? 'So far all is' : 'All is'} well: ${transcript.contributions.length} contributions to ${transcript.circuit}. Compare each hash with what its contributor published:`,
      );
      for (const { name, hash } of transcript.contributions) context.say(`  ${name}${readableHash(hash)}`);
      return { schema: 'ceremony-verified/1', isComplete: transcript.beacon !== null, absent, ...summaryOf(transcript) };
    },
  },
  finish: {
    usage: '--dir DIR [--ptau FILE] [--ptau-hash HEX] [--contributors N] [--out CACHE]',
    summary: 'operator: verifies, puts key and circuit into the cache of artefacts, and pins the key',
    options: { dir: TEXT, ptau: TEXT, 'ptau-hash': TEXT, contributors: TEXT, out: TEXT },
    async run(given, context) {
      const done = await finish(
        {
          dir: given.need('dir'),
          ptau: given.text('ptau'),
          ptauHash: parsePtauHash(given.text('ptau-hash')),
          contributions: given.people('contributors'),
          out: given.text('out') ?? context.cacheDir,
        },
        context,
      );
      context.say(`The key of ${done.circuit} lies in ${done.directory}.`);
      context.say(
        done.isNewPin
          ? `It is pinned in ${context.pinsPath}: commit that file, after a second person has run verify.`
          : 'It was pinned already.',
      );
      return { schema: 'ceremony-finished/1', ...done };
    },
  },
};
