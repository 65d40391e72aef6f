/**
 * How old values get when a tenth of the devices is dead: our poller against one loop over all devices, which is how a
 * poll loop is first written. Figures are ages of the living devices' values, sampled all the time, not latencies of replies.
 */
import modbusSerial from 'modbus-serial';
import { openLink } from '../drivers/modbus/link.ts';
import { startPolling } from '../drivers/modbus/poller.ts';
import { cpuMeter } from './cpu-meter.ts';
import { type Benchmark, quantile } from './harness.ts';
import { type Farm, startFarm } from './modbus-farm.ts';

const DEVICES = 500;
const DEAD = 50;
const TAGS_PER_DEVICE = 30;
const MAX_AGE_MS = 1000;
const SECONDS = 20;
/** The single loop needs about 50 s for one round; less would flatter it. */
const LOOP_SECONDS = 75;

export async function run(say: (line: string) => void): Promise<Benchmark> {
  const farm = await startFarm(DEVICES, DEAD);
  const size = { devices: DEVICES, dead: DEAD, tagsPerDevice: TAGS_PER_DEVICE };
  try {
    say(`${DEVICES} devices, ${DEAD} of them dead, ${TAGS_PER_DEVICE} tags each, age limit ${MAX_AGE_MS} ms`);
    const ours = await measureOurs(farm, { ...size, maxAgeMs: MAX_AGE_MS, seconds: SECONDS });
    say('the same with a timer for each device');
    const timersP99Ms = await measureTimers(farm, { ...size, seconds: SECONDS }, MAX_AGE_MS / 2);
    say(`the same with one loop over all devices, ${LOOP_SECONDS} s`);
    const naiveP99Ms = await measureNaive(farm, { ...size, seconds: LOOP_SECONDS });
    return {
      figures: {
        devices: DEVICES,
        deadDevices: DEAD,
        tags: DEVICES * TAGS_PER_DEVICE,
        maxAgeMs: MAX_AGE_MS,
        ...ours,
        naiveAgeP99Ms: naiveP99Ms,
        // The stronger peer, for honesty: a timer and a connection for each device. It has no command lane and no age limits.
        timerPerDeviceAgeP99Ms: timersP99Ms,
      },
      peer: 'one loop over all devices with modbus-serial 8, 1 s timeout',
      ratio: naiveP99Ms / ours.ageP99Ms,
    };
  } finally {
    await farm.close();
  }
}

interface Case {
  devices: number;
  dead: number;
  tagsPerDevice: number;
  seconds: number;
}

async function measureOurs(farm: Farm, { devices, dead, tagsPerDevice, maxAgeMs, seconds }: Case & { maxAgeMs: number }) {
  const sampledAtMs = new Float64Array(devices).fill(Number.NaN);
  const links = farm.ports.map((port) => openLink({ host: '127.0.0.1', port }));
  const poller = startPolling({
    devices: links.map((link, i) => ({
      id: String(i),
      link,
      groups: [
        {
          id: 'all',
          maxAgeMs,
          requests: [{ unit: 1, table: 'holding' as const, address: 0, count: tagsPerDevice }],
          decode: ([words]) => (words ?? []).map((value, tag) => ({ tag: String(tag), value })),
        },
      ],
    })),
    onSample: (sample) => {
      if (sample.kind === 'ok') sampledAtMs[Number(sample.deviceId)] = sample.sampledAtMs;
    },
  });
  // Not judged before the dead are known to be dead and the connections stand.
  await sleep(5000);
  const cpu = cpuMeter();
  const { ages, late } = await watchAges(sampledAtMs, dead, seconds, maxAgeMs);
  const cpuPercentOfOneCore = cpu();
  poller.close();
  await Promise.all(links.map((link) => link.close()));
  return {
    ageP99Ms: quantile(ages, 0.99),
    ageMaxMs: ages.reduce((most, age) => Math.max(most, age), 0),
    tagsPastMaxAge: late * tagsPerDevice,
    cpuPercentOfOneCore,
  };
}

type Client = import('modbus-serial').default;
const ClientClass = (modbusSerial as unknown as { default: new () => Client }).default;

/** Reads one device as a first program does: connects when it must, gives up after a second. Returns when the read began. */
async function readOnce(clients: Map<number, Client>, farm: Farm, device: number, count: number): Promise<number | undefined> {
  try {
    let client = clients.get(device);
    if (!client?.isOpen) {
      client = new ClientClass();
      client.on('error', () => {});
      client.setTimeout(1000);
      await client.connectTCP('127.0.0.1', { port: farm.ports[device] as number });
      clients.set(device, client);
    }
    const startedMs = performance.now();
    client.setID(1);
    await client.readHoldingRegisters(0, count);
    return startedMs;
  } catch {
    return undefined;
  }
}

async function measureNaive(farm: Farm, { devices, dead, tagsPerDevice, seconds }: Case): Promise<number> {
  const sampledAtMs = new Float64Array(devices).fill(performance.now());
  const clients = new Map<number, Client>();
  let running = true;
  const loop = async () => {
    while (running) {
      for (let i = 0; i < devices && running; i++)
        sampledAtMs[i] = (await readOnce(clients, farm, i, tagsPerDevice)) ?? (sampledAtMs[i] as number);
    }
  };
  const looping = loop();
  const { ages } = await watchAges(sampledAtMs, dead, seconds, Number.POSITIVE_INFINITY);
  running = false;
  await looping;
  for (const client of clients.values()) client.destroy(() => {});
  return quantile(ages, 0.99);
}

async function measureTimers(farm: Farm, { devices, dead, tagsPerDevice, seconds }: Case, periodMs: number): Promise<number> {
  const sampledAtMs = new Float64Array(devices).fill(Number.NaN);
  const clients = new Map<number, Client>();
  const busy = new Set<number>();
  const timers = Array.from({ length: devices }, (_, i) =>
    setInterval(async () => {
      if (busy.has(i)) return;
      busy.add(i);
      sampledAtMs[i] = (await readOnce(clients, farm, i, tagsPerDevice)) ?? (sampledAtMs[i] as number);
      busy.delete(i);
    }, periodMs),
  );
  await sleep(5000);
  const { ages } = await watchAges(sampledAtMs, dead, seconds, Number.POSITIVE_INFINITY);
  for (const timer of timers) clearInterval(timer);
  await sleep(1500);
  for (const client of clients.values()) client.destroy(() => {});
  return quantile(ages, 0.99);
}

/** Ages of the living devices' values every 50 ms; `late` counts devices that were past the limit at any of those moments. */
async function watchAges(
  sampledAtMs: Float64Array,
  dead: number,
  seconds: number,
  maxAgeMs: number,
): Promise<{ ages: number[]; late: number }> {
  const ages: number[] = [];
  const late = new Set<number>();
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs) {
    await sleep(50);
    const nowMs = performance.now();
    for (let i = dead; i < sampledAtMs.length; i++) {
      const ageMs = nowMs - (sampledAtMs[i] as number);
      ages.push(Number.isNaN(ageMs) ? Number.POSITIVE_INFINITY : ageMs);
      if (!(ageMs <= maxAgeMs)) late.add(i);
    }
  }
  return { ages, late: late.size };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
