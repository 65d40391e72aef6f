// SPDX-License-Identifier: GPL-3.0-only
/** One command in, one JSON document on standard output, sentences and progress on standard error. Exit codes: 0 done, 1 refused, 2 called wrongly. */
import { COMMANDS, readOptions } from './commands.ts';
import type { CeremonyContext } from './context.ts';
import { CeremonyRefusal, UsageError } from './refusal.ts';

export interface Answer {
  readonly exitCode: 0 | 1 | 2;
  /** null: only text was asked for */
  readonly document: unknown;
}

export const usageText = (): string =>
  [
    'A ceremony makes the proving key of a circuit together, so that nobody knows its secret. See docs/ceremony.md.',
    '',
    'Usage: npm run -s ceremony -- COMMAND',
    '',
    ...Object.entries(COMMANDS).flatMap(([name, { usage, summary }]) => [`  ${name} ${usage}`, `      ${summary}`]),
    '',
    'Standard output carries one JSON document. Exit codes: 0 done, 1 refused or a check failed, 2 called wrongly.',
  ].join('\n');

const isHelp = (argument: string | undefined): boolean => argument === '--help' || argument === '-h' || argument === 'help';

export async function runCeremony(args: readonly string[], context: CeremonyContext): Promise<Answer> {
  const [name = '', ...rest] = args;
  if (isHelp(name) || rest.some(isHelp)) {
    context.say(usageText());
    return { exitCode: 0, document: null };
  }
  const refuse = (exitCode: 1 | 2, problem: string): Answer => {
    context.say(problem);
    return { exitCode, document: { schema: 'refusal/1', command: name, problems: [problem] } };
  };
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    const problem = name === '' ? 'Name a command' : `There is no command "${name}"`;
    context.say(`${usageText()}\n`);
    return refuse(2, `${problem}: ${Object.keys(COMMANDS).join(', ')}.`);
  }
  try {
    return { exitCode: 0, document: await command.run(readOptions(command, rest), context) };
  } catch (error) {
    if (error instanceof CeremonyRefusal) return refuse(1, error.message);
    if (!(error instanceof UsageError)) throw error;
    context.say(`Usage: npm run -s ceremony -- ${name} ${command.usage}`);
    return refuse(2, error.message);
  }
}
