/** Faults of the training menu against the real console: what stops, what goes on, and that nothing is lost. The plant is asked for the truth. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningConsole, removeDataDir, startConsole } from './support/console-process.ts';
import { connectLink, type LinkClient } from './support/link-client.ts';
import { plantTruth } from './support/plant-truth.ts';

let busbar: RunningConsole;
let link: LinkClient;
beforeAll(async () => {
  busbar = await startConsole({ speed: 45 });
  link = await connectLink(busbar);
});
afterAll(async () => {
  link?.close();
  await busbar?.stop();
  if (busbar) removeDataDir(busbar.dataDir);
});
const truth = () => plantTruth(busbar.dataDir);
const inject = async (kind: string, target?: string, seconds = 600) => {
  const { faults } = await link.call('training.list', {});
  const offered = faults.find((f) => f.kind === kind);
  return link.call('training.inject', { kind, target: target ?? offered?.targets[0]?.id ?? '', seconds });
};
/** Closes a switch as a person would, again while the check says that it cannot be yet. */
const close = (id: string) =>
  expect
    .poll(
      async () => {
        const check = await link.call('grid.checkSwitch', { id, position: 'closed' });
        if (check.blockedBy.length > 0) return check.blockedBy.join(' ');
        return (await link.call('grid.switch', { id, position: 'closed', token: check.token })).state;
      },
      { timeout: 90_000, interval: 2000 },
    )
    .toMatch(/^(verified|unknown)$/);
const clear = (id: string) => link.call('training.clear', { id });
const stored = (sql: string): number => {
  const db = new Database(join(busbar.dataDir, 'console.sqlite'), { readonly: true });
  try {
    return (db.prepare(sql).get() as { n: number }).n;
  } finally {
    db.close();
  }
};

describe('a silent device', () => {
  it('does not delay the others: their values stay younger than their limit', { timeout: 90_000 }, async () => {
    const fault = await inject('device-silent', 'meter-shop');
    const device = async (id: string) => (await link.call('devices.list', {})).find((d) => d.id === id);
    await expect.poll(async () => (await device('meter-shop'))?.state, { timeout: 20_000 }).toBe('silent');
    const points = (await link.call('points.list', {})).filter((p) => p.device !== 'meter-shop');
    const watched = link.watch('points', { points: points.slice(0, 300).map((p) => p.id) });
    await expect.poll(() => watched.count(), { timeout: 10_000 }).toBeGreaterThan(5);
    const values = watched.newest() ?? {};
    const old = points
      .filter((p) => values[p.id] && values[p.id]?.quality !== 'good' && values[p.id]?.quality !== 'estimated')
      .map((p) => p.id);
    expect(old.length, `not fresh while one device is silent: ${old.slice(0, 5).join(', ')}`).toBeLessThanOrEqual(points.length / 20);
    const others = (await link.call('devices.list', {})).filter((d) => d.id !== 'meter-shop');
    expect(others.filter((d) => d.state !== 'online').map((d) => `${d.id} ${d.state}`)).toEqual([]);
    await expect
      .poll(async () => (await link.call('alarms.active', {})).some((a) => a.source === 'meter-shop' && a.active), { timeout: 10_000 })
      .toBe(true);
    await clear(fault.id);
    await expect.poll(async () => (await device('meter-shop'))?.state, { timeout: 40_000 }).toBe('online');
    await expect
      .poll(async () => (await link.call('alarms.active', {})).some((a) => a.source === 'meter-shop' && a.active), { timeout: 20_000 })
      .toBe(false);
  });
});

