/** The screens' side of the contract: calls with an answer, subscriptions that survive a reconnect, and the state of the link. */
import type { CallInput, CallName, CallOutput, TopicName, TopicParams, TopicPayload } from '../../shared/contract/contract.ts';
import type { ServerFrame, Transport } from '../../shared/contract/wire.ts';
import type { WireFault } from '../../shared/errors.ts';

/** A fault the engine answered with, or that the link found itself. `message` is a sentence for the operator. */
export class LinkFault extends Error {
  readonly code: WireFault['code'];
  readonly retry: WireFault['retry'];
  readonly traceId: string;
  readonly details: WireFault['details'];
  constructor(fault: WireFault) {
    super(fault.message);
    this.name = 'LinkFault';
    this.code = fault.code;
    this.retry = fault.retry;
    this.traceId = fault.traceId;
    this.details = fault.details;
  }
}

export interface LinkState {
  readonly state: 'connecting' | 'connected' | 'lost';
  /** When the engine was last heard, wall clock; values on screen are as old as this. */
  readonly lastHeardMs: number | null;
}

export interface Link {
  call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>>;
  subscribe<N extends TopicName>(topic: N, params: TopicParams<N>, listener: (payload: TopicPayload<N>) => void): () => void;
  getState(): LinkState;
  onState(listener: () => void): () => void;
  dispose(): void;
}

/** The status topic comes once a second: this long without any frame and the engine counts as lost, though the socket may stand. */
export const SILENCE_MS = 4000;
const CALL_TIMEOUT_MS = 20_000;

interface Pending {
  resolve(output: unknown): void;
  reject(fault: LinkFault): void;
  timer: ReturnType<typeof setTimeout>;
}
interface Subscription {
  topic: string;
  params: unknown;
  listener(payload: unknown): void;
}

export function createLink(transport: Transport, now: () => number = Date.now): Link {
  const pending = new Map<number, Pending>();
  const subscriptions = new Map<number, Subscription>();
  const stateListeners = new Set<() => void>();
  let nextId = 1;
  let carrierUp = false;
  let current: LinkState = { state: 'connecting', lastHeardMs: null };

  const setState = (state: LinkState['state'], lastHeardMs: number | null) => {
    const changed = state !== current.state;
    current = { state, lastHeardMs };
    if (changed) for (const listener of [...stateListeners]) listener();
  };
  const failAll = () => {
    for (const [id, call] of [...pending]) {
      pending.delete(id);
      clearTimeout(call.timer);
      call.reject(linkFault('timeout', 'The engine stopped answering. It may have done this or not; look before you repeat it.'));
    }
  };
  const onFrame = (frame: ServerFrame) => {
    setState('connected', now());
    if (frame.t === 'batch') {
      for (const [id, payload] of frame.payloads) subscriptions.get(id)?.listener(payload);
      return;
    }
    const call = pending.get(frame.id);
    if (call === undefined) return;
    pending.delete(frame.id);
    clearTimeout(call.timer);
    if (frame.t === 'ok') call.resolve(frame.output);
    else call.reject(new LinkFault(frame.fault));
  };
  const offFrame = transport.onFrame(onFrame);
  const offState = transport.onState((state) => {
    carrierUp = state === 'connected';
    if (!carrierUp) {
      setState('lost', current.lastHeardMs);
      failAll();
      return;
    }
    setState('connected', now());
    for (const [id, s] of subscriptions) transport.send({ t: 'sub', id, topic: s.topic, params: s.params });
  });
  const watchdog = setInterval(() => {
    const { state, lastHeardMs } = current;
    if (state === 'connected' && subscriptions.size > 0 && lastHeardMs !== null && now() - lastHeardMs > SILENCE_MS)
      setState('lost', lastHeardMs);
  }, 1000);

  return {
    call: (name, input) =>
      new Promise((resolve, reject) => {
        if (!carrierUp) {
          reject(linkFault('engine.starting', 'The engine does not answer. The window connects again by itself as soon as it does.'));
          return;
        }
        const id = nextId++;
        const timer = setTimeout(() => {
          pending.delete(id);
          reject(linkFault('timeout', 'The engine took longer than 20 seconds. Look whether it was done before you repeat it.'));
        }, CALL_TIMEOUT_MS);
        pending.set(id, { resolve: resolve as (output: unknown) => void, reject, timer });
        transport.send({ t: 'call', id, name, input });
      }),
    subscribe: (topic, params, listener) => {
      const id = nextId++;
      subscriptions.set(id, { topic, params, listener: listener as (payload: unknown) => void });
      if (carrierUp) transport.send({ t: 'sub', id, topic, params });
      return () => {
        subscriptions.delete(id);
        if (carrierUp) transport.send({ t: 'unsub', id });
      };
    },
    getState: () => current,
    onState: (listener) => {
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    },
    dispose: () => {
      clearInterval(watchdog);
      offFrame();
      offState();
      failAll();
    },
  };
}

function linkFault(code: WireFault['code'], message: string): LinkFault {
  return new LinkFault({ code, message, retry: 'later', traceId: 'screen' });
}
