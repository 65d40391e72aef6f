/**
 * Admission of a round's orders in the clear: which orders stand under the committed root, that each is signed by its member, and what the book of
 * standing orders holds afterwards; for each part the public signals and the circuit's inputs. Pure and total: what cannot be admitted is told,
 * not thrown. Statement: docs/settlement.md §7, circuit: circuits/admit.circom.
 */
import { BASE8, verifySignature } from './babyjubjub.ts';
import { fitsBits } from './field.ts';
import {
  NO_ORDER,
  type OrderOpening,
  orderLeaf,
  orderMessage,
  orderNumber,
  type RegisteredMeter,
  registryLeaf,
  sideCode,
} from './leaves.ts';
import {
  type BatchLayout,
  capacityOf,
  ENERGY_BITS,
  INTERVAL_BITS,
  layoutProblem,
  ORDER_SEQUENCE_BITS,
  PRICE_BITS,
  SEQUENCE_BITS,
} from './limits.ts';
import { merklePath, merkleRoot, subtreeRoots } from './merkle.ts';
import { bookLeaf, type OrderBook, type SignedOrder, type StandingOrder } from './order-book.ts';
import type { WitnessInput } from './witness.ts';

export interface AdmitInput {
  readonly layout: BatchLayout;
  /** see settlementDomain */
  readonly domain: bigint;
  readonly interval: bigint;
  /** a round that only measures: every leaf is empty, the book stays */
  readonly idle: boolean;
  /** by member index; null where nobody is registered */
  readonly meters: readonly (RegisteredMeter | null)[];
  /** see orderNumber */
  readonly numbered?: boolean;
  /** the standing orders before */
  readonly book: OrderBook;
  /** what each member signed for this round: an order for its interval, or a new standing one; null: its standing order holds */
  readonly orders: readonly (SignedOrder | null)[];
  /** fresh random field elements, one per member: they hide the leaves */
  readonly salts: readonly bigint[];
}

export interface AdmitWords {
  readonly registryRoot: bigint;
  readonly ordersRoot: bigint;
  readonly oldBook: bigint;
  readonly newBook: bigint;
  readonly domain: bigint;
  /** interval 0..39, part 40..47, idle 48 */
  readonly scope: bigint;
}
export const ADMIT_SIGNALS = ['registryRoot', 'ordersRoot', 'oldBook', 'newBook', 'domain', 'scope'] as const;

export interface AdmittedBatch {
  readonly words: AdmitWords;
  /** decimal strings in the verifier's order */
  readonly publicSignals: readonly string[];
  readonly witnessInput: WitnessInput;
}

export interface Admission {
  readonly kind: 'admitted';
  /** what stands under the root, by member index; null is an empty leaf with salt 0 */
  readonly orders: readonly (OrderOpening | null)[];
  readonly ordersRoot: bigint;
  readonly book: OrderBook;
  readonly bookRoot: bigint;
  /** what is proven, one batch a part */
  readonly batches: readonly AdmittedBatch[];
}

export type AdmissionRefusal =
  | { readonly kind: 'refused'; readonly reason: 'bad-input'; readonly detail: string }
  /** This member's order cannot be admitted; without it the others can. */
  | { readonly kind: 'refused'; readonly reason: 'bad-order'; readonly index: number; readonly detail: string };

export function packScope(interval: bigint, part: number, idle: boolean): bigint {
  return interval | (BigInt(part) << 40n) | (idle ? 1n << 48n : 0n);
}

/** The standing order that still holds: one signed under another key does not. */
export function holdingOrder(meter: RegisteredMeter | null, standing: StandingOrder | null): StandingOrder | null {
  return meter !== null && standing !== null && standing.epoch === registryLeaf(meter) ? standing : null;
}

