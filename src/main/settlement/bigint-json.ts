/** JSON that keeps bigints: a bigint is written as its decimal digits with an `n` behind, as in the source. No other text here looks so. */
const DIGITS = /^-?\d+n$/;

export const toJson = (value: unknown): string => JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v));
export const fromJson = <T>(text: string): T =>
  JSON.parse(text, (_key, v: unknown) => (typeof v === 'string' && DIGITS.test(v) ? BigInt(v.slice(0, -1)) : v)) as T;
