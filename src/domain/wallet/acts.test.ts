import { Interface } from 'ethers';
import { describe, expect, it } from 'vitest';
import { WALLET_ABI } from './abi.ts';
import { callsOf, resolveArgs, WalletAct } from './acts.ts';
import { movedBy } from './money-acts.ts';
import { spendOf } from './spend.ts';

const to = `0x${'12'.repeat(20)}`;
const offer = { kind: 'place-offer', side: 'sell', energyWh: 300, price: 20_001, durationS: 60 } as const;
const acts: WalletAct[] = [
  { kind: 'transfer', asset: 'money', to, amount: '123456789012345678' },
  { kind: 'transfer', asset: 'energy', to, amount: '5' },
  { ...offer, side: 'buy' },
  offer,
  { ...offer, gridBalanced: true },
  { ...offer, side: 'buy', condition: { metric: 'frequency', atLeast: false, threshold: 49_950 } },
  { ...offer, partner: to },
  { kind: 'take-offer', offer: 1, side: 'buy', energyWh: 300, price: 20_001 },
  { kind: 'take-offer', offer: 1, side: 'sell', energyWh: 300, price: 20_001 },
  { kind: 'close-offer', offer: 1 },
  { kind: 'open-group', offer: 1, targetWh: 300, durationS: 600 },
  { kind: 'join-group', group: 1, energyWh: 300, price: 20_001 },
  { kind: 'leave-group', group: 1 },
  { kind: 'execute-group', group: 1 },
  { kind: 'claim-group', group: 1 },
  { kind: 'create-auction', energyWh: 300, price: 1, durationS: 60, drawS: 60 },
  { kind: 'bid', auction: 1, energyWh: 300, price: 20_001 },
  { kind: 'settle-auction', auction: 1 },
  { kind: 'draw', connection: 1, energyWh: 5 },
  { kind: 'close-connection', connection: 1 },
  {
    kind: 'propose-delivery',
    energyWh: 300,
    price: 20_001,
    startsAtS: 1_800_000_000,
    windowS: 3600,
    periodS: 86_400,
    count: 4,
    bond: '2400120',
  },
  { kind: 'withdraw-proposal', deal: 1 },
  { kind: 'accept-delivery', deal: 1, energyWh: 1200, price: 20_001 },
  { kind: 'deliver', deal: 1, energyWh: 300 },
  { kind: 'stop-deliveries', deal: 1 },
  { kind: 'pay-instalments', deal: 1 },
  { kind: 'end-deal', deal: 1 },
  { kind: 'settle-deal', deal: 1 },
  { kind: 'settle-deal', deal: 1, instalment: 2 },
  { kind: 'dispute', deal: 1, reason: 'nothing arrived' },
  { kind: 'dispute', deal: 1, instalment: 2, reason: 'half arrived' },
  { kind: 'resolve-dispute', deal: 1, sellerBps: 5000 },
  { kind: 'resolve-dispute', deal: 1, instalment: 2, sellerBps: 0 },
  { kind: 'withdraw', venue: 'offers' },
  { kind: 'withdraw', venue: 'deals' },
  { kind: 'enrol', request: 3, node: 7, offeredW: 600, fromS: 1000, untilS: 1900 },
  { kind: 'collect-response' },
  { kind: 'pay-in', place: 4, amount: '250000000' },
  { kind: 'pay-out', place: 4, amount: '250000000' },
  { kind: 'collect' },
  { kind: 'pay-in-grid', amount: '900000000' },
];
const find = (kind: WalletAct['kind'], at = 0): WalletAct => acts.filter((a) => a.kind === kind)[at] as WalletAct;
const encoded = (act: WalletAct): string => {
  const call = callsOf(act).at(-1);
  if (!call) throw new Error('no call');
  return new Interface([...WALLET_ABI[call.contract]]).encodeFunctionData(
    call.method,
    resolveArgs(call, () => to),
  );
};

