/**
 * Embedded MQTT 3.1.1 broker on aedes. A QoS 1 message is acknowledged only after `onPublish` has resolved: when that means
 * "durably committed", the sender may forget the message and nothing accepted is ever lost. MQTT 5 clients are refused by
 * aedes; retained messages and sessions are kept in memory only.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Aedes, type AuthenticateError, type Client } from 'aedes';
import { limitPackets } from './packet-limit.ts';

export interface BrokerIdentity {
  readonly clientId: string;
  readonly username?: string;
}

export interface PublishedMessage extends BrokerIdentity {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** The client says that it sends this again; many clients do not say so, hence handlers must be idempotent by content. */
  readonly duplicate: boolean;
}

/**
 * - `accept`: acknowledge and forward to subscribers.
 * - `discard`: acknowledge, so that the sender stops repeating it, but do not forward (a message that can never be right).
 * - `retry`: do not acknowledge; the connection is closed and the client sends it again.
 */
export type PublishVerdict =
  | { readonly kind: 'accept' }
  | { readonly kind: 'discard'; readonly reason: string }
  | { readonly kind: 'retry'; readonly reason: string };

export type BrokerEvent = BrokerIdentity &
  (
    | { readonly kind: 'connected' | 'disconnected' }
    | { readonly kind: 'login-refused'; readonly remoteAddress: string }
    | { readonly kind: 'publish-denied' | 'subscribe-denied'; readonly topic: string }
    | { readonly kind: 'discarded' | 'deferred'; readonly topic: string; readonly reason: string }
    | { readonly kind: 'oversize' | 'client-error'; readonly reason: string }
  );

export interface BrokerOptions {
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly maxPacketBytes?: number;
  readonly maxClients?: number;
  authenticate(login: BrokerIdentity & { password?: string; remoteAddress: string }): boolean | Promise<boolean>;
  mayPublish(request: BrokerIdentity & { topic: string }): boolean;
  maySubscribe(request: BrokerIdentity & { filter: string }): boolean;
  onPublish?(message: PublishedMessage): Promise<PublishVerdict>;
  onEvent?(event: BrokerEvent): void;
}

export interface Broker {
  readonly port: number;
  readonly url: string;
  /** Publishes as the console; hooks are not asked. */
  publish(topic: string, payload: string | Buffer, options?: { qos?: 0 | 1; retain?: boolean }): Promise<void>;
  clients(): BrokerIdentity[];
  disconnect(clientId: string): void;
  /** Waits for `onPublish` calls under way, so that what was committed is also acknowledged where the client still listens. */
  close(): Promise<void>;
}

const DISCARDED = '$SYS/discarded';

