// SPDX-License-Identifier: GPL-3.0-only
/** Rounds of which the vectors hold the public signals: the contracts must pack the same. Members 0 to 3 of one community, in this order. */
import type { SettledRound } from '../../src/domain/settlement/settle-round.ts';
import type { Flow } from '../../src/domain/settlement/words.ts';
import { PARTS_LAYOUT } from '../testing/part-forgeries.ts';
import * as rounds from '../testing/rounds.ts';

/** One entry a member, as the chain's queue has it: the withdrawal of member 0 is covered, that of member 2 is not. */
const FLOWS: readonly Flow[] = [
  { kind: 'deposit', index: 1, amount: 7_000_001n },
  { kind: 'withdrawal', index: 0, amount: 5_000_001n },
  { kind: 'withdrawal', index: 2, amount: 9_000_000_000_001n },
];

/** The deposits of `baselineRound`. */
const FIRST_DEPOSITS: readonly Flow[] = [
  { kind: 'deposit', index: 0, amount: 90_000_000_000n },
  { kind: 'deposit', index: 1, amount: 40_000_000_000n },
];

export interface SharedRound {
  readonly settled: SettledRound;
  readonly flows: readonly Flow[];
}

export const sharedRounds = (): Readonly<Record<string, SharedRound>> => ({
  baseline4: { settled: rounds.baseline(), flows: FIRST_DEPOSITS },
  trade4: { settled: rounds.trade(), flows: [] },
  flows4: { settled: rounds.tradeWithFlows(FLOWS), flows: FLOWS },
  baseline2x2: { settled: rounds.baseline(PARTS_LAYOUT), flows: FIRST_DEPOSITS },
  trade2x2: { settled: rounds.trade(PARTS_LAYOUT), flows: [] },
  flows2x2: { settled: rounds.tradeWithFlows(FLOWS, PARTS_LAYOUT), flows: FLOWS },
});

/** What the vectors hold of a round: public signals of each part, and in the clear what the contract packs into them. */
export const wordsOf = ({ settled: { batches, terms }, flows }: SharedRound) => ({
  terms: { interval: terms.interval.toString(), price: (terms.price ?? 0n).toString(), traded: terms.price !== null },
  flows: flows.map(({ kind, index, amount }) => ({ kind, index, amount: amount.toString() })),
  publicSignals: batches.map(({ publicSignals }) => [...publicSignals]),
});
