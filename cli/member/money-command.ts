/** What the commands that move a member's money share: the folder read, the chain opened, one document out. */
import { type Answer, refusal } from '../command.ts';
import { memberArguments } from './arguments.ts';
import { amountOf, moveMoney, type Wanted } from './money.ts';
import { openChain } from './settlement.ts';
import { readMemberStore } from './store.ts';

export type Options = Readonly<Record<string, string | undefined>>;
/** A sentence when the options make no sense. */
export type Ask = (options: Options) => Wanted | string;

export const askAmount =
  (kind: 'deposit' | 'withdraw'): Ask =>
  ({ amount = '' }) => {
    const microCents = amountOf(amount);
    return microCents === null ? `--amount ${amount} is no amount of money above 0, as 12.50 is` : { kind, amount: microCents };
  };

export async function runMoney(command: string, args: readonly string[], needed: readonly string[], ask: Ask): Promise<Answer> {
  const parsed = memberArguments(args, ['rpc', ...needed]);
  if (parsed.kind === 'wrong') return refusal(2, command, [parsed.problem]);
  const { folder, options } = parsed;
  const wanted = ask(options);
  if (typeof wanted === 'string') return refusal(2, command, [wanted]);
  const read = readMemberStore(folder);
  if (read.kind === 'refused') return refusal(read.exitCode, command, [read.problem], { folder });
  const opened = await openChain(read.store, options.rpc ?? '');
  if (opened.kind === 'refused') return refusal(1, command, [opened.problem], { folder });
  try {
    const moved = await moveMoney(read.store, opened.chain, wanted);
    const { member } = read.store.account;
    return {
      exitCode: moved.problems.length === 0 ? 0 : 1,
      document: { schema: 'member-money/1', command, member, account: read.store.address, ...moved },
    };
  } finally {
    opened.chain.close();
  }
}
