/**
 * The published rule that moves credits from producers above the reference intensity to those below it. The grams moved are the smaller of
 * what the ones emitted above the reference and the others avoided below it; either side bears or gets its share of them by its own grams,
 * rounded down, and the grams left go one each in the order given. What is debited is what is credited.
 */
import { EMISSION_FACTORS, type Technology } from './emission-factors.ts';

export interface Production {
  readonly producer: string;
  readonly technology: Technology;
  readonly energyWh: number;
}

export interface CreditEntry {
  readonly producer: string;
  /** Positive is credited, negative debited. */
  readonly grams: number;
}

export const creditRule = (productions: readonly Production[], referenceGCo2PerKWh: number): CreditEntry[] => {
  const differences = productions.map((p) => {
    const grams = (p.energyWh * (referenceGCo2PerKWh - EMISSION_FACTORS[p.technology].gCo2PerKWh.median)) / 1000;
    return Math.sign(grams) * Math.floor(Math.abs(grams));
  });
  const above = differences.map((g) => Math.max(-g, 0));
  const below = differences.map((g) => Math.max(g, 0));
  const moved = Math.min(total(above), total(below));
  const debits = share(above, moved);
  const credits = share(below, moved);
  return productions.map((p, i) => ({ producer: p.producer, grams: (credits[i] as number) - (debits[i] as number) }));
};

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Splits `amount` by weight; never more than its weight to anyone, as `amount` is at most the sum of the weights. */
const share = (weights: readonly number[], amount: number): number[] => {
  const sum = total(weights);
  if (sum === 0) return weights.map(() => 0);
  const shares = weights.map((w) => Number((BigInt(w) * BigInt(amount)) / BigInt(sum)));
  let leftover = amount - total(shares);
  return shares.map((s, i) => {
    const extra = leftover > 0 && s < (weights[i] as number) ? 1 : 0;
    leftover -= extra;
    return s + extra;
  });
};
