/** Asking members' gateways. The console cannot sign for anybody: it asks, the gateway signs or refuses, and the signed order comes in like any other. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { topics } from '../../../drivers/mqtt/topics.ts';
import type { BrokerService } from '../broker/broker-service.ts';
import type { Clock } from '../kernel/ports.ts';
import { createGatewayReplies } from './gateway-replies.ts';

const Response = z.object({
  schema: z.literal('order-response/1'),
  requestId: z.string().max(100),
  result: z.enum(['signed', 'refused']),
  reason: z.string().max(400).optional(),
  sequence: z.number().int().optional(),
});
export type GatewayResponse = z.infer<typeof Response>;

export interface OrderTerms {
  readonly kind: 'standing' | 'interval';
  readonly interval: number;
  readonly side: 'buy' | 'sell';
  readonly quantityWh: number;
  readonly limitPrice: number;
}

export interface Gateways {
  /** Throws Fault device.unreachable when the gateway does not answer in time. */
  ask(memberId: string, terms: OrderTerms, timeoutMs?: number): Promise<GatewayResponse>;
  lastHeardMs(memberId: string): number | null;
  heard(memberId: string): void;
  close(): void;
}

const RESPONSE_TOPIC = /^busbar\/members\/([^/]+)\/response$/;

export function createGateways(broker: Pick<BrokerService, 'onPublish' | 'publish'>, clock: Clock): Gateways {
  const replies = createGatewayReplies<GatewayResponse>(clock);
  const lastHeard = new Map<string, number>();
  const off = broker.onPublish(RESPONSE_TOPIC, ({ topic, payload }) => {
    const memberId = RESPONSE_TOPIC.exec(topic)?.[1] ?? '';
    lastHeard.set(memberId, clock.nowMs());
    let json: unknown;
    try {
      json = JSON.parse(payload.toString());
    } catch {
      return { kind: 'discard', reason: 'not JSON' };
    }
    const parsed = Response.safeParse(json);
    if (!parsed.success) return { kind: 'discard', reason: 'not an order-response/1' };
    replies.arrived(parsed.data.requestId, parsed.data);
    return { kind: 'accept' };
  });
  return {
    async ask(memberId, terms, timeoutMs = 5_000) {
      const requestId = randomUUID();
      const answer = replies.wait(requestId, memberId, timeoutMs);
      await broker.publish(topics.request(memberId), JSON.stringify({ schema: 'order-request/1', requestId, ...terms }), { qos: 1 });
      return answer;
    },
    lastHeardMs: (memberId) => lastHeard.get(memberId) ?? null,
    heard: (memberId) => void lastHeard.set(memberId, clock.nowMs()),
    close: off,
  };
}
