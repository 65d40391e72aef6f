import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Broker, type BrokerEvent, type BrokerOptions, type PublishVerdict, startBroker } from './broker.ts';
import { connectMqtt, type MqttClient, type MqttClientOptions } from './client.ts';
import { fileOutbox } from './outbox.ts';
import { matchTopic, topics } from './topics.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function until(condition: () => boolean, timeoutMs = 8000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function broker(options: Partial<BrokerOptions> = {}): Promise<Broker & { events: BrokerEvent[] }> {
  const events: BrokerEvent[] = [];
  const started = await startBroker({
    port: 0,
    authenticate: () => true,
    mayPublish: () => true,
    maySubscribe: () => true,
    onEvent: (event) => events.push(event),
    ...options,
  });
  cleanups.push(() => started.close());
  return Object.assign(started, { events });
}

function client(url: string, clientId: string, options: Partial<MqttClientOptions> = {}): MqttClient {
  const connected = connectMqtt({ url, clientId, reconnectMs: 30, ...options });
  cleanups.push(() => connected.close());
  return connected;
}

function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((ok, no) => {
    resolve = ok;
    reject = no;
  });
  return { promise, resolve, reject };
}

describe('the acknowledgement of a reading', () => {
  it('goes out only after the commit', async () => {
    const commit = deferred<PublishVerdict>();
    const b = await broker({ onPublish: () => commit.promise });
    const meter = client(b.url, 'meter-1');
    let acknowledged = false;
    const published = meter.publish('busbar/meters/a/reading', 'one').then(() => {
      acknowledged = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(acknowledged).toBe(false);
    commit.resolve({ kind: 'accept' });
    await published;
    expect(acknowledged).toBe(true);
  });

  it('stays away when the commit fails, and the meter sends the reading again', async () => {
    const seen: string[] = [];
    const b = await broker({
      async onPublish({ payload }) {
        seen.push(payload.toString());
        if (seen.length === 1) throw new Error('the disk is full');
        return { kind: 'accept' };
      },
    });
    const meter = client(b.url, 'meter-1');
    meter.send('busbar/meters/a/reading', 'one');
    await meter.whenDrained();
    expect(seen).toEqual(['one', 'one']);
    expect(b.events).toContainEqual(expect.objectContaining({ kind: 'deferred', reason: 'the disk is full' }));
  });

  it('lets a meter go that sends what can never be accepted, without telling subscribers', async () => {
    const b = await broker({ onPublish: async () => ({ kind: 'discard', reason: 'signature does not fit' }) });
    const heard: string[] = [];
    await client(b.url, 'listener').subscribe('#', (topic) => heard.push(topic));
    const meter = client(b.url, 'meter-1');
    await meter.publish('busbar/meters/a/reading', 'bad');
    await b.publish('busbar/clock', 'tick');
    await until(() => heard.includes('busbar/clock'));
    expect(heard).toEqual(['busbar/clock']);
    expect(b.events).toContainEqual(expect.objectContaining({ kind: 'discarded', reason: 'signature does not fit' }));
  });

  it('commits a burst of readings together and acknowledges each', async () => {
    let committing = 0;
    let most = 0;
    const b = await broker({
      async onPublish() {
        most = Math.max(most, ++committing);
        await new Promise((resolve) => setTimeout(resolve, 5));
        committing--;
        return { kind: 'accept' };
      },
    });
    const meter = client(b.url, 'meter-1');
    for (let i = 0; i < 200; i++) meter.send('busbar/meters/a/reading', String(i));
    await meter.whenDrained();
    expect(most).toBeGreaterThan(1);
  });
});

describe('a broker killed without warning', () => {
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), 'busbar-broker-'));
    cleanups.push(() => rmSync(path, { recursive: true, force: true }));
    return path;
  };
  const start = async (port: number, file: string, mode?: 'hang'): Promise<{ child: ChildProcess; port: number; taken: string[] }> => {
    const script = new URL('./testing-broker.ts', import.meta.url);
    const child = fork(script, [String(port), file, ...(mode ? [mode] : [])], { execArgv: [] });
    cleanups.push(() => child.kill('SIGKILL'));
    const taken: string[] = [];
    child.on('message', (message: { taken?: string }) => {
      if (message.taken !== undefined) taken.push(message.taken);
    });
    const [ready] = (await once(child, 'message')) as [{ port: number }];
    return { child, port: ready.port, taken };
  };
  const kill = async (child: ChildProcess) => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };

  it('before the commit: the reading comes again and is committed', async () => {
    const file = join(folder(), 'committed');
    const first = await start(0, file, 'hang');
    const meter = client(`mqtt://127.0.0.1:${first.port}`, 'meter-1');
    meter.send('busbar/meters/a/reading', 'one');
    await until(() => first.taken.length === 1);
    expect(meter.pending()).toBe(1);
    await kill(first.child);
    expect(readFileSync(file, 'utf8')).toBe('');
    await start(first.port, file);
    await meter.whenDrained();
    expect(readFileSync(file, 'utf8')).toBe('one\n');
  });

  it('at random moments: every reading the meter let go of is committed, also when the meter restarts', async () => {
    const path = folder();
    const file = join(path, 'committed');
    let running = await start(0, file);
    const { port } = running;
    const url = `mqtt://127.0.0.1:${port}`;
    let meter = connectMqtt({ url, clientId: 'meter-1', reconnectMs: 20, outbox: fileOutbox(join(path, 'outbox')) });
    let sent = 0;
    const sending = setInterval(() => meter.send('busbar/meters/a/reading', String(sent++)), 2);
    cleanups.push(() => clearInterval(sending));
    const seed = Date.now() % 100_000;
    let random = seed;
    for (let round = 0; round < 5; round++) {
      random = (random * 48_271) % 2_147_483_647;
      await new Promise((resolve) => setTimeout(resolve, random % 120));
      await kill(running.child);
      if (round === 2) {
        await meter.close();
        meter = connectMqtt({ url, clientId: 'meter-1', reconnectMs: 20, outbox: fileOutbox(join(path, 'outbox')) });
      }
      running = await start(port, file);
    }
    clearInterval(sending);
    const last = meter;
    cleanups.push(() => last.close());
    await last.whenDrained();
    const committed = new Set(readFileSync(file, 'utf8').trim().split('\n').map(Number));
    const lost = Array.from({ length: sent }, (_, i) => i).filter((i) => !committed.has(i));
    expect(lost, `lost with seed ${seed}`).toEqual([]);
    expect(sent).toBeGreaterThan(20);
  }, 30_000);
});

