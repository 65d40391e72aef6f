import { describe, expect, it } from 'vitest';
import { offersOf } from './offers-view.ts';
import { eventsOf } from './testing-events.ts';

const [seller, first, second] = ['0xAa', '0xBb', '0xCc'];
const sale = (offerId: string, rest: Record<string, string> = {}) =>
  [
    'OfferCreated',
    {
      offerId,
      maker: seller,
      amountWh: '1000',
      price: '20000',
      expiresAt: '1800003600',
      feeBps: '20',
      isSelling: 'true',
      pay: '0',
      ...rest,
    },
  ] as const;

describe('offers and groups from the chain’s events', () => {
  it('counts down what is taken and keeps what an offer asks for', () => {
    const { offers } = offersOf(
      eventsOf('EnergyTrade', [
        sale('1'),
        sale('2', { pay: '1' }),
        ['OfferConditions', { offerId: '2', partner: second, gridBalanced: 'true', metric: '5', atLeast: 'false', threshold: '-500' }],
        sale('3'),
        [
          'OfferConditions',
          { offerId: '3', partner: `0x${'0'.repeat(40)}`, gridBalanced: 'true', metric: '0', atLeast: 'false', threshold: '0' },
        ],
        ['TradeExecuted', { offerId: '1', seller, buyer: first, amountWh: '400' }],
        ['OfferClosed', { offerId: '1', amountWhLeft: '600' }],
      ]),
    );
    expect(offers.map((o) => o.id)).toEqual([3, 2, 1]);
    expect(offers[2]).toMatchObject({ leftWh: 600, closed: true, feeBps: 20, condition: null, partner: null, paidIn: 'money' });
    expect(offers[1]).toMatchObject({
      paidIn: 'credits',
      gridBalanced: true,
      partner: second,
      condition: { metric: 'imbalance', atLeast: false, threshold: -500 },
    });
    expect(offers[0]).toMatchObject({ gridBalanced: true, condition: null, partner: null });
  });
  it('follows a group from its first pledge until each has taken his part', () => {
    const story = [
      sale('1'),
      ['GroupOpened', { groupId: '1', offerId: '1', targetWh: '600', deadline: '1800001800', by: first }],
      ['GroupJoined', { groupId: '1', member: first, amountWh: '100' }],
      ['GroupJoined', { groupId: '1', member: first, amountWh: '300' }],
      ['GroupJoined', { groupId: '1', member: second, amountWh: '200' }],
      ['GroupLeft', { groupId: '1', member: second, amountWh: '200' }],
      ['GroupJoined', { groupId: '1', member: second, amountWh: '200' }],
    ] as const;
    const [before] = offersOf(eventsOf('EnergyTrade', story)).groups;
    expect(before).toMatchObject({ offer: 1, pledgedWh: 600, targetWh: 600, executed: false });
    expect([...(before?.pledges ?? [])]).toEqual([
      ['0xbb', 400],
      ['0xcc', 200],
    ]);
    const after = offersOf(
      eventsOf('EnergyTrade', [
        ...story,
        ['GroupExecuted', { groupId: '1', amountWh: '600', cost: '12000000' }],
        ['GroupClaimed', { groupId: '1', member: first, amountWh: '400' }],
      ]),
    );
    expect(after.offers[0]?.leftWh).toBe(400);
    expect(after.groups[0]).toMatchObject({ executed: true, pledgedWh: 600 });
    expect([...(after.groups[0]?.pledges ?? [])]).toEqual([['0xcc', 200]]);
  });
});
