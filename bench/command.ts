/**
 * From the call of a command to its arrival at the device, and to the read-back that proves it, while the whole plant is polled
 * and a tenth of it is dead. The arrival is stamped by the device's process on the machine's monotonic clock.
 */
import { runCommand } from '../drivers/modbus/command.ts';
import { openLink } from '../drivers/modbus/link.ts';
import { startPolling } from '../drivers/modbus/poller.ts';
import { machineMs, startFarm } from './modbus-farm.ts';
import { percentile, round } from './statistics.ts';

export async function run(
  options: { devices?: number; dead?: number; commands?: number; tagsPerDevice?: number } = {},
): Promise<Record<string, unknown>> {
  const { devices = 500, dead = 50, commands = 500, tagsPerDevice = 30 } = options;
  const farm = await startFarm(devices, dead);
  const links = farm.ports.map((port) => openLink({ host: '127.0.0.1', port }));
  const poller = startPolling({
    devices: links.map((link, i) => ({
      id: String(i),
      link,
      groups: [
        {
          id: 'all',
          maxAgeMs: 1000,
          requests: [{ unit: 1, table: 'holding' as const, address: 0, count: tagsPerDevice }],
          decode: () => [],
        },
      ],
    })),
    onSample: () => {},
  });
  const arrivals = new Map<number, number>();
  farm.onWrite(({ value, atMs }) => arrivals.set(value, atMs));
  const sent = new Map<number, number>();
  const verifiedMs: number[] = [];
  let unverified = 0;
  try {
    await sleep(5000);
    for (let command = 0; command < commands; command++) {
      const device = dead + ((command * 7919) % (devices - dead));
      const link = links[device];
      if (!link) throw new Error(`no device ${device}`);
      sent.set(command, machineMs());
      void runCommand({ link, write: { unit: 1, table: 'holding', address: 100, values: [command] } }).then(({ kind, timings }) => {
        if (kind === 'verified' && timings.verifiedMs !== undefined) verifiedMs.push(timings.verifiedMs);
        else unverified++;
      });
      await sleep(20);
    }
    await sleep(2000);
    const firstByteMs = [...sent].map(([command, atMs]) => (arrivals.get(command) ?? Number.POSITIVE_INFINITY) - atMs);
    return {
      devices,
      deadDevices: dead,
      commands,
      unverified,
      firstByteP50Ms: round(percentile(firstByteMs, 0.5)),
      firstByteP99Ms: round(percentile(firstByteMs, 0.99)),
      verifiedP50Ms: round(percentile(verifiedMs, 0.5)),
      verifiedP99Ms: round(percentile(verifiedMs, 0.99)),
    };
  } finally {
    poller.close();
    await Promise.all(links.map((link) => link.close()));
    await farm.close();
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
