/**
 * One round's settlement in the clear: from committed orders, clearing and signed readings to money, certificates, the new state, and for each
 * of its batches the public signals and the circuit's inputs. Pure and total: whatever cannot be settled is told, not thrown. Statement: docs/settlement.md.
 */
import { account, type Delivery, settleDelivery, shownBy } from './delivery.ts';
import { equilibrium } from './equilibrium.ts';
import { fitsBits } from './field.ts';
import { depositOf, withdraw } from './flows.ts';
import { type MemberState, NO_ORDER, type OrderOpening, orderLeaf, orderNumber, type RegisteredMeter, registryLeaf } from './leaves.ts';
import {
  type BatchLayout,
  CARRIED_BITS,
  capacityOf,
  ENERGY_BITS,
  FLOW_AMOUNT_BITS,
  FLOWS_PER_BATCH,
  INTERVAL_BITS,
  layoutProblem,
  PRICE_BITS,
} from './limits.ts';
import { merkleRoot } from './merkle.ts';
import { type SettledBatch, splitIntoParts } from './parts.ts';
import { type CarriedReason, judgeReading, type ReadingVerdict, type SignedReading } from './readings.ts';
import { type SettlementState, stateRoot } from './state.ts';
import { type Flow, type PublicWords, packFlows, packTerms, packTotals, type Terms, type Totals } from './words.ts';

export interface RoundInput {
  readonly layout: BatchLayout;
  /** see settlementDomain */
  readonly domain: bigint;
  readonly interval: bigint;
  /** milli-cents per kWh; sellTariff ≤ buyTariff */
  readonly buyTariff: bigint;
  readonly sellTariff: bigint;
  /** by member index; null where nobody is registered. Shorter lists are padded. */
  readonly meters: readonly (RegisteredMeter | null)[];
  readonly state: SettlementState;
  /** see orderNumber */
  readonly numbered?: boolean;
  /** the committed orders by member index; null is a leaf without an order and with salt 0 */
  readonly orders: readonly (OrderOpening | null)[];
  /** what the market found: price (null without a trade) and fills by member index, Wh. Checked against the committed orders. */
  readonly clearing: { readonly price: bigint | null; readonly filledWh: readonly bigint[] };
  readonly readings: readonly (SignedReading | null)[];
  /** oldest entries of the chain's queue, at most FLOWS_PER_BATCH */
  readonly flows: readonly Flow[];
  /** fresh random field elements, one per member: they keep balances from being guessed */
  readonly salts: readonly bigint[];
  /** as many again for what one part leaves for the next: one less than there are parts */
  readonly carrySalts?: readonly bigint[];
}

/** One member's line of the round: everything it needs to check its own part. */
export interface MemberLine {
  readonly index: number;
  readonly meterId: bigint | null;
  readonly order: OrderOpening;
  readonly reading: SignedReading | null;
  readonly verdict: ReadingVerdict;
  readonly delivery: Delivery;
  readonly depositedMoney: bigint;
  readonly withdrawnMoney: bigint;
  readonly certificateWh: bigint;
  readonly previous: MemberState;
  readonly next: MemberState;
}

export type RoundRefusal =
  | { readonly kind: 'refused'; readonly reason: 'bad-input'; readonly detail: string }
  /** The market's price or fills are not those that follow from the committed orders. */
  | { readonly kind: 'refused'; readonly reason: 'not-the-equilibrium'; readonly detail: string };

export interface SettledRound {
  readonly kind: 'settled';
  readonly terms: Terms;
  readonly totals: Totals;
  readonly lines: readonly MemberLine[];
  readonly carried: readonly { readonly index: number; readonly reason: CarriedReason }[];
  readonly newState: SettlementState;
  /** of the whole round: what the chain's event tells of it */
  readonly words: PublicWords;
  /** what is proven, one batch a part */
  readonly batches: readonly SettledBatch[];
}

