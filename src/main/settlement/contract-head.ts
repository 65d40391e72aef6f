/** What the contracts say of themselves now: the last interval settled, tariffs and the bounds of the queue in one answer; the root of the registry. */
import type { LedgerService } from '../ledger/ledger-service.ts';

export interface ContractHead {
  /** 0 before the first */
  readonly lastInterval: number;
  /** milli-cents per kWh; null before the contract has taken them from the parameters */
  readonly tariffs: { readonly buy: number; readonly sell: number } | null;
  /** Position of the oldest waiting entry. */
  readonly queueHead: bigint;
  /** Position behind the newest one. */
  readonly queueTail: bigint;
}

/** Throws Fault chain.away. */
export async function headNow(ledger: Pick<LedgerService, 'view'>): Promise<ContractHead> {
  const [lastInterval, , buy, sell, , queueHead, queueTail, , tariffsKnown] = await ledger.view({
    contract: 'Settlement',
    method: 'head',
    args: [],
  });
  return {
    lastInterval: Number(lastInterval),
    tariffs: tariffsKnown === true ? { buy: Number(buy), sell: Number(sell) } : null,
    queueHead: BigInt(queueHead as bigint),
    queueTail: BigInt(queueTail as bigint),
  };
}

/** Root of the registry of meters that proofs are checked against. Throws Fault chain.away. */
export async function registryRootNow(ledger: Pick<LedgerService, 'view'>): Promise<bigint> {
  const [root] = await ledger.view({ contract: 'SmartMeter', method: 'registryRoot', args: [] });
  return BigInt(root as bigint);
}
