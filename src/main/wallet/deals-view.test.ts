import { describe, expect, it } from 'vitest';
import { shortText } from '../../domain/wallet/terms.ts';
import { dealsOf, heldFor, leastBid } from './deals-view.ts';
import { standingsOf } from './standing-view.ts';
import { eventsOf, STARTED_S } from './testing-events.ts';
import { dealsFor, type Eyes } from './trade-view.ts';

const [seller, buyer] = ['0xAa', '0xBb'];
const dealId = '7';
const terms = JSON.stringify(['200', '20000', String(STARTED_S + 3600), '1800', '86400', '3']);
const proposal = ['FutureProposed', { dealId, seller, terms, bond: '1200000', feeBps: '20', closeBps: '500' }] as const;
const opened = ['DealOpened', { dealId, seller, buyer, totalWh: '600', price: '20000', feeBps: '20', closeBps: '500' }] as const;
const delivered = (n: number) =>
  ['Delivered', { dealId, amountWh: '200', deliveredWh: String(200 * n) }, STARTED_S + 3600 + (n - 1) * 86_400] as const;
const paid = (number: string, toBuyer = '0') => ['InstalmentPaid', { dealId, number, toSeller: '3992000', toBuyer, fee: '8000' }] as const;
const only = (events: ReturnType<typeof eventsOf>) => {
  const [deal] = dealsOf(events).deals;
  if (!deal) throw new Error('no deal');
  return deal;
};
const seen = (events: ReturnType<typeof eventsOf>, at: Partial<Eyes>) =>
  dealsFor(dealsOf(events).deals, {
    address: seller,
    nowS: STARTED_S,
    arbiter: false,
    nameOf: () => null,
    standingOf: () => ({ completed: 0, defaulted: 0, disputesLost: 0, volumeWh: 0 }),
    ...at,
  });
const ONE = 4_000_000n;
const BOND = 1_200_000n;

describe('deliveries from the chain’s events', () => {
  it('hold the bond, then the whole price, then what is not yet paid', () => {
    const story = [proposal, opened, delivered(1), delivered(2), paid('1'), delivered(3)] as const;
    const over = [
      ['DealEnded', { dealId, defaulted: 'false', closedByBuyer: 'false' }],
      ['DealSettled', { dealId, toSeller: '1200000', toBuyer: '0', fee: '0' }],
    ] as const;
    const held = (n: number) => heldFor(only(eventsOf('EnergyDeals', story.slice(0, n))));
    expect([1, 2, 3, 4, 5].map(held)).toEqual([BOND, 3n * ONE + BOND, 3n * ONE + BOND, 3n * ONE + BOND, 2n * ONE + BOND]);
    expect(heldFor(only(eventsOf('EnergyDeals', [...story, ...over])))).toBe(2n * ONE);
    expect(heldFor(only(eventsOf('EnergyDeals', [...story, ...over, paid('2'), paid('3')])))).toBe(0n);
    expect(heldFor(only(eventsOf('EnergyDeals', [proposal, ['ProposalWithdrawn', { dealId }]])))).toBe(0n);
  });
  it('say when the next one is due, and when it was missed', () => {
    const story = eventsOf('EnergyDeals', [proposal, opened, delivered(1)]);
    const opensMs = (STARTED_S + 3600 + 86_400) * 1000;
    expect(seen(story, {})[0]).toMatchObject({
      role: 'seller',
      state: 'open',
      schedule: { next: { number: 2, opensMs, closesMs: opensMs + 1_800_000 } },
      payable: 0,
    });
    expect(seen(story, { nowS: opensMs / 1000 + 1800 })[0]).toMatchObject({ state: 'overdue', payable: 1 });
    expect(seen(eventsOf('EnergyDeals', [proposal]), { nowS: STARTED_S + 3600 })[0]).toMatchObject({ state: 'lapsed', role: 'seller' });
  });
  it('are for their parties and the arbiter, proposals for everybody', () => {
    const disputed = eventsOf('EnergyDeals', [
      proposal,
      opened,
      delivered(1),
      ['InstalmentDisputed', { dealId, number: '1', by: buyer, reason: shortText('half arrived') }, STARTED_S + 5000],
    ]);
    const stranger = '0xCc';
    expect(seen(disputed, { address: stranger })).toEqual([]);
    expect(seen(eventsOf('EnergyDeals', [proposal]), { address: stranger })).toHaveLength(1);
    expect(seen(disputed, { address: stranger, arbiter: true })[0]).toMatchObject({
      role: 'none',
      instalments: [{ number: 1, state: 'disputed', reason: 'half arrived', untilMs: (STARTED_S + 5000 + 7 * 86_400) * 1000 }],
    });
  });
  it('count for the standing of both, a missed one against the seller unless the arbiter gave him the bond', () => {
    const missed = [
      proposal,
      opened,
      delivered(1),
      paid('1'),
      ['DealEnded', { dealId, defaulted: 'true', closedByBuyer: 'false' }],
    ] as const;
    const settled = ['DealSettled', { dealId, toSeller: '0', toBuyer: '9200000', fee: '0' }] as const;
    const plain = standingsOf([], eventsOf('EnergyDeals', [...missed, settled]));
    expect(plain.get('0xaa')).toEqual({ completed: 1, defaulted: 1, disputesLost: 0, volumeWh: 200 });
    expect(plain.get('0xbb')).toEqual({ completed: 1, defaulted: 0, disputesLost: 0, volumeWh: 200 });
    const decided = (by: string, sellerBps: string) =>
      standingsOf(
        [],
        eventsOf('EnergyDeals', [
          ...missed,
          ['Disputed', { dealId, by, reason: shortText('no wind') }],
          ['DisputeResolved', { dealId, sellerBps, by: '0xCc' }],
          settled,
        ]),
      );
    expect(decided(buyer, '10000').get('0xaa')?.defaulted).toBe(0);
    expect(decided(buyer, '10000').get('0xbb')?.disputesLost).toBe(1);
    // A buyer loses nothing by what the seller has disputed, and nobody by halves.
    expect(decided(seller, '10000').get('0xbb')?.disputesLost).toBe(0);
    expect(decided(seller, '4999').get('0xaa')?.disputesLost).toBe(1);
    expect(decided(buyer, '5000').get('0xbb')?.disputesLost).toBe(0);
  });
});

