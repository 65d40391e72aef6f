/** `member deposit FOLDER --rpc URL --amount 12.50`: pays money of the member's account into its balance. */
import type { Answer } from '../command.ts';
import { askAmount, runMoney } from '../member/money-command.ts';

export const run = (args: readonly string[]): Promise<Answer> => runMoney('member deposit', args, ['amount'], askAmount('deposit'));
