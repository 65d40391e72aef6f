/** What the contract says of itself in one answer: the last interval settled, its tariffs, and the bounds of its queue. */
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
