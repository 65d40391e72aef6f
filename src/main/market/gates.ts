/**
 * Before the gate: which order of each member counts is chosen once, when orders have closed, and kept in one transaction with its salt and the
 * root that goes to the chain. The orders committed are the orders admitted later: nothing is chosen again.
 *
 * Checking signatures and hashing the root take a thread's time, so freezing a book takes several turns of the loop. Nothing that arrives
 * meanwhile counts for it: it is too late. When the gate itself has closed no book is frozen any more: nobody could bind it.
 */
import type { Database } from 'better-sqlite3';
import type { Kernel } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { Settler } from '../proof/settler.ts';
import type { Community } from './community.ts';
import { freezeBook, placesOf } from './gate-closure.ts';
import type { HeldOrders } from './held-orders.ts';
import type { LateCommitments } from './late-commitment.ts';
import { gateOf, intervalAt, ordersCloseAt } from './market-times.ts';
import type { OrderChecks } from './order-checks.ts';
import { effectiveOrders, type StoredOrder } from './order-store.ts';
import * as rounds from './round-store.ts';

/** Each look refuses or puts right at least one row for good: the next turn goes on where this one stopped. */
const MOST_LOOKS = 1_000;

const STILL_MEASURES =
  'No round before it has been settled so far: it only measures, and sets the registers from which delivery is counted.';

/** Why an interval whose gate has closed has no market. */
export const notFrozen = (interval: number): string =>
  `The book of interval ${interval} was not frozen in time: between the close of orders and gate closure the console was off, held up or not ready. Nobody trades in it; what is delivered counts with the next reading.`;

export interface GatesDeps {
  readonly community: Community;
  /** Numbers of members' meters that the registry on the chain has in service. */
  readonly inService: () => ReadonlySet<number>;
  readonly ledger: Pick<LedgerService, 'enqueue' | 'kick'>;
  readonly settler: Pick<Settler, 'ordersRoot'>;
  readonly checks: Pick<OrderChecks, 'allPass'>;
  /** What the book of standing orders holds after the last admission. */
  readonly heldOrders: () => HeldOrders;
  readonly mayOpenRounds: () => boolean;
  /** The book is frozen, or it is too late for it. */
  readonly onClosed: (interval: number) => void;
  readonly late: Pick<LateCommitments, 'bookFrozen'>;
}

export interface Gates {
  /** Opens the rounds that are due; returns at once. */
  turn(nowPlantMs: number): void;
  /** Finishes what is under way and begins nothing more. */
  close(): Promise<void>;
}