describe('an act of a wallet', () => {
  it('is one of every kind there is', () => {
    expect(new Set(acts.map((a) => a.kind))).toEqual(new Set(WalletAct.options.map((o) => o.shape.kind.value)));
  });
  it('is made of calls that exist, and its arguments can be encoded', () => {
    for (const act of acts) {
      expect(WalletAct.parse(act)).toEqual(act);
      expect(encoded(act), act.kind).toMatch(/^0x[0-9a-f]{8,}$/);
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
    expect(spendOf(find('place-offer'))).toEqual({ money: 6_000_300n, energyWh: 0n });
    expect(spendOf(find('take-offer', 1))).toEqual({ money: 0n, energyWh: 300n });
    expect(spendOf(find('propose-delivery'))).toEqual({ money: 2_400_120n, energyWh: 0n });
    expect(spendOf(find('accept-delivery'))).toEqual({ money: 24_001_200n, energyWh: 0n });
  });
  it('puts addresses in the place of names', () => {
    const [allow] = callsOf(find('place-offer'));
    expect(allow && resolveArgs(allow, (name) => `at ${name}`)).toEqual(['at EnergyTrade', '6000300']);
  });
  it('names conditions as the contract counts them', () => {
    const nobody = `0x${'0'.repeat(40)}`;
    expect(callsOf(find('place-offer', 3)).at(-1)?.args).toEqual([['300', '20001', '60', false, '0', false, '1', false, '49950', nobody]]);
    expect(callsOf(find('place-offer', 2)).at(-1)?.args).toEqual([['300', '20001', '60', true, '0', true, '0', false, '0', nobody]]);
    expect(callsOf(find('place-offer', 4)).at(-1)?.args[0]).toContain(to);
    expect(callsOf(find('place-offer', 1)).at(-1)?.method).toBe('createOffer');
  });
  it('moves money in and out of the settlement by the member’s own place, and never nothing', () => {
    const steps = (kind: WalletAct['kind']) => callsOf(find(kind)).map((c) => [c.contract, c.method, ...c.args]);
    expect(steps('pay-in')).toEqual([
      ['CommunityMoney', 'approve', '@Settlement', '250000000'],
      ['Settlement', 'deposit', '4', '250000000'],
    ]);
    expect(steps('pay-out')).toEqual([['Settlement', 'requestWithdrawal', '4', '250000000']]);
    expect(steps('collect')).toEqual([['Settlement', 'claim']]);
    expect(steps('pay-in-grid').at(-1)).toEqual(['Settlement', 'depositGrid', '900000000']);
    for (const amount of ['0', '-5', '1.5', '10000000000000000000'])
      expect(WalletAct.safeParse({ kind: 'pay-in', place: 4, amount }).success, amount).toBe(false);
    expect([find('pay-out'), find('pay-in'), find('collect'), find('transfer', 1)].map((act) => movedBy(act, 30_000))).toEqual([
      250_000_000n,
      250_000_000n,
      0n,
      150_000n,
    ]);
    // Energy counts by its worth at whatever price it is sold; a delivery when it is promised.
    expect([offer, find('take-offer', 1), find('create-auction')].map((act) => movedBy(act, 30_000) > 0n)).toEqual([true, true, true]);
    const proposal = { ...find('propose-delivery'), energyWh: 200, count: 3, bond: '0' } as WalletAct;
    expect(movedBy(proposal, 30_000)).toBe(200n * 3n * 30_000n);
    expect(movedBy(find('deliver'), 30_000)).toBe(0n);
  });
  it('refuses a reason that the chain could not keep', () => {
    const dispute = find('dispute');
    expect(WalletAct.safeParse({ ...dispute, reason: 'a reason that is longer than 31 letters' }).success).toBe(false);
    expect(WalletAct.safeParse({ ...dispute, reason: 'zu wenig übertragen' }).success).toBe(false);
    expect(encoded(dispute)).toContain(Buffer.from('nothing arrived').toString('hex'));
  });
});
