/** Arguments of the member commands: one folder, and options by name. */
import { parseArgs } from 'node:util';

export type MemberArguments =
  | { readonly kind: 'ok'; readonly folder: string; readonly options: Readonly<Record<string, string | undefined>> }
  | { readonly kind: 'wrong'; readonly problem: string };

export function memberArguments(args: readonly string[], needed: readonly string[], optional: readonly string[] = []): MemberArguments {
  const wrong = (problem: string) => ({ kind: 'wrong', problem }) as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries([...needed, ...optional].map((name) => [name, { type: 'string' as const }])),
    });
    const [folder, ...extra] = positionals;
    if (folder === undefined) return wrong("name the member's own folder, where its gateway keeps account.json and opening.json");
    if (extra.length > 0) return wrong(`one folder at a time: "${extra.join(' ')}" is too much`);
    const options = values as Record<string, string | undefined>;
    const missing = needed.find((name) => !options[name]);
    return missing ? wrong(`--${missing} is missing`) : { kind: 'ok', folder, options };
  } catch (error) {
    return wrong((error as Error).message);
  }
}
