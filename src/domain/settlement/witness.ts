/** The circuit's named inputs, as decimal strings. Names and meanings are those of circuits/settle.circom. */
import { BASE8 } from './babyjubjub.ts';
import type { EquilibriumHints } from './equilibrium.ts';
import { CARRIED_OFFSET, orderNumber, type RegisteredMeter, sideCode } from './leaves.ts';
import { FLOWS_PER_BATCH } from './limits.ts';
import type { MemberLine } from './settle-round.ts';
import type { BatchWords, Flow, Terms } from './words.ts';

export type WitnessInput = Record<string, string | string[]>;

export interface WitnessParts {
  readonly words: BatchWords;
  readonly terms: Terms;
  readonly lines: readonly MemberLine[];
  readonly meters: readonly (RegisteredMeter | null)[];
  readonly numbered: boolean | undefined;
  readonly flows: readonly Flow[];
  readonly hints: EquilibriumHints;
  /** before withdrawals, micro-cents */
  readonly settledBalances: readonly bigint[];
}

export function witnessInput(parts: WitnessParts): WitnessInput {
  const { words, terms, lines, meters, flows, hints } = parts;
  const per = (of: (line: MemberLine) => bigint): string[] => lines.map((line) => of(line).toString());
  const perMeter = (of: (meter: RegisteredMeter) => bigint, absent: bigint): string[] =>
    meters.map((meter) => (meter === null ? absent : of(meter)).toString());
  const perFlow = (of: (flow: Flow) => bigint): string[] =>
    Array.from({ length: FLOWS_PER_BATCH }, (_, k) => {
      const flow = flows[k];
      return (flow === undefined ? 0n : of(flow)).toString();
    });
  return {
    ...Object.fromEntries(Object.entries(words).map(([name, word]) => [name, word.toString()])),
    price: (terms.price ?? 0n).toString(),
    buyTariff: terms.buyTariff.toString(),
    sellTariff: terms.sellTariff.toString(),
    interval: terms.interval.toString(),
    traded: terms.price === null ? '0' : '1',

    present: perMeter(() => 1n, 0n),
    // An absent meter's number is bound by the order's leaf alone.
    meterId: lines.map((line, i) => orderNumber(meters[i], line.index, parts.numbered).toString()),
    // An absent member's key takes part in no check, but the curve formulas want a point.
    Ax: perMeter((m) => m.publicKey[0], BASE8[0]),
    Ay: perMeter((m) => m.publicKey[1], BASE8[1]),
    flags: perMeter((m) => BigInt(m.flags), 0n),

    oldEpoch: per((l) => l.previous.epoch),
    oldBalance: per((l) => l.previous.balance),
    oldDebt: per((l) => l.previous.debt),
    oldImportWh: per((l) => l.previous.importWh),
    oldExportWh: per((l) => l.previous.exportWh),
    oldSequence: per((l) => l.previous.sequence),
    oldCarried: per((l) => l.previous.carriedWh + CARRIED_OFFSET),
    oldSalt: per((l) => l.previous.salt),

    orderForInterval: per((l) => (l.order.scope === 0n ? 0n : 1n)),
    orderSide: per((l) => sideCode(l.order.side)),
    orderQuantityWh: per((l) => l.order.quantityWh),
    orderLimit: per((l) => l.order.limitPrice),
    orderSequence: per((l) => l.order.sequence),
    orderSalt: per((l) => l.order.salt),

    low: hints.low.toString(),
    high: hints.high.toString(),
    parity: hints.parity.toString(),
    rationedSide: hints.rationedSide.toString(),
    share: hints.share.map(String),
    rest: hints.rest.map(String),
    toShare: hints.toShare.toString(),
    divisor: hints.divisor.toString(),
    countedTotal: hints.countedTotal.toString(),
    countedBeforeStart: hints.countedBeforeStart.toString(),
    leftover: hints.leftover.toString(),

    hasReading: per((l) => (l.reading === null ? 0n : 1n)),
    importWh: per((l) => l.reading?.importWh ?? 0n),
    exportWh: per((l) => l.reading?.exportWh ?? 0n),
    sequence: per((l) => l.reading?.sequence ?? 0n),
    R8x: per((l) => l.reading?.signature.r8[0] ?? BASE8[0]),
    R8y: per((l) => l.reading?.signature.r8[1] ?? BASE8[1]),
    S: per((l) => l.reading?.signature.s ?? 0n),

    shortWh: per((l) => (l.delivery.deltaWh > 0n ? l.delivery.deltaWh : 0n)),
    surplusWh: per((l) => (l.delivery.deltaWh < 0n ? -l.delivery.deltaWh : 0n)),
    settledBalance: parts.settledBalances.map(String),
    newDebt: per((l) => l.next.debt),
    newSalt: per((l) => l.next.salt),

    flowAmount: perFlow((f) => f.amount),
    flowIndex: perFlow((f) => BigInt(f.index)),
    flowWithdrawal: perFlow((f) => (f.kind === 'withdrawal' ? 1n : 0n)),
  };
}
