/**
 * How a member's gateway trades for its household: it expects the coming interval to look like the last minutes, sells surplus above the
 * feed-in tariff, buys below the import tariff. Deterministic from the seed.
 */
import { channelOf, smoothNoise, uniformAt } from '../physics/noise.ts';

export interface Tariffs {
  importMilliCentsPerKwh: number;
  feedInMilliCentsPerKwh: number;
}

export interface Offer {
  side: 'buy' | 'sell';
  quantityWh: number;
  limitPrice: number;
}

/**
 * Expected net energy of the coming interval, Wh, + = import: the mean power of the running one goes on. Over a June day of this village it
 * misses by 10 % of the energy; mixing in the interval before, or the trend, does worse.
 */
export function forecastNetWh(meanPowerW: number, intervalMs: number): number {
  return (meanPowerW * intervalMs) / 3_600_000;
}

/** What the member asks for. Each has a temper of its own that drifts over the days; limits stay strictly between the tariffs. */
export function makeOffer(netWh: number, memberId: string, seed: number, plantTimeMs: number, tariffs: Tariffs): Offer {
  const channel = channelOf(memberId);
  const spread = tariffs.importMilliCentsPerKwh - tariffs.feedInMilliCentsPerKwh;
  const temper = uniformAt(seed, channel, 1);
  const mood = 0.5 + 0.5 * smoothNoise(seed, channel + 2, plantTimeMs / 1000, 6 * 3600);
  const buying = netWh >= 0;
  // Sellers ask for the lower half of the spread, buyers offer the upper half, so that most of both meet.
  const share = buying ? 0.55 + 0.4 * (0.6 * temper + 0.4 * mood) : 0.05 + 0.4 * (0.6 * temper + 0.4 * mood);
  const raw = tariffs.feedInMilliCentsPerKwh + share * spread;
  const limitPrice = Math.min(
    tariffs.importMilliCentsPerKwh - 10,
    Math.max(tariffs.feedInMilliCentsPerKwh + 10, Math.round(raw / 10) * 10),
  );
  return { side: buying ? 'buy' : 'sell', quantityWh: Math.round(Math.abs(netWh)), limitPrice };
}

/** A standing order is worth replacing when side, amount or price moved noticeably. */
export function worthReplacing(current: Offer | null, next: Offer): boolean {
  if (!current) return next.quantityWh > 0;
  if (current.side !== next.side) return true;
  const moved = Math.abs(current.quantityWh - next.quantityWh);
  return moved > Math.max(10, 0.05 * current.quantityWh) || Math.abs(current.limitPrice - next.limitPrice) > 200;
}
