import { describe, expect, it } from 'vitest';
import { meterDifferences } from './meter-differences.ts';

const on = {
  ...{ meterId: 17, device: '0xD', owner: '0xO', epoch: 1, deviceClass: 'public', technology: 'solar', renewableOnly: true },
  ...{ backing: 'credits', ratedW: 12_000, gridNode: 'b4', publicKey: ['1', '2'], state: 'active', verified: null, leaf: null },
  ...{ tamper: [], maintenance: null, firmware: null, base: 0, commitments: 0 },
} as const satisfies Record<string, unknown>;
const meter = {
  meterId: 17,
  settling: false,
  renewableOnly: true,
  technology: 'solar',
  ratedW: 12_000,
  public: { backing: 'credits' },
} as const;
const key = { publicKey: [1n, 2n], firmware: '2.1.0' } as const;
const differences = (chain: object, plant: object = {}, held: typeof key | undefined = key) =>
  meterDifferences({ ...on, tamper: [], ...chain } as never, { meter: { ...meter, ...plant }, bus: 'b4', key: held });

describe('a meter on the chain and in the plant file', () => {
  it('agree when everything is the same, also before the meter has shown its key', () => {
    expect(differences({})).toEqual([]);
    expect(differences({}, {}, undefined)).toEqual([]);
  });
  it('differ in sentences that name both sides', () => {
    expect(differences({ ratedW: 15_000 })).toEqual(['Rated power: the chain says 15000 W, the plant file 12000 W.']);
    expect(differences({ deviceClass: 'private' })).toEqual(['Class: the chain says private, the plant file public.']);
    expect(differences({}, { technology: 'wind' })).toEqual(['Technology: the chain says solar, the plant file wind.']);
    expect(differences({ firmware: { version: '2.0.0', imageHash: '0x', timeS: 1 } })).toEqual([
      'Firmware: the chain says 2.0.0, the meter 2.1.0.',
    ]);
  });
  it('differ when readings are checked with another key than the registered one', () => {
    expect(differences({ publicKey: ['1', '3'] })[0]).toMatch(/^Key: the chain has another public key/);
  });
});
