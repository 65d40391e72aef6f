/** Says what time the market has: retained on `busbar/clock`, at every change and every ten seconds. Plant, meters and gateways follow it. */
import { topics } from '../../../drivers/mqtt/topics.ts';
import type { BrokerService } from '../broker/broker-service.ts';
import type { Kernel, Service } from '../kernel/ports.ts';
import type { MarketClockService } from './market-clock.ts';

const EVERY_MS = 10_000;

export function createClockPublisher(
  kernel: Pick<Kernel, 'clock' | 'log'>,
  deps: { marketClock: MarketClockService; broker: Pick<BrokerService, 'publish'> },
): Service {
  let stops: (() => void)[] = [];
  const publish = (): void => {
    deps.broker
      .publish(topics.clock, JSON.stringify(deps.marketClock.message()), { qos: 1, retain: true })
      .catch((cause) => kernel.log.warn('the market clock could not be published', { cause: String(cause) }));
  };
  return {
    name: 'market clock publisher',
    async start() {
      publish();
      stops = [kernel.clock.setInterval(publish, EVERY_MS), deps.marketClock.onChange(publish)];
    },
    async stop() {
      for (const stop of stops) stop();
      stops = [];
    },
  };
}
