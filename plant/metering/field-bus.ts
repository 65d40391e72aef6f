/**
 * The MQTT side of the field: each meter and each member's gateway is a client of its own. Meters keep a reading until the broker
 * acknowledged it and send one at a time, so that readings arrive in order.
 */

import { AccountRequest, type AccountResponse, LedgerContracts, type MemberAccount, parseAs } from '../../drivers/mqtt/account-messages.ts';
import { connectMqtt, type MqttClient } from '../../drivers/mqtt/client.ts';
import type { OrdersReceipt } from '../../drivers/mqtt/late-commitment-messages.ts';
import { type ClockMessage, type MemberOrder, parseClock } from '../../drivers/mqtt/messages.ts';
import type { MemberSealingKey, OpeningReceipt } from '../../drivers/mqtt/opening-messages.ts';
import type { Outbox } from '../../drivers/mqtt/outbox.ts';
import { type MeterAccount, PostRequest, type PostResponse } from '../../drivers/mqtt/public-meter-messages.ts';
import { topics } from '../../drivers/mqtt/topics.ts';
import type { OrderRequest, OrderResponse } from './gateway.ts';
import { OrderRequest as OrderRequestSchema } from './gateway.ts';
import type { Meter } from './meter.ts';

export interface MeterIdentity {
  schema: 'meter-identity/1';
  meter: number;
  ax: string;
  ay: string;
  serial: string;
  firmware: string;
}

export interface FieldBus {
  /** Sends what the meter has pending (call after it is on disk). */
  release(meter: Meter): void;
  publishOrder(memberId: string, order: MemberOrder): void;
  respond(memberId: string, response: OrderResponse): void;
  respondSigned(memberId: string, response: AccountResponse): void;
  /** Answers for an opening, once it is on the member's own disk or refused. */
  receiptOpening(memberId: string, receipt: OpeningReceipt): void;
  /** Answers the operator's notice of an interval's orders. */
  receiptOrders(memberId: string, receipt: OrdersReceipt): void;
  /** A meter shows itself anew: its key has changed. */
  show(deviceId: string, identity: MeterIdentity): void;
  connected(): { connected: number; clients: number };
  close(): Promise<void>;
}

export interface FieldBusOptions {
  url: string;
  meters: readonly Meter[];
  identities: ReadonlyMap<string, MeterIdentity>;
  memberIds: readonly string[];
  onClock(message: ClockMessage): void;
  onRequest(memberId: string, request: OrderRequest): void;
  /** The members' accounts on the chain, by member. */
  accounts: ReadonlyMap<string, MemberAccount>;
  onAccountRequest(memberId: string, request: AccountRequest): void;
  /** Accounts of the public meters on the chain, by device. */
  meterAccounts?: ReadonlyMap<string, MeterAccount>;
  onPostRequest?(deviceId: string, request: PostRequest): Promise<PostResponse>;
  onLedger(ledger: LedgerContracts): void;
  /** The keys the members' openings are sealed for, by member. */
  sealingKeys?: ReadonlyMap<string, MemberSealingKey>;
  onOpening?(memberId: string, payload: Buffer): void;
  onOrdersNotice?(memberId: string, payload: Buffer): void;
  onAcknowledged(meter: Meter): void;
  onProblem(sentence: string): void;
}

