/** How the contracts count: conditions by number, short texts in 32 bytes, bonds and fees in hundredths of a per cent, rounded down. */
import type { OfferCondition } from '../../shared/wallet-act.ts';

/** In the order of the contract; 0 is none. */
const METRICS = ['frequency', 'voltage', 'demand', 'supply', 'imbalance'] as const satisfies readonly OfferCondition['metric'][];
export const metricCode = (metric: OfferCondition['metric']): number => METRICS.indexOf(metric) + 1;
export const metricOf = (code: number): OfferCondition['metric'] | null => METRICS[code - 1] ?? null;

/** At most 31 plain letters, as Solidity keeps a short string in bytes32. */
export function shortText(text: string): string {
  if (text.length > 31 || !/^[ -~]*$/.test(text)) throw new RangeError('a short text has at most 31 plain letters');
  const hex = [...text].map((letter) => letter.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  return `0x${hex.padEnd(64, '0')}`;
}
/** What cannot be read as plain letters stays as it is. */
export function fromShortText(bytes32: string): string {
  const bytes = (bytes32.slice(2).match(/../g) ?? []).map((b) => Number.parseInt(b, 16));
  const end = bytes.indexOf(0);
  const text = bytes.slice(0, end === -1 ? bytes.length : end);
  return text.every((b) => b >= 32 && b < 127) ? String.fromCharCode(...text) : bytes32;
}

const BPS = 10_000n;
/** What a seller sets aside when he proposes deliveries, micro-cents. */
export const bondOf = (energyWh: number, count: number, price: number, bondBps: number): bigint =>
  (BigInt(energyWh) * BigInt(count) * BigInt(price) * BigInt(bondBps)) / BPS;
/** The part of a sum that `bps` hundredths of a per cent are, micro-cents. */
export const shareOf = (amount: bigint, bps: number): bigint => (amount * BigInt(bps)) / BPS;
