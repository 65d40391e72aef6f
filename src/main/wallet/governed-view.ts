/** Published fees and who may decide disputes, as Parameters' and Access' events tell them. */
import { shortText } from '../../domain/wallet/terms.ts';
import { type ChainEvent, same } from './chain-events.ts';

/** Hundredths of a per cent. */
export interface Fees {
  readonly tradeBps: number;
  readonly closeBps: number;
  readonly bondBps: number;
}
const KEYS = { tradeBps: shortText('fee.trade.bps'), closeBps: shortText('fee.close.bps'), bondBps: shortText('bond.future.bps') };

/** null until all three are published; `events` of Parameters, oldest first. */
export function feesOf(events: readonly ChainEvent[]): Fees | null {
  const values = new Map<string, number>();
  for (const { args } of events)
    if (args.key !== undefined && args.value !== undefined) values.set(args.key.toLowerCase(), Number(args.value));
  const [tradeBps, closeBps, bondBps] = [KEYS.tradeBps, KEYS.closeBps, KEYS.bondBps].map((key) => values.get(key));
  return tradeBps === undefined || closeBps === undefined || bondBps === undefined ? null : { tradeBps, closeBps, bondBps };
}

/** Whether the account holds a role now; `events` of Access, oldest first. */
export function holdsRole(events: readonly ChainEvent[], roleId: bigint, account: string): boolean {
  let holds = false;
  for (const { name, args } of events)
    if (args.roleId === roleId.toString() && same(args.account, account)) {
      if (name === 'RoleGranted') holds = true;
      else if (name === 'RoleRevoked') holds = false;
    }
  return holds;
}
