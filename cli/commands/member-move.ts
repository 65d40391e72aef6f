/** `member move FOLDER --rpc URL --to ADDRESS`: hands the member's place in the settlement on to another account. */
import type { Answer } from '../command.ts';
import { runMoney } from '../member/money-command.ts';

export const run = (args: readonly string[]): Promise<Answer> =>
  runMoney('member move', args, ['to'], ({ to = '' }) =>
    /^0x[0-9a-fA-F]{40}$/.test(to) ? { kind: 'move', to } : `--to ${to} is no address of an account`,
  );
