/** Frames over the in-memory engine: the server's side for a socket, and a transport without one for tests. */
import { ClientFrame, LIVE_BATCH_MS, type ServerFrame, type Transport } from '../../src/shared/contract/wire.ts';
import { type FakeEngine, wireFault } from './engine.ts';

/** One client. Payloads are collected and sent at most ten times a second. */
export function serveFrames(engine: FakeEngine, send: (frame: ServerFrame) => void): { receive(frame: unknown): void; close(): void } {
  const stops = new Map<number, () => void>();
  const waiting = new Map<number, unknown>();
  let all: [number, unknown][] = [];
  const timer = setInterval(() => {
    const payloads = [...all, ...waiting];
    all = [];
    waiting.clear();
    if (payloads.length > 0) send({ t: 'batch', timeMs: Date.now(), payloads });
  }, LIVE_BATCH_MS);
  return {
    receive: (raw) => {
      const frame = ClientFrame.parse(raw);
      if (frame.t === 'unsub') {
        stops.get(frame.id)?.();
        stops.delete(frame.id);
        return;
      }
      if (frame.t === 'sub') {
        try {
          const every = frame.topic === 'journal' || frame.topic === 'progress';
          stops.set(
            frame.id,
            engine.subscribe(frame.topic, frame.params, (p) => (every ? all.push([frame.id, p]) : waiting.set(frame.id, p))),
          );
        } catch (error) {
          send({ t: 'fault', id: frame.id, fault: wireFault(error) });
        }
        return;
      }
      engine.call(frame.name, frame.input).then(
        (output) => send({ t: 'ok', id: frame.id, output }),
        (error: unknown) => send({ t: 'fault', id: frame.id, fault: wireFault(error) }),
      );
    },
    close: () => {
      clearInterval(timer);
      for (const stop of stops.values()) stop();
    },
  };
}

/** A transport whose other end is the engine in the same process; `cut` and `restore` play a lost link. */
export function fakeTransport(engine: FakeEngine): Transport & { cut(): void; restore(): void; close(): void } {
  const frames = new Set<(frame: ServerFrame) => void>();
  const states = new Set<(state: 'connected' | 'lost') => void>();
  let up = true;
  const open = () =>
    serveFrames(engine, (frame) => {
      if (up) for (const listener of [...frames]) listener(JSON.parse(JSON.stringify(frame)) as ServerFrame);
    });
  let server = open();
  const tell = (state: 'connected' | 'lost') => {
    for (const listener of [...states]) listener(state);
  };
  return {
    send: (frame) => up && server.receive(JSON.parse(JSON.stringify(frame))),
    onFrame: (listener) => {
      frames.add(listener);
      return () => frames.delete(listener);
    },
    onState: (listener) => {
      states.add(listener);
      if (up) listener('connected');
      return () => states.delete(listener);
    },
    cut: () => {
      up = false;
      server.close();
      tell('lost');
    },
    restore: () => {
      up = true;
      server = open();
      tell('connected');
    },
    close: () => server.close(),
  };
}
