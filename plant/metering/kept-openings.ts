/** Which of a member's openings stay: pure, so that what is on disk tells it anew after a restart. */
import type { Opening } from '../../drivers/mqtt/opening-messages.ts';
import { PUBLIC_SIGNALS } from '../../src/domain/settlement/words.ts';

/** Intervals of which lines are kept: the newest that the chain confirms, as many that it does not, and as many behind those. */
const KEPT_INTERVALS = 8;

export const roundOf = (opening: Opening): number => Number(opening.line.round);
export const rootOf = ({ line }: Opening): bigint =>
  BigInt((line.publicSignals as readonly string[])[PUBLIC_SIGNALS.indexOf('newRoot')] ?? 0);
/** What it says of the chain: its interval and the root its account lies under. */
export const nameOf = (opening: Opening): string => `${roundOf(opening)} ${rootOf(opening)}`;

/** A member's openings; those of no pool first, as they came or were pushed out, then by interval. */
export interface Kept {
  readonly openings: readonly Opening[];
  /** Names of those whose root the chain has after their interval. */
  readonly confirmed: ReadonlySet<string>;
}

export function arranged(all: readonly Opening[], confirmed: ReadonlySet<string>): Kept {
  const known = (one: Opening): boolean => confirmed.has(nameOf(one));
  const newest = (openings: readonly Opening[]): Opening[] => {
    const first = [...new Set(openings.map(roundOf))].sort((a, b) => b - a).slice(0, KEPT_INTERVALS);
    return openings.filter((one) => first.includes(roundOf(one)));
  };
  const pool = [...newest(all.filter(known)), ...newest(all.filter((one) => !known(one)))].sort((a, b) => roundOf(a) - roundOf(b));
  // A confirmed one of before the newest has served: it takes none of these places.
  const rest = all.filter((one) => !pool.includes(one) && !known(one));
  const last = [...new Set(rest.map(roundOf).reverse())].slice(0, KEPT_INTERVALS);
  const openings = [...rest.filter((one) => last.includes(roundOf(one))), ...pool];
  return { openings, confirmed: new Set(openings.filter(known).map(nameOf)) };
}
/** The one to leave with, as far as is known: the newest that the chain confirmed, else the newest. */
export const newestOf = ({ openings, confirmed }: Kept): Opening =>
  (openings.findLast((one) => confirmed.has(nameOf(one))) ?? openings.at(-1)) as Opening;
