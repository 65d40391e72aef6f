// biome-ignore-all lint/style/noNonNullAssertion: every index into these typed arrays is within them by construction

/**
 * The smallest price such that the weights of all entries priced at or below it add up to at least `target`.
 * Linear time: prices are counted into buckets, and only the bucket that holds the answer is looked into again.
 *
 * @param target above 0 and at most the sum of the weights
 */
export const weightedSelect = (prices: Float64Array, weights: Float64Array, target: number): number => {
  let price = prices;
  let weight = weights;
  let length = prices.length;
  let below = 0;
  for (;;) {
    let lowest = Number.POSITIVE_INFINITY;
    let highest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < length; i += 1) {
      if (weight[i] === 0) continue;
      const p = price[i]!;
      if (p < lowest) lowest = p;
      if (p > highest) highest = p;
    }
    if (lowest === highest) return lowest;

    // About half as many buckets as entries: enough to split them, few enough to clear quickly.
    const bucketCount = Math.min(2048, Math.max(16, length >> 1));
    // Whole-numbered widths keep each bucket a range of integer prices; rounding of the division keeps their order.
    const width = Math.max(1, Math.ceil((highest - lowest + 1) / bucketCount));
    const sums = new Float64Array(bucketCount + 1);
    const counts = new Int32Array(bucketCount + 1);
    for (let i = 0; i < length; i += 1) {
      const w = weight[i]!;
      if (w === 0) continue;
      const bucket = Math.min(bucketCount, Math.floor((price[i]! - lowest) / width));
      sums[bucket]! += w;
      counts[bucket]! += 1;
    }
    let bucket = 0;
    while (below + sums[bucket]! < target) {
      below += sums[bucket]!;
      bucket += 1;
    }
    const nextPrice = new Float64Array(counts[bucket]!);
    const nextWeight = new Float64Array(counts[bucket]!);
    let kept = 0;
    for (let i = 0; i < length; i += 1) {
      const w = weight[i]!;
      if (w === 0 || Math.min(bucketCount, Math.floor((price[i]! - lowest) / width)) !== bucket) continue;
      nextPrice[kept] = price[i]!;
      nextWeight[kept] = w;
      kept += 1;
    }
    price = nextPrice;
    weight = nextWeight;
    length = kept;
  }
};
