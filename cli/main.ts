/**
 * The terminal tool. Prints exactly one JSON document on standard output, logs on standard error, and ends with 0 (done), 1 (refused or a
 * check failed) or 2 (called wrongly). `--help` is for people and prints text.
 */
import { type Answer, type Command, refusal } from './command.ts';
import { COMMANDS } from './commands.ts';

const log = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const usageText = (): string => {
  const shown = COMMANDS.map((c) => ({ call: `${c.name} ${c.usage}`.trim(), summary: c.summary }));
  const width = Math.max(...shown.map((s) => s.call.length));
  return [
    'Usage: npm run -s busbar -- COMMAND',
    '',
    ...shown.map((s) => `  ${s.call.padEnd(width)}  ${s.summary}`),
    '',
    'A file named - is standard input. Standard output carries one JSON document.',
    'Exit codes: 0 done, 1 refused or a check failed (the document says why), 2 called wrongly.',
  ].join('\n');
};

/** The command with the most words that the arguments begin with. */
const findCommand = (args: readonly string[]): { command: Command; rest: readonly string[] } | null => {
  const byLength = [...COMMANDS].sort((a, b) => b.name.split(' ').length - a.name.split(' ').length);
  for (const command of byLength) {
    const words = command.name.split(' ');
    if (words.every((word, i) => args[i] === word)) return { command, rest: args.slice(words.length) };
  }
  return null;
};

const answerTo = async (args: readonly string[]): Promise<Answer> => {
  const found = findCommand(args);
  if (found === null) {
    log(usageText());
    const problem = args.length === 0 ? 'name a command' : `there is no command "${args[0]}"`;
    return refusal(2, args[0] ?? '', [`${problem}: ${COMMANDS.map((c) => c.name).join(', ')}`]);
  }
  const { run } = await found.command.load();
  const answer = await run(found.rest, log);
  if (answer.exitCode === 2) log(`Usage: npm run -s busbar -- ${found.command.name} ${found.command.usage}`.trimEnd());
  return answer;
};

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h') || args[0] === 'help') {
  process.stdout.write(`${usageText()}\n`);
} else {
  const answer = await answerTo(args).catch((error: unknown): Answer => {
    log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return refusal(1, args[0] ?? '', [`this should not have happened: ${error instanceof Error ? error.message : String(error)}`]);
  });
  // Not process.exit: a pipe may not have taken the whole document yet.
  process.exitCode = answer.exitCode;
  process.stdout.write(`${JSON.stringify(answer.document, null, process.stdout.isTTY ? 2 : 0)}\n`);
}
