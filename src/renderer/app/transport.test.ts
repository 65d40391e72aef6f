import { describe, expect, it } from 'vitest';
import type { ServerFrame } from '../../shared/contract/wire.ts';
import { bridgeTransport, linkAddress, retryDelayMs, webSocketTransport } from './transport.ts';

class FakeSocket {
  sent: string[] = [];
  readyState = 0 as const;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.onclose?.();
  }
}
function rig() {
  const sockets: FakeSocket[] = [];
  const waiting: { run: () => void; delayMs: number }[] = [];
  const transport = webSocketTransport(
    'ws://console/link',
    () => {
      const s = new FakeSocket();
      sockets.push(s);
      return s;
    },
    (run, delayMs) => waiting.push({ run, delayMs }),
  );
  return { sockets, waiting, transport };
}

describe('the WebSocket to the headless host', () => {
  it('speaks to the origin that served the page', () => {
    expect(linkAddress({ protocol: 'http:', host: '127.0.0.1:7100' })).toBe('ws://127.0.0.1:7100/link');
    expect(linkAddress({ protocol: 'https:', host: 'plant.example' })).toBe('wss://plant.example/link');
  });
  it('connects again for ever, sooner at first, never slower than every five seconds', () => {
    const { sockets, waiting, transport } = rig();
    const states: string[] = [];
    transport.onState((s) => states.push(s));
    for (let i = 0; i < 8; i++) {
      sockets.at(-1)?.onclose?.();
      waiting.at(-1)?.run();
    }
    expect(sockets).toHaveLength(9);
    expect(waiting.map((w) => w.delayMs)).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
    sockets.at(-1)?.onopen?.();
    sockets.at(-1)?.onclose?.();
    expect(waiting.at(-1)?.delayMs).toBe(250);
    expect(states.at(-1)).toBe('lost');
    expect(retryDelayMs(40)).toBe(5000);
  });
  it('drops what is sent while there is no connection instead of sending it late', () => {
    const { sockets, transport } = rig();
    transport.send({ t: 'call', id: 1, name: 'grid.switch', input: {} });
    sockets[0]?.onopen?.();
    expect(sockets[0]?.sent).toEqual([]);
    transport.send({ t: 'unsub', id: 2 });
    expect(sockets[0]?.sent).toEqual(['{"t":"unsub","id":2}']);
  });
  it('hands frames to every listener until it leaves', () => {
    const { sockets, transport } = rig();
    const seen: ServerFrame[] = [];
    const off = transport.onFrame((f) => seen.push(f));
    sockets[0]?.onmessage?.({ data: '{"t":"ok","id":1,"output":{}}' });
    off();
    sockets[0]?.onmessage?.({ data: '{"t":"ok","id":2,"output":{}}' });
    expect(seen.map((f) => (f.t === 'batch' ? null : f.id))).toEqual([1]);
  });
});

it('uses the desktop bridge as it is, also one whose listeners cannot be taken back', () => {
  const sent: unknown[] = [];
  const transport = bridgeTransport({ transport: 'ipc', send: (f) => sent.push(f), onFrame: () => undefined, onState: () => undefined });
  transport.send({ t: 'unsub', id: 7 });
  expect(sent).toEqual([{ t: 'unsub', id: 7 }]);
  expect(() => transport.onFrame(() => {})()).not.toThrow();
});
