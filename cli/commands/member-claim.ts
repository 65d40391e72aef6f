/** `member claim FOLDER --rpc URL`: takes what rounds have granted to the member's account. */
import type { Answer } from '../command.ts';
import { runMoney } from '../member/money-command.ts';

export const run = (args: readonly string[]): Promise<Answer> => runMoney('member claim', args, [], () => ({ kind: 'claim' }));
