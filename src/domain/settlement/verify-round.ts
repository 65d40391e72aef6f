/**
 * A member checks its own line of a round, offline: that its key, order, reading and account are under the round's roots, that its trade follows
 * the price rule, and that money and new account follow from them. What the line cannot show (that the roots are those of the chain, whose
 * contract has verified the proof of everybody else's lines) is named in `needsFromChain`.
 */
import type { RoundLine } from '../../shared/round-line.ts';
import { account, settleDelivery, shownBy } from './delivery.ts';
import { type MemberState, NO_ORDER, orderLeaf, type RegisteredMeter, registryLeaf, stateLeaf } from './leaves.ts';
import { rootOfPath } from './merkle.ts';
import { judgeReading } from './readings.ts';
import { PUBLIC_SIGNALS, unpackFlows, unpackTerms, unpackTotals } from './words.ts';

export interface RoundCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface RoundVerification {
  readonly schema: 'verification/1';
  readonly valid: boolean;
  readonly round: number;
  readonly member: string;
  readonly checks: readonly RoundCheck[];
  /** name=value of every root that must be the chain's: event Settled of this interval */
  readonly needsFromChain: readonly string[];
}

export function verifyRound(line: RoundLine): RoundVerification {
  const checks: RoundCheck[] = [];
  const check = (name: string, ok: boolean, good: string, bad: string) => void checks.push({ name, ok, detail: ok ? good : bad });
  const signal = Object.fromEntries(PUBLIC_SIGNALS.map((name, k) => [name, line.publicSignals[k] as bigint])) as Record<
    (typeof PUBLIC_SIGNALS)[number],
    bigint
  >;
  const meter: RegisteredMeter = line.meter;
  const order = line.order ?? NO_ORDER;
  const interval = BigInt(line.round);
  const depth = Math.log2(line.capacity);
  const placed = (leaf: bigint, path: readonly bigint[], root: bigint) =>
    line.index < line.capacity && path.length === depth && rootOfPath(leaf, line.index, path) === root;

  check(
    'Registry',
    placed(registryLeaf(meter), line.registryPath, signal.registryRoot),
    `Meter ${meter.meterId} is under the registry root.`,
    `Meter ${meter.meterId} with this key is not under the registry root.`,
  );
  const scoped = order.scope === 0n || order.scope === interval;
  check(
    'Order',
    scoped && placed(orderLeaf(meter.meterId, order), line.orderPath, signal.ordersRoot),
    line.order === null
      ? 'No order of this member was committed.'
      : `The order is the committed one: ${order.side} ${order.quantityWh} Wh at ${order.limitPrice}.`,
    scoped ? 'The order is not the committed one.' : `The order is for interval ${order.scope}.`,
  );
  check(
    'Account before',
    placed(stateLeaf(line.previous), line.previousPath, signal.oldRoot),
    'The account before the round is under the old root.',
    'The account before the round is not under the old root.',
  );

  const terms = unpackTerms(signal.terms);
  const sameTerms =
    terms.interval === interval && terms.price === line.price && terms.buyTariff === line.buyTariff && terms.sellTariff === line.sellTariff;
  check(
    'Terms',
    sameTerms,
    `Price ${line.price ?? 'none'}, tariffs ${line.buyTariff} and ${line.sellTariff} are the public ones.`,
    'Interval, price or tariffs are not the public ones.',
  );
  const fill = fillProblem(line.price, order, line.filledWh);
  check('Trade', fill === null, `${line.filledWh} Wh filled, as the price rule allows.`, fill ?? '');

  const verdict = judgeReading(meter, line.previous, line.reading, interval);
  const judged = line.reading === null || verdict.kind !== 'carried';
  check(
    'Reading',
    judged,
    line.reading === null
      ? 'No reading: the registers stay, the position is carried.'
      : verdict.kind === 'baseline'
        ? 'First reading of this meter: it sets the registers.'
        : 'The reading is signed and the registers grow.',
    verdict.kind === 'carried' ? `The reading does not count: ${verdict.reason}.` : '',
  );
  const positionWh = order.side === 'sell' ? -line.filledWh : line.filledWh;
  const delivery = settleDelivery(line.previous.carriedWh, positionWh, shownBy(verdict), terms);
  check(
    'Money',
    line.money === delivery.money,
    `${delivery.money} micro-cents for ${positionWh} Wh traded and ${delivery.deltaWh} Wh difference.`,
    `The line says ${line.money} micro-cents, the rule gives ${delivery.money}.`,
  );

  const flows = unpackFlows(signal.flows).filter((flow) => flow.index === line.index);
  const applied = unpackTotals(signal.totals).withdrawalsApplied;
  const deposited = flows.reduce((sum, flow) => (flow.kind === 'deposit' ? sum + flow.amount : sum), 0n);
  const settled = account(line.previous, deposited, delivery.money);
  let balance = settled.balance;
  let withdrawalsRight = true;
  for (const flow of flows.filter((one) => one.kind === 'withdrawal')) {
    if (applied[flow.place] !== balance >= flow.amount) withdrawalsRight = false;
    if (applied[flow.place] === true) balance -= flow.amount;
  }
  const hasReading = line.reading !== null && verdict.kind !== 'carried';
  const expected: MemberState = {
    epoch: hasReading ? registryLeaf(meter) : line.previous.epoch,
    balance,
    debt: settled.debt,
    importWh: hasReading && line.reading !== null ? line.reading.importWh : line.previous.importWh,
    exportWh: hasReading && line.reading !== null ? line.reading.exportWh : line.previous.exportWh,
    sequence: hasReading && line.reading !== null ? line.reading.sequence : line.previous.sequence,
    carriedWh: hasReading ? 0n : line.previous.carriedWh + positionWh,
    salt: line.next.salt,
  };
  const differing = (Object.keys(expected) as (keyof MemberState)[]).filter((name) => expected[name] !== line.next[name]);
  check(
    'Account after',
    differing.length === 0 && withdrawalsRight,
    `Balance ${line.next.balance}, debt ${line.next.debt} micro-cents follow from the line.`,
    withdrawalsRight
      ? `These do not follow from the line: ${differing.join(', ')}.`
      : 'A withdrawal was granted or refused against the rule.',
  );
  check(
    'New root',
    placed(stateLeaf(line.next), line.nextPath, signal.newRoot),
    'The account after the round is under the new root.',
    'The account after the round is not under the new root.',
  );

  return {
    schema: 'verification/1',
    valid: checks.every((one) => one.ok),
    round: line.round,
    member: line.member,
    checks,
    needsFromChain: PUBLIC_SIGNALS.map((name) => `${name}=${signal[name]}`),
  };
}

/** What is wrong with a fill, as far as one order and the price can tell. */
function fillProblem(
  price: bigint | null,
  order: { readonly side: 'buy' | 'sell'; readonly quantityWh: bigint; readonly limitPrice: bigint },
  filledWh: bigint,
): string | null {
  if (price === null) return filledWh === 0n ? null : 'Something was filled in a round without a trade.';
  if (filledWh > order.quantityWh) return `${filledWh} Wh were filled of ${order.quantityWh} Wh ordered.`;
  const gain = order.side === 'buy' ? order.limitPrice - price : price - order.limitPrice;
  if (gain > 0n && filledWh !== order.quantityWh)
    return `The order is in the money and must be filled: ${order.quantityWh} Wh, not ${filledWh} Wh.`;
  if (gain < 0n && filledWh !== 0n) return 'The order is out of the money and must not be filled.';
  return null;
}
