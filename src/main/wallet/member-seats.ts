/**
 * Tells the contract Settlement which account each member's balance belongs to, as the member's meter key named it. From then on only that
 * account can be paid, and it can leave without the operator. The community's own assets get no seat: their money is the operator's.
 */
import type { Kernel } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { Community } from '../market/community.ts';
import { accountOf } from './transaction-store.ts';

export function createMemberSeats(
  kernel: Pick<Kernel, 'store'>,
  deps: { community: Community; ledger: Pick<LedgerService, 'deployed' | 'entry' | 'enqueue' | 'kick'> },
): { queue(): void } {
  const { store } = kernel;
  const { community, ledger } = deps;
  const queued = new Set<string>();
  return {
    /** Queues what is missing; doing it again changes nothing. */
    queue() {
      if (!ledger.deployed()?.contracts.has('Settlement')) return;
      for (const member of community.members) {
        if (member.operatorOwned || queued.has(member.memberId)) continue;
        const account = accountOf(store.read, member.memberId);
        if (!account) continue;
        queued.add(member.memberId);
        const id = `account:${member.memberId}`;
        if (ledger.entry(id)) continue;
        const index = member.meterId - 1;
        ledger.enqueue({
          id,
          kind: 'name-account',
          title: `Name the account of ${member.name}`,
          body: {
            contract: 'Settlement',
            method: 'setAccount',
            args: [index, account.address],
            // A member may have handed its account on by itself; then there is nothing to name.
            mayFail: true,
            doneWhen: { contract: 'Settlement', method: 'accountOf', args: [index], equals: account.address },
          },
        });
        ledger.kick();
      }
    },
  };
}