describe('loss of the main grid', () => {
  it('islands within seconds, holds the frequency near 50 Hz, and resynchronises', { timeout: 240_000 }, async () => {
    const status = link.watch('status', {});
    const fault = await inject('grid-loss');
    const begin = performance.now();
    await expect.poll(() => status.newest()?.mode, { timeout: 15_000, interval: 100 }).toBe('islanded');
    const islandedMs = performance.now() - begin;
    expect((await truth()).switches['q-pcc']?.closed).toBe(false);
    // Primary droop lives in the devices; the console restores the frequency.
    await expect
      .poll(async () => Math.abs((await truth()).grid.frequencyHz - 50) < 0.1, { timeout: 60_000, interval: 500 })
      .toBe(true)
      .catch(async (error: unknown) => {
        const t = await truth();
        throw new Error(`the island settled at ${t.islands.map((i) => `${i.kind} ${i.frequencyHz} Hz`).join(', ')}: ${String(error)}`);
      });
    const island = (await truth()).islands.find((i) => i.kind === 'island');
    expect(island, 'the plant runs on its own').toBeDefined();
    expect(Math.abs((island?.frequencyHz ?? 0) - 50)).toBeLessThan(0.2);
    await expect.poll(async () => (await link.call('alarms.active', {})).some((a) => a.active), { timeout: 20_000 }).toBe(true);
    await clear(fault.id);
    const back = performance.now();
    // Joining the main grid again is an act of a person; the relay waits for synchronism.
    await close('q-pcc');
    await expect.poll(() => status.newest()?.mode, { timeout: 150_000, interval: 200 }).toBe('connected');
    expect((await truth()).switches['q-pcc']?.closed).toBe(true);
    process.stdout.write(
      `main grid lost: islanded after ${(islandedMs / 1000).toFixed(1)} s; resynchronised ${((performance.now() - back) / 1000).toFixed(0)} s after it came back\n`,
    );
  });
});

describe('the chain gone', () => {
  it('keeps what belongs on the chain in the outbox, and drains it in order', { timeout: 300_000 }, async () => {
    const status = link.watch('status', {});
    await expect.poll(() => status.newest()?.chain, { timeout: 90_000 }).toMatchObject({ state: 'in-step', waiting: 0 });
    const fault = await inject('chain-gone');
    await expect.poll(() => status.newest()?.chain.state, { timeout: 20_000 }).toBe('away');
    await expect.poll(() => status.newest()?.chain.waiting ?? 0, { timeout: 120_000 }).toBeGreaterThan(0);
    expect((await link.call('settlement.outbox', {})).entries.filter((e) => e.state === 'failed')).toEqual([]);
    await clear(fault.id);
    await expect.poll(() => status.newest()?.chain.state, { timeout: 60_000 }).not.toBe('away');
    await expect.poll(() => status.newest()?.chain.waiting ?? -1, { timeout: 150_000 }).toBe(0);
    const entries = (await link.call('settlement.outbox', { limit: 500 })).entries.sort((a, b) => a.sequence - b.sequence);
    expect(entries.filter((e) => e.state !== 'final').map((e) => e.id)).toEqual([]);
    // An entry found in effect already, because its receipt was lost with the link, names no block of its own.
    const blocks = entries.flatMap((e) => e.block ?? []);
    expect(blocks.length).toBeGreaterThan(0);
    expect(blocks, 'in order').toEqual([...blocks].sort((a, b) => a - b));
  });
});

describe('the broker gone', () => {
  it('leaves readings with the meters, which hand them in when it is back', { timeout: 240_000 }, async () => {
    await expect.poll(() => stored('SELECT count(*) AS n FROM reading'), { timeout: 90_000 }).toBeGreaterThan(0);
    const fault = await inject('broker-gone');
    const pending = async () => Object.values((await truth()).meters).reduce((n, m) => n + m.pendingReadings, 0);
    await expect.poll(pending, { timeout: 150_000, interval: 1000 }).toBeGreaterThan(0);
    const held = (await truth()).meters;
    await clear(fault.id);
    await expect.poll(pending, { timeout: 60_000 }).toBe(0);
    const sequences = new Map(Object.entries(held).map(([id, m]) => [id, m.sequence]));
    const highest = Math.max(...sequences.values());
    await expect
      .poll(() => stored('SELECT min(top) AS n FROM (SELECT max(sequence) AS top FROM reading GROUP BY meter_id)'), { timeout: 30_000 })
      .toBeGreaterThanOrEqual(Math.min(...sequences.values()));
    expect(
      stored(
        'SELECT count(*) AS n FROM (SELECT meter_id FROM reading GROUP BY meter_id HAVING count(*) <> max(sequence) - min(sequence) + 1)',
      ),
    ).toBe(0);
    expect(highest).toBeGreaterThan(0);
  });
});

