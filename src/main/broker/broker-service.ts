/**
 * The embedded MQTT broker as a service of the engine. It checks who connects and what they may write, hands every message to the room
 * that owns its topic, and lets the acknowledgement go out only when that room has committed it.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Broker, startBroker } from '../../../drivers/mqtt/broker.ts';
import { Fault } from '../../shared/errors.ts';
import type { Kernel, Service } from '../kernel/ports.ts';
import { type BrokerCredentials, mayPublish, maySubscribe, openCredentials } from './credentials.ts';
import { portIsFree } from './port-is-free.ts';

export interface InboundMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly username?: string;
  readonly duplicate: boolean;
}
/** accept: committed, acknowledge · discard: kept as refused, acknowledge so that it is not sent for ever · retry: could not commit, no acknowledgement. */
export type InboundVerdict = { kind: 'accept' } | { kind: 'discard'; reason: string } | { kind: 'retry'; reason: string };
export type InboundHandler = (message: InboundMessage) => Promise<InboundVerdict> | InboundVerdict;

export interface BrokerService extends Service {
  /** `mqtt://127.0.0.1:PORT`, without credentials. */
  readonly url: string;
  readonly port: number;
  /** Account of the simulated plant. */
  readonly credentials: BrokerCredentials;
  /** URL with the plant's account; a secret, hand it on through the environment only. */
  readonly plantUrl: string;
  /** Account of a real meter (`meter-<deviceId>`) or gateway (`member-<memberId>`), for commissioning. */
  accountOf(username: string): BrokerCredentials;
  publish(topic: string, payload: string | Buffer, options?: { qos?: 0 | 1; retain?: boolean }): Promise<void>;
  /** Routes messages whose topic matches to one handler; returns how to take it off. */
  onPublish(pattern: RegExp, handler: InboundHandler): () => void;
  onConnection(listener: (clientId: string, connected: boolean) => void): () => void;
  clients(): readonly string[];
  state(): 'up' | 'down' | 'stopped';
  /** Training fault: takes the broker away and brings it back on the same port. */
  setDown(down: boolean): Promise<void>;
  facts(): { accepted: number; refused: number };
}

export function createBrokerService(kernel: Kernel, options: { port?: number } = {}): BrokerService {
  const log = kernel.log.child('broker');
  const secrets = openCredentials(kernel.dataDir);
  const handlers: { pattern: RegExp; handler: InboundHandler }[] = [];
  const retained = new Map<string, string | Buffer>();
  const connectionListeners = new Set<(clientId: string, connected: boolean) => void>();
  const counts = { accepted: 0, refused: 0 };
  let broker: Broker | null = null;
  let port = options.port ?? 0;
  let state: 'up' | 'down' | 'stopped' = 'stopped';

  kernel.alarms.define({
    kind: 'broker.down',
    priority: 2,
    title: 'Message broker down',
    cause: 'The embedded MQTT broker does not run.',
    consequence:
      'Readings and orders do not arrive; meters and gateways keep them and send them later. Rounds settle without the members that are missing.',
    action: 'End the training fault, or restart the console if nobody took the broker away on purpose.',
    respondWithinS: 600,
  });

  const dispatch = async (message: InboundMessage): Promise<InboundVerdict> => {
    const route = handlers.find((h) => h.pattern.test(message.topic));
    if (!route) return { kind: 'discard', reason: `no room of the engine reads ${message.topic}` };
    const verdict = await route.handler(message);
    if (verdict.kind === 'accept') counts.accepted++;
    else counts.refused++;
    return verdict;
  };

  const open = async (): Promise<void> => {
    const wanted = port || keptPort(kernel.dataDir);
    const free = wanted === 0 || (await portIsFree(wanted));
    if (!free && options.port) {
      throw new Fault(
        'port.inUse',
        `Port ${wanted} is taken by another program, so the message broker cannot start. Stop that program, or give another port with --broker-port.`,
      );
    }
    broker = await startBroker({
      host: '127.0.0.1',
      port: free ? wanted : 0,
      authenticate: ({ username, password }) => secrets.check(username, password === undefined ? undefined : String(password)),
      mayPublish: ({ username, topic }) => mayPublish(username, topic, kernel.simulated),
      maySubscribe: ({ username, filter }) => maySubscribe(username, filter, kernel.simulated),
      onPublish: (m) => dispatch({ topic: m.topic, payload: m.payload, username: m.username, duplicate: m.duplicate }),
      onEvent: (event) => {
        const e = event as { kind: string; clientId?: string };
        log.debug('broker event', e);
        if (e.clientId && (e.kind === 'connected' || e.kind === 'disconnected')) {
          for (const listener of connectionListeners) listener(e.clientId, e.kind === 'connected');
        }
      },
    });
    port = broker.port;
    keepPort(kernel.dataDir, port);
    // The broker keeps retained messages in memory only: tell the new one what the engine says.
    for (const [topic, payload] of retained) await broker.publish(topic, payload, { qos: 1, retain: true });
    state = 'up';
    kernel.alarms.clear('broker.down', 'broker');
  };
  const shut = async (next: 'down' | 'stopped'): Promise<void> => {
    const open = broker;
    broker = null;
    state = next;
    await open?.close();
  };

  return {
    name: 'message broker',
    get url() {
      return `mqtt://127.0.0.1:${port}`;
    },
    get port() {
      return port;
    },
    credentials: { username: 'plant', password: secrets.passwordOf('plant') },
    get plantUrl() {
      return `mqtt://plant:${secrets.passwordOf('plant')}@127.0.0.1:${port}`;
    },
    accountOf: (username) => ({ username, password: secrets.passwordOf(username) }),
    async start() {
      if (state === 'stopped') await open();
    },
    stop: () => shut('stopped'),
    async publish(topic, payload, publishOptions = {}) {
      if (publishOptions.retain) retained.set(topic, payload);
      await broker?.publish(topic, payload, publishOptions);
    },
    onPublish(pattern, handler) {
      const entry = { pattern, handler };
      handlers.push(entry);
      return () => {
        const at = handlers.indexOf(entry);
        if (at >= 0) handlers.splice(at, 1);
      };
    },
    onConnection(listener) {
      connectionListeners.add(listener);
      return () => connectionListeners.delete(listener);
    },
    clients: () => broker?.clients().map((c) => c.clientId) ?? [],
    state: () => state,
    async setDown(down) {
      if (down && state === 'up') {
        await shut('down');
        kernel.alarms.raise('broker.down', 'broker', { sourceName: 'Message broker', page: 'settings' });
      } else if (!down && state === 'down') await open();
    },
    facts: () => ({ ...counts }),
  };
}

/** Gateways and meters remember the port, so a restart takes the same one if nobody else has it. */
function keptPort(dataDir: string): number {
  const file = join(dataDir, 'broker', 'port');
  const port = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : 0;
}
function keepPort(dataDir: string, port: number): void {
  mkdirSync(join(dataDir, 'broker'), { recursive: true });
  writeFileSync(join(dataDir, 'broker', 'port'), String(port));
}
