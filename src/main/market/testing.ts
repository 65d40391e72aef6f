/** For tests: members' signed orders in the store, their keys, and the settling thread without a thread. */
import { parseMemberOrder } from '../../../drivers/mqtt/messages.ts';
import { admitRound } from '../../domain/settlement/admit-round.ts';
import { verifySignature } from '../../domain/settlement/babyjubjub.ts';
import { NO_ORDER, orderLeaf, orderMessage } from '../../domain/settlement/leaves.ts';
import { merkleRoot } from '../../domain/settlement/merkle.ts';
import type { Store } from '../kernel/ports.ts';
import type { MeterKey } from '../metering/meter-keys.ts';
import type { Settler } from '../proof/settler.ts';
import type { TestMeter } from '../settlement/testing/test-plant.ts';
import { insertOrder, type StoredOrder } from './order-store.ts';

export const keyOf = (meter: TestMeter, acceptedMs = 0): MeterKey => ({
  meterId: meter.meterId,
  deviceId: meter.deviceId,
  publicKey: meter.key.publicKey,
  flags: 0,
  serial: `T-${meter.meterId}`,
  firmware: '1.0',
  acceptedMs,
  registration: 'register:test',
  afterInterval: -1,
});

/** What the intake would store. */
export function storedOrder(
  meter: TestMeter,
  order: Parameters<TestMeter['order']>[0],
  received: { ms?: number; plantMs?: number } = {},
): StoredOrder {
  const parsed = parseMemberOrder(meter.order(order));
  if (parsed.kind === 'invalid') throw new Error(parsed.reason);
  const { meter: meterId, kind, interval, side, quantityWh, limitPrice, sequence, signature } = parsed.message;
  return {
    id: `${meter.memberId}:${sequence}`,
    memberId: meter.memberId,
    meterId,
    kind,
    interval,
    side,
    quantityWh,
    limitPrice,
    sequence,
    signature,
    receivedMs: received.ms ?? 1,
    receivedPlantMs: received.plantMs ?? 1,
  };
}

export function place(
  store: Pick<Store, 'write'>,
  meter: TestMeter,
  order: Parameters<TestMeter['order']>[0],
  received: { ms?: number; plantMs?: number } = {},
): StoredOrder {
  const stored = storedOrder(meter, order, received);
  store.write((db) => insertOrder(db, stored));
  return stored;
}

export function settlerHere(): Pick<Settler, 'admit' | 'ordersRoot' | 'verifyOrder'> & { readonly verified: StoredOrder['sequence'][] } {
  const verified: number[] = [];
  return {
    verified,
    admit: async (input) => admitRound(input),
    ordersRoot: async (places) => merkleRoot(places.map(({ meterId, order }) => orderLeaf(meterId, order ?? NO_ORDER))),
    verifyOrder: async (meterId, publicKey, order, signature) => {
      verified.push(Number(order.sequence));
      return verifySignature(orderMessage(meterId, order), signature, publicKey);
    },
  };
}
