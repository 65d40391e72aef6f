/** What the frame shows, once a second: one payload that every window shares. */
import type { Status } from '../../shared/contract/session.ts';
import type { Kernel, Service } from '../kernel/ports.ts';

export interface StatusSources {
  readonly mode: () => Status['mode'];
  readonly frequency: () => Status['frequencyHz'];
  readonly exchange: () => Status['exchangeW'];
  readonly supply: () => Status['supplyW'];
  readonly demand: () => Status['demandW'];
  readonly market: () => Status['market'];
  readonly chain: () => Status['chain'];
  readonly alarms: () => Status['alarms'];
  readonly onDuty: () => string | null;
  readonly drill: () => boolean;
  readonly settlement: () => Status['settlement'];
  readonly communication: () => Status['communication'];
}

const PERIOD_MS = 1000;

export function createStatusService(kernel: Pick<Kernel, 'clock' | 'hub'>, sources: StatusSources): Service & { now(): Status } {
  let stopTimer: (() => void) | null = null;
  const now = (): Status => ({
    timeMs: kernel.clock.nowMs(),
    mode: sources.mode(),
    frequencyHz: sources.frequency(),
    exchangeW: sources.exchange(),
    supplyW: sources.supply(),
    demandW: sources.demand(),
    market: sources.market(),
    chain: sources.chain(),
    alarms: sources.alarms(),
    onDuty: sources.onDuty(),
    drill: sources.drill(),
    settlement: sources.settlement(),
    communication: sources.communication(),
  });
  return {
    name: 'status',
    now,
    async start() {
      const publish = () => kernel.hub.publish('status', now());
      publish();
      stopTimer ??= kernel.clock.setInterval(publish, PERIOD_MS);
    },
    async stop() {
      stopTimer?.();
      stopTimer = null;
    },
  };
}
