/** Deposits before the round is paid, withdrawals after it; a withdrawal counts exactly when the balance covers it. */
import { FLOWS_PER_BATCH } from './limits.ts';
import type { Flow } from './words.ts';

export function depositOf(flows: readonly Flow[], index: number): bigint {
  return flows.reduce((sum, flow) => (flow.kind === 'deposit' && flow.index === index ? sum + flow.amount : sum), 0n);
}

export function withdraw(flows: readonly Flow[], settledBalances: readonly bigint[]): { balances: bigint[]; applied: boolean[] } {
  const balances = [...settledBalances];
  const applied = Array.from({ length: FLOWS_PER_BATCH }, () => false);
  flows.forEach((flow, k) => {
    const balance = balances[flow.index] ?? 0n;
    if (flow.kind !== 'withdrawal' || balance < flow.amount) return;
    balances[flow.index] = balance - flow.amount;
    applied[k] = true;
  });
  return { balances, applied };
}