describe('a connection from the chain’s events', () => {
  const auction = [
    'AuctionCreated',
    {
      auctionId: '3',
      seller,
      amountWh: '1000',
      reservePrice: '12000',
      endsAt: '1800003600',
      drawUntil: '1800093600',
      feeBps: '20',
      closeBps: '500',
    },
  ] as const;
  const bid = ['BidPlaced', { auctionId: '3', bidder: buyer, price: '12500', endsAt: '1800003700' }] as const;
  it('has the number and the time of the auction that opened it', () => {
    const events = eventsOf('EnergyDeals', [
      auction,
      bid,
      ['AuctionSettled', { auctionId: '3', winner: buyer, price: '12500', dealId: '3' }],
      ['DealOpened', { dealId: '3', seller, buyer, totalWh: '1000', price: '12500', feeBps: '20', closeBps: '500' }],
      ['Delivered', { dealId: '3', amountWh: '300', deliveredWh: '300' }],
    ]);
    const { auctions, deals } = dealsOf(events);
    expect(auctions[0]).toMatchObject({ feeBps: 20, closeBps: 500, settled: true, bidder: buyer, price: 12_500 });
    expect(deals[0]).toMatchObject({ kind: 'connection', deliveredWh: 300, drawUntilS: 1_800_093_600, instalments: [] });
    expect(heldFor(deals[0] as (typeof deals)[number])).toBe(12_500_000n);
    expect(seen(events, { address: buyer, nowS: 1_800_093_600 })[0]).toMatchObject({ role: 'buyer', state: 'overdue' });
  });
  it('costs at least one per cent more with every bid', () => {
    const [open] = dealsOf(eventsOf('EnergyDeals', [auction])).auctions;
    const [raised] = dealsOf(eventsOf('EnergyDeals', [auction, bid])).auctions;
    expect([open, raised].map((a) => a && leastBid(a))).toEqual([12_000, 12_625]);
  });
});