/** Why a signed order cannot be admitted, or null. */
export function orderProblem(
  meter: RegisteredMeter | null,
  standing: StandingOrder | null,
  order: SignedOrder,
  interval: bigint,
): string | null {
  if (meter === null) return 'no meter is registered';
  if (order.scope !== 0n && order.scope !== interval) return `the order is for interval ${order.scope}`;
  if (!fitsBits(order.quantityWh, ENERGY_BITS) || !fitsBits(order.limitPrice, PRICE_BITS)) return 'quantity or limit is out of range';
  if (order.scope === 0n) {
    if (!fitsBits(order.sequence, ORDER_SEQUENCE_BITS)) return 'the sequence is out of range';
    const held = holdingOrder(meter, standing);
    if (held !== null && !fitsBits(order.sequence - held.sequence - 1n, SEQUENCE_BITS))
      return `sequence ${order.sequence} does not follow ${held.sequence}`;
  }
  return verifySignature(orderMessage(meter.meterId, order), order.signature, meter.publicKey) ? null : 'the signature does not hold';
}

function problemOf(input: AdmitInput): string | null {
  const wrongLayout = layoutProblem(input.layout);
  if (wrongLayout !== null) return wrongLayout;
  const capacity = capacityOf(input.layout);
  if (input.book.length !== capacity) return `the book has ${input.book.length} places, the round ${capacity}`;
  if (input.meters.length > capacity || input.orders.length > capacity) return `there are more members than the ${capacity} of the round`;
  if (input.salts.length < capacity) return `${capacity} salts are needed, ${input.salts.length} given`;
  if (!fitsBits(input.interval, INTERVAL_BITS)) return `interval ${input.interval} does not fit ${INTERVAL_BITS} bits`;
  if (input.idle && input.orders.some((order) => order !== null && order !== undefined))
    return 'a round that only measures takes no orders';
  return null;
}

interface Line {
  /** in its order's leaf */
  readonly number: bigint;
  readonly meter: RegisteredMeter | null;
  readonly held: StandingOrder | null;
  readonly signed: SignedOrder | null;
  readonly order: OrderOpening | null;
  readonly next: StandingOrder | null;
  readonly salt: bigint;
}

export function admitRound(input: AdmitInput): Admission | AdmissionRefusal {
  const problem = problemOf(input);
  if (problem !== null) return { kind: 'refused', reason: 'bad-input', detail: problem };
  const { layout, interval } = input;
  const lines: Line[] = [];
  for (let i = 0; i < capacityOf(layout); i++) {
    const meter = input.meters[i] ?? null;
    const held = input.book[i] ?? null;
    const signed = input.orders[i] ?? null;
    const bad = signed === null ? null : orderProblem(meter, held, signed, interval);
    if (bad !== null) return { kind: 'refused', reason: 'bad-order', index: i, detail: `the order of member ${i} is not admitted: ${bad}` };
    const holding = holdingOrder(meter, held);
    const due = signed ?? (holding === null ? null : { scope: 0n, ...holding });
    const full = due !== null && due.quantityWh > 0n && !input.idle;
    const { scope, side, quantityWh, limitPrice, sequence } = due ?? NO_ORDER;
    const salt = full ? (input.salts[i] as bigint) : 0n;
    lines.push({
      number: orderNumber(meter, i, input.numbered),
      meter,
      held,
      signed,
      salt,
      order: full ? { scope, side, quantityWh, limitPrice, sequence, salt } : null,
      next: signed !== null && signed.scope === 0n && meter !== null ? standingOf(signed, meter) : holding,
    });
  }
  const book = lines.map((line) => line.next);
  const trees = {
    registry: lines.map(({ meter }) => (meter === null ? 0n : registryLeaf(meter))),
    orders: lines.map(({ number, order }) => orderLeaf(number, order ?? NO_ORDER)),
    before: lines.map(({ held }) => bookLeaf(held)),
    after: book.map(bookLeaf),
  };
  return {
    kind: 'admitted',
    orders: lines.map((line) => line.order),
    ordersRoot: merkleRoot(trees.orders),
    book,
    bookRoot: merkleRoot(trees.after),
    batches: batchesOf(input, lines, trees),
  };
}

