import { afterEach, describe, expect, it } from 'vitest';
import { runCommand } from './command.ts';
import { type ModbusLink, openLink } from './link.ts';
import { type Poller, type PollSample, startPolling } from './poller.ts';
import { openModbusServer } from './server.ts';
import type { TagGroup } from './tag-group.ts';
import { faultyDevice, plainDevice, until } from './testing.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function device() {
  const setup = await faultyDevice();
  cleanups.push(() => setup.server.close());
  const link = openLink({
    host: '127.0.0.1',
    port: setup.server.port,
    name: 'the inverter',
    backoffMinMs: 20,
    backoffMaxMs: 200,
    minTimeoutMs: 60,
    maxTimeoutMs: 200,
    initialTimeoutMs: 200,
  });
  cleanups.push(() => link.close());
  return { setup, link };
}

const group = (id: string, maxAgeMs: number, address = 0, unit = 1): TagGroup => ({
  id,
  maxAgeMs,
  requests: [{ unit, table: 'holding', address, count: 1 }],
  decode: ([words]) => [{ tag: `${id}W`, value: words?.[0] ?? null, units: 'W' }],
});

function polling(devices: { id: string; link: ModbusLink; groups: TagGroup[] }[]): { poller: Poller; samples: PollSample[] } {
  const samples: PollSample[] = [];
  const poller = startPolling({ devices, onSample: (sample) => samples.push(sample), schedule: { probeMinMs: 100, probeMaxMs: 400 } });
  cleanups.push(() => poller.close());
  return { poller, samples };
}

const ages = (samples: readonly PollSample[], id: string) => {
  const times = samples
    .filter((sample) => sample.kind === 'ok' && sample.deviceId === id)
    .map((sample) => (sample as { sampledAtMs: number }).sampledAtMs);
  return times.slice(1).map((time, i) => time - (times[i] as number));
};

