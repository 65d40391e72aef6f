/** Roles and what they include. A call names the least role it needs. */
import { z } from 'zod';

export const Role = z.enum(['auditor', 'operator', 'technician', 'supervisor']);
export type Role = z.infer<typeof Role>;

/** `public` needs nobody signed in; `auditor` may read everything and change nothing. */
export const RequiredRole = z.enum(['public', 'auditor', 'operator', 'technician', 'supervisor']);
export type RequiredRole = z.infer<typeof RequiredRole>;

const INCLUDES: Record<Role, readonly RequiredRole[]> = {
  auditor: ['public', 'auditor'],
  operator: ['public', 'auditor', 'operator'],
  technician: ['public', 'auditor', 'technician'],
  supervisor: ['public', 'auditor', 'operator', 'technician', 'supervisor'],
};

export function roleAllows(role: Role | null, needed: RequiredRole): boolean {
  return role === null ? needed === 'public' : INCLUDES[role].includes(needed);
}

export const ROLE_LABEL: Record<Role, string> = {
  auditor: 'Auditor',
  operator: 'Operator',
  technician: 'Technician',
  supervisor: 'Supervisor',
};
