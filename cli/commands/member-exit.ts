/** `member exit FOLDER --rpc URL`: a member leaves with its money, by its own folder and any node of the chain, without the operator. */
import { type Answer, type Log, refusal } from '../command.ts';
import { memberArguments } from '../member/arguments.ts';
import { leave } from '../member/leave.ts';
import { openChain } from '../member/settlement.ts';
import { describeStore, readMemberStore } from '../member/store.ts';

export async function run(args: readonly string[], _log: Log): Promise<Answer> {
  const parsed = memberArguments(args, ['rpc']);
  if (parsed.kind === 'wrong') return refusal(2, 'member exit', [parsed.problem]);
  const read = readMemberStore(parsed.folder);
  if (read.kind === 'refused') return refusal(read.exitCode, 'member exit', [read.problem], { folder: parsed.folder });
  const opened = await openChain(read.store, parsed.options.rpc ?? '');
  if (opened.kind === 'refused') return refusal(1, 'member exit', [opened.problem], { folder: parsed.folder });
  try {
    const left = await leave(read.store, opened.chain);
    return { exitCode: left.problems.length === 0 ? 0 : 1, document: { schema: 'member-exit/1', ...describeStore(read.store), ...left } };
  } finally {
    opened.chain.close();
  }
}
