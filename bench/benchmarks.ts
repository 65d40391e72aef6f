/** The table of benchmarks. A module exports `run` and is loaded only when asked for. */
import type { BenchmarkModule } from './harness.ts';

export const BENCHMARKS: Record<string, () => Promise<BenchmarkModule>> = {
  cycle: () => import('./cycle.ts'),
  circuit: () => import('./circuit.ts'),
  clear: () => import('./clear.ts'),
  command: () => import('./command.ts'),
  link: () => import('./link.ts'),
  poll: () => import('./poll.ts'),
  powerflow: () => import('./powerflow.ts'),
  settlement: () => import('./settlement.ts'),
};
