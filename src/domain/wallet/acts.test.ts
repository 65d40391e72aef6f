import { describe, expect, it } from 'vitest';
import { callsOf, resolveArgs, spendOf, WALLET_ABI, WalletAct } from './acts.ts';

const to = `0x${'12'.repeat(20)}`;
const acts: WalletAct[] = [
  { kind: 'transfer', asset: 'money', to, amount: '123456789012345678' },
  { kind: 'transfer', asset: 'energy', to, amount: '5' },
  { kind: 'place-offer', side: 'buy', energyWh: 300, price: 20_001, durationS: 60 },
  { kind: 'place-offer', side: 'sell', energyWh: 300, price: 20_001, durationS: 60 },
  { kind: 'take-offer', offer: 1, side: 'buy', energyWh: 300, price: 20_001 },
  { kind: 'take-offer', offer: 1, side: 'sell', energyWh: 300, price: 20_001 },
  { kind: 'close-offer', offer: 1 },
  { kind: 'create-auction', energyWh: 300, price: 1, durationS: 60, drawS: 60 },
  { kind: 'bid', auction: 1, energyWh: 300, price: 20_001 },
  { kind: 'settle-auction', auction: 1 },
  { kind: 'draw', connection: 1, energyWh: 5 },
  { kind: 'close-connection', connection: 1 },
  { kind: 'withdraw', venue: 'offers' },
  { kind: 'withdraw', venue: 'deals' },
];

describe('an act of a wallet', () => {
  it('is made of calls that exist, with as many arguments as they take', () => {
    for (const act of acts) {
      expect(WalletAct.parse(act)).toEqual(act);
      for (const call of callsOf(act)) {
        const signature = WALLET_ABI[call.contract].find((text) => text.startsWith(`function ${call.method}(`));
        const inputs = /\(([^)]*)\)/.exec(signature ?? '')?.[1] ?? 'missing';
        expect(inputs === '' ? 0 : inputs.split(',').length, `${call.contract}.${call.method}`).toBe(call.args.length);
      }
    }
  });
  it('allows a venue exactly what it costs, and only when it costs something there', () => {
    for (const act of acts) {
      const { money, energyWh } = spendOf(act);
      const allowed = callsOf(act).filter((c) => c.method === 'approve');
      const expected = act.kind === 'transfer' ? [] : [money, energyWh].filter((amount) => amount > 0n).map(String);
      expect(allowed.map((c) => c.args[1])).toEqual(expected);
      for (const call of allowed) expect(call.args[0]).toBe(`@${callsOf(act).at(-1)?.contract}`);
    }
    expect(spendOf(acts[2] as WalletAct)).toEqual({ money: 6_000_300n, energyWh: 0n });
    expect(spendOf(acts[5] as WalletAct)).toEqual({ money: 0n, energyWh: 300n });
  });
  it('puts addresses in the place of names', () => {
    const [allow] = callsOf(acts[2] as WalletAct);
    expect(allow && resolveArgs(allow, (name) => `at ${name}`)).toEqual(['at EnergyTrade', '6000300']);
  });
});
