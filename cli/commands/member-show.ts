/** `member show FOLDER`: what a member's own folder holds, checked offline. */
import { type Answer, refusal } from '../command.ts';
import { memberArguments } from '../member/arguments.ts';
import { describeStore, readMemberStore } from '../member/store.ts';

export async function run(args: readonly string[]): Promise<Answer> {
  const parsed = memberArguments(args, []);
  if (parsed.kind === 'wrong') return refusal(2, 'member show', [parsed.problem]);
  const read = readMemberStore(parsed.folder);
  if (read.kind === 'refused') return refusal(read.exitCode, 'member show', [read.problem], { folder: parsed.folder });
  const document = { schema: 'member-store/1', ...describeStore(read.store) };
  return { exitCode: document.opening?.valid === false ? 1 : 0, document };
}
