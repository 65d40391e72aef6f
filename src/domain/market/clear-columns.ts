// biome-ignore-all lint/style/noNonNullAssertion: every index into these typed arrays is within them by construction
/**
 * The uniform-price double auction on columns: linear in the number of orders, without sorting them.
 *
 * A price p clears when demand strictly above p is at most the supply at or below p, and supply strictly below p at most the demand at or
 * above it. Every order, buy or sell, at or below p adds its quantity to f(p) = supply(<= p) - demand(> p), so the lowest clearing price
 * is the weighted quantile of all limits at the weight of total demand; where the quantile is hit exactly, prices up to the next limit
 * clear as well. The quantity is the largest with marginal welfare of at least zero.
 */
import { ExactSum, midpointFloor, mulDivFloor } from './exact.ts';
import { weightedSelect } from './weighted-select.ts';

export interface ClearingMargin {
  /** The long side: its orders at the clearing price share what is left. */
  readonly side: 'buy' | 'sell';
  readonly limitPrice: number;
  /** What the orders at the margin offer or ask for together, and what of it is filled. */
  readonly offeredWh: number;
  readonly filledWh: number;
  /** Wh left by rounding down, given one each to the first orders at the margin. */
  readonly leftoverWh: number;
}

export interface ColumnClearing {
  /** Null when nothing trades. */
  readonly price: number | null;
  /** Ends of the interval of clearing prices; `price` is its midpoint, rounded down. */
  readonly priceLow: number | null;
  readonly priceHigh: number | null;
  readonly quantityWh: number;
  /** Per order. */
  readonly fillsWh: Float64Array;
  /** Buyers' limits less sellers' limits, on fills: Wh times milli-cents per kWh is micro-cents. */
  readonly welfareMicroCents: bigint;
  /** Null when every order is filled wholly or not at all. */
  readonly margin: ClearingMargin | null;
}

const nothing = (orders: number): ColumnClearing => ({
  price: null,
  priceLow: null,
  priceHigh: null,
  quantityWh: 0,
  fillsWh: new Float64Array(orders),
  welfareMicroCents: 0n,
  margin: null,
});

/**
 * @param sell 1 for a sell order, 0 for a buy order
 * @param quantityWh integers >= 0 whose sum is a safe integer; orders of 0 are idle
 * @param limitPrice safe integers, milli-cents per kWh
 */
export const clearColumns = (sell: Uint8Array, quantityWh: Float64Array, limitPrice: Float64Array): ColumnClearing => {
  const orders = sell.length;
  let demandWh = 0;
  let supplyWh = 0;
  for (let i = 0; i < orders; i += 1) {
    if (sell[i]) supplyWh += quantityWh[i]!;
    else demandWh += quantityWh[i]!;
  }
  if (demandWh === 0 || supplyWh === 0) return nothing(orders);

  const low = weightedSelect(limitPrice, quantityWh, demandWh);
  let cheaperWh = 0;
  let supplyAtWh = 0;
  let dearerWh = 0;
  let demandAtWh = 0;
  let nextLimit = Number.POSITIVE_INFINITY;
  for (let i = 0; i < orders; i += 1) {
    const limit = limitPrice[i]!;
    const quantity = quantityWh[i]!;
    if (limit > low) {
      if (quantity > 0 && limit < nextLimit) nextLimit = limit;
      if (!sell[i]) dearerWh += quantity;
    } else if (limit < low) {
      if (sell[i]) cheaperWh += quantity;
    } else if (sell[i]) supplyAtWh += quantity;
    else demandAtWh += quantity;
  }
  const supplyUpToWh = cheaperWh + supplyAtWh;
  const demandFromWh = dearerWh + demandAtWh;
  const tradedWh = Math.min(supplyUpToWh, demandFromWh);
  if (tradedWh === 0) return nothing(orders);
  // Demand above `low` meets supply up to it exactly: nobody minds a higher price until the next limit.
  const high = supplyUpToWh === dearerWh ? nextLimit : low;

  // At `low`, the short side fills whole and at most one side shares. If nothing at `low` is needed, its buyers get nothing.
  const sellersLong = supplyUpToWh > tradedWh;
  const buyersLong = demandFromWh > tradedWh;
  const offeredWh = sellersLong ? supplyAtWh : buyersLong ? demandAtWh : 0;
  const filledAtMarginWh = sellersLong ? tradedWh - cheaperWh : buyersLong ? tradedWh - dearerWh : 0;
  let leftoverWh = 0;
  if (filledAtMarginWh > 0) {
    leftoverWh = filledAtMarginWh;
    for (let i = 0; i < orders; i += 1) {
      if (limitPrice[i] === low && (sell[i] === 1) === sellersLong) leftoverWh -= mulDivFloor(quantityWh[i]!, filledAtMarginWh, offeredWh);
    }
  }

  const fillsWh = new Float64Array(orders);
  const welfare = new ExactSum();
  let toGive = leftoverWh;
  for (let i = 0; i < orders; i += 1) {
    const limit = limitPrice[i]!;
    const isSell = sell[i] === 1;
    const quantity = quantityWh[i]!;
    let fill = 0;
    if (limit === low) {
      if (isSell ? sellersLong : buyersLong) {
        fill = filledAtMarginWh > 0 ? mulDivFloor(quantity, filledAtMarginWh, offeredWh) : 0;
        if (toGive > 0 && quantity > 0) {
          fill += 1;
          toGive -= 1;
        }
      } else fill = quantity;
    } else if (isSell ? limit < low : limit > low) fill = quantity;
    if (fill === 0) continue;
    fillsWh[i] = fill;
    welfare.addProduct(isSell ? -limit : limit, fill);
  }
  return {
    price: midpointFloor(low, high),
    priceLow: low,
    priceHigh: high,
    quantityWh: tradedWh,
    fillsWh,
    welfareMicroCents: welfare.total(),
    margin:
      filledAtMarginWh > 0
        ? { side: sellersLong ? 'sell' : 'buy', limitPrice: low, offeredWh, filledWh: filledAtMarginWh, leftoverWh }
        : null,
  };
};