describe('a wrong chain', () => {
  it('is told in one sentence; nothing is sent to it, and nothing is lost', { timeout: 120_000 }, async () => {
    const asked: string[] = [];
    const foreign = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        const answer = (call: { id: number; method: string }) => {
          asked.push(call.method);
          return {
            jsonrpc: '2.0',
            id: call.id,
            result: call.method === 'eth_chainId' ? '0x1' : call.method === 'net_version' ? '1' : '0x10',
          };
        };
        const calls = JSON.parse(body) as { id: number; method: string } | { id: number; method: string }[];
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify(Array.isArray(calls) ? calls.map(answer) : answer(calls)));
      });
    });
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
    const { port } = foreign.address() as { port: number };
    const other = await startConsole({ args: ['--rpc', `http://127.0.0.1:${port}`] });
    const client = await connectLink(other);
    try {
      const status = client.watch('status', {});
      await expect.poll(() => status.newest()?.chain.state, { timeout: 40_000 }).toBe('wrong-chain');
      const message = status.newest()?.chain.message ?? '';
      expect(message).toMatch(/^[A-Z].*\.$/);
      expect(message).toMatch(/chain/i);
      expect(message.split('\n')).toHaveLength(1);
      expect((await client.call('alarms.active', {})).some((a) => a.id.startsWith('chain.wrong') && a.active)).toBe(true);
      expect(asked.filter((method) => /send/i.test(method))).toEqual([]);
      expect((await client.call('settlement.outbox', {})).entries.filter((e) => e.state === 'failed')).toEqual([]);
    } finally {
      client.close();
      await other.stop();
      foreign.close();
      removeDataDir(other.dataDir);
    }
  });
});

const small = tinyDisk();
if (small) describe('a full disk', () => fullDisk(small));
else it.skip('a full disk: needs the right to mount a tiny tmpfs', () => {});

function fullDisk(disk: NonNullable<typeof small>): void {
  afterAll(() => disk.remove());

  it('is alarmed; meters keep their readings until there is room again', { timeout: 300_000 }, async () => {
    const dataDir = join(disk.dir, 'data');
    mkdirSync(dataDir);
    const other = await startConsole({ dataDir, speed: 45 });
    const client = await connectLink(other);
    const held = () => {
      const db = new Database(join(dataDir, 'console.sqlite'), { readonly: true });
      try {
        return (db.prepare('SELECT count(*) AS n FROM reading').get() as { n: number }).n;
      } finally {
        db.close();
      }
    };
    const pending = async () => Object.values((await plantTruth(dataDir)).meters).reduce((n, m) => n + m.pendingReadings, 0);
    try {
      await expect.poll(held, { timeout: 90_000 }).toBeGreaterThan(0);
      const filler = join(disk.dir, 'filler');
      fillDisk(filler);
      await expect
        .poll(async () => (await client.call('alarms.active', {})).filter((a) => a.active).map((a) => a.title), { timeout: 60_000 })
        .toContain('Trends are not being kept');
      await expect.poll(pending, { timeout: 120_000, interval: 1000 }).toBeGreaterThan(0);
      expect(other.child.exitCode, 'the console goes on').toBeNull();
      rmSync(filler);
      await expect.poll(pending, { timeout: 60_000, interval: 1000 }).toBe(0);
      await expect
        .poll(async () => (await client.call('alarms.active', {})).some((a) => a.title === 'Trends are not being kept' && a.active), {
          timeout: 60_000,
        })
        .toBe(false);
      const db = new Database(join(dataDir, 'console.sqlite'), { readonly: true });
      expect(db.pragma('quick_check(1)', { simple: true })).toBe('ok');
      db.close();
      expect((await client.call('journal.verify', {})).valid).toBe(true);
    } finally {
      client.close();
      await other.stop();
    }
  });
}

/** A disk of a few megabytes, or null where mounting is not allowed. */
function tinyDisk(): { dir: string; remove(): void } | null {
  if (process.platform !== 'linux') return null;
  const dir = mkdtempSync(join(tmpdir(), 'busbar-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    rmSync(dir, { recursive: true, force: true });
    return null;
  }
  return {
    dir,
    remove() {
      removeDataDir(join(dir, 'data'));
      execFileSync('umount', ['-l', dir], { stdio: 'ignore' });
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
function fillDisk(file: string): void {
  const fd = openSync(file, 'w');
  const block = Buffer.alloc(64 * 1024, 1);
  try {
    for (;;) writeSync(fd, block);
  } catch {
    // Full, as wished.
  }
  closeSync(fd);
}
