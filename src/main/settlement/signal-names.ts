/** Names of a proof's public signals, in the verifier's order. */
import { ADMIT_SIGNALS } from '../../domain/settlement/admit-round.ts';
import { PUBLIC_SIGNALS } from '../../domain/settlement/words.ts';
import type { Statement } from '../proof/types.ts';

const SETTLE = [...PUBLIC_SIGNALS, 'carryIn', 'carryOut'];

/** @param count a round of one part has no carry */
export const signalNames = (statement: Statement, count: number): readonly string[] =>
  (statement === 'admit' ? ADMIT_SIGNALS : SETTLE).slice(0, count);