export function connectFieldBus(options: FieldBusOptions): FieldBus {
  const { url, username, password } = splitUrl(options.url);
  const account = { url, ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
  const clients: MqttClient[] = [];
  const open = (clientId: string, outbox?: Outbox): MqttClient => {
    const client = connectMqtt({ ...account, clientId, window: 1, ...(outbox && { outbox }) });
    clients.push(client);
    return client;
  };
  const problem = (error: unknown) => options.onProblem(error instanceof Error ? error.message : String(error));

  const clock = open('plant-clock');
  clock
    .subscribe(topics.clock, (_topic, payload) => {
      const parsed = parseClock(payload);
      if (parsed.kind === 'ok') options.onClock(parsed.message);
      else options.onProblem(`a clock message was ignored: ${parsed.reason}`);
    })
    .catch(problem);

  clock
    .subscribe(topics.ledger, (_topic, payload) => {
      const ledger = parseAs(LedgerContracts, payload);
      if (ledger) options.onLedger(ledger);
      else options.onProblem('a message about the ledger was not understood and ignored');
    })
    .catch(problem);

  const released = new Map<string, number>();
  const meterClients = new Map<string, MqttClient>();
  const show = (deviceId: string, identity: MeterIdentity): void =>
    void meterClients.get(deviceId)?.publish(topics.identity(deviceId), JSON.stringify(identity), { qos: 1, retain: true }).catch(problem);
  for (const meter of options.meters) {
    released.set(meter.deviceId, meter.sequence);
    const client = open(
      `device:${meter.deviceId}`,
      meterOutbox(
        meter,
        () => released.get(meter.deviceId) ?? 0,
        () => options.onAcknowledged(meter),
      ),
    );
    meterClients.set(meter.deviceId, client);
    const identity = options.identities.get(meter.deviceId);
    if (identity) show(meter.deviceId, identity);
  }
  for (const [deviceId, account] of options.meterAccounts ?? []) {
    const client = open(`post:${deviceId}`);
    client
      .subscribe(topics.meterRequest(deviceId), (_topic, payload) => {
        const asked = parseAs(PostRequest, payload);
        if (!asked) return options.onProblem(`a request to ${deviceId} was not understood and ignored`);
        options
          .onPostRequest?.(deviceId, asked)
          .then((response) => client.publish(topics.meterSigned(deviceId), JSON.stringify(response), { qos: 1 }))
          .catch(problem);
      })
      .catch(problem);
    client.publish(topics.meterAccount(deviceId), JSON.stringify(account), { qos: 1, retain: true }).catch(problem);
  }
  const gatewayClients = new Map<string, MqttClient>();
  for (const memberId of options.memberIds) {
    const client = open(`gateway:${memberId}`);
    gatewayClients.set(memberId, client);
    client
      .subscribe(topics.request(memberId), (_topic, payload) => {
        const asked = parseAs(AccountRequest, payload);
        if (asked) return options.onAccountRequest(memberId, asked);
        const request = parseRequest(payload);
        if (request) options.onRequest(memberId, request);
        else options.onProblem(`a request to ${memberId} was not understood and ignored`);
      })
      .catch(problem);
    const { onOpening, onOrdersNotice } = options;
    if (onOrdersNotice)
      client.subscribe(topics.ordersNotice(memberId), (_topic, payload) => onOrdersNotice(memberId, payload)).catch(problem);
    if (onOpening) client.subscribe(topics.opening(memberId), (_topic, payload) => onOpening(memberId, payload)).catch(problem);
    const sealingKey = options.sealingKeys?.get(memberId);
    if (sealingKey) client.publish(topics.sealingKey(memberId), JSON.stringify(sealingKey), { qos: 1, retain: true }).catch(problem);
    const account = options.accounts.get(memberId);
    if (account) client.publish(topics.account(memberId), JSON.stringify(account), { qos: 1, retain: true }).catch(problem);
  }
  return {
    release(meter) {
      released.set(meter.deviceId, meter.sequence);
      meterClients.get(meter.deviceId)?.send('', '');
    },
    publishOrder: (memberId, order) => gatewayClients.get(memberId)?.send(topics.order(memberId), JSON.stringify(order)),
    respond: (memberId, response) => gatewayClients.get(memberId)?.send(topics.response(memberId), JSON.stringify(response)),
    receiptOrders: (memberId, receipt) => gatewayClients.get(memberId)?.send(topics.ordersReceipt(memberId), JSON.stringify(receipt)),
    receiptOpening: (memberId, receipt) => gatewayClients.get(memberId)?.send(topics.openingReceipt(memberId), JSON.stringify(receipt)),
    respondSigned: (memberId, response) => gatewayClients.get(memberId)?.send(topics.signed(memberId), JSON.stringify(response)),
    show,
    connected: () => ({ connected: clients.filter((c) => c.connected()).length, clients: clients.length }),
    async close() {
      await Promise.all(clients.map((client) => client.close().catch(() => {})));
    },
  };
}

/** The meter's own list of unacknowledged readings, seen as an outbox. What is not on disk yet (above `released`) is not offered. */
function meterOutbox(meter: Meter, released: () => number, acknowledged: () => void): Outbox {
  const offered = () => meter.pending.filter((reading) => reading.sequence <= released());
  return {
    // Readings enter through the meter itself; a send only asks to look again.
    put: (topic, payload) => ({ id: 0, topic, payload }),
    remove(id) {
      meter.pending = meter.pending.filter((reading) => reading.sequence !== id);
      acknowledged();
    },
    entries: () =>
      offered().map((reading) => ({ id: reading.sequence, topic: topics.reading(meter.deviceId), payload: JSON.stringify(reading) })),
    size: () => offered().length,
    close() {},
  };
}

function parseRequest(payload: Buffer): OrderRequest | null {
  try {
    const parsed = OrderRequestSchema.safeParse(JSON.parse(payload.toString()));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function splitUrl(text: string): { url: string; username?: string; password?: string } {
  const parsed = new URL(text);
  const username = parsed.username ? decodeURIComponent(parsed.username) : undefined;
  const password = parsed.password ? decodeURIComponent(parsed.password) : undefined;
  parsed.username = '';
  parsed.password = '';
  return { url: parsed.toString(), ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
}
