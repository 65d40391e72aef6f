/**
 * A member's gateway: holds the key, watches the member's own meter, keeps one standing order up to date before orders close, and
 * answers the console's requests. The console can ask, if the member lets it (`policy.ts`); only the gateway signs.
 */
import { z } from 'zod';
import type { MemberOrder } from '../../drivers/mqtt/messages.ts';
import { forecastNetWh, makeOffer, type Offer, type Tariffs, worthReplacing } from './strategy.ts';

export interface Gateway {
  readonly memberId: string;
  readonly meterId: number;
  readonly ratedW: number;
  /** The community's own assets have no strategy: the operator asks. */
  readonly ownStrategy: boolean;
  sequence: number;
  standing: Offer | null;
  /** A standing order the member's people asked for through the console holds until this interval. */
  suspendedUntil: number;
  /** Interval in which the strategy last looked. */
  consideredIn: number | null;
  /** Register and plant time when it began to watch this interval: its start, or later after a restart. */
  netAtIntervalStartWh: number;
  watchedSinceMs: number;
  currentInterval: number | null;
}

export function createGateway(memberId: string, meterId: number, ratedW: number, ownStrategy: boolean): Gateway {
  return {
    memberId,
    meterId,
    ratedW,
    ownStrategy,
    sequence: 0,
    standing: null,
    suspendedUntil: 0,
    consideredIn: null,
    netAtIntervalStartWh: 0,
    watchedSinceMs: 0,
    currentInterval: null,
  };
}

const HOLD_INTERVALS = 96;
const LEAST_WATCHED_MS = 60_000;
export type UnsignedOrder = Omit<MemberOrder, 'signature'>;

/**
 * Follows the meter; once per interval, at the member's own moment in its second half and before orders for the next one close,
 * it makes up its mind. Returns a new standing order, or null.
 */
export function stepGateway(
  gateway: Gateway,
  netWh: number,
  plantTimeMs: number,
  market: { intervalMs: number; ordersCloseBeforeEndMs: number; tariffs: Tariffs; seed: number },
): UnsignedOrder | null {
  const interval = Math.floor(plantTimeMs / market.intervalMs);
  if (gateway.currentInterval !== interval) {
    gateway.netAtIntervalStartWh = netWh;
    gateway.watchedSinceMs = plantTimeMs;
    gateway.currentInterval = interval;
  }
  if (!gateway.ownStrategy || gateway.consideredIn === interval || interval < gateway.suspendedUntil) return null;
  const elapsedMs = plantTimeMs - interval * market.intervalMs;
  const openMs = market.intervalMs - market.ordersCloseBeforeEndMs;
  const moment = openMs * (0.35 + (0.3 * (gateway.meterId % 16)) / 16);
  if (elapsedMs < moment) return null;
  // Just started in the middle of an interval: what it has not watched is not zero; the standing order stands.
  const watchedMs = plantTimeMs - gateway.watchedSinceMs;
  if (watchedMs < LEAST_WATCHED_MS) return null;
  gateway.consideredIn = interval;
  const meanPowerW = ((netWh - gateway.netAtIntervalStartWh) * 3_600_000) / watchedMs;
  const expectedWh = forecastNetWh(meanPowerW, market.intervalMs);
  const offer = makeOffer(expectedWh, gateway.memberId, market.seed, plantTimeMs, market.tariffs);
  if (!worthReplacing(gateway.standing, offer)) return null;
  return order(gateway, 'standing', 0, offer);
}

function order(gateway: Gateway, kind: 'standing' | 'interval', interval: number, offer: Offer): UnsignedOrder {
  gateway.sequence += 1;
  if (kind === 'standing') gateway.standing = offer;
  return {
    schema: 'member-order/1',
    meter: gateway.meterId,
    kind,
    interval,
    side: offer.side,
    quantityWh: offer.quantityWh,
    limitPrice: offer.limitPrice,
    sequence: gateway.sequence,
  };
}

const Terms = {
  schema: z.literal('order-request/1'),
  requestId: z.string().min(1).max(100),
  side: z.enum(['buy', 'sell']),
  quantityWh: z.number().int().min(0),
  limitPrice: z.number().int().min(0),
};
export const OrderRequest = z.discriminatedUnion('kind', [
  z.object({ ...Terms, kind: z.literal('standing'), interval: z.number().int().optional() }),
  z.object({ ...Terms, kind: z.literal('interval'), interval: z.number().int().min(0) }),
  z.object({ schema: Terms.schema, requestId: Terms.requestId, kind: z.literal('resume') }),
]);
export type OrderRequest = z.infer<typeof OrderRequest>;

export interface OrderResponse {
  schema: 'order-response/1';
  requestId: string;
  result: 'signed' | 'refused';
  reason?: string;
  sequence?: number;
}

/** Answers a request of the console. A member does not sign what makes no sense for it. */
export function answerRequest(
  gateway: Gateway,
  request: OrderRequest,
  market: { intervalMs: number; tariffs: Tariffs },
  /** Why the member lets nobody ask; null when one may. Taking a request back is always allowed. */
  objection: string | null = null,
): { response: OrderResponse; order: UnsignedOrder | null } {
  const { requestId } = request;
  if (request.kind === 'resume') {
    gateway.suspendedUntil = 0;
    gateway.consideredIn = null;
    return { response: { schema: 'order-response/1', requestId, result: 'signed', sequence: gateway.sequence }, order: null };
  }
  const refuse = (reason: string) => ({
    response: { schema: 'order-response/1', requestId, result: 'refused', reason } as OrderResponse,
    order: null,
  });
  if (objection !== null) return refuse(objection);
  const mostWh = Math.ceil((gateway.ratedW * market.intervalMs) / 3_600_000);
  if (request.quantityWh > mostWh)
    return refuse(`${request.quantityWh} Wh is more than this member can move in one interval (${mostWh} Wh)`);
  if (request.limitPrice > market.tariffs.importMilliCentsPerKwh)
    return refuse('the price is above the import tariff: the grid is cheaper');
  if (request.side === 'sell' && request.limitPrice < market.tariffs.feedInMilliCentsPerKwh)
    return refuse('the price is below the feed-in tariff: the grid pays more');
  const offer: Offer = { side: request.side, quantityWh: request.quantityWh, limitPrice: request.limitPrice };
  if (request.kind === 'standing') gateway.suspendedUntil = (gateway.currentInterval ?? 0) + HOLD_INTERVALS;
  const signed = order(gateway, request.kind, request.kind === 'interval' ? request.interval : 0, offer);
  return { response: { schema: 'order-response/1', requestId, result: 'signed', sequence: signed.sequence }, order: signed };
}
