/** Events as the index keeps them, for tests: one per block, a minute apart. */
import type { ChainEvent } from './chain-events.ts';

export const STARTED_S = 1_800_000_000;
export function eventsOf(
  contract: string,
  list: readonly (readonly [name: string, args: Record<string, string>, timeS?: number])[],
): ChainEvent[] {
  return list.map(([name, args, timeS], i) => ({
    block: i + 1,
    contract,
    name,
    args,
    transaction: `0x${(i + 1).toString(16).padStart(64, '0')}`,
    timeS: timeS ?? STARTED_S + i * 60,
  }));
}
