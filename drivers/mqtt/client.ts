/** MQTT client for meters, gateways and tests: reconnects by itself, and keeps what must arrive until it is acknowledged. */
import mqtt, { type MqttClient as Mqtt } from 'mqtt';
import { memoryOutbox, type Outbox, type OutboxMessage } from './outbox.ts';

export interface MqttClientOptions {
  readonly url: string;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  readonly outbox?: Outbox;
  readonly reconnectMs?: number;
  /** Messages of the outbox that may wait for their acknowledgement at once. */
  readonly window?: number;
  onState?(state: 'connected' | 'disconnected', reason?: string): void;
}

export interface MqttClient {
  connected(): boolean;
  /** Rejects when the connection is away and QoS is 0; with QoS 1 it resolves at the acknowledgement. */
  publish(topic: string, payload: string | Buffer, options?: { qos?: 0 | 1; retain?: boolean }): Promise<void>;
  /** Kept in the outbox until the broker acknowledges it; sent again after a reconnect or restart, in order. */
  send(topic: string, payload: string): void;
  pending(): number;
  whenDrained(): Promise<void>;
  /** Resolves when the broker has granted it; rejects when it has refused. Granted again after each reconnect. */
  subscribe(filter: string, handler: (topic: string, payload: Buffer) => void): Promise<void>;
  close(): Promise<void>;
}

export function connectMqtt(options: MqttClientOptions): MqttClient {
  const outbox = options.outbox ?? memoryOutbox();
  const window = options.window ?? 32;
  const waiting = new Set<number>();
  const handlers: { filter: string; handler: (topic: string, payload: Buffer) => void }[] = [];
  let drained: (() => void)[] = [];
  let reason: string | undefined;

  const client: Mqtt = mqtt.connect(options.url, {
    clientId: options.clientId,
    ...(options.username !== undefined && { username: options.username }),
    ...(options.password !== undefined && { password: options.password }),
    protocolVersion: 4,
    clean: true,
    reconnectPeriod: options.reconnectMs ?? 1000,
    reconnectOnConnackError: true,
    connectTimeout: 5000,
    keepalive: 15,
    queueQoSZero: false,
    resubscribe: true,
  });

  const pump = (): void => {
    if (!client.connected) return;
    for (const message of outbox.entries()) {
      if (waiting.size >= window) return;
      if (!waiting.has(message.id)) transmit(message);
    }
    if (outbox.size() > 0) return;
    for (const done of drained.splice(0)) done();
  };

  // mqtt.js sends an unacknowledged QoS 1 message again by itself after a reconnect, and then calls back once.
  const transmit = (message: OutboxMessage): void => {
    waiting.add(message.id);
    client.publish(message.topic, message.payload, { qos: 1 }, (error) => {
      waiting.delete(message.id);
      if (!error) outbox.remove(message.id);
      if (!error) pump();
    });
  };

  client.on('connect', () => {
    reason = undefined;
    options.onState?.('connected');
    pump();
  });
  client.on('error', (error) => {
    reason = error.message;
  });
  client.on('close', () => options.onState?.('disconnected', reason));
  client.on('message', (topic, payload) => {
    for (const { filter, handler } of handlers) if (topicMatches(filter, topic)) handler(topic, payload);
  });

  return {
    connected: () => client.connected,
    async publish(topic, payload, { qos = 1, retain = false } = {}) {
      if (qos === 0 && !client.connected) throw new Error(`not connected to the broker${reason ? ` (${reason})` : ''}`);
      await client.publishAsync(topic, payload, { qos, retain });
    },
    send(topic, payload) {
      outbox.put(topic, payload);
      pump();
    },
    pending: () => outbox.size(),
    whenDrained: () => (outbox.size() === 0 ? Promise.resolve() : new Promise((resolve) => drained.push(resolve))),
    async subscribe(filter, handler) {
      handlers.push({ filter, handler });
      const granted = await client.subscribeAsync(filter, { qos: 1 });
      if (granted.some(({ qos }) => qos === 128)) throw new Error(`the broker refused the subscription to ${filter}`);
    },
    async close() {
      drained = [];
      await client.endAsync(true);
      outbox.close();
    },
  };
}

/** MQTT 3.1.1, §4.7: `+` stands for one level, `#` for the rest. */
export function topicMatches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  if (topic.startsWith('$') && (wanted[0] === '+' || wanted[0] === '#')) return false;
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true;
    if (i >= levels.length || (level !== '+' && level !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}
