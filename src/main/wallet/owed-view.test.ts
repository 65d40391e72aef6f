import { describe, expect, it } from 'vitest';
import { owedByDeals, owedByOffers } from './owed-view.ts';
import { eventsOf } from './testing-events.ts';

const [seller, buyer, third] = ['0xAa', '0xBb', '0xCc'];
const offer = (offerId: string, maker: string, isSelling: string, pay = '0') =>
  ['OfferCreated', { offerId, maker, amountWh: '1000', price: '20000', expiresAt: '0', feeBps: '20', isSelling, pay }] as const;

describe('what the venues owe', () => {
  it('is the rest of a closed purchase, a pledge taken back and what a group paid, less the fee', () => {
    const owed = owedByOffers(
      eventsOf('EnergyTrade', [
        offer('1', seller, 'true'),
        offer('2', buyer, 'false'),
        offer('3', third, 'false', '1'),
        ['OfferClosed', { offerId: '2', amountWhLeft: '400' }],
        ['OfferClosed', { offerId: '3', amountWhLeft: '400' }],
        ['GroupOpened', { groupId: '1', offerId: '1', targetWh: '600', deadline: '0', by: third }],
        ['GroupJoined', { groupId: '1', member: third, amountWh: '100' }],
        ['GroupLeft', { groupId: '1', member: third, amountWh: '100' }],
        ['GroupExecuted', { groupId: '1', amountWh: '600', cost: '12000000' }],
        ['Withdrawn', { account: buyer, amount: '8000000' }],
        ['OfferClosed', { offerId: '1', amountWhLeft: '400' }],
      ]),
    );
    expect(owed.get('0xaa')).toBe(12_000_000n - 24_000n);
    expect(owed.get('0xbb')).toBe(0n);
    expect(owed.get('0xcc')).toBe(2_000_000n);
  });
  it('is the money of whoever was outbid, a bond withdrawn, and what deals paid', () => {
    const bid = (bidder: string, price: string) => ['BidPlaced', { auctionId: '1', bidder, price, endsAt: '0' }] as const;
    const owed = owedByDeals(
      eventsOf('EnergyDeals', [
        ['AuctionCreated', { auctionId: '1', seller, amountWh: '1000', reservePrice: '1', endsAt: '0', drawUntil: '0' }],
        bid(third, '100'),
        bid(buyer, '110'),
        ['DealOpened', { dealId: '1', seller, buyer, totalWh: '1000', price: '110', feeBps: '20', closeBps: '500' }],
        ['DealSettled', { dealId: '1', toSeller: '90000', toBuyer: '19000', fee: '1000' }],
        ['FutureProposed', { dealId: '2', seller, terms: '["1","1","1","1","1","1"]', bond: '70', feeBps: '20', closeBps: '500' }],
        ['ProposalWithdrawn', { dealId: '2' }],
        ['FutureProposed', { dealId: '3', seller, terms: '["1","1","1","1","1","1"]', bond: '70', feeBps: '20', closeBps: '500' }],
        ['DealOpened', { dealId: '3', seller, buyer, totalWh: '1', price: '1', feeBps: '20', closeBps: '500' }],
        ['InstalmentPaid', { dealId: '3', number: '1', toSeller: '5', toBuyer: '2', fee: '0' }],
        ['Withdrawn', { account: seller, amount: '90000' }],
      ]),
    );
    expect(owed.get('0xcc')).toBe(100_000n);
    expect(owed.get('0xaa')).toBe(75n);
    expect(owed.get('0xbb')).toBe(19_002n);
  });
});
