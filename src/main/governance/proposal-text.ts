/** What a proposed call would do, in words. A call nobody has words for is shown as what it is, so that nothing is approved unread. */
import { decodeBytes32String, Interface } from 'ethers';
import { nameOf, unitOf } from './parameters.ts';
import { ROLES } from './roles-text.ts';

const KNOWN = new Interface([
  'function setParameter(bytes32 key, uint64 value, string source)',
  'function defineParameter(bytes32 key, uint64 value, uint64 min, uint64 max, string source)',
  'function pause()',
  'function unpause()',
  'function grantRole(uint64 roleId, address account, uint32 executionDelay)',
  'function revokeRole(uint64 roleId, address account)',
  'function setTargetFunctionRole(address target, bytes4[] selectors, uint64 roleId)',
  'function setMembers(address[] members, uint256 threshold, uint256 delayS)',
  'function listPair(address base, uint64 lot)',
  'function setLeast(uint256 pairId, uint64 lots)',
  'function withdrawGrid(address to, uint256 amount)',
]);

export function proposalText(contract: string, data: string, nameOfAddress: (address: string) => string): string {
  const call = ((): ReturnType<Interface['parseTransaction']> => {
    try {
      return KNOWN.parseTransaction({ data });
    } catch {
      return null;
    }
  })();
  if (!call) return `Call ${data.slice(0, 10)} of ${contract} with ${Math.max(0, (data.length - 10) / 2)} bytes`;
  const a = call.args;
  const role = (id: unknown): string => ROLES.find((r) => r.id === Number(id))?.name ?? `role ${id}`;
  switch (call.name) {
    case 'setParameter':
    case 'defineParameter': {
      const key = decodeBytes32String(a[0] as string);
      return `${call.name === 'setParameter' ? 'Set' : 'Define'} ${nameOf(key)} (${key}) to ${a[1]} ${unitOf(key)}. Source: ${a.at(-1)}`;
    }
    case 'pause':
      return `Pause ${contract}`;
    case 'unpause':
      return `Let ${contract} run again`;
    case 'grantRole':
      return `Give the role ${role(a[0])} to ${nameOfAddress(a[1] as string)}`;
    case 'revokeRole':
      return `Take the role ${role(a[0])} from ${nameOfAddress(a[1] as string)}`;
    case 'setTargetFunctionRole':
      return `Let ${role(a[2])} call ${(a[1] as unknown[]).length} functions of ${nameOfAddress(a[0] as string)}`;
    case 'setMembers':
      return `Replace the council: ${(a[0] as string[]).map(nameOfAddress).join(', ')}; ${a[1]} must agree; ${a[2]} s delay`;
    default:
      return `${call.name} of ${contract}: ${[...a].map(String).join(', ')}`;
  }
}
