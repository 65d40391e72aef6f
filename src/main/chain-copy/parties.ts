/** Who an address is: the community, a member, a public meter, a contract. */
import { ZeroAddress } from 'ethers';
import type { Store } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { Community } from '../market/community.ts';

export interface ChainParty {
  readonly address: string;
  readonly name: string | null;
}

export function createParties(deps: {
  store: Pick<Store, 'read'>;
  community: Community;
  deviceName: (deviceId: string) => string;
  ledger: Pick<LedgerService, 'deployed' | 'operatorAddress'>;
}): () => (address: string) => ChainParty {
  const { store, community, ledger } = deps;
  const accounts = store.read.prepare('SELECT member_id AS id, address FROM member_account');
  const meters = store.read.prepare('SELECT device_id AS id, address FROM meter_account');
  return () => {
    const names = new Map<string, string>([[ZeroAddress, 'Issued or taken back']]);
    const deployed = ledger.deployed();
    for (const name of deployed?.contracts.names() ?? []) names.set(deployed?.contracts.address(name).toLowerCase() ?? '', name);
    for (const { id, address } of meters.all() as { id: string; address: string }[]) names.set(address.toLowerCase(), deps.deviceName(id));
    for (const { id, address } of accounts.all() as { id: string; address: string }[])
      names.set(address.toLowerCase(), community.member(id)?.name ?? id);
    names.set(ledger.operatorAddress.toLowerCase(), 'Community');
    return (address) => ({ address, name: names.get(address.toLowerCase()) ?? null });
  };
}
