/** Replies that are awaited from members' gateways, each by the id of its request. Orders and account acts wait in the same way. */
import { Fault } from '../../shared/errors.ts';
import type { Clock } from '../kernel/ports.ts';

export interface GatewayReplies<T> {
  /** Resolves with the reply to this request; rejects with `device.unreachable` when none comes in time. */
  wait(requestId: string, gatewayOf: string, timeoutMs: number): Promise<T>;
  /** Hands a reply to whoever waits for it; one that nobody waits for is dropped. */
  arrived(requestId: string, reply: T): void;
}

export function createGatewayReplies<T>(clock: Pick<Clock, 'setTimeout'>): GatewayReplies<T> {
  const waiting = new Map<string, (reply: T) => void>();
  return {
    wait: (requestId, gatewayOf, timeoutMs) =>
      new Promise<T>((resolve, reject) => {
        const cancel = clock.setTimeout(() => {
          waiting.delete(requestId);
          reject(
            new Fault(
              'device.unreachable',
              `The gateway of ${gatewayOf} does not answer. Its key is there, so nobody else can sign; try again when it is online.`,
            ),
          );
        }, timeoutMs);
        waiting.set(requestId, (reply) => {
          cancel();
          waiting.delete(requestId);
          resolve(reply);
        });
      }),
    arrived: (requestId, reply) => waiting.get(requestId)?.(reply),
  };
}