describe('who may do what', () => {
  it('turns a wrong password away and lets the right one in', async () => {
    const b = await broker({ authenticate: async ({ clientId, password }) => clientId === 'meter-1' && password === 'right' });
    const reasons: (string | undefined)[] = [];
    const wrong = client(b.url, 'meter-1', { username: 'm', password: 'wrong', onState: (_state, reason) => reasons.push(reason) });
    await until(() => reasons.length > 0);
    expect(wrong.connected()).toBe(false);
    expect(reasons[0]).toMatch(/Bad username or password/i);
    expect(b.events).toContainEqual(expect.objectContaining({ kind: 'login-refused', clientId: 'meter-1', remoteAddress: '127.0.0.1' }));
    await wrong.close();
    const right = client(b.url, 'meter-1', { username: 'm', password: 'right' });
    await until(() => right.connected());
    expect(b.clients()).toEqual([{ clientId: 'meter-1', username: 'm' }]);
  });

  it("closes the connection of a meter that publishes on another meter's topic", async () => {
    const b = await broker({ mayPublish: ({ clientId, topic }) => topic === topics.reading(clientId.replace('device:', '')) });
    const meter = client(b.url, 'device:a');
    await meter.publish(topics.reading('a'), 'mine');
    void meter.publish(topics.reading('b'), 'not mine').catch(() => {});
    await until(() => b.events.some(({ kind }) => kind === 'publish-denied'));
    expect(b.events).toContainEqual(expect.objectContaining({ kind: 'publish-denied', clientId: 'device:a', topic: topics.reading('b') }));
  });

  it('refuses subscriptions that were not granted, and $-topics to everyone', async () => {
    const b = await broker({ maySubscribe: ({ filter }) => filter === topics.clock });
    const meter = client(b.url, 'meter-1');
    await meter.subscribe(topics.clock, () => {});
    await expect(meter.subscribe('#', () => {})).rejects.toThrow();
    await expect(meter.subscribe('$SYS/#', () => {})).rejects.toThrow();
  });

  it('cuts off a packet that announces too many bytes before they are sent', async () => {
    const b = await broker({ maxPacketBytes: 1024 });
    const meter = client(b.url, 'meter-1');
    await meter.publish('busbar/meters/a/reading', 'x'.repeat(900));
    void meter.publish('busbar/meters/a/reading', 'x'.repeat(2000)).catch(() => {});
    await until(() => b.events.some(({ kind }) => kind === 'oversize'));
    const socket = connectSocket(b.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]));
    await once(socket, 'close');
  });

  it('takes no more clients than it was told to', async () => {
    const b = await broker({ maxClients: 1 });
    const first = client(b.url, 'meter-1');
    await until(() => first.connected());
    const second = client(b.url, 'meter-2');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(second.connected()).toBe(false);
    await first.close();
    await until(() => second.connected());
  });
});

