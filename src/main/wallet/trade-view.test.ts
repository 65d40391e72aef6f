import { describe, expect, it } from 'vitest';
import { offersOf } from './offers-view.ts';
import { eventsOf, STARTED_S } from './testing-events.ts';
import { type Eyes, groupsFor, offersFor } from './trade-view.ts';

const [seller, first, second] = ['0xAa', '0xBb', '0xCc'];
const eyesOf = (address: string | null, nowS = STARTED_S): Eyes => ({
  address,
  nowS,
  arbiter: false,
  nameOf: (at) => (at === seller ? 'Ada' : null),
  standingOf: () => ({ completed: 0, defaulted: 0, disputesLost: 0, volumeWh: 0 }),
});
const sale = [
  'OfferCreated',
  {
    offerId: '1',
    maker: seller,
    amountWh: '1000',
    price: '20000',
    expiresAt: String(STARTED_S + 3600),
    feeBps: '20',
    isSelling: 'true',
    pay: '0',
  },
] as const;
const partner = [
  'OfferConditions',
  { offerId: '1', partner: first, gridBalanced: 'false', metric: '0', atLeast: 'false', threshold: '0' },
] as const;
const opened = ['GroupOpened', { groupId: '1', offerId: '1', targetWh: '600', deadline: String(STARTED_S + 1800), by: first }] as const;
const joined = (member: string, amountWh: string) => ['GroupJoined', { groupId: '1', member, amountWh }] as const;
type Story = Parameters<typeof eventsOf>[1];
const offers = (story: Story, eyes: Eyes) => offersFor(offersOf(eventsOf('EnergyTrade', story)).offers, eyes);
const group = (story: Story, eyes: Eyes) => {
  const read = offersOf(eventsOf('EnergyTrade', story));
  return groupsFor(read.groups, read.offers, eyes)[0];
};

describe('what one account sees of trade', () => {
  it('shows others’ offers while they are open, and its own until they are taken back', () => {
    expect(offers([sale], eyesOf(second))[0]).toMatchObject({ mine: false, state: 'open', forMe: true, maker: { name: 'Ada' } });
    expect(offers([sale], eyesOf(second, STARTED_S + 3600))).toEqual([]);
    expect(offers([sale], eyesOf(seller.toLowerCase(), STARTED_S + 3600))[0]).toMatchObject({ mine: true, state: 'expired' });
    expect(offers([sale], eyesOf(null))[0]).toMatchObject({ mine: false });
  });
  it('says for whom an offer is kept', () => {
    expect(offers([sale, partner], eyesOf(first))[0]).toMatchObject({ forMe: true, partner: { address: first } });
    expect(offers([sale, partner], eyesOf(second))[0]?.forMe).toBe(false);
  });
  it('calls a group over when its time or its offer is gone, and shows it only to whom it still owes something', () => {
    const story = [sale, opened, joined(first, '400')] as const;
    expect(group(story, eyesOf(second))).toMatchObject({ state: 'open', mineWh: 0, pledgedWh: 400, sellerIsMe: false });
    expect(group([...story, joined(second, '200')], eyesOf(second))).toMatchObject({ state: 'reached', mineWh: 200 });
    expect(group(story, eyesOf(first, STARTED_S + 1800))).toMatchObject({ state: 'over', mineWh: 400 });
    expect(group(story, eyesOf(second, STARTED_S + 1800))).toBeUndefined();
    const taken = ['TradeExecuted', { offerId: '1', seller, buyer: second, amountWh: '500' }] as const;
    expect(group([...story, taken], eyesOf(first))?.state).toBe('over');
  });
});
