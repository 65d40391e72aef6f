/** Vintages of energy tokens and carbon credits: a period and a technology in one number. As deployed: periods of a week, which live for three more. */
const PERIOD_S = 7 * 86_400;
const LIFE_PERIODS = 3;
const TECHNOLOGIES = 8;

/** Chain time from which the vintage cannot be spent, s. */
export const expiryOfVintage = (vintage: number): number => (Math.floor(vintage / TECHNOLOGIES) + LIFE_PERIODS + 1) * PERIOD_S;
/** Chain time from which nothing can be made of a reading that was posted at this one, s. */
export const expiryOfReading = (postedS: number): number => (Math.floor(postedS / PERIOD_S) + LIFE_PERIODS + 1) * PERIOD_S;
