import { expect, it } from 'vitest';
import { contract } from '../../shared/contract/contract.ts';
import { Role, roleAllows, ROLE_LABEL as SHARED_LABEL } from '../../shared/roles.ts';
import { mayDo, ROLE_LABEL, ROLE_OF_ACT, ROLES } from './may.ts';

it('knows for every act the role that the contract names', () => {
  expect(ROLE_OF_ACT).toEqual(Object.fromEntries(Object.entries(contract.commands).map(([name, c]) => [name, c.role])));
});
it('allows exactly what the engine’s gate allows', () => {
  for (const role of [...ROLES, null])
    for (const act of Object.keys(ROLE_OF_ACT) as (keyof typeof ROLE_OF_ACT)[])
      expect([role, act, mayDo(role, act)]).toEqual([role, act, roleAllows(role, ROLE_OF_ACT[act])]);
});
it('calls the roles as the rest of the house does', () => {
  expect(ROLES).toEqual(Role.options);
  expect(ROLE_LABEL).toEqual(SHARED_LABEL);
});
