/** What the number of a vintage of energy tells; as deployed, which contracts/test/console-constants.test.ts compares. */

/** Length of a period, s. */
export const PERIOD_S = 7 * 86_400;
/** Whole periods a vintage outlives its own. */
export const LIFE_PERIODS = 3;
const TECHNOLOGIES = 8;

/** When it can no longer be spent, s since 1970. */
export const expiresAtS = (vintage: number): number => (Math.floor(vintage / TECHNOLOGIES) + LIFE_PERIODS + 1) * PERIOD_S;

/** Code of its energy source, as in a meter's registration. */
export const technologyOf = (vintage: number): number => vintage % TECHNOLOGIES;
