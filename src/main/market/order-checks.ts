/**
 * Before an order enters a book it must pass what the admission circuit will check, or no round that holds it could ever be proven. The
 * intake checks what comes in; here what lies in the database is checked once more, once in the console's life, because a row may have
 * come there on another way. What does not pass is refused with its reason and never counts.
 */
import { type Point, unpackSignature } from '../../domain/settlement/babyjubjub.ts';
import { ENERGY_BITS, INTERVAL_BITS, ORDER_SEQUENCE_BITS, PRICE_BITS, SEQUENCE_BITS } from '../../domain/settlement/limits.ts';
import type { Kernel } from '../kernel/ports.ts';
import { quarantine } from '../metering/reading-store.ts';
import type { Settler } from '../proof/settler.ts';
import type { Community } from './community.ts';
import { type HeldOrder, type HeldOrders, isHeld, isMissing, refuseOthers, restoreHeld } from './held-orders.ts';
import { refuseOrder, type StoredOrder } from './order-store.ts';

type Signed = Omit<StoredOrder, 'id' | 'memberId' | 'receivedMs' | 'receivedPlantMs'>;
interface Key {
  readonly publicKey: Point;
  readonly acceptedMs: number;
}

export interface OrderChecks {
  /** The intake has just checked it against this key. */
  passed(order: Signed, publicKey: Point): void;
  /**
   * True when all of them count, and nothing that the book holds is missing. If not, what does not count has been refused and what was
   * missing put right, and the caller has to look anew which orders count.
   */
  allPass(orders: readonly StoredOrder[], held: HeldOrders): Promise<boolean>;
}

/** What makes an order unfit for the circuit whatever its signature; null when nothing does. */
export function misfit(order: Signed): string | null {
  const within = (value: number, bits: number): boolean => Number.isSafeInteger(value) && value >= 0 && value < 2 ** bits;
  if ((order.kind === 'standing') !== (order.interval === 0)) return 'a standing order is for interval 0, any other for its own interval';
  if (!within(order.interval, INTERVAL_BITS)) return `interval ${order.interval} is out of range`;
  if (!within(order.quantityWh, ENERGY_BITS)) return `a quantity of ${order.quantityWh} Wh is out of range`;
  if (!within(order.limitPrice, PRICE_BITS)) return `a limit of ${order.limitPrice} milli-cents per kWh is out of range`;
  if (!within(order.sequence, ORDER_SEQUENCE_BITS)) return `sequence ${order.sequence} is out of range`;
  return null;
}

/** Why a standing order cannot take the place of the one that the book holds; null when it can. */
export function outOfSequence(sequence: number, held: Pick<HeldOrder, 'sequence'>): string | null {
  const growth = sequence - held.sequence;
  if (growth < 1) return `sequence ${sequence} is not above ${held.sequence}, the one the book holds`;
  return growth > 2 ** SEQUENCE_BITS ? `sequence ${sequence} is too far above ${held.sequence}, the last one` : null;
}