describe('the bus', () => {
  it('gives the retained clock to whoever comes later', async () => {
    const b = await broker();
    await b.publish(topics.clock, '{"plantTimeMs":1}', { retain: true });
    const seen: string[] = [];
    await client(b.url, 'meter-1').subscribe(topics.clock, (_topic, payload) => seen.push(payload.toString()));
    await until(() => seen.length === 1);
    expect(seen).toEqual(['{"plantTimeMs":1}']);
  });

  it('keeps subscriptions and unsent readings over a restart of the broker', async () => {
    const first = await broker();
    const { port } = first;
    const heard: string[] = [];
    const meter = client(first.url, 'meter-1');
    await meter.subscribe(topics.clock, (_topic, payload) => heard.push(payload.toString()));
    await first.close();
    meter.send(topics.reading('a'), 'while away');
    const got: string[] = [];
    const second = await broker({
      port,
      async onPublish({ payload }) {
        got.push(payload.toString());
        return { kind: 'accept' };
      },
    });
    await meter.whenDrained();
    expect(got).toEqual(['while away']);
    await until(() => second.clients().length === 1);
    await second.publish(topics.clock, 'tick', { retain: true });
    await until(() => heard.includes('tick'));
  });

  it('names the port that is taken', async () => {
    const b = await broker();
    await expect(broker({ port: b.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('knows its topics', () => {
    expect(matchTopic('busbar/meters/meter-shop/reading')).toEqual({ kind: 'reading', deviceId: 'meter-shop' });
    expect(matchTopic(topics.meterRequest('meter-carport'))).toEqual({ kind: 'meter-request', deviceId: 'meter-carport' });
    expect(matchTopic('busbar/members/shop/order')).toEqual({ kind: 'order', memberId: 'shop' });
    expect(matchTopic(topics.openingReceipt('shop'))).toEqual({ kind: 'opening-receipt', memberId: 'shop' });
    expect(matchTopic(topics.ordersNotice('shop'))).toEqual({ kind: 'orders-notice', memberId: 'shop' });
    expect(matchTopic(topics.clock)).toEqual({ kind: 'clock' });
    for (const bad of ['busbar/meters/../reading', 'busbar/meters/a/b/reading', 'busbar/meters//reading', 'busbar/clock/x']) {
      expect(matchTopic(bad)).toEqual({ kind: 'unknown' });
    }
  });
});
