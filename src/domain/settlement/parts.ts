/**
 * Splits a settled round into its batches. With one part there is nothing to split. With several, each moves its subtree of the accounts, all are
 * told the same about the whole round, and sums run on from one to the next, hidden by a salted commitment: docs/settlement.md §8.
 */
import { poseidon5 } from 'poseidon-lite/poseidon5';
import { poseidon8 } from 'poseidon-lite/poseidon8';
import { poseidon16 } from 'poseidon-lite/poseidon16';
import type { EquilibriumHints } from './equilibrium.ts';
import { mod } from './field.ts';
import { NO_ORDER, orderLeaf, orderNumber, type RegisteredMeter, registryLeaf, stateLeaf } from './leaves.ts';
import { type BatchLayout, capacityOf } from './limits.ts';
import { merklePath, merkleRoot, subtreeRoots } from './merkle.ts';
import type { MemberLine } from './settle-round.ts';
import { type WitnessInput, witnessInput } from './witness.ts';
import { type BatchWords, type Flow, NO_TOTALS, type PublicWords, packTerms, packTotals, publicSignals, type Terms } from './words.ts';

export interface SettledBatch {
  readonly words: BatchWords;
  /** decimal strings in the verifier's order */
  readonly publicSignals: readonly string[];
  readonly witnessInput: WitnessInput;
}

export interface PartsInput {
  readonly layout: BatchLayout;
  /** of the whole round */
  readonly words: PublicWords;
  readonly terms: Terms;
  readonly lines: readonly MemberLine[];
  readonly meters: readonly (RegisteredMeter | null)[];
  readonly numbered: boolean | undefined;
  readonly flows: readonly Flow[];
  readonly withdrawalsApplied: readonly boolean[];
  readonly hints: EquilibriumHints;
  readonly settledBalances: readonly bigint[];
  /** one fresh field element between each two parts */
  readonly carrySalts: readonly bigint[];
}

/** Sums that run on: the market's (13, see circuits/lib/market.circom), money, debts, certificates, members carried, withdrawals applied. */
const SUMS = 18;
type Sums = readonly bigint[];
type Claims = Pick<
  EquilibriumHints,
  'low' | 'high' | 'rationedSide' | 'toShare' | 'divisor' | 'countedTotal' | 'countedBeforeStart' | 'leftover'
>;
const ZERO: Sums = new Array<bigint>(SUMS).fill(0n);

function sumsAfter(input: PartsInput, before: Sums, from: number, to: number): Sums {
  const { lines, hints, terms } = input;
  const own = lines.slice(from, to);
  const total = (of: (line: MemberLine) => bigint) => own.reduce((sum, line) => sum + of(line), 0n);
  const curves = (x: bigint) => [
    total(({ order: o }) => (o.side === 'buy' && o.limitPrice > x ? o.quantityWh : 0n)),
    total(({ order: o }) => (o.side === 'buy' && o.limitPrice === x ? o.quantityWh : 0n)),
    total(({ order: o }) => (o.side === 'sell' && o.limitPrice <= x ? o.quantityWh : 0n)),
    total(({ order: o }) => (o.side === 'sell' && o.limitPrice === x ? o.quantityWh : 0n)),
  ];
  const counts = (i: number) => hints.rationed[i] === true && (lines[i] as MemberLine).order.quantityWh > 0n;
  const countedIn = (a: number, b: number) => BigInt(Array.from({ length: b - a }, (_, k) => a + k).filter(counts).length);
  const start = Number(terms.interval % BigInt(lines.length));
  const startsHere = start >= from && start < to;
  const applied = input.flows.reduce(
    (bits, flow, k) => (input.withdrawalsApplied[k] === true && flow.index >= from && flow.index < to ? bits | (1n << BigInt(k)) : bits),
    0n,
  );
  const here = [
    ...curves(hints.low),
    ...curves(hints.high),
    total((line) => (hints.rationed[line.index] ? line.order.quantityWh : 0n)),
    countedIn(from, to),
    startsHere ? (before[9] as bigint) + countedIn(from, start) : 0n,
    startsHere ? 1n : 0n,
    total((line) => hints.share[line.index] ?? 0n),
    total((line) => line.delivery.money),
    total((line) => line.previous.debt - line.next.debt),
    total((line) => line.certificateWh),
    total((line) => (line.meterId !== null && line.reading === null ? 1n : 0n)),
    applied,
  ];
  return here.map((value, k) => (before[k] as bigint) + value);
}

