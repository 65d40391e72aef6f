/** Start and stop orders: given once, and repeated only when they should long have had their effect. */
import type { CommandLane } from '../field/command-lane.ts';
import type { Clock, Log } from '../kernel/ports.ts';

const REPEAT_MS = 20_000;

export interface GensetOrders {
  want(device: string, run: boolean, running: boolean): void;
}

export function createGensetOrders(clock: Clock, commands: CommandLane, log: Log): GensetOrders {
  let last: { run: boolean; atMs: number } | null = null;
  let busy = false;
  return {
    want(device, run, running) {
      if (running === run || busy) return;
      const nowMs = clock.monotonicMs();
      if (last?.run === run && nowMs - last.atMs < REPEAT_MS) return;
      last = { run, atMs: nowMs };
      busy = true;
      void commands
        .setRunning({ deviceId: device, running: run, by: 'Busbar' })
        .catch((cause: unknown) => log.error('a genset command failed', { cause: String(cause) }))
        .finally(() => {
          busy = false;
        });
    },
  };
}
