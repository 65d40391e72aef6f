/** What carries frames: the bridge of the desktop host if there is one, else a WebSocket to the host that served the page. */
import type { ClientFrame, ServerFrame, Transport } from '../../shared/contract/wire.ts';

/** What the desktop host's preload puts on `window`. */
export interface DesktopBridge {
  readonly transport: 'ipc';
  send(frame: ClientFrame): void;
  onFrame(listener: (frame: ServerFrame) => void): (() => void) | undefined;
  onState(listener: (state: 'connected' | 'lost') => void): (() => void) | undefined;
}
declare global {
  interface Window {
    readonly busbar?: DesktopBridge;
  }
}

export const isDesktop = (): boolean => typeof window !== 'undefined' && window.busbar?.transport === 'ipc';

export function pickTransport(): Transport {
  return window.busbar === undefined ? webSocketTransport(linkAddress(window.location)) : bridgeTransport(window.busbar);
}

export function linkAddress(location: Pick<Location, 'protocol' | 'host'>): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/link`;
}

export function bridgeTransport(bridge: DesktopBridge): Transport {
  return {
    send: (frame) => bridge.send(frame),
    onFrame: (listener) => bridge.onFrame(listener) ?? (() => {}),
    onState: (listener) => bridge.onState(listener) ?? (() => {}),
  };
}

/** How long to wait before the next attempt, in ms: quick at first, never slower than every 5 s. */
export const retryDelayMs = (attempt: number): number => Math.min(5000, 250 * 2 ** Math.min(attempt, 5));

type SocketLike = Pick<WebSocket, 'send' | 'close' | 'readyState'> & {
  onopen: (() => void) | null;
  onclose: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
};

/** Reconnects for ever. Frames sent while there is no connection are dropped: the link above re-subscribes and refuses calls itself. */
export function webSocketTransport(
  address: string,
  open: (address: string) => SocketLike = (a) => new WebSocket(a) as unknown as SocketLike,
  schedule: (run: () => void, delayMs: number) => void = (run, delayMs) => void setTimeout(run, delayMs),
): Transport {
  const frameListeners = new Set<(frame: ServerFrame) => void>();
  const stateListeners = new Set<(state: 'connected' | 'lost') => void>();
  let socket: SocketLike | null = null;
  let isOpen = false;
  let attempt = 0;
  const tell = (state: 'connected' | 'lost') => {
    for (const listener of [...stateListeners]) listener(state);
  };
  const connect = () => {
    const current = open(address);
    socket = current;
    current.onopen = () => {
      attempt = 0;
      isOpen = true;
      tell('connected');
    };
    current.onmessage = ({ data }) => {
      if (typeof data !== 'string') return;
      const frame = JSON.parse(data) as ServerFrame;
      for (const listener of [...frameListeners]) listener(frame);
    };
    current.onclose = () => {
      if (socket !== current) return;
      socket = null;
      isOpen = false;
      tell('lost');
      schedule(connect, retryDelayMs(attempt++));
    };
  };
  connect();
  return {
    send: (frame) => {
      if (isOpen) socket?.send(JSON.stringify(frame));
    },
    onFrame: (listener) => {
      frameListeners.add(listener);
      return () => frameListeners.delete(listener);
    },
    onState: (listener) => {
      stateListeners.add(listener);
      if (isOpen) listener('connected');
      return () => stateListeners.delete(listener);
    },
  };
}
