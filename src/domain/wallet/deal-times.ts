/** When what is possible in a deal, by the contracts' times. All in seconds since 1970. */

/** Time to dispute after a delivery was made or a deal has ended. */
export const DISPUTE_S = 86_400;
/** Time the arbiter has. */
export const ARBITER_S = 7 * 86_400;

export interface Schedule {
  readonly startsS: number;
  readonly windowS: number;
  readonly periodS: number;
  readonly count: number;
}
/** When delivery `number` (from 1) may be made: from `opensS` until before `closesS`. */
export const windowOf = ({ startsS, windowS, periodS }: Schedule, number: number): { opensS: number; closesS: number } => {
  const opensS = startsS + (number - 1) * periodS;
  return { opensS, closesS: opensS + windowS };
};
