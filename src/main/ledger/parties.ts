/** Whom an account of the chain belongs to, as far as the console knows: itself, a contract, a member, a member of the council. */
import type { LedgerParty } from '../../shared/contract/ledger.ts';
import type { LedgerService } from './ledger-service.ts';

export function createParties(
  ledger: Pick<LedgerService, 'operatorAddress' | 'manifest'>,
  memberAccounts: () => readonly { readonly name: string; readonly address: string }[],
): { of(address: string): LedgerParty } {
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
  const nameOf = (address: string): string | null => {
    if (same(address, ledger.operatorAddress)) return 'This console';
    const manifest = ledger.manifest();
    const contract = Object.entries(manifest?.contracts ?? {}).find(([, at]) => same(at.address, address))?.[0];
    if (contract) return contract;
    const member = memberAccounts().find((m) => same(m.address, address));
    if (member) return member.name;
    const seat = manifest?.council.members.findIndex((m) => same(m, address)) ?? -1;
    return seat >= 0 ? `Council member ${seat + 1}` : null;
  };
  return { of: (address) => ({ address, name: nameOf(address), mine: same(address, ledger.operatorAddress) }) };
}
