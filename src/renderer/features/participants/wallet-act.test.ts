import { describe, expect, it } from 'vitest';
import { WalletAct } from '../../../shared/wallet-act.ts';
import { actOf, firstFields, type Start } from './wallet-act.ts';

const to = `0x${'12'.repeat(20)}`;
const starts: Start[] = [
  { kind: 'transfer' },
  { kind: 'place-offer' },
  { kind: 'create-auction' },
  { kind: 'take-offer', offer: 1, side: 'buy', mostWh: 1500, price: 15_000 },
  { kind: 'bid', auction: 2, energyWh: 1000, leastPrice: 15_150 },
  { kind: 'draw', connection: 3, mostWh: 600 },
  { kind: 'close-offer', offer: 1 },
  { kind: 'settle-auction', auction: 2 },
  { kind: 'close-connection', connection: 3 },
  { kind: 'withdraw', venue: 'deals' },
];

describe('what is typed into a wallet’s dialog', () => {
  it('is an act of the contract from the start, once a recipient is chosen', () => {
    for (const start of starts) expect(() => WalletAct.parse(actOf(start, { ...firstFields(start), to })), start.kind).not.toThrow();
    expect(actOf({ kind: 'transfer' }, firstFields({ kind: 'transfer' }))).toBeNull();
  });
  it('is counted in whole units', () => {
    expect(actOf({ kind: 'transfer' }, { asset: 'money', money: '0.07', to })).toMatchObject({ amount: '7000000' });
    expect(actOf({ kind: 'transfer' }, { asset: 'energy', kwh: 1.234, to })).toMatchObject({ amount: '1234' });
    expect(actOf({ kind: 'place-offer' }, { side: 'sell', kwh: 0.5, cents: 15.5, minutes: 2 })).toEqual({
      kind: 'place-offer',
      side: 'sell',
      energyWh: 500,
      price: 15_500,
      durationS: 120,
    });
  });
  it('is no act while it is nothing, too much or no number', () => {
    expect(actOf({ kind: 'transfer' }, { asset: 'money', money: '', to })).toBeNull();
    expect(actOf({ kind: 'transfer' }, { asset: 'money', money: 'x', to })).toBeNull();
    expect(actOf(starts[3] as Start, { kwh: 1.501 })).toBeNull();
    expect(actOf(starts[4] as Start, { cents: 15.14 })).toBeNull();
    expect(actOf(starts[5] as Start, { kwh: -1 })).toBeNull();
    expect(actOf({ kind: 'place-offer' }, { kwh: 1, cents: 15, minutes: 0.5 })).toBeNull();
  });
});
