/** Nobody gets in: the served console answers only this computer's own browser, once per token. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { type RunningConsole, removeDataDir, startConsole } from './support/console-process.ts';
import { connectLink } from './support/link-client.ts';

let busbar: RunningConsole;
beforeAll(async () => {
  busbar = await startConsole();
});
afterAll(async () => {
  await busbar?.stop();
  if (busbar) removeDataDir(busbar.dataDir);
});

interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}
const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port: busbar.port, path, method, headers }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    call.on('error', reject);
    call.end();
  });
const signOn = async (): Promise<string> => {
  const address = new URL(await busbar.newAddress());
  const reply = await get(address.pathname + address.search);
  return String(reply.headers['set-cookie']).split(';')[0] ?? '';
};
const dial = (headers: Record<string, string>): Promise<{ opened: boolean; code: number; socket: WebSocket }> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${busbar.port}/link`, { headers });
    let opened = false;
    socket.on('open', () => {
      opened = true;
      setTimeout(() => socket.readyState === WebSocket.OPEN && resolve({ opened, code: 0, socket }), 300);
    });
    socket.on('close', (code) => resolve({ opened: false, code, socket }));
    socket.on('error', () => resolve({ opened: false, code: -1, socket }));
  });

describe('the served console', () => {
  it('exchanges a one-time token for an HttpOnly, SameSite=Strict cookie, once', async () => {
    const address = new URL(await busbar.newAddress());
    const first = await get(address.pathname + address.search);
    expect(first.status).toBe(303);
    expect(String(first.headers['set-cookie'])).toMatch(/HttpOnly/);
    expect(String(first.headers['set-cookie'])).toMatch(/SameSite=Strict/);
    const second = await get(address.pathname + address.search);
    expect(second.status).toBe(403);
    expect(second.headers['set-cookie']).toBeUndefined();
    expect(second.body).toMatch(/used already/);
  });

  it('shows nothing without the cookie: no page, no script, no asset', async () => {
    expect((await get('/')).status).toBe(403);
    expect((await get('/index.html')).status).toBeGreaterThanOrEqual(403);
    const cookie = await signOn();
    const page = await get('/', { cookie });
    expect(page.status).toBe(200);
    const asset = /(?:src|href)="\.?\/?(assets\/[^"]+)"/.exec(page.body)?.[1] ?? '';
    expect(asset).not.toBe('');
    const path = `/${asset}`;
    expect((await get(path, { cookie })).status).toBe(200);
    expect((await get(path)).status).toBeGreaterThanOrEqual(403);
  });

  it('sends a strict policy with a nonce of its own on every page', async () => {
    const cookie = await signOn();
    const [a, b] = [await get('/', { cookie }), await get('/', { cookie })];
    const policy = String(a.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toBe(String(b.headers['content-security-policy']));
    expect(a.body).not.toContain('__CSP_NONCE__');
    expect(a.headers['x-content-type-options']).toBe('nosniff');
  });

  it.each([
    ['a rebound host name', { host: 'evil.example:7100' }],
    ['another port', { host: '127.0.0.1:1' }],
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['a null origin', { origin: 'null' }],
  ])('refuses %s even with the cookie', async (_what, headers) => {
    const cookie = await signOn();
    expect((await get('/', { cookie, ...(headers as Record<string, string>) })).status).toBe(403);
  });

  it('refuses to write, and paths that climb', async () => {
    const cookie = await signOn();
    expect((await get('/', { cookie }, 'POST')).status).toBe(405);
    for (const path of [
      '/../package.json',
      '/%2e%2e/package.json',
      '/..%2fpackage.json',
      '/assets/..%2f..%2f..%2fpackage.json',
      '/assets/%2e%2e/%2e%2e/main/index.js',
    ]) {
      const reply = await get(path, { cookie });
      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect(reply.body).not.toContain('devDependencies');
    }
  });

  it('opens the link only with cookie, own origin and own host', async () => {
    const cookie = await signOn();
    const origin = busbar.origin;
    expect((await dial({ origin })).opened).toBe(false);
    expect((await dial({ cookie })).opened).toBe(false);
    expect((await dial({ cookie, origin: 'https://evil.example' })).opened).toBe(false);
    expect((await dial({ cookie, origin, host: 'evil.example' })).opened).toBe(false);
    const good = await dial({ cookie, origin });
    expect(good.opened).toBe(true);
    good.socket.close();
  });

  it('answers rubbish on the link with a fault and stays up', async () => {
    const cookie = await signOn();
    const { socket } = await dial({ cookie, origin: busbar.origin });
    const faults: { fault: { code: string } }[] = [];
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as { t: string; fault: { code: string } };
      if (frame.t === 'fault') faults.push(frame);
    });
    for (const rubbish of [
      '',
      'null',
      '[]',
      '{"t":"call"}',
      '{"t":"call","id":-1,"name":"x"}',
      '{"t":"call","id":1,"name":"__proto__","input":{}}',
      '{"t":"sub","id":2,"topic":"constructor","params":{}}',
    ])
      socket.send(rubbish);
    await expect.poll(() => faults.length).toBe(7);
    const answer = new Promise<{ t: string }>((resolve) =>
      socket.on('message', (data) => {
        const frame = JSON.parse(String(data)) as { t: string; id: number };
        if (frame.id === 99) resolve(frame);
      }),
    );
    socket.send(JSON.stringify({ t: 'call', id: 99, name: 'session.get', input: {} }));
    expect((await answer).t).toBe('ok');
    socket.close();
  });

  it('sends live batches at most ten times a second', async () => {
    const cookie = await signOn();
    const { socket } = await dial({ cookie, origin: busbar.origin });
    let batches = 0;
    socket.on('message', (data) => {
      if ((JSON.parse(String(data)) as { t: string }).t === 'batch') batches++;
    });
    const topics = ['status', 'grid', 'balance', 'alarms', 'devices', 'market', 'overview'];
    for (const [i, topic] of topics.entries()) socket.send(JSON.stringify({ t: 'sub', id: i + 1, topic, params: {} }));
    socket.send(JSON.stringify({ t: 'sub', id: 50, topic: 'points', params: { points: ['meter-pcc.W'] } }));
    await new Promise((r) => setTimeout(r, 5000));
    expect(batches).toBeGreaterThan(2);
    expect(batches).toBeLessThanOrEqual(52);
    socket.close();
  });

  it('tells a window by itself that it was locked, unlocked, signed out and signed in, and no other window', async () => {
    const here = await connectLink(busbar);
    const elsewhere = await connectLink(busbar);
    const session = here.watch('session', {});
    const other = elsewhere.watch('session', {});
    const seen = () => [session.newest()?.person?.name ?? null, session.newest()?.locked];
    await expect.poll(seen).toEqual(['Demo operator', false]);
    await here.call('session.lock', {});
    await expect.poll(seen).toEqual(['Demo operator', true]);
    await here.call('session.unlock', { password: '' });
    await expect.poll(seen).toEqual(['Demo operator', false]);
    await here.call('session.signOut', {});
    await expect.poll(seen).toEqual([null, false]);
    await here.call('session.signInDemo', {});
    await expect.poll(seen).toEqual(['Demo operator', false]);
    expect(other.newest()).toMatchObject({ person: { name: 'Demo operator' }, locked: false });
    here.close();
    elsewhere.close();
  });
});