export function createOrderChecks(
  kernel: Pick<Kernel, 'store' | 'clock' | 'alarms' | 'journal'>,
  deps: {
    readonly settler: Pick<Settler, 'verifyOrder'>;
    readonly keyOf: (meterId: number) => Key | undefined;
    readonly community: Pick<Community, 'byMeter'>;
  },
): OrderChecks {
  const { store, clock, alarms, journal } = kernel;
  /** What was checked, by everything it depends on. */
  const checked = new Set<string>();
  const nameOf = (o: Signed, key: Point): string =>
    [o.meterId, o.kind, o.interval, o.side, o.quantityWh, o.limitPrice, o.sequence, o.signature, ...key].join(' ');

  alarms.define({
    kind: 'market.orderNotTheMembers',
    priority: 2,
    title: 'A stored order is not its member’s',
    cause: 'An order in the database does not bear the signature of its member. It did not come in as other orders do.',
    consequence: 'It does not count; the member’s own order does. The chain would have refused a round that holds it.',
    action: 'Find out who can write to the data folder. Keep the folder, and tell the member. See the journal for the order.',
    respondWithinS: 3600,
  });

  alarms.define({
    kind: 'market.memberGone',
    priority: 3,
    title: 'A member has left, its meter has not',
    cause: 'The plant file no longer names the member of a meter that is in service on the chain, and the book holds its standing order.',
    consequence: 'The order goes on trading, and without readings what it trades is carried. The others are settled as before.',
    action: 'Put the member back into the plant file, retire its meter on the Devices page (On the chain), then take the member out.',
    respondWithinS: 86_400,
  });

  const refuse = (order: StoredOrder, why: string): void =>
    store.write((db) => {
      refuseOrder(db, order.id, why);
      quarantine(
        db,
        { kind: 'order', source: order.memberId, reason: 'not-admissible', detail: why, payload: JSON.stringify(order) },
        clock.nowMs(),
      );
      journal.record({
        who: 'market',
        kind: 'fault',
        title: 'Refuse a stored order',
        text: `Order ${order.id} does not enter the book: ${why}.`,
        target: `participants:${order.memberId}`,
        outcome: 'failed',
      });
    });

  const alarm = (memberId: string, value: string): void =>
    alarms.raise('market.orderNotTheMembers', memberId, { sourceName: memberId, page: `participants:${memberId}`, value });
  /** Nobody of the plant file: only what the book holds of it counts, until its meter is retired. */
  const keepHeld = (meterId: number, held: HeldOrder): void =>
    store.write((db) => {
      restoreHeld(db, { memberId: `meter-${meterId}`, meterId }, held, clock.nowMs());
      refuseOthers(db, meterId, held, 'the plant file no longer names its member');
    });
  const restore = (meterId: number, held: HeldOrder): void => {
    const member = deps.community.byMeter(meterId);
    if (!member) return keepHeld(meterId, held);
    const text = `The standing order ${held.sequence} of ${member.name} was changed or lost in the database; it is put right from the book that the chain has.`;
    store.write((db) => {
      restoreHeld(db, member, held, clock.nowMs());
      journal.record({
        who: 'market',
        kind: 'fault',
        title: 'Put a standing order right',
        text,
        target: `participants:${member.memberId}`,
        outcome: 'done',
      });
    });
    alarm(member.memberId, text);
  };

  let gone = new Set<number>();
  const tellGone = (held: HeldOrders): void => {
    const now = new Set([...held.keys()].filter((meterId) => !deps.community.byMeter(meterId)));
    for (const meterId of new Set([...gone, ...now]))
      alarms.set('market.memberGone', `meter-${meterId}`, now.has(meterId), { sourceName: `Meter ${meterId}`, page: 'participants' });
    gone = now;
  };

  /** Null when it passes, else why not, and whether somebody must have put it there. */
  const problemOf = async (order: StoredOrder, held: HeldOrder | undefined): Promise<{ why: string; invented: boolean } | null> => {
    const unfit = misfit(order);
    if (unfit) return { why: unfit, invented: true };
    if (isHeld(order, held)) return null;
    const late = held && order.kind === 'standing' ? outOfSequence(order.sequence, held) : null;
    if (late) return { why: late, invented: false };
    const key = deps.keyOf(order.meterId);
    if (!key) return { why: `the key of meter ${order.meterId} is not known`, invented: true };
    const name = nameOf(order, key.publicKey);
    if (checked.has(name)) return null;
    const signature = unpackSignature(Buffer.from(order.signature, 'hex'));
    const terms = {
      scope: BigInt(order.interval),
      side: order.side,
      quantityWh: BigInt(order.quantityWh),
      limitPrice: BigInt(order.limitPrice),
      sequence: BigInt(order.sequence),
    };
    if (signature && (await deps.settler.verifyOrder(BigInt(order.meterId), key.publicKey, terms, signature))) {
      checked.add(name);
      return null;
    }
    return order.receivedMs < key.acceptedMs
      ? { why: 'it was signed with a key that its meter no longer has', invented: false }
      : { why: 'its signature does not belong to this member’s registered key', invented: true };
  };

  return {
    passed: (order, publicKey) => void checked.add(nameOf(order, publicKey)),
    async allPass(orders, held) {
      const counting = new Map(orders.map((o) => [o.meterId, o]));
      tellGone(held);
      const missing = [...held].filter(([meterId, one]) => {
        const order = counting.get(meterId);
        return deps.community.byMeter(meterId) ? isMissing(one, order) : order === undefined || !isHeld(order, one);
      });
      for (const [meterId, one] of missing) restore(meterId, one);
      if (missing.length > 0) return false;
      let all = true;
      for (const order of orders) {
        const problem = await problemOf(order, held.get(order.meterId));
        if (problem === null) continue;
        all = false;
        refuse(order, problem.why);
        if (problem.invented) alarm(order.memberId, `order ${order.id}: ${problem.why}`);
      }
      return all;
    },
  };
}
