/** Names of a proof's public signals, in the verifier's order. */
import { PUBLIC_SIGNALS } from '../../domain/settlement/words.ts';
import type { Statement } from '../proof/types.ts';

const ADMIT = ['registryRoot', 'ordersRoot', 'oldBook', 'newBook', 'domain', 'scope'];
const SETTLE = [...PUBLIC_SIGNALS, 'carryIn', 'carryOut'];

/** @param count a round of one part has no carry */
export const signalNames = (statement: Statement, count: number): readonly string[] =>
  (statement === 'admit' ? ADMIT : SETTLE).slice(0, count);