/** Starts the broker; rejects with the system's error when the port is taken. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const host = options.host ?? '127.0.0.1';
  const maxClients = options.maxClients ?? 1000;
  const identities = new WeakMap<Client, BrokerIdentity>();
  const pending = new Set<Promise<unknown>>();
  const sockets = new Set<Socket>();
  const emit = (event: BrokerEvent) => options.onEvent?.(event);
  const identityOf = (client: Client): BrokerIdentity => identities.get(client) ?? { clientId: client.id ?? '' };

  const aedes = await Aedes.createBroker({
    connectTimeout: 10_000,
    maxInflightInbound: 100,
    authenticate(client, username, password, done) {
      const identity = { clientId: client.id, ...(username !== undefined && { username }) };
      identities.set(client, identity);
      const remoteAddress = (client.conn as Socket).remoteAddress ?? '';
      const login = { ...identity, ...(password && { password: password.toString() }), remoteAddress };
      settle(
        async () => options.authenticate(login),
        (allowed) => {
          if (allowed === true) return done(null, true);
          emit({ kind: 'login-refused', ...identity, remoteAddress });
          done(Object.assign(new Error('bad user name or password'), { returnCode: 4 }) as AuthenticateError, null);
        },
      );
    },
    authorizePublish(client, packet, done) {
      if (!client) return done(null);
      const identity = identityOf(client);
      const { topic } = packet;
      if (topic.startsWith('$') || !options.mayPublish({ ...identity, topic })) {
        emit({ kind: 'publish-denied', ...identity, topic });
        return done(new Error(`${identity.clientId} may not publish to ${topic}`));
      }
      if (!options.onPublish) return done(null);
      const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload);
      const message = { ...identity, topic, payload, qos: packet.qos, retain: packet.retain, duplicate: packet.dup ?? false };
      settle(
        async () => options.onPublish?.(message),
        (verdict) => {
          if (verdict instanceof Error || !verdict || verdict.kind === 'retry') {
            const reason = verdict instanceof Error ? verdict.message : (verdict?.reason ?? 'no verdict');
            emit({ kind: 'deferred', ...identity, topic, reason });
            return done(new Error(reason));
          }
          if (verdict.kind === 'discard') {
            emit({ kind: 'discarded', ...identity, topic, reason: verdict.reason });
            // aedes knows no "acknowledge but do not deliver": the message goes to a topic that is never forwarded.
            packet.topic = DISCARDED;
            packet.retain = false;
          }
          done(null);
        },
      );
    },
    authorizeSubscribe(client, subscription, done) {
      const identity = identityOf(client);
      const filter = subscription.topic;
      if (!filter.startsWith('$') && options.maySubscribe({ ...identity, filter })) return done(null, subscription);
      emit({ kind: 'subscribe-denied', ...identity, topic: filter });
      done(null, null);
    },
    authorizeForward: (_client, packet) => (packet.topic === DISCARDED ? null : packet),
  });

  /** Runs a hook and reports what it said, or its error; close() waits for it. */
  function settle<T>(hook: () => Promise<T>, done: (result: T | Error) => void): void {
    const running: Promise<void> = hook()
      .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
      .then((result) => {
        pending.delete(running);
        done(result);
      });
    pending.add(running);
  }

  aedes.on('client', (client) => emit({ kind: 'connected', ...identityOf(client) }));
  aedes.on('clientDisconnect', (client) => emit({ kind: 'disconnected', ...identityOf(client) }));
  aedes.on('clientError', (client, error) => emit({ kind: 'client-error', ...identityOf(client), reason: error.message }));
  aedes.on('connectionError', (client, error) => emit({ kind: 'client-error', ...identityOf(client), reason: error.message }));

  const server = createServer((socket) => {
    if (sockets.size >= maxClients) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.setNoDelay();
    let client: Client | undefined;
    limitPackets(socket, options.maxPacketBytes ?? 16_384, () => {
      const identity = client ? identityOf(client) : { clientId: '' };
      emit({ kind: 'oversize', ...identity, reason: `a packet exceeds ${options.maxPacketBytes ?? 16_384} bytes` });
    });
    client = aedes.handle(socket);
  });
  server.listen({ host, port: options.port });
  try {
    await once(server, 'listening');
  } catch (error) {
    await new Promise<void>((resolve) => aedes.close(resolve));
    throw error;
  }
  const { port } = server.address() as AddressInfo;

  return {
    port,
    url: `mqtt://${host.includes(':') ? `[${host}]` : host}:${port}`,
    publish: (topic, payload, { qos = 1, retain = false } = {}) =>
      new Promise((resolve, reject) => {
        aedes.publish({ cmd: 'publish', topic, payload: Buffer.from(payload), qos, retain, dup: false }, (error) =>
          error ? reject(error) : resolve(),
        );
      }),
    clients: () => [...connectedClients(aedes)].map(identityOf),
    disconnect(clientId) {
      for (const client of connectedClients(aedes)) if (client.id === clientId) client.close();
    },
    async close() {
      server.close();
      await Promise.allSettled(pending);
      // One turn of the loop, in which aedes writes the acknowledgements of what was just committed.
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise<void>((resolve) => aedes.close(resolve));
      for (const socket of sockets) socket.destroy();
      if (server.listening) await once(server, 'close');
    },
  };
}

function connectedClients(aedes: Aedes): Client[] {
  return Object.values((aedes as unknown as { clients: Record<string, Client> }).clients);
}
