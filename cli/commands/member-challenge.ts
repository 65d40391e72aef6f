/** `member challenge FOLDER --rpc URL [--interval N]`: holds the operator's notices against what it committed late, and challenges what differs. */
import { readMemberFile } from '../../plant/metering/member-folder.ts';
import { type Answer, refusal } from '../command.ts';
import { memberArguments } from '../member/arguments.ts';
import { challengeNotices } from '../member/challenge.ts';
import { openChain, reasonOf } from '../member/settlement.ts';
import { readMemberStore } from '../member/store.ts';

const COMMAND = 'member challenge';

export async function run(args: readonly string[]): Promise<Answer> {
  const parsed = memberArguments(args, ['rpc'], ['interval']);
  if (parsed.kind === 'wrong') return refusal(2, COMMAND, [parsed.problem]);
  const { folder, options } = parsed;
  if (options.interval !== undefined && !/^\d{1,12}$/.test(options.interval))
    return refusal(2, COMMAND, [`--interval ${options.interval} is no interval's number`]);
  const read = readMemberStore(folder);
  if (read.kind === 'refused') return refusal(read.exitCode, COMMAND, [read.problem], { folder });
  const refuse = (problem: string) => refusal(1, COMMAND, [problem], { folder });
  try {
    const all = readMemberFile(read.store.folder, 'notices')?.notices ?? [];
    const notices = all.filter((n) => options.interval === undefined || n.notice.interval === Number(options.interval));
    const opened = await openChain(read.store, options.rpc ?? '');
    if (opened.kind === 'refused') return refuse(opened.problem);
    try {
      const checked = await challengeNotices(notices, opened.chain);
      const problems = checked
        .filter((c) => c.state === 'refused' || c.state === 'closed')
        .map((c) => `interval ${c.interval}: ${c.detail}`);
      return {
        exitCode: problems.length === 0 ? 0 : 1,
        document: { schema: 'member-challenge/1', member: read.store.account.member, checked, problems },
      };
    } finally {
      opened.chain.close();
    }
  } catch (error) {
    return refuse(reasonOf(error));
  }
}
