/** Whether the person may ask for acts of this account now, and why not. */
import type { CallOutput } from '../../../shared/contract/contract.ts';

export function mayActOf(
  w: Pick<CallOutput<'wallet.get'>, 'address' | 'chainInStep'>,
  person: { may: boolean; why: string | undefined },
): { may: boolean; why: string | undefined } {
  if (w.address === null) return { may: false, why: 'There is no account yet.' };
  if (!w.chainInStep) return { may: false, why: 'The chain is away.' };
  return person;
}