export function createGates(kernel: Pick<Kernel, 'store' | 'clock' | 'plant' | 'simulated' | 'log' | 'journal'>, deps: GatesDeps): Gates {
  const { store, clock, plant } = kernel;
  const { community } = deps;
  const log = kernel.log.child('market');
  const rules = plant.market;
  let underWay: Promise<void> | null = null;
  let closed = false;
  /** Last interval whose book was not frozen in time. */
  const missed = new Set<number>();

  /** The root's way to the chain, in the transaction that freezes the book. */
  const bind = (_db: Database, interval: number, ordersRoot: string, keepsGate: boolean): void =>
    deps.ledger.enqueue({
      id: `commit:${interval}`,
      kind: 'commit-orders',
      title: `Commit the orders of interval ${interval}`,
      body: {
        contract: 'Settlement',
        method: 'commitOrders',
        args: [interval, ordersRoot],
        ...(keepsGate ? { beginBeforePlantMs: gateOf(interval, rules) } : {}),
        doneWhen: { contract: 'Settlement', method: 'ordersRootOf', args: [interval], equals: ordersRoot },
      },
    });

  /** @param message why it only measures; null for a market round */
  const commit = async (interval: number, pick: () => StoredOrder[], message: string | null): Promise<void> => {
    const meters = deps.inService();
    const candidates = () => pick().filter((o) => meters.has(o.meterId));
    // A round in which nobody can trade leaves the book as it is.
    const held: HeldOrders = message === null ? deps.heldOrders() : new Map();
    let orders = candidates();
    for (let looks = 1; !(await deps.checks.allPass(orders, held)); looks++) {
      if (looks >= MOST_LOOKS) throw new Error(`after ${looks} looks at the stored orders of interval ${interval} some still do not pass`);
      // Nothing of a check need take a turn of the loop: the control cycle runs in between.
      await new Promise((resolve) => setImmediate(resolve));
      if (closed) return;
      orders = candidates();
    }
    const book = freezeBook(community.layout, interval, orders, meters);
    const places = placesOf(
      community.layout,
      book.map(({ order, salt }) => ({ ...order, salt })),
    );
    const ordersRoot = (await deps.settler.ordersRoot(places)).toString();
    // A meter came or went meanwhile: the next turn begins anew.
    const now = deps.inService();
    if (closed || !deps.mayOpenRounds() || now.size !== meters.size || [...meters].some((id) => !now.has(id))) return;
    store.write((db) => {
      rounds.insertRound(
        db,
        { interval, kind: message === null ? 'market' : 'measure', ordersRoot, message, nowMs: clock.nowMs() },
        book.map(({ order, salt }) => ({ orderId: order.id, meterId: order.meterId, salt: salt.toString() })),
      );
      // An interval that runs already has no orders, and no gate.
      bind(db, interval, ordersRoot, message === null || !kernel.simulated);
      if (message === null) deps.late.bookFrozen(db, interval, ordersRoot);
    });
    deps.ledger.kick();
    log.info('orders closed', { interval, orders: book.length });
    deps.onClosed(interval);
  };

  const miss = (interval: number): void => {
    if (missed.has(interval)) return;
    missed.add(interval);
    const title = `No market in interval ${interval}`;
    // Said before the console was started again.
    if (store.read.prepare('SELECT 1 FROM journal WHERE title = ? LIMIT 1').get(title)) return;
    kernel.journal.record({
      who: 'market',
      kind: 'fault',
      title,
      text: notFrozen(interval),
      outcome: 'failed',
    });
    deps.onClosed(interval);
  };

  const openRounds = async (nowPlantMs: number): Promise<void> => {
    const current = intervalAt(nowPlantMs, rules);
    const last = rounds.lastInterval(store.read);
    const first = last === null ? 'The first interval only measures: it sets the registers from which delivery is counted.' : null;
    // Nobody could trade in the running interval: it only measures, so that the next one starts from known registers. On a real plant the
    // chain knows the time and takes no orders any more of an interval that runs; the next round counts what was delivered since.
    if (kernel.simulated && (last === null || last < current))
      await commit(current, () => [], first ?? 'No orders were bound before this interval’s gate; it measures what was delivered since.');
    else if (!kernel.simulated && last !== null && last < current) miss(current);
    const next = current + 1;
    if (nowPlantMs < ordersCloseAt(next, rules) || rounds.roundAt(store.read, next) !== undefined) return;
    if (nowPlantMs >= gateOf(next, rules)) return miss(next);
    // A round that fails sets no registers: one that traded on it would charge its sellers for what they deliver.
    const measures = kernel.simulated || rounds.someSettled(store.read) ? null : (first ?? STILL_MEASURES);
    await commit(next, measures === null ? () => effectiveOrders(store.read, next, ordersCloseAt(next, rules)) : () => [], measures);
  };

  return {
    turn(nowPlantMs) {
      if (underWay !== null || closed || !deps.mayOpenRounds()) return;
      underWay = openRounds(nowPlantMs)
        .catch((cause) => {
          if (!closed) log.error('market: a book could not be frozen; the next turn tries again', { cause: String(cause) });
        })
        .finally(() => {
          underWay = null;
        });
    },
    async close() {
      closed = true;
      await underWay;
    },
  };
}