function problemOf(input: RoundInput): string | null {
  const wrongLayout = layoutProblem(input.layout);
  if (wrongLayout !== null) return wrongLayout;
  const capacity = capacityOf(input.layout);
  if ((input.carrySalts?.length ?? 0) < input.layout.parts - 1) return `${input.layout.parts - 1} salts between parts are needed`;
  if (input.state.members.length !== capacity) return `the state has ${input.state.members.length} members, the round ${capacity}`;
  for (const [name, list] of [
    ['meters', input.meters],
    ['orders', input.orders],
    ['readings', input.readings],
    ['fills', input.clearing.filledWh],
  ] as const)
    if (list.length > capacity) return `${list.length} ${name} do not fit a round of ${capacity}`;
  if (input.salts.length < capacity) return `${capacity} salts are needed, ${input.salts.length} given`;
  if (!fitsBits(input.interval, INTERVAL_BITS)) return `interval ${input.interval} does not fit ${INTERVAL_BITS} bits`;
  if (!fitsBits(input.buyTariff, PRICE_BITS) || !fitsBits(input.sellTariff, PRICE_BITS)) return 'a tariff is negative or too large';
  if (input.sellTariff > input.buyTariff) return 'the feed-in tariff is above the grid tariff';
  if (input.flows.length > FLOWS_PER_BATCH) return `a batch applies at most ${FLOWS_PER_BATCH} deposits and withdrawals`;
  for (const flow of input.flows)
    if (!fitsBits(flow.amount, FLOW_AMOUNT_BITS) || flow.index < 0 || flow.index >= capacity)
      return `deposit or withdrawal of member ${flow.index} is out of range`;
  for (const [i, order] of input.orders.entries()) {
    if (order === null || order === undefined) continue;
    if (!fitsBits(order.quantityWh, ENERGY_BITS) || !fitsBits(order.limitPrice, PRICE_BITS))
      return `the order of member ${i} is out of range`;
    if (order.scope !== 0n && order.scope !== input.interval) return `the order of member ${i} is for interval ${order.scope}`;
    if (order.quantityWh > 0n && (input.meters[i] ?? null) === null) return `member ${i} has an order but no registered meter`;
  }
  return null;
}

/** Leaves of the orders tree: absent orders are leaves too, so that nobody sees who trades. */
export function ordersRoot(
  capacity: number,
  meters: readonly (RegisteredMeter | null)[],
  orders: readonly (OrderOpening | null)[],
  numbered?: boolean,
): bigint {
  return merkleRoot(Array.from({ length: capacity }, (_, i) => orderLeaf(orderNumber(meters[i], i, numbered), orders[i] ?? NO_ORDER)));
}

export function registryRoot(capacity: number, meters: readonly (RegisteredMeter | null)[]): bigint {
  return merkleRoot(
    Array.from({ length: capacity }, (_, i) => {
      const meter = meters[i] ?? null;
      return meter === null ? 0n : registryLeaf(meter);
    }),
  );
}

