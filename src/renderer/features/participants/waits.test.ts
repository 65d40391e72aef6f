import { describe, expect, it } from 'vitest';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { waitsFor } from './waits.ts';

type Wallet = CallOutput<'wallet.get'>;
const NOW = 1_800_000_000_000;
const standing = { completed: 0, defaulted: 0, disputesLost: 0, volumeWh: 0 };
const ada = { address: '0xAa', name: 'Ada', standing };
const ben = { address: '0xBb', name: 'Ben', standing };
const empty: Wallet = {
  member: 'a',
  name: 'Ada',
  operatorOwned: false,
  address: '0xAa',
  signedBy: 'gateway',
  note: null,
  indexedBlock: 1,
  chainInStep: true,
  chainTimeMs: NOW,
  money: '0',
  energyWh: 0,
  expiredWh: 0,
  owed: { offers: '0', deals: '0' },
  standing,
  fees: { tradeBps: 20, closeBps: 500, bondBps: 1000 },
  arbiter: false,
  vintages: [],
  transactions: [],
  transfers: [],
  offers: [],
  groups: [],
  auctions: [],
  deals: [],
  accounts: [],
  settlement: null,
};
const deal: Wallet['deals'][number] = {
  id: 5,
  kind: 'deliveries',
  role: 'seller',
  seller: ada,
  buyer: ben,
  price: 20_000,
  energyWh: 600,
  deliveredWh: 200,
  bond: '1200000',
  held: '9200000',
  feeBps: 20,
  closeBps: 500,
  state: 'open',
  untilMs: NOW + 1_000_000,
  schedule: {
    startsMs: NOW - 86_400_000,
    windowS: 1800,
    periodS: 86_400,
    count: 3,
    next: { number: 2, opensMs: NOW, closesMs: NOW + 1_000_000 },
  },
  defaulted: false,
  closedByBuyer: false,
  reason: null,
  instalments: [],
  payable: 0,
};
const kinds = (w: Partial<Wallet>) => waitsFor({ ...empty, ...w }, 'EUR').map((x) => [x.start.kind, x.untilMs]);

describe('what waits for a member', () => {
  it('is nothing when nothing has to be done', () => {
    expect(kinds({})).toEqual([]);
    expect(kinds({ deals: [{ ...deal, role: 'buyer' }] })).toEqual([]);
    const later = { number: 2, opensMs: NOW + 1, closesMs: NOW + 2 };
    expect(kinds({ deals: [{ ...deal, schedule: { startsMs: 0, windowS: 1, periodS: 1, count: 3, next: later } }] })).toEqual([]);
  });
  it('is a delivery while its window is open, before everything that can wait', () => {
    const waits = waitsFor({ ...empty, owed: { offers: '7000000', deals: '0' }, deals: [{ ...deal, payable: 2 }] }, 'EUR');
    expect(waits.map((x) => x.start.kind)).toEqual(['deliver', 'pay-instalments', 'withdraw']);
    expect(waits[0]).toMatchObject({ untilMs: NOW + 1_000_000, start: { energyWh: 200, number: 2, count: 3 } });
    expect(waits[2]?.text).toMatch(/0\.0700 EUR/);
  });
  it('is the end of a deal whose delivery was missed, for both sides', () => {
    for (const role of ['seller', 'buyer'] as const)
      expect(kinds({ deals: [{ ...deal, role, state: 'overdue' }] })).toEqual([['end-deal', null]]);
  });
  it('is the settlement of what nobody disputed or decided in time', () => {
    expect(kinds({ deals: [{ ...deal, state: 'ended', untilMs: NOW + 1 }] })).toEqual([]);
    expect(kinds({ deals: [{ ...deal, state: 'ended', untilMs: NOW }] })).toEqual([['settle-deal', null]]);
    const left = { number: 1, state: 'disputed', madeMs: 0, untilMs: NOW, reason: 'x', paid: null } as const;
    expect(kinds({ deals: [{ ...deal, state: 'settled', instalments: [left] }] })).toEqual([['settle-deal', null]]);
  });
  it('is a dispute of others for the arbiter, and never one of his own', () => {
    const open = { number: 1, state: 'disputed', madeMs: 0, untilMs: NOW + 9, reason: 'half arrived', paid: null } as const;
    const disputed: Wallet['deals'][number] = { ...deal, state: 'settled', instalments: [open] };
    const waits = waitsFor({ ...empty, arbiter: true, deals: [{ ...disputed, role: 'none' }] }, 'EUR');
    expect(waits.map((x) => [x.start.kind, x.untilMs])).toEqual([['resolve-dispute', NOW + 9]]);
    expect(waits[0]?.text).toMatch(/instalment 1 of deal 5.*Ada.*Ben.*“half arrived”/);
    expect(kinds({ arbiter: true, deals: [disputed] })).toEqual([]);
    expect(kinds({ deals: [{ ...disputed, role: 'none' }] })).toEqual([]);
  });
  it('is what a group has bought, or what it did not', () => {
    const group: Wallet['groups'][number] = {
      id: 1,
      offer: 3,
      seller: ben,
      openedBy: ada,
      price: 15_000,
      targetWh: 600,
      pledgedWh: 600,
      mineWh: 400,
      sellerIsMe: false,
      deadlineMs: NOW + 5,
      state: 'reached',
    };
    expect(kinds({ groups: [group] })).toEqual([['execute-group', NOW + 5]]);
    expect(kinds({ groups: [{ ...group, state: 'bought' }] })).toEqual([['claim-group', null]]);
    expect(kinds({ groups: [{ ...group, state: 'over' }] })).toEqual([['leave-group', null]]);
    expect(kinds({ groups: [{ ...group, state: 'over', mineWh: 0 }] })).toEqual([]);
  });
});
