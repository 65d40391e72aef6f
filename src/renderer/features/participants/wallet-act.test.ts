import { describe, expect, it } from 'vitest';
import { WalletAct } from '../../../shared/wallet-act.ts';
import { type ActFields, actOf, firstFields, type Start, TITLE } from './wallet-act.ts';

const to = `0x${'12'.repeat(20)}`;
const propose = { kind: 'propose-delivery', bondBps: 1000, nowMs: 1_800_000_000_500 } as const;
const starts: Start[] = [
  { kind: 'transfer' },
  { kind: 'place-offer' },
  { kind: 'create-auction' },
  { kind: 'take-offer', offer: 1, side: 'buy', mostWh: 1500, price: 15_000 },
  { kind: 'bid', auction: 2, energyWh: 1000, leastPrice: 15_150 },
  { kind: 'draw', connection: 3, mostWh: 600 },
  { kind: 'close-offer', offer: 1 },
  { kind: 'open-group', offer: 1, mostWh: 1500, price: 15_000, mostMinutes: 50 },
  { kind: 'join-group', group: 1, mostWh: 400, price: 15_000 },
  { kind: 'leave-group', group: 1 },
  { kind: 'execute-group', group: 1 },
  { kind: 'claim-group', group: 1 },
  { kind: 'settle-auction', auction: 2 },
  { kind: 'close-connection', connection: 3, closeBps: 500 },
  propose,
  { kind: 'withdraw-proposal', deal: 4 },
  { kind: 'accept-delivery', deal: 4, energyWh: 1400, price: 15_000, count: 7 },
  { kind: 'deliver', deal: 4, energyWh: 200, number: 2, count: 7 },
  { kind: 'stop-deliveries', deal: 4, closeBps: 500, missed: false },
  { kind: 'pay-instalments', deal: 4 },
  { kind: 'end-deal', deal: 4, missed: true },
  { kind: 'settle-deal', deal: 4 },
  { kind: 'settle-deal', deal: 4, instalment: 2 },
  { kind: 'dispute', deal: 4, stops: true },
  { kind: 'dispute', deal: 4, instalment: 2, stops: false },
  { kind: 'resolve-dispute', deal: 4, about: '', reason: null },
  { kind: 'resolve-dispute', deal: 4, instalment: 2, about: '', reason: 'x' },
  { kind: 'withdraw', venue: 'deals' },
  { kind: 'pay-in', place: 4, most: '5000000000' },
  { kind: 'pay-out', place: 4, most: '1234567891' },
  { kind: 'collect', claimable: '5' },
  { kind: 'pay-in-grid', most: '9000000000', short: '700000001' },
];

describe('what is typed into a wallet’s dialog', () => {
  it('starts from every act there is', () => {
    expect(new Set(starts.map((s) => s.kind))).toEqual(new Set(Object.keys(TITLE)));
    const known = new Set<string>(WalletAct.options.map((o) => o.shape.kind.value));
    expect(starts.filter((s) => !known.has(s.kind))).toEqual([]);
  });
  it('is an act of the contract from the start, once a recipient or a reason is given', () => {
    for (const start of starts) {
      const act = actOf(start, { ...firstFields(start), to, reason: 'half arrived' });
      expect(WalletAct.parse(act), start.kind).toEqual(act);
    }
    expect(actOf({ kind: 'transfer' }, firstFields({ kind: 'transfer' }))).toBeNull();
    expect(actOf(starts[23] as Start, firstFields(starts[23] as Start))).toBeNull();
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
    expect(actOf(starts[7] as Start, { kwh: 1, minutes: 51 })).toBeNull();
    expect(actOf(starts[25] as Start, { sellerPercent: 100.01 })).toBeNull();
    expect(actOf(starts[25] as Start, { sellerPercent: '' })).toBeNull();
    expect(actOf(starts[23] as Start, { reason: 'a reason that does not fit on the chain' })).toBeNull();
  });
  it('pays in and out at most what there is, to the last micro-cent', () => {
    const [payIn, payOut, , grid] = starts.slice(-4) as [Start, Start, Start, Start];
    expect(actOf(payIn, firstFields(payIn))).toEqual({ kind: 'pay-in', place: 4, amount: '1000000000' });
    expect(actOf(payOut, firstFields(payOut))).toEqual({ kind: 'pay-out', place: 4, amount: '1234567891' });
    expect(actOf(grid, firstFields(grid))).toEqual({ kind: 'pay-in-grid', amount: '700000001' });
    expect(actOf(payOut, { money: '12.34567892' })).toBeNull();
    for (const money of [0, '', 'x', -1, '50.00000001']) expect(actOf(payIn, { money }), String(money)).toBeNull();
  });
  it('carries a condition only when one is wanted, in the units of the grid’s report', () => {
    const offer: ActFields = { side: 'sell', kwh: 1, cents: 15, minutes: 60 };
    const condition = { ...offer, metric: 'frequency', atLeast: true, threshold: '49.95' } as const;
    expect(actOf({ kind: 'place-offer' }, condition)).toMatchObject({
      condition: { metric: 'frequency', atLeast: true, threshold: 49_950 },
    });
    expect(actOf({ kind: 'place-offer' }, { ...condition, metric: 'imbalance', threshold: -0.5 })).toMatchObject({
      condition: { threshold: -500 },
    });
    expect(actOf({ kind: 'place-offer' }, { ...condition, threshold: '' })).toBeNull();
    expect(actOf({ kind: 'place-offer' }, { ...offer, metric: 'none', gridBalanced: true, partner: to })).toMatchObject({
      gridBalanced: true,
      partner: to,
    });
  });
  it('proposes deliveries from full minutes on, with the published bond', () => {
    const fields = { kwh: 0.2, cents: 15, inHours: 2, windowMinutes: 30, everyHours: 12, count: 7 };
    expect(actOf(propose, fields)).toEqual({
      kind: 'propose-delivery',
      energyWh: 200,
      price: 15_000,
      startsAtS: 1_800_007_260,
      windowS: 1800,
      periodS: 43_200,
      count: 7,
      bond: '2100000',
    });
    expect(actOf(propose, { ...fields, count: 1, everyHours: '' })).toMatchObject({ count: 1, periodS: 1800 });
    expect(actOf(propose, { ...fields, everyHours: 0.4 })).toBeNull();
    expect(actOf(propose, { ...fields, inHours: 0.05 })).toBeNull();
    expect(actOf(propose, { ...fields, count: 1001 })).toBeNull();
  });
});
