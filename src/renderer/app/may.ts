/** Which role each act needs. Kept apart from the contract's schemas so that the first page does not carry the validator; a test compares both. */
import type { CommandName } from '../../shared/contract/contract.ts';
import type { RequiredRole, Role } from '../../shared/roles.ts';

export const ROLE_OF_ACT: Record<CommandName, RequiredRole> = {
  'session.signIn': 'public',
  'session.signInDemo': 'public',
  'session.signOut': 'auditor',
  'session.lock': 'auditor',
  'session.unlock': 'public',
  'people.createFirstSupervisor': 'public',
  'people.create': 'supervisor',
  'people.setDisabled': 'supervisor',
  'people.setPassword': 'supervisor',
  'grid.checkSwitch': 'operator',
  'grid.switch': 'operator',
  'grid.tag': 'operator',
  'grid.untag': 'operator',
  'control.setMode': 'operator',
  'control.setUnitMode': 'operator',
  'control.setPower': 'operator',
  'market.placeOffer': 'operator',
  'market.withdrawOffer': 'operator',
  'settlement.verifyAgain': 'auditor',
  'settlement.retryOutbox': 'operator',
  'carbon.cancelCertificate': 'operator',
  'carbon.chainAct': 'operator',
  'participants.askOrder': 'operator',
  'wallet.act': 'operator',
  'wallet.issueMoney': 'supervisor',
  'devices.testRead': 'technician',
  'devices.setMaintenance': 'technician',
  'devices.chainAct': 'technician',
  'alarms.acknowledge': 'operator',
  'alarms.shelve': 'operator',
  'alarms.unshelve': 'operator',
  'emergency.arm': 'operator',
  'emergency.disarm': 'operator',
  'emergency.execute': 'operator',
  'emergency.recover': 'operator',
  'emergency.signLift': 'operator',
  'demand.request': 'operator',
  'governance.act': 'supervisor',
  'governance.play': 'supervisor',
  'journal.verify': 'auditor',
  'settings.testConnection': 'technician',
  'training.inject': 'operator',
  'training.clear': 'operator',
};

export const ROLES: readonly Role[] = ['auditor', 'operator', 'technician', 'supervisor'];
export const ROLE_LABEL: Record<Role, string> = {
  auditor: 'Auditor',
  operator: 'Operator',
  technician: 'Technician',
  supervisor: 'Supervisor',
};

export function mayDo(role: Role | null, act: CommandName): boolean {
  const needed = ROLE_OF_ACT[act];
  if (needed === 'public') return true;
  if (role === null) return false;
  return role === 'supervisor' || needed === 'auditor' || needed === role;
}
