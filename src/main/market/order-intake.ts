/** Members' signed orders in: parse → member and meter → signature → sequence → price band → time → one durable transaction → acknowledgement. */
import { parseMemberOrder } from '../../../drivers/mqtt/messages.ts';
import { type Point, unpackSignature, verifySignature } from '../../domain/settlement/babyjubjub.ts';
import { orderMessage } from '../../domain/settlement/leaves.ts';
import type { InboundMessage, InboundVerdict } from '../broker/broker-service.ts';
import type { Kernel, MarketClock } from '../kernel/ports.ts';
import { quarantine } from '../metering/reading-store.ts';
import type { Community } from './community.ts';
import { openInterval, ordersCloseAt } from './market-times.ts';
import { outOfSequence } from './order-checks.ts';
import { insertOrder, lastSequence, lastStandingSequence, orderById, type StoredOrder } from './order-store.ts';

export const ORDER_TOPIC = /^busbar\/members\/([^/]+)\/order$/;
/** Orders for intervals further ahead are refused: a slip of a digit, or someone filling the disk. */
const MOST_AHEAD = 7 * 96;

export interface OrderIntakeDeps {
  readonly community: Community;
  readonly marketClock: Pick<MarketClock, 'plantNowMs'>;
  readonly keyOf: (meterId: number) => { publicKey: Point } | undefined;
  /** A signed order has been stored; its signature was checked against this key. */
  readonly onOrder: (order: StoredOrder, publicKey: Point) => void;
}

export function orderSignatureValid(
  order: Omit<StoredOrder, 'id' | 'memberId' | 'receivedMs' | 'receivedPlantMs'>,
  publicKey: Point,
): boolean {
  const signature = unpackSignature(Buffer.from(order.signature, 'hex'));
  if (!signature) return false;
  const message = orderMessage(BigInt(order.meterId), {
    scope: BigInt(order.interval),
    side: order.side,
    quantityWh: BigInt(order.quantityWh),
    limitPrice: BigInt(order.limitPrice),
    sequence: BigInt(order.sequence),
  });
  return verifySignature(message, signature, publicKey);
}

export function createOrderIntake(
  kernel: Kernel,
  deps: OrderIntakeDeps,
): (message: Pick<InboundMessage, 'topic' | 'payload'>) => InboundVerdict {
  const { store, clock, plant, alarms } = kernel;
  const { importTariffMilliCentsPerKwh: buyTariff, feedInTariffMilliCentsPerKwh: sellTariff } = plant.market;
  alarms.define({
    kind: 'market.orderRefused',
    priority: 4,
    title: 'An order was refused',
    cause:
      'A member’s gateway sent an order that is not signed by the member, is older than one before, is outside the tariffs, or came after orders had closed.',
    consequence: 'The order does not count; the member’s standing order, if any, stays.',
    action: 'See the member’s page for the reason. Tell the member if it repeats.',
    respondWithinS: 3600,
  });

  return (message) => {
    const memberId = ORDER_TOPIC.exec(message.topic)?.[1] ?? '';
    const member = deps.community.member(memberId);
    if (!member) return { kind: 'discard', reason: `the plant file has no settling member ${memberId}` };
    const refuse = (reason: string, detail: string): InboundVerdict => {
      store.write((db) =>
        quarantine(db, { kind: 'order', source: memberId, reason, detail, payload: message.payload.toString() }, clock.nowMs()),
      );
      alarms.raise('market.orderRefused', memberId, { sourceName: member.name, page: `participants:${memberId}`, value: detail });
      return { kind: 'discard', reason: detail };
    };
    try {
      const parsed = parseMemberOrder(message.payload);
      if (parsed.kind === 'invalid') return refuse('malformed', parsed.reason);
      const { meter, kind, interval, side, quantityWh, limitPrice, sequence, signature } = parsed.message;
      const id = `${memberId}:${sequence}`;
      const known = orderById(store.read, id);
      if (known?.signature === signature && !known.refusal) return { kind: 'accept' };
      if (meter !== member.meterId)
        return refuse('wrong-meter', `it is signed for meter ${meter}; this member's meter is ${member.meterId}`);
      const key = deps.keyOf(member.meterId);
      if (!key) return { kind: 'retry', reason: `the key of ${memberId} is not known yet` };
      const last = lastSequence(store.read, member.meterId);
      if (sequence <= last) return refuse('sequence-not-increasing', `sequence ${sequence} is not above ${last}, the last one`);
      // The proof of admission compares a standing order with the one it replaces, within 32 bits.
      const standing = kind === 'standing' ? lastStandingSequence(store.read, member.meterId) : 0;
      const tooFar = standing > 0 ? outOfSequence(sequence, { sequence: standing }) : null;
      if (tooFar) return refuse('sequence-too-far', tooFar);
      if (quantityWh > 0 && (limitPrice < sellTariff || limitPrice > buyTariff)) {
        return refuse(
          'price-out-of-band',
          `a limit of ${limitPrice} lies outside the tariffs ${sellTariff} to ${buyTariff} milli-cents per kWh, where the grid is the better partner`,
        );
      }
      if (!orderSignatureValid({ meterId: meter, kind, interval, side, quantityWh, limitPrice, sequence, signature }, key.publicKey)) {
        return refuse('bad-signature', 'the signature does not belong to this member’s registered key');
      }
      const nowPlantMs = deps.marketClock.plantNowMs();
      if (kind === 'interval') {
        if (nowPlantMs >= ordersCloseAt(interval, plant.market))
          return refuse(
            'orders-closed',
            `orders for interval ${interval} have closed; the next open one is ${openInterval(nowPlantMs, plant.market)}`,
          );
        if (interval > openInterval(nowPlantMs, plant.market) + MOST_AHEAD)
          return refuse('too-far-ahead', `interval ${interval} is more than a week ahead`);
      }
      const order: StoredOrder = {
        id,
        memberId,
        meterId: meter,
        kind,
        interval,
        side,
        quantityWh,
        limitPrice,
        sequence,
        signature,
        receivedMs: clock.nowMs(),
        receivedPlantMs: nowPlantMs,
      };
      store.write((db) => insertOrder(db, order));
      alarms.clear('market.orderRefused', memberId);
      deps.onOrder(order, key.publicKey);
      return { kind: 'accept' };
    } catch (cause) {
      kernel.log.error('an order could not be committed; the gateway will send it again', { memberId, cause: String(cause) });
      return { kind: 'retry', reason: cause instanceof Error ? cause.message : String(cause) };
    }
  };
}