export function settleRound(input: RoundInput): SettledRound | RoundRefusal {
  const problem = problemOf(input);
  if (problem !== null) return { kind: 'refused', reason: 'bad-input', detail: problem };
  const { layout, interval, state } = input;
  const capacity = capacityOf(layout);
  const indices = Array.from({ length: capacity }, (_, i) => i);
  const meters = indices.map((i) => input.meters[i] ?? null);
  const orders = indices.map((i) => input.orders[i] ?? NO_ORDER);

  const found = equilibrium(orders, interval);
  if (found.price !== input.clearing.price)
    return {
      kind: 'refused',
      reason: 'not-the-equilibrium',
      detail: `price ${input.clearing.price} was cleared, the orders give ${found.price}`,
    };
  const wrongFill = indices.find((i) => (input.clearing.filledWh[i] ?? 0n) !== found.filledWh[i]);
  if (wrongFill !== undefined)
    return {
      kind: 'refused',
      reason: 'not-the-equilibrium',
      detail: `member ${wrongFill} was given ${input.clearing.filledWh[wrongFill] ?? 0n} Wh, the rule gives ${found.filledWh[wrongFill]} Wh`,
    };

  const terms: Terms = { interval, price: found.price, buyTariff: input.buyTariff, sellTariff: input.sellTariff };
  const drafts = indices.map((i) => {
    const previous = state.members[i] as MemberState;
    const meter = meters[i] as RegisteredMeter | null;
    const order = orders[i] as OrderOpening;
    const given = input.readings[i] ?? null;
    const verdict = judgeReading(meter, previous, given, interval);
    const reading = verdict.kind === 'carried' ? null : given;
    const filled = found.filledWh[i] as bigint;
    const positionWh = order.side === 'sell' ? -filled : filled;
    const delivery = settleDelivery(previous.carriedWh, positionWh, shownBy(verdict), terms);
    const depositedMoney = depositOf(input.flows, i);
    const settled = account(previous, depositedMoney, delivery.money);
    const certificateWh = verdict.kind === 'measured' && meter !== null && (meter.flags & 1) === 1 ? verdict.exportedWh : 0n;
    return { index: i, meter, previous, order, reading, verdict, delivery, depositedMoney, settled, certificateWh };
  });
  const overflow = drafts.find(
    (d) => d.reading === null && !fitsBits(d.previous.carriedWh + d.delivery.positionWh + (1n << BigInt(CARRIED_BITS)), CARRIED_BITS + 1),
  );
  if (overflow !== undefined) return { kind: 'refused', reason: 'bad-input', detail: `member ${overflow.index} has been carried too long` };

  const withdrawals = withdraw(
    input.flows,
    drafts.map((d) => d.settled.balance),
  );
  const lines: MemberLine[] = drafts.map((d) => {
    const balance = withdrawals.balances[d.index] as bigint;
    const next: MemberState = {
      epoch: d.reading !== null && d.meter !== null ? registryLeaf(d.meter) : d.previous.epoch,
      balance,
      debt: d.settled.debt,
      importWh: d.reading?.importWh ?? d.previous.importWh,
      exportWh: d.reading?.exportWh ?? d.previous.exportWh,
      sequence: d.reading?.sequence ?? d.previous.sequence,
      carriedWh: d.reading === null ? d.previous.carriedWh + d.delivery.positionWh : 0n,
      salt: input.salts[d.index] as bigint,
    };
    const { index, order, reading, verdict, delivery, depositedMoney, certificateWh, previous } = d;
    const withdrawnMoney = d.settled.balance - balance;
    return {
      index,
      meterId: d.meter?.meterId ?? null,
      order,
      reading,
      verdict,
      delivery,
      depositedMoney,
      withdrawnMoney,
      certificateWh,
      previous,
      next,
    };
  });

  const sum = (of: (line: MemberLine) => bigint) => lines.reduce((total, line) => total + of(line), 0n);
  const totals: Totals = {
    gridMoney: sum((line) => line.delivery.money),
    defaultMoney: sum((line) => line.previous.debt - line.next.debt),
    certificateWh: sum((line) => line.certificateWh),
    carriedMembers: lines.filter((line) => line.meterId !== null && line.reading === null).length,
    withdrawalsApplied: withdrawals.applied,
  };
  const newState: SettlementState = {
    members: lines.map((line) => line.next),
    gridAccount: state.gridAccount + totals.gridMoney,
    defaultAccount: state.defaultAccount + totals.defaultMoney,
  };
  const words: PublicWords = {
    registryRoot: registryRoot(capacity, meters),
    ordersRoot: ordersRoot(capacity, meters, orders, input.numbered),
    oldRoot: stateRoot(state),
    newRoot: stateRoot(newState),
    domain: input.domain,
    terms: packTerms(terms, layout.parts - 1),
    totals: packTotals(totals),
    flows: packFlows(input.flows),
  };
  return {
    kind: 'settled',
    terms,
    totals,
    lines,
    carried: lines.flatMap((line) =>
      line.verdict.kind === 'carried' && line.meterId !== null ? [{ index: line.index, reason: line.verdict.reason }] : [],
    ),
    newState,
    words,
    batches: splitIntoParts({
      layout,
      words,
      terms,
      lines,
      meters,
      numbered: input.numbered,
      flows: input.flows,
      withdrawalsApplied: totals.withdrawalsApplied,
      hints: found.hints,
      settledBalances: drafts.map((d) => d.settled.balance),
      carrySalts: input.carrySalts ?? [],
    }),
  };
}