describe('polling', () => {
  it('delivers decoded tags with their age, group by group', async () => {
    const { setup, link } = await device();
    setup.device.tables.holding[0] = 1234;
    const { poller, samples } = polling([{ id: 'inverter', link, groups: [group('power', 200), group('slow', 5000, 1)] }]);
    await until(() => samples.filter(({ groupId }) => groupId === 'power').length >= 4);
    const sample = samples.find(({ groupId }) => groupId === 'power');
    expect(sample).toMatchObject({ kind: 'ok', deviceId: 'inverter', tags: [{ tag: 'powerW', value: 1234, units: 'W' }] });
    expect(Math.abs((sample?.wallTimeMs ?? 0) - Date.now())).toBeLessThan(5000);
    expect(samples.filter(({ groupId }) => groupId === 'slow')).toHaveLength(1);
    expect(poller.status('inverter')).toMatchObject({
      dead: false,
      groups: [
        { id: 'power', late: false },
        { id: 'slow', late: false },
      ],
    });
  });

  it('loses nothing on the living while ten devices are dead in every way a device can die', async () => {
    const healthy = await Promise.all(Array.from({ length: 20 }, () => device()));
    const dead = await Promise.all(Array.from({ length: 10 }, () => device()));
    const ways = [{ kind: 'silent' }, { kind: 'garbage' }, { kind: 'refuse-connections' }, { kind: 'slow', delayMs: 5000 }] as const;
    dead.forEach(({ setup }, i) => {
      setup.fault = ways[i % ways.length] as (typeof ways)[number];
    });
    const { poller, samples } = polling([
      ...healthy.map(({ link }, i) => ({ id: `live${i}`, link, groups: [group('g', 800)] })),
      ...dead.map(({ link }, i) => ({ id: `dead${i}`, link, groups: [group('g', 800)] })),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    for (let i = 0; i < healthy.length; i++) {
      const seen = ages(samples, `live${i}`);
      expect(seen.length).toBeGreaterThan(4);
      expect(Math.max(...seen)).toBeLessThan(800);
    }
    for (let i = 0; i < dead.length; i++) expect(poller.status(`dead${i}`)?.dead).toBe(true);
    const probes = samples.filter(({ deviceId, kind }) => deviceId.startsWith('dead') && kind === 'failed').length;
    expect(probes).toBeLessThan(150);
  });

  it('takes a device back within a moment of its return, and says so', async () => {
    const { setup, link } = await device();
    const { poller, samples } = polling([{ id: 'a', link, groups: [group('g', 300)] }]);
    await until(() => samples.some(({ kind }) => kind === 'ok'));
    setup.fault = { kind: 'silent' };
    await until(() => poller.status('a')?.dead === true);
    expect(poller.status('a')?.groups[0]?.late).toBe(true);
    setup.fault = { kind: 'none' };
    const before = samples.length;
    await until(() => samples.slice(before).some((sample) => sample.kind === 'ok'), 3000);
    expect(samples.slice(before).find(({ kind }) => kind === 'ok')).toMatchObject({ revived: true });
    expect(poller.status('a')?.dead).toBe(false);
  });

  it('keeps a live unit fresh behind a gateway whose other unit is dead', async () => {
    const live = plainDevice();
    const server = await openModbusServer({ port: 0, units: new Map([[1, live.unit]]) });
    cleanups.push(() => server.close());
    const link = openLink({ host: '127.0.0.1', port: server.port });
    cleanups.push(() => link.close());
    const { poller, samples } = polling([
      { id: 'live', link, groups: [group('g', 800)] },
      { id: 'gone', link, groups: [group('g', 800, 0, 2)] },
    ]);
    await until(() => poller.status('gone')?.dead === true);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(Math.max(...ages(samples, 'live'))).toBeLessThan(800);
    expect(samples.find(({ deviceId }) => deviceId === 'gone')).toMatchObject({ kind: 'failed', failure: { kind: 'exception', code: 11 } });
  });

  it('polls at once when asked, follows changed groups, and stops when removed', async () => {
    const { link } = await device();
    const { poller, samples } = polling([{ id: 'a', link, groups: [group('g', 60_000)] }]);
    await until(() => samples.length === 1);
    poller.pollNow('a');
    await until(() => samples.length === 2);
    poller.setGroups('a', [group('h', 60_000)]);
    await until(() => samples.some(({ groupId }) => groupId === 'h'));
    poller.remove('a');
    poller.pollNow('a');
    expect(poller.status('a')).toBeUndefined();
  });
});

describe('a command', () => {
  const write = { unit: 1, table: 'holding', address: 5, values: [42] } as const;

  it('is verified by what the device shows afterwards, also while polls crowd the link', async () => {
    const { setup, link } = await device();
    polling([{ id: 'a', link, groups: Array.from({ length: 30 }, (_, i) => group(`g${i}`, 100, i)) }]);
    const result = await runCommand({ link, write });
    expect(result).toMatchObject({ kind: 'verified', readBack: [42] });
    expect(result.timings.verifiedMs).toBeLessThan(500);
    expect(setup.device.tables.holding[5]).toBe(42);
  });

  it('is not done when the contacts have not moved', async () => {
    const { setup, link } = await device();
    const coil = { unit: 1, table: 'coil', address: 0, values: [1] } as const;
    const readBack = { unit: 1, table: 'discrete', address: 0, count: 1 } as const;
    const matches = ([closed]: readonly number[]) => closed === 1;
    expect(await runCommand({ link, write: coil, readBack, matches, verifyWithinMs: 150 })).toMatchObject({
      kind: 'mismatched',
      readBack: [0],
    });
    setTimeout(() => {
      setup.device.tables.discrete[0] = 1;
    }, 80);
    expect(await runCommand({ link, write: coil, readBack, matches, verifyWithinMs: 1000 })).toMatchObject({ kind: 'verified' });
  });

  it('is refused by an exception, in words', async () => {
    const { link } = await device();
    const result = await runCommand({ link, write: { ...write, address: 256 } });
    expect(result).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('the inverter refused the request (illegal data address)'),
    });
  });

  it('is unknown, not failed, when the device falls silent on it', async () => {
    const { setup, link } = await device();
    await link.read({ unit: 1, table: 'holding', address: 0, count: 1 });
    setup.fault = { kind: 'silent' };
    const result = await runCommand({ link, write, verifyWithinMs: 200 });
    expect(result).toMatchObject({ kind: 'unknown', detail: expect.stringContaining('not known') });
    expect(setup.device.writes).toHaveLength(0);
  });

  it('is verified when the acknowledgement was lost but the device has it', async () => {
    const { setup, link } = await device();
    await link.read({ unit: 1, table: 'holding', address: 0, count: 1 });
    setup.device.tables.holding[5] = 42;
    setup.fault = { kind: 'silent' };
    setTimeout(() => {
      setup.fault = { kind: 'none' };
    }, 100);
    expect(await runCommand({ link, write, verifyWithinMs: 2000 })).toMatchObject({ kind: 'verified', readBack: [42] });
  });

  it('says that it was never sent when nobody listens', async () => {
    const { setup, link } = await device();
    await setup.server.close();
    cleanups.splice(cleanups.length - 2, 1);
    await until(() => link.state() === 'waiting');
    expect(await runCommand({ link, write })).toMatchObject({ kind: 'not-sent' });
  });
});