/** Claims about the whole round and sums so far, hidden by the salt. */
export function carry(hints: Claims, sums: Sums, salt: bigint): bigint {
  const { low, high, rationedSide, toShare, divisor, countedTotal, countedBeforeStart, leftover } = hints;
  const said = poseidon8([low, high, rationedSide, toShare, divisor, countedTotal, countedBeforeStart, leftover]);
  const field = sums.map((sum) => mod(sum));
  return poseidon5([said, poseidon16(field.slice(0, 16)), field[16] as bigint, field[17] as bigint, salt]);
}

export function splitIntoParts(input: PartsInput): SettledBatch[] {
  const { layout, words, terms, lines, meters, numbered } = input;
  const { batchMembers, parts } = layout;
  const whole = { terms, hints: input.hints, flows: input.flows };
  if (parts === 1) {
    const batch = { words, publicSignals: publicSignals(words) };
    return [{ ...batch, witnessInput: witnessInput({ ...whole, words, lines, meters, numbered, settledBalances: input.settledBalances }) }];
  }
  const places = Array.from({ length: capacityOf(layout) }, (_, i) => i);
  const subtrees = (leaf: (i: number) => bigint) => subtreeRoots(places.map(leaf), parts);
  const registry = subtrees((i) => (meters[i] ? registryLeaf(meters[i]) : 0n));
  const orders = subtrees((i) => orderLeaf(orderNumber(meters[i], i, numbered), lines[i]?.order ?? NO_ORDER));
  const before = subtrees((i) => stateLeaf((lines[i] as MemberLine).previous));
  const after = subtrees((i) => stateLeaf((lines[i] as MemberLine).next));
  let running = ZERO;
  return Array.from({ length: parts }, (_, part) => {
    const [from, to] = [part * batchMembers, (part + 1) * batchMembers];
    const isLast = part === parts - 1;
    const ran = sumsAfter(input, running, from, to);
    const accounts = (moved: number) => [...after.slice(0, moved), ...before.slice(moved)];
    const [saltIn, saltOut] = [input.carrySalts[part - 1] ?? 0n, input.carrySalts[part] ?? 0n];
    const batchWords: BatchWords = {
      ...words,
      oldRoot: merkleRoot(accounts(part)),
      newRoot: merkleRoot(accounts(part + 1)),
      terms: packTerms(terms, part),
      totals: isLast ? words.totals : packTotals(NO_TOTALS),
      carryIn: part === 0 ? 0n : carry(input.hints, running, saltIn),
      carryOut: isLast ? 0n : carry(input.hints, ran, saltOut),
    };
    const path = (roots: readonly bigint[]) => merklePath(roots, part).map(String);
    const batch: SettledBatch = {
      words: batchWords,
      publicSignals: publicSignals(batchWords),
      witnessInput: {
        ...witnessInput({
          ...whole,
          hints: { ...input.hints, share: input.hints.share.slice(from, to), rest: input.hints.rest.slice(from, to) },
          words: batchWords,
          lines: lines.slice(from, to),
          meters: meters.slice(from, to),
          numbered,
          settledBalances: input.settledBalances.slice(from, to),
        }),
        partIndex: String(part),
        runningIn: running.map((sum) => mod(sum).toString()),
        registrySiblings: path(registry),
        ordersSiblings: path(orders),
        stateSiblings: path(accounts(part)),
        carryInSalt: saltIn.toString(),
        carryOutSalt: saltOut.toString(),
      },
    };
    running = ran;
    return batch;
  });
}
