/** When an entry that waits is applied, in words: rounds apply a few each, oldest first. */
import type { CallOutput } from '../../../shared/contract/contract.ts';

type Settlement = NonNullable<CallOutput<'wallet.get'>['settlement']>;

export function queueWords({ waiting, queueLength, entriesARound }: Pick<Settlement, 'waiting' | 'queueLength' | 'entriesARound'>): string {
  if (waiting === null) return '';
  const rounds = Math.floor(waiting.before / entriesARound) + 1;
  const when = rounds === 1 ? 'the next round applies it' : `applied by the ${ordinal(rounds)} round from now`;
  return `number ${waiting.before + 1} of ${queueLength} in the queue: ${when}`;
}

function ordinal(n: number): string {
  const [ones, tens] = [n % 10, Math.floor(n / 10) % 10];
  return `${n}${tens === 1 ? 'th' : ones === 1 ? 'st' : ones === 2 ? 'nd' : ones === 3 ? 'rd' : 'th'}`;
}

/** Why money cannot go in (or out) by a member's own entry now; undefined when it can. */
export function whyNoEntry(s: Settlement, operatorOwned: boolean): string | undefined {
  if (s.state === 'ended') return 'Rounds have ended for good. Members leave with their own openings.';
  if (s.state === 'paused') return 'The contract that settles is paused.';
  if (s.account === 'moved') return 'The place belongs to another account now.';
  if (s.account === 'none')
    return operatorOwned ? 'The community’s own assets have no account in the settlement.' : 'The settlement has no account for it yet.';
  return s.waiting ? 'One entry waits already. The next one can follow when a round has applied it.' : undefined;
}
