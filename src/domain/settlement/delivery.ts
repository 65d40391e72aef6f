/** Delivery and money of one member. Sign: + is bought, consumed, paid; − is sold, fed in, received. */
import type { MemberState } from './leaves.ts';
import type { ReadingVerdict } from './readings.ts';

export interface Delivery {
  /** traded in this interval, Wh */
  readonly positionWh: bigint;
  /** measured import − export since the last reading, Wh; null without a reading, 0 with a meter's first one */
  readonly netWh: bigint | null;
  /** measured net − position (this interval's and carried ones), Wh; 0 when nothing was measured */
  readonly deltaWh: bigint;
  /** what the member pays (+) or gets (−) for trade and difference, micro-cents */
  readonly money: bigint;
}

export interface Prices {
  /** milli-cents per kWh; null without a trade */
  readonly price: bigint | null;
  /** what a member pays for each kWh it took beyond its position */
  readonly buyTariff: bigint;
  /** what it gets for each kWh it took less or fed in more */
  readonly sellTariff: bigint;
}

/** What a reading shows of a delivery. A meter's first one sets the registers and measures nothing, so nothing of what was sold counts as delivered. */
export function shownBy(verdict: ReadingVerdict): { readonly importedWh: bigint; readonly exportedWh: bigint } | null {
  if (verdict.kind === 'carried') return null;
  return verdict.kind === 'measured' ? verdict : { importedWh: 0n, exportedWh: 0n };
}

/**
 * money = price·position + buyTariff·δ⁺ − sellTariff·δ⁻, exact in micro-cents because Wh × milli-cents per kWh = micro-cents.
 * @param measured growth of both registers since the last reading of the same meter; nothing with a first reading, which shows no delivery; null
 *   without a reading
 */
export function settleDelivery(
  carriedWh: bigint,
  positionWh: bigint,
  measured: { importedWh: bigint; exportedWh: bigint } | null,
  prices: Prices,
): Delivery {
  const netWh = measured === null ? null : measured.importedWh - measured.exportedWh;
  const deltaWh = netWh === null ? 0n : netWh - carriedWh - positionWh;
  const tariff = deltaWh > 0n ? prices.buyTariff : prices.sellTariff;
  return { positionWh, netWh, deltaWh, money: (prices.price ?? 0n) * positionWh + tariff * deltaWh };
}

export interface Accounted {
  readonly balance: bigint;
  readonly debt: bigint;
}

/** Balance less payment; what is missing becomes debt, and income pays debt back first. */
export function account(member: Pick<MemberState, 'balance' | 'debt'>, deposit: bigint, money: bigint): Accounted {
  const worth = member.balance + deposit - member.debt - money;
  return worth >= 0n ? { balance: worth, debt: 0n } : { balance: 0n, debt: -worth };
}
