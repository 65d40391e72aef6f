/** The common way of commands that take one file: check the arguments, read it, parse it, answer. */
import { type Answer, refusal } from './command.ts';
import { readJson } from './read-json.ts';

export type ParsedFile<T> = { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'refused'; readonly problems: readonly string[] };

export const withFile = async <T>(
  command: string,
  what: string,
  args: readonly string[],
  parse: (json: unknown) => ParsedFile<T>,
  answer: (value: T) => Answer,
): Promise<Answer> => {
  const [path, ...extra] = args;
  if (path === undefined) return refusal(2, command, [`name ${what}`]);
  const options = args.filter((a) => a.startsWith('-') && a !== '-');
  if (options.length > 0)
    return refusal(
      2,
      command,
      options.map((o) => `unknown option ${o}`),
    );
  if (extra.length > 0) return refusal(2, command, [`one file at a time: "${extra.join(' ')}" is too much`]);
  const read = await readJson(path);
  if (read.kind === 'unreadable') return refusal(2, command, [read.problem], { file: path });
  if (read.kind === 'not-json') return refusal(1, command, [read.problem], { file: path });
  const parsed = parse(read.json);
  return parsed.kind === 'ok' ? answer(parsed.value) : refusal(1, command, parsed.problems, { file: path });
};
