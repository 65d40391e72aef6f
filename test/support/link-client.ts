/** A client of the console's own contract over the served host's WebSocket, as the screens use it. */
import WebSocket from 'ws';
import type { CallInput, CallName, CallOutput, TopicName, TopicParams, TopicPayload } from '../../src/shared/contract/contract.ts';
import type { ServerFrame } from '../../src/shared/contract/wire.ts';
import type { RunningConsole } from './console-process.ts';

export interface LinkClient {
  call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>>;
  /** Keeps the newest payload of a topic. */
  watch<N extends TopicName>(topic: N, params: TopicParams<N>): { newest(): TopicPayload<N> | undefined; count(): number };
  close(): void;
}

export class CallRefused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Signs on with a fresh one-time address and opens the link. */
export async function connectLink(busbar: RunningConsole): Promise<LinkClient> {
  const signOn = await fetch(await busbar.newAddress(), { redirect: 'manual' });
  const cookie = (signOn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const socket = new WebSocket(`${busbar.origin.replace('http', 'ws')}/link`, { headers: { cookie, origin: busbar.origin } });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  let nextId = 1;
  const waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>();
  const watched = new Map<number, { value: unknown; count: number }>();
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data)) as ServerFrame;
    if (frame.t === 'batch') {
      for (const [id, payload] of frame.payloads) {
        const entry = watched.get(id);
        if (entry) Object.assign(entry, { value: payload, count: entry.count + 1 });
      }
      return;
    }
    const call = waiting.get(frame.id);
    waiting.delete(frame.id);
    if (frame.t === 'ok') call?.resolve(frame.output as never);
    else call?.reject(new CallRefused(frame.fault.code, frame.fault.message));
  });
  socket.on('close', () => {
    for (const one of waiting.values()) one.reject(new Error('the link closed'));
    waiting.clear();
  });
  return {
    call(name, input) {
      const id = nextId++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve: resolve as (value: never) => void, reject });
        socket.send(JSON.stringify({ t: 'call', id, name, input }));
      });
    },
    watch(topic, params) {
      const id = nextId++;
      const entry = { value: undefined as unknown, count: 0 };
      watched.set(id, entry);
      socket.send(JSON.stringify({ t: 'sub', id, topic, params }));
      return { newest: () => entry.value as never, count: () => entry.count };
    },
    close: () => socket.close(),
  };
}
