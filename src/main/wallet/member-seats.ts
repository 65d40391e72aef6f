/**
 * Tells the contract Settlement which account each member's balance belongs to, as the member's meter key named it. From then on only that
 * account can be paid, and it can leave without the operator. The community's own assets get no seat: their money is the operator's.
 *
 * The contract names an account only where a meter is in service, so a seat is queued behind its meter's registration, never before it.
 */
import type { Kernel } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { OutboxRow } from '../ledger/outbox-store.ts';
import type { Community } from '../market/community.ts';
import type { MeterKey } from '../metering/meter-keys.ts';
import { accountOf } from './transaction-store.ts';

/** When a meter was out of service just then (a new key that nobody has verified yet), its member's seat is asked for again after this. */
const ASK_AGAIN_MS = 3_600_000;

/** Over, and with nothing gained: the meter stood in no registry when the chain was asked. */
const outOfService = (entry: OutboxRow): boolean => entry.state === 'final' && entry.lastError?.includes('NotRegistered(') === true;

export function createMemberSeats(
  kernel: Pick<Kernel, 'store' | 'clock'>,
  deps: {
    community: Community;
    ledger: Pick<LedgerService, 'deployed' | 'entry' | 'enqueue' | 'kick'>;
    keyOf: (meterId: number) => Pick<MeterKey, 'registration'> | undefined;
  },
): { queue(): void } {
  const { store, clock } = kernel;
  const { community, ledger, keyOf } = deps;
  /** Members whose seat needs no second look. */
  const seated = new Set<string>();

  /** Under which id the seat is to be queued now; null: it is queued, or has been asked for too lately. */
  const freeId = (memberId: string): string | null => {
    for (let k = 1; ; k++) {
      const id = k === 1 ? `account:${memberId}` : `account:${memberId}:${k}`;
      const entry = ledger.entry(id);
      if (!entry) return id;
      if (!outOfService(entry)) {
        if (entry.state === 'final') seated.add(memberId);
        return null;
      }
      if (clock.nowMs() - (entry.finalMs ?? 0) < ASK_AGAIN_MS) return null;
    }
  };

  return {
    /** Queues what is missing; doing it again changes nothing. */
    queue() {
      if (!ledger.deployed()?.contracts.has('Settlement')) return;
      for (const member of community.members) {
        if (member.operatorOwned || seated.has(member.memberId) || !keyOf(member.meterId)?.registration) continue;
        const account = accountOf(store.read, member.memberId);
        if (!account) continue;
        const id = freeId(member.memberId);
        if (id === null) continue;
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
