/** Who holds which role, from the events of Access. */
import type { Database } from 'better-sqlite3';
import { eventsOf, evidence } from './events.ts';

export interface RoleHolder {
  readonly address: string;
  readonly since: { readonly transaction: string; readonly block: number; readonly timeMs: number | null };
}
/** By role id; in the order in which they got it. */
export function roleHolders(db: Database): Map<number, RoleHolder[]> {
  const roles = new Map<number, RoleHolder[]>();
  for (const e of eventsOf(db, 'Access', ['RoleGranted', 'RoleRevoked'])) {
    const id = Number(e.args.roleId);
    const address = e.args.account ?? '';
    const held = roles.get(id) ?? [];
    const has = held.some((h) => h.address === address);
    if (e.name === 'RoleRevoked')
      roles.set(
        id,
        held.filter((h) => h.address !== address),
      );
    else if (!has) roles.set(id, [...held, { address, since: evidence(e) }]);
  }
  return roles;
}
