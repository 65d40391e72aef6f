import { describe, expect, it } from 'vitest';
import { deviceAddress } from '../ledger/meter-registration.ts';
import { testMeter, testPlant } from '../settlement/testing/test-plant.ts';
import { type CommissioningAct, commissioningAct } from './commissioning-acts.ts';
import type { MeterOnChain } from './meters-view.ts';

const plant = testPlant();
const [old, next] = [7, 8].map((seed) => testMeter(plant, 'church-6', seed).key) as [
  ReturnType<typeof testMeter>['key'],
  ReturnType<typeof testMeter>['key'],
];
const shown = { publicKey: next.publicKey, serial: 'T-8', firmware: '1.0' };
const on = (over: Partial<MeterOnChain> = {}) =>
  ({
    ...{
      meterId: 4,
      owner: `0x${'ab'.repeat(20)}`,
      deviceClass: 'private',
      technology: 'solar',
      renewableOnly: true,
      backing: 'certificates',
    },
    ...{ ratedW: 5_000, gridNode: 'b4', epoch: 1, state: 'active', publicKey: old.publicKey.map(String) },
    ...over,
  }) as unknown as MeterOnChain;
const act = (wanted: CommissioningAct, over: Partial<MeterOnChain> = {}, told: typeof shown | undefined = shown) =>
  commissioningAct(wanted, { name: 'Meter Church 6', on: on(over), shown: told, rounds: 2 });
const methods = (wanted: CommissioningAct, over: Partial<MeterOnChain> = {}) => act(wanted, over).calls.map((c) => c.method);

describe('commissioning a known meter', () => {
  it('enters the key the meter shows, and verifies it at once only with a record', () => {
    expect(methods({ kind: 'rotate-key', record: null })).toEqual(['rotateKey']);
    const { calls } = act({ kind: 'rotate-key', record: 'Seal renewed' });
    expect(calls.map((c) => c.method)).toEqual(['rotateKey', 'verifyDevice']);
    expect(calls[0]?.args.slice(0, 3)).toEqual(['4', ...next.publicKey.map(String)]);
    expect(calls[0]?.args).toHaveLength(5);
    expect(act({ kind: 'rotate-key', record: null }).effect.join(' ')).toMatch(/2 rounds under way have an order of this member/);
  });

  it('swaps the device in service, and installs one where the meter was retired', () => {
    const swap = { kind: 'swap-device', record: null } as const;
    expect(act(swap).calls[0]).toMatchObject({ method: 'swapDevice', args: [4, deviceAddress(shown), expect.stringMatching(/^0x/)] });
    expect(act(swap, { state: 'retired' }).calls[0]).toMatchObject({ method: 'registerDevice' });
    expect(act(swap).effect.join(' ')).toMatch(/Epoch 1 of Meter Church 6 ends, and device T-8 opens epoch 2/);
  });

  it('may wait in the outbox while the chain is away', () => {
    for (const kind of ['rotate-key', 'swap-device'] as const) expect(act({ kind, record: null }).mayWait).toBe(true);
    expect(act({ kind: 'retire', reason: 'House sold' })).toMatchObject({ mayWait: true, calls: [{ method: 'retireDevice', args: [4] }] });
  });

  it('says why not: nothing shown, nothing new, out of service, public', () => {
    const rotate = { kind: 'rotate-key', record: null } as const;
    expect(() => commissioningAct(rotate, { name: 'M', on: on(), shown: undefined, rounds: 0 })).toThrow(/has not shown a key/);
    expect(() => act(rotate, {}, { ...shown, publicKey: old.publicKey })).toThrow(/shows the key that the chain has/);
    expect(() => act(rotate, { state: 'retired' })).toThrow(/out of service/);
    expect(() => act({ kind: 'retire', reason: 'gone' }, { state: 'retired' })).toThrow(/out of service/);
    expect(() => act(rotate, { deviceClass: 'public' })).toThrow(/public meter/);
  });
});
