/** `member withdraw FOLDER --rpc URL --amount 12.50`: asks for a payout of the member's balance; a round grants it. */
import type { Answer } from '../command.ts';
import { askAmount, runMoney } from '../member/money-command.ts';

export const run = (args: readonly string[]): Promise<Answer> => runMoney('member withdraw', args, ['amount'], askAmount('withdraw'));
