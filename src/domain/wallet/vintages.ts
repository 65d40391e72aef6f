/** What the number of a vintage tells, of energy tokens and of carbon credits; as deployed, which contracts/test/console-constants.test.ts compares. */

/** Length of a period of energy tokens, s. */
export const ENERGY_PERIOD_S = 7 * 86_400;
/** Length of a period of carbon credits, s. */
export const CREDIT_PERIOD_S = 91 * 86_400;
/** Whole periods a vintage outlives its own. */
export const LIFE_PERIODS = 3;
const TECHNOLOGIES = 8;

const endOf = (period: number, periodS: number): number => (period + LIFE_PERIODS + 1) * periodS;
/** When it can no longer be spent, s since 1970. */
export const expiresAtS = (vintage: number, periodS: number): number => endOf(Math.floor(vintage / TECHNOLOGIES), periodS);
/** From when on nothing can be made of a reading that was posted at this time, s since 1970. */
export const readingExpiresAtS = (postedS: number, periodS: number): number => endOf(Math.floor(postedS / periodS), periodS);

/** Code of its energy source, as in a meter's registration. */
export const technologyOf = (vintage: number): number => vintage % TECHNOLOGIES;
