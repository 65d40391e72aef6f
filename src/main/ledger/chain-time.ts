/**
 * The chain's own time, which its contracts go by. It is the wall's, unless its blocks are ahead of it; never behind, because the next block
 * takes at least the present time.
 */
import type { Clock } from '../kernel/ports.ts';
import type { LedgerService } from './ledger-service.ts';
import { rpcCall } from './rpc.ts';

export interface ChainTime {
  /** Unix ms. */
  nowMs(): number;
  /** Looks at the newest block. Throws Fault chain.away. */
  refresh(): Promise<void>;
}

export function createChainTime(clock: Pick<Clock, 'nowMs'>, ledger: Pick<LedgerService, 'endpoint'>): ChainTime {
  let aheadMs = 0;
  return {
    nowMs: () => clock.nowMs() + aheadMs,
    async refresh() {
      const url = ledger.endpoint()?.url;
      if (!url) return;
      const latest = await rpcCall<{ timestamp: string } | null>(url, 'eth_getBlockByNumber', ['latest', false]);
      if (latest) aheadMs = Math.max(aheadMs, Number(latest.timestamp) * 1000 - clock.nowMs());
    },
  };
}