const standingOf = ({ side, quantityWh, limitPrice, sequence }: SignedOrder, meter: RegisteredMeter): StandingOrder => ({
  epoch: registryLeaf(meter),
  side,
  quantityWh,
  limitPrice,
  sequence,
});

function batchesOf(
  input: AdmitInput,
  lines: readonly Line[],
  trees: Readonly<Record<'registry' | 'orders' | 'before' | 'after', readonly bigint[]>>,
): AdmittedBatch[] {
  const { parts, batchMembers } = input.layout;
  const [registry, orders, before, after] = [trees.registry, trees.orders, trees.before, trees.after].map((leaves) =>
    subtreeRoots(leaves, parts),
  ) as [bigint[], bigint[], bigint[], bigint[]];
  const books = (moved: number) => [...after.slice(0, moved), ...before.slice(moved)];
  return Array.from({ length: parts }, (_, part) => {
    const words: AdmitWords = {
      registryRoot: merkleRoot(registry),
      ordersRoot: merkleRoot(orders),
      oldBook: merkleRoot(books(part)),
      newBook: merkleRoot(books(part + 1)),
      domain: input.domain,
      scope: packScope(input.interval, part, input.idle),
    };
    const path = (roots: readonly bigint[]) => (parts === 1 ? [] : merklePath(roots, part).map(String));
    return {
      words,
      publicSignals: ADMIT_SIGNALS.map((name) => words[name].toString()),
      witnessInput: {
        ...Object.fromEntries(Object.entries(words).map(([name, word]) => [name, word.toString()])),
        interval: input.interval.toString(),
        idle: input.idle ? '1' : '0',
        ...membersInput(lines.slice(part * batchMembers, (part + 1) * batchMembers)),
        ...(parts === 1
          ? {}
          : {
              partIndex: String(part),
              registrySiblings: path(registry),
              ordersSiblings: path(orders),
              bookSiblings: path(books(part)),
            }),
      },
    };
  });
}

function membersInput(lines: readonly Line[]): WitnessInput {
  const per = (of: (line: Line) => bigint): string[] => lines.map((line) => of(line).toString());
  return {
    present: per(({ meter }) => (meter === null ? 0n : 1n)),
    meterId: per(({ number }) => number),
    // An absent member's key takes part in no check, but the curve formulas want a point.
    Ax: per(({ meter }) => meter?.publicKey[0] ?? BASE8[0]),
    Ay: per(({ meter }) => meter?.publicKey[1] ?? BASE8[1]),
    flags: per(({ meter }) => BigInt(meter?.flags ?? 0)),
    heldKnown: per(({ held }) => (held === null ? 0n : 1n)),
    heldEpoch: per(({ held }) => held?.epoch ?? 0n),
    heldSide: per(({ held }) => (held === null ? 0n : sideCode(held.side))),
    heldQuantityWh: per(({ held }) => held?.quantityWh ?? 0n),
    heldLimit: per(({ held }) => held?.limitPrice ?? 0n),
    heldSequence: per(({ held }) => held?.sequence ?? 0n),
    signedNow: per(({ signed }) => (signed === null ? 0n : 1n)),
    signedForInterval: per(({ signed }) => (signed === null || signed.scope === 0n ? 0n : 1n)),
    signedSide: per(({ signed }) => (signed === null ? 0n : sideCode(signed.side))),
    signedQuantityWh: per(({ signed }) => signed?.quantityWh ?? 0n),
    signedLimit: per(({ signed }) => signed?.limitPrice ?? 0n),
    signedSequence: per(({ signed }) => signed?.sequence ?? 0n),
    R8x: per(({ signed }) => signed?.signature.r8[0] ?? BASE8[0]),
    R8y: per(({ signed }) => signed?.signature.r8[1] ?? BASE8[1]),
    S: per(({ signed }) => signed?.signature.s ?? 0n),
    empty: per(({ order }) => (order === null ? 1n : 0n)),
    salt: per(({ salt }) => salt),
  };
}
