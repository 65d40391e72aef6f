import { describe, expect, it } from 'vitest';
import { shortText } from '../../domain/wallet/terms.ts';
import { feesOf, holdsRole } from './governed-view.ts';
import { eventsOf } from './testing-events.ts';

describe('what is governed, from the chain’s events', () => {
  const defined = (name: string, value: string) =>
    ['ParameterDefined', { key: shortText(name), value, min: '0', max: '500', source: 'x' }] as const;
  const all = [defined('fee.trade.bps', '20'), defined('fee.close.bps', '500'), defined('bond.future.bps', '1000')] as const;
  it('tells the fees in force, and nothing before all are published', () => {
    expect(feesOf(eventsOf('Parameters', all.slice(0, 2)))).toBeNull();
    expect(feesOf(eventsOf('Parameters', all))).toEqual({ tradeBps: 20, closeBps: 500, bondBps: 1000 });
    const changed = ['ParameterSet', { key: shortText('fee.trade.bps'), before: '20', value: '35', source: 'assembly' }] as const;
    expect(feesOf(eventsOf('Parameters', [...all, changed]))?.tradeBps).toBe(35);
  });
  it('knows who holds a role until it is taken away', () => {
    const granted = ['RoleGranted', { roleId: '10', account: '0xAB' }] as const;
    const other = ['RoleGranted', { roleId: '9', account: '0xCD' }] as const;
    expect(holdsRole(eventsOf('Access', [granted, other]), 10n, '0xab')).toBe(true);
    expect(holdsRole(eventsOf('Access', [granted, other]), 10n, '0xcd')).toBe(false);
    expect(holdsRole(eventsOf('Access', [granted, ['RoleRevoked', { roleId: '10', account: '0xAB' }]]), 10n, '0xAB')).toBe(false);
  });
});
