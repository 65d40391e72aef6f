/**
 * What the community's own battery offers when nobody says otherwise: it takes up part of the others' surplus when there is room and
 * covers part of their shortfall when there is energy. A plain rule; a forecast may replace it.
 */
export interface AutomaticOfferInput {
  /** Everybody else's standing demand and supply for the interval, Wh. */
  readonly othersBuyWh: number;
  readonly othersSellWh: number;
  readonly socPercent: number | null;
  readonly capacityWh: number;
  readonly ratedW: number;
  readonly intervalMs: number;
  readonly socMinPercent: number;
  readonly socMaxPercent: number;
  readonly importTariff: number;
  readonly feedInTariff: number;
}
export interface AutomaticOffer {
  readonly side: 'buy' | 'sell';
  readonly quantityWh: number;
  readonly limitPrice: number;
  readonly why: string;
}

/** Kept free at both ends, so that frequency and peak shaving never find it empty or full. */
const MARGIN_PERCENT = 15;
const LEAST_WH = 50;

export function automaticOffer(input: AutomaticOfferInput): AutomaticOffer | null {
  if (input.socPercent === null) return null;
  const mostWh = (input.ratedW * 0.6 * input.intervalMs) / 3_600_000;
  const roomWh = ((input.socMaxPercent - MARGIN_PERCENT - input.socPercent) / 100) * input.capacityWh;
  const spareWh = ((input.socPercent - input.socMinPercent - MARGIN_PERCENT) / 100) * input.capacityWh;
  const surplusWh = input.othersSellWh - input.othersBuyWh;
  const spread = input.importTariff - input.feedInTariff;
  const side = surplusWh > 0 ? 'buy' : 'sell';
  const quantityWh = Math.floor(Math.min(Math.abs(surplusWh), mostWh, side === 'buy' ? roomWh : spareWh));
  if (quantityWh < LEAST_WH) return null;
  const limitPrice = Math.round(input.feedInTariff + spread * (side === 'buy' ? 0.35 : 0.6));
  const why =
    side === 'buy'
      ? `the others offer ${surplusWh} Wh more than they ask for and the store holds ${input.socPercent.toFixed(0)} %`
      : `the others ask for ${-surplusWh} Wh more than they offer and the store holds ${input.socPercent.toFixed(0)} %`;
  return { side, quantityWh, limitPrice, why };
}
