/** Public signals: packing and unpacking. Layouts: docs/settlement.md §2; the contract's are in contracts/settlement/SettlementWords.sol. */
import { fitsBits } from './field.ts';
import { FLOWS_PER_BATCH, INDEX_BITS, MONEY_TOTAL_BITS } from './limits.ts';

/** milli-cents per kWh. `price` is null when nothing was traded. */
export interface Terms {
  readonly interval: bigint;
  readonly price: bigint | null;
  readonly buyTariff: bigint;
  readonly sellTariff: bigint;
}

export interface Totals {
  /** micro-cents the grid account gains (+) or lays out (−) */
  readonly gridMoney: bigint;
  /** micro-cents the default account gets back (+) or lays out (−) */
  readonly defaultMoney: bigint;
  readonly certificateWh: bigint;
  /** members registered but without a valid reading */
  readonly carriedMembers: number;
  /** per queued flow: was it a withdrawal that the balance covered? */
  readonly withdrawalsApplied: readonly boolean[];
}

/** One entry of the chain's queue, oldest first. */
export interface Flow {
  readonly kind: 'deposit' | 'withdrawal';
  /** index of the member, 0-based */
  readonly index: number;
  /** micro-cents, above 0 */
  readonly amount: bigint;
}

export interface PublicWords {
  readonly registryRoot: bigint;
  readonly ordersRoot: bigint;
  readonly oldRoot: bigint;
  readonly newRoot: bigint;
  readonly domain: bigint;
  readonly terms: bigint;
  readonly totals: bigint;
  readonly flows: bigint;
}

/** Words of one batch. A round of several parts binds what one leaves for the next. */
export interface BatchWords extends PublicWords {
  readonly carryIn?: bigint;
  readonly carryOut?: bigint;
}

/** The order in which the verifier takes them. */
export const PUBLIC_SIGNALS = ['registryRoot', 'ordersRoot', 'oldRoot', 'newRoot', 'domain', 'terms', 'totals', 'flows'] as const;
const PART_SIGNALS = ['carryIn', 'carryOut'] as const;

const MONEY_OFFSET = 1n << BigInt(MONEY_TOTAL_BITS - 1);
const FLOW_STRIDE = 81n;

function take(word: bigint, shift: number, bits: number): bigint {
  return (word >> BigInt(shift)) & ((1n << BigInt(bits)) - 1n);
}

function checked(value: bigint, bits: number, name: string): bigint {
  if (!fitsBits(value, bits)) throw new RangeError(`${name} = ${value} does not fit ${bits} bits`);
  return value;
}

/** Chain and contract that a proof is good for: chain id · 2^160 + address. */
export function settlementDomain(chainId: number | bigint, contract: string): bigint {
  if (!/^0x[0-9a-fA-F]{40}$/.test(contract)) throw new RangeError(`${contract} is no contract address`);
  return (checked(BigInt(chainId), 64, 'chain id') << 160n) | BigInt(contract);
}

export function packTerms(terms: Terms, part = 0): bigint {
  return (
    checked(terms.price ?? 0n, 32, 'price') |
    (checked(terms.buyTariff, 32, 'buy tariff') << 32n) |
    (checked(terms.sellTariff, 32, 'sell tariff') << 64n) |
    (checked(terms.interval, 40, 'interval') << 96n) |
    ((terms.price === null ? 0n : 1n) << 136n) |
    (checked(BigInt(part), 8, 'part') << 137n)
  );
}

export function unpackTerms(word: bigint): Terms {
  return {
    price: take(word, 136, 1) === 1n ? take(word, 0, 32) : null,
    buyTariff: take(word, 32, 32),
    sellTariff: take(word, 64, 32),
    interval: take(word, 96, 40),
  };
}

export function packTotals(totals: Totals): bigint {
  const applied = totals.withdrawalsApplied.reduce((bits, is, k) => bits | (is ? 1n << BigInt(k) : 0n), 0n);
  return (
    checked(totals.gridMoney + MONEY_OFFSET, MONEY_TOTAL_BITS, 'grid money') |
    (checked(totals.defaultMoney + MONEY_OFFSET, MONEY_TOTAL_BITS, 'default money') << 92n) |
    (checked(totals.certificateWh, 40, 'certificate energy') << 184n) |
    (checked(BigInt(totals.carriedMembers), 16, 'carried members') << 224n) |
    (checked(applied, FLOWS_PER_BATCH, 'withdrawals') << 240n)
  );
}

/** Totals of the parts before the last, which tell nothing yet. */
export const NO_TOTALS: Totals = { gridMoney: 0n, defaultMoney: 0n, certificateWh: 0n, carriedMembers: 0, withdrawalsApplied: [] };

export function unpackTotals(word: bigint): Totals {
  return {
    gridMoney: take(word, 0, 92) - MONEY_OFFSET,
    defaultMoney: take(word, 92, 92) - MONEY_OFFSET,
    certificateWh: take(word, 184, 40),
    carriedMembers: Number(take(word, 224, 16)),
    withdrawalsApplied: Array.from({ length: FLOWS_PER_BATCH }, (_, k) => take(word, 240 + k, 1) === 1n),
  };
}

export function packFlows(flows: readonly Flow[]): bigint {
  if (flows.length > FLOWS_PER_BATCH)
    throw new RangeError(`a batch applies at most ${FLOWS_PER_BATCH} deposits and withdrawals, got ${flows.length}`);
  return flows.reduce((word, flow, k) => {
    const entry =
      checked(flow.amount, 64, 'amount') |
      (checked(BigInt(flow.index), INDEX_BITS, 'member index') << 64n) |
      ((flow.kind === 'withdrawal' ? 1n : 0n) << 80n);
    return word | (entry << (FLOW_STRIDE * BigInt(k)));
  }, 0n);
}

/** The entries that are not empty; their place in the word is their place among the withdrawals applied. */
export function unpackFlows(word: bigint): (Flow & { readonly place: number })[] {
  return Array.from({ length: FLOWS_PER_BATCH }, (_, place) => {
    const shift = place * Number(FLOW_STRIDE);
    const kind = take(word, shift + 80, 1) === 1n ? ('withdrawal' as const) : ('deposit' as const);
    return { kind, index: Number(take(word, shift + 64, INDEX_BITS)), amount: take(word, shift, 64), place };
  }).filter((flow) => flow.amount > 0n);
}

export function publicSignals(words: BatchWords): string[] {
  const parts = PART_SIGNALS.flatMap((name) => (words[name] === undefined ? [] : [words[name].toString()]));
  return [...PUBLIC_SIGNALS.map((name) => words[name].toString()), ...parts];
}
