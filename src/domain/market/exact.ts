/** Exact integer arithmetic on quantities and money that start out as safe integers. */

/** floor((a + b) / 2) without leaving the integers a double holds; rounds towards minus infinity. */
export const midpointFloor = (a: number, b: number): number => {
  const sum = a + b;
  return Number.isSafeInteger(sum) ? Math.floor(sum / 2) : Number((BigInt(a) + BigInt(b)) >> 1n);
};

/** floor(a * b / c) for safe integers a, b >= 0 and c > 0, whose result is a safe integer. */
export const mulDivFloor = (a: number, b: number, c: number): number => {
  const product = a * b;
  if (product > Number.MAX_SAFE_INTEGER) return Number((BigInt(a) * BigInt(b)) / BigInt(c));
  const quotient = Math.floor(product / c);
  // The division rounds to nearest, so it may have reached the next integer.
  return quotient * c > product ? quotient - 1 : quotient;
};

/** Sums products of safe integers exactly; a double as long as it is exact, BigInt where it is not. */
export class ExactSum {
  #small = 0;
  #large = 0n;

  addProduct(a: number, b: number): void {
    const product = a * b;
    if (product > 2 ** 52 || product < -(2 ** 52)) {
      this.#large += BigInt(a) * BigInt(b);
      return;
    }
    const sum = this.#small + product;
    if (sum > 2 ** 52 || sum < -(2 ** 52)) {
      this.#large += BigInt(this.#small) + BigInt(product);
      this.#small = 0;
    } else {
      this.#small = sum;
    }
  }

  total(): bigint {
    return this.#large + BigInt(this.#small);
  }
}

/** An integer number of thousandths as an exact decimal: 18_517_500n is "18517.5". */
export const thousandths = (value: bigint): string => {
  const magnitude = value < 0n ? -value : value;
  const fraction = (magnitude % 1000n).toString().padStart(3, '0').replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${magnitude / 1000n}${fraction === '' ? '' : `.${fraction}`}`;
};
