/**
 * From the call of a command to its arrival at the device, and to the read-back that proves it, while the whole plant is polled
 * and a tenth of it is dead. The arrival is stamped by the device's process on the machine's monotonic clock.
 */
import { runCommand } from '../drivers/modbus/command.ts';
import { openLink } from '../drivers/modbus/link.ts';
import { startPolling } from '../drivers/modbus/poller.ts';
import { type Benchmark, quantile } from './harness.ts';
import { machineMs, startFarm } from './modbus-farm.ts';

const DEVICES = 500;
const DEAD = 50;
const TAGS_PER_DEVICE = 30;
const COMMANDS = 500;

export async function run(): Promise<Benchmark> {
  const farm = await startFarm(DEVICES, DEAD);
  const links = farm.ports.map((port) => openLink({ host: '127.0.0.1', port }));
  const poller = startPolling({
    devices: links.map((link, i) => ({
      id: String(i),
      link,
      groups: [
        {
          id: 'all',
          maxAgeMs: 1000,
          requests: [{ unit: 1, table: 'holding' as const, address: 0, count: TAGS_PER_DEVICE }],
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
    for (let command = 0; command < COMMANDS; command++) {
      const device = DEAD + ((command * 7919) % (DEVICES - DEAD));
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
      figures: {
        devices: DEVICES,
        deadDevices: DEAD,
        commands: COMMANDS,
        unverified,
        firstByteP50Ms: quantile(firstByteMs, 0.5),
        firstByteP99Ms: quantile(firstByteMs, 0.99),
        verifiedP50Ms: quantile(verifiedMs, 0.5),
        verifiedP99Ms: quantile(verifiedMs, 0.99),
      },
    };
  } finally {
    poller.close();
    await Promise.all(links.map((link) => link.close()));
    await farm.close();
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
