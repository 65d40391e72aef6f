/** Compares what the meters behind a feeder say with the meter in front of it: what does not add up is loss, or a meter that lies. */

export interface BalanceInput {
  /** Net energy into the feeder at its upstream meter; positive is import. */
  readonly upstreamNetWh: number;
  /** Net energy of each meter behind it; positive is consumption. */
  readonly meters: readonly { readonly meter: number; readonly netWh: number }[];
  /** Loss the network itself explains, from the power flow or as an estimate. */
  readonly expectedLossWh: number;
  /** How much may remain unexplained before somebody should look. */
  readonly toleranceWh: number;
}

export type BalanceVerdict =
  | { readonly kind: 'balanced'; readonly unexplainedWh: number }
  /** More went in than the meters and the loss account for: a meter reads low, or somebody taps the line. */
  | { readonly kind: 'missing'; readonly unexplainedWh: number }
  /** The meters claim more than went in: a meter reads high or an export register is inflated. */
  | { readonly kind: 'surplus'; readonly unexplainedWh: number };

export const energyBalance = (input: BalanceInput): BalanceVerdict => {
  const meteredWh = input.meters.reduce((sum, m) => sum + m.netWh, 0);
  const unexplainedWh = input.upstreamNetWh - meteredWh - input.expectedLossWh;
  if (Math.abs(unexplainedWh) <= input.toleranceWh) return { kind: 'balanced', unexplainedWh };
  return { kind: unexplainedWh > 0 ? 'missing' : 'surplus', unexplainedWh };
};
