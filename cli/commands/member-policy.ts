/** `member policy FOLDER [--orders yes|no] [--at-once 100.00] [--a-day 500.00]`: what the member's gateway may sign when the console asks. */
import { readMemberFile, writeMemberFile } from '../../plant/metering/member-folder.ts';
import { TRAINING_POLICY } from '../../plant/metering/policy.ts';
import { moneyWords } from '../../src/domain/wallet/money-acts.ts';
import { type Answer, refusal } from '../command.ts';
import { memberArguments } from '../member/arguments.ts';
import { amountOf } from '../member/money.ts';
import { readMemberStore } from '../member/store.ts';

const COMMAND = 'member policy';

export async function run(args: readonly string[]): Promise<Answer> {
  const parsed = memberArguments(args, [], ['orders', 'at-once', 'a-day']);
  if (parsed.kind === 'wrong') return refusal(2, COMMAND, [parsed.problem]);
  const { folder, options } = parsed;
  const { orders } = options;
  if (orders !== undefined && orders !== 'yes' && orders !== 'no')
    return refusal(2, COMMAND, [`--orders ${orders}: say yes or no, whether anybody may ask the gateway for orders`]);
  const [atOnce, aDay] = [limitOf(options['at-once']), limitOf(options['a-day'])];
  if (atOnce === null || aDay === null)
    return refusal(2, COMMAND, ['--at-once and --a-day are amounts of money, as 100.00 is; 0 allows none']);
  const read = readMemberStore(folder);
  if (read.kind === 'refused') return refusal(read.exitCode, COMMAND, [read.problem], { folder });
  try {
    const before = readMemberFile(read.store.folder, 'policy') ?? TRAINING_POLICY;
    const policy = {
      ...before,
      ...(orders === undefined ? {} : { orders: orders === 'yes' }),
      ...(atOnce === undefined ? {} : { mostMoneyAtOnce: atOnce.toString() }),
      ...(aDay === undefined ? {} : { mostMoneyADay: aDay.toString() }),
    };
    const changed = [orders, atOnce, aDay].some((one) => one !== undefined);
    if (changed) await writeMemberFile(read.store.folder, 'policy', policy);
    return { exitCode: 0, document: { ...policy, member: read.store.account.member, changed, says: wordsOf(policy) } };
  } catch (error) {
    return refusal(1, COMMAND, [(error as Error).message], { folder });
  }
}

/** undefined: not named; null: no amount. */
const limitOf = (text: string | undefined): bigint | null | undefined =>
  text === undefined ? undefined : /^0(\.0{1,8})?$/.test(text) ? 0n : amountOf(text);

const wordsOf = (p: { orders: boolean; mostMoneyAtOnce: string; mostMoneyADay: string }): string =>
  `${p.orders ? 'The console may ask for orders' : 'Nobody may ask for orders'}; on request the gateway moves at most ${moneyWords(
    BigInt(p.mostMoneyAtOnce),
  )} at once and ${moneyWords(BigInt(p.mostMoneyADay))} in 24 hours.`;
