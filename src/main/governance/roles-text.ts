/** What each role may do, in words; the table that rules is `contracts/deploy/role-table.ts`. */
import { type RoleName, roleIds } from '../../../contracts/deploy/role-table.ts';

export const ROLE_TEXT: Record<RoleName, { readonly name: string; readonly what: string }> = {
  ADMIN: { name: 'Administrator', what: 'Changes roles, lets a paused contract run again, defines parameters' },
  REGISTRAR: { name: 'Registrar', what: 'Registers meters and grid nodes' },
  TECHNICIAN: { name: 'Technician', what: 'Verifies, swaps, maintains and retires meters' },
  METER_OPERATOR: { name: 'Meter operator', what: 'Validates readings, records responses, reports tampering' },
  GRID_OPERATOR: { name: 'Grid operator', what: 'Reports the grid, sets capacities, calls demand response' },
  GUARDIAN: { name: 'Guardian', what: 'Pauses a contract, trips an emergency, signs its lifting' },
  SETTLEMENT: { name: 'Settlement contract', what: 'Issues certificates for proven export' },
  SETTLEMENT_OPERATOR: { name: 'Settlement operator', what: 'Commits the orders of a round' },
  ISSUER: { name: 'Issuer', what: 'Issues tokens, credits and certificates of public meters' },
  COMPLIANCE: { name: 'Compliance', what: 'Holds and releases tokens and certificates' },
  ARBITER: { name: 'Arbiter', what: 'Decides disputes' },
  GOVERNOR: { name: 'Governor', what: 'Sets parameters within their bounds, collects fees' },
  MONEY_ISSUER: { name: 'Money issuer', what: 'Issues test money' },
};
export const ROLES = Object.entries(roleIds).map(([name, id]) => ({ id: Number(id), ...ROLE_TEXT[name as RoleName] }));
