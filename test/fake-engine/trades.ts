/** The fake engine's trade: one of everything that can run or wait, seen by each member from its own side. */
import { bondOf } from '../../src/domain/wallet/terms.ts';
import type { CallOutput } from '../../src/shared/contract/contract.ts';

type Wallet = CallOutput<'wallet.get'>;
type Deal = Wallet['deals'][number];
export type Trades = Pick<Wallet, 'offers' | 'groups' | 'auctions' | 'deals' | 'standing' | 'arbiter'>;
interface Eyes {
  readonly nowMs: number;
  readonly me: string;
  readonly operatorOwned: boolean;
  readonly seller: string;
  readonly buyer: string;
  readonly third: string;
  party(id: string): { address: string; name: string | null };
}
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FEE_BPS = 20;
export const FEES = { tradeBps: FEE_BPS, closeBps: 500, bondBps: 1000 };
export const NOTHING: Trades = {
  offers: [],
  groups: [],
  auctions: [],
  deals: [],
  standing: { completed: 0, defaulted: 0, disputesLost: 0, volumeWh: 0 },
  arbiter: false,
};
/** Whole minutes, as the contracts' windows have. */
const minute = (ms: number): number => Math.floor(ms / 60_000) * 60_000;

export function tradesFor(eyes: Eyes): Trades {
  const standingOf = (id: string): Wallet['standing'] =>
    id === eyes.seller
      ? { completed: 14, defaulted: 0, disputesLost: 0, volumeWh: 21_400 }
      : id === eyes.buyer
        ? { completed: 9, defaulted: 0, disputesLost: 1, volumeWh: 8_200 }
        : id === eyes.third
          ? { completed: 3, defaulted: 1, disputesLost: 0, volumeWh: 2_000 }
          : NOTHING.standing;
  const trader = (id: string) => ({ ...eyes.party(id), standing: standingOf(id) });
  const mine = (id: string) => id === eyes.me;
  const offer = (id: number, maker: string, rest: Partial<Wallet['offers'][number]>): Wallet['offers'][number] => ({
    id,
    maker: trader(maker),
    mine: mine(maker),
    side: 'sell',
    energyWh: 2_000,
    leftWh: 1_500,
    price: 18_000,
    paidIn: 'money',
    feeBps: FEE_BPS,
    expiresMs: eyes.nowMs + HOUR_MS,
    state: 'open',
    gridBalanced: false,
    condition: null,
    partner: null,
    forMe: true,
    ...rest,
  });
  const offers = [
    offer(6, eyes.third, {
      side: 'buy',
      leftWh: 500,
      energyWh: 500,
      price: 12_500,
      expiresMs: eyes.nowMs + 5 * HOUR_MS,
      gridBalanced: true,
    }),
    offer(5, eyes.seller, { price: 16_500, leftWh: 800, condition: { metric: 'frequency', atLeast: false, threshold: 49_950 } }),
    offer(4, eyes.seller, { price: 14_000, leftWh: 250, partner: eyes.party(eyes.buyer), forMe: mine(eyes.buyer) || mine(eyes.seller) }),
    offer(3, eyes.seller, {}),
  ];
  const groups: Wallet['groups'] = [
    {
      id: 1,
      offer: 3,
      seller: trader(eyes.seller),
      openedBy: eyes.party(eyes.buyer),
      price: 18_000,
      targetWh: 1_000,
      pledgedWh: 650,
      mineWh: mine(eyes.buyer) ? 400 : mine(eyes.third) ? 250 : 0,
      sellerIsMe: mine(eyes.seller),
      deadlineMs: eyes.nowMs + HOUR_MS / 2,
      state: 'open',
    },
  ];
  const auctions: Wallet['auctions'] = [
    {
      id: 2,
      seller: trader(eyes.seller),
      mine: mine(eyes.seller),
      energyWh: 1_000,
      leastPrice: 15_150,
      feeBps: FEE_BPS,
      closeBps: FEES.closeBps,
      highest: { bidder: trader(eyes.buyer), mine: mine(eyes.buyer), price: 15_000 },
      endsMs: eyes.nowMs + 900_000,
      state: 'open',
    },
  ];
  const role = mine(eyes.seller) ? 'seller' : mine(eyes.buyer) ? 'buyer' : 'none';
  const deals = dealsOf(eyes, trader, role).filter(
    (d) => d.role !== 'none' || d.state === 'proposed' || (eyes.operatorOwned && d.id === 4),
  );
  return { offers, groups, auctions, deals, standing: standingOf(eyes.me), arbiter: eyes.operatorOwned };
}

function dealsOf(eyes: Eyes, trader: (id: string) => Deal['seller'], role: Deal['role']): Deal[] {
  const today = minute(eyes.nowMs - HOUR_MS / 4);
  const base = {
    seller: trader(eyes.seller),
    buyer: trader(eyes.buyer),
    role,
    bond: '0',
    feeBps: FEE_BPS,
    closeBps: FEES.closeBps,
    defaulted: false,
    closedByBuyer: false,
    reason: null,
    instalments: [],
    payable: 0,
    schedule: null,
  };
  const each = { energyWh: 500, price: 17_000, count: 7 };
  const one = BigInt(each.energyWh * each.price);
  const fee = (one * BigInt(FEE_BPS)) / 10_000n;
  const made = (number: number) => today - (3 - number) * DAY_MS;
  const running: Deal = {
    ...base,
    id: 4,
    kind: 'deliveries',
    price: each.price,
    energyWh: each.energyWh * each.count,
    deliveredWh: each.energyWh * 2,
    bond: bondOf(each.energyWh, each.count, each.price, FEES.bondBps).toString(),
    held: (one * 6n + bondOf(each.energyWh, each.count, each.price, FEES.bondBps)).toString(),
    state: 'open',
    untilMs: today + HOUR_MS,
    schedule: {
      startsMs: today - 2 * DAY_MS,
      windowS: 3_600,
      periodS: 86_400,
      count: each.count,
      next: { number: 3, opensMs: today, closesMs: today + HOUR_MS },
    },
    instalments: [
      {
        number: 1,
        state: 'paid',
        madeMs: made(1),
        untilMs: null,
        reason: null,
        paid: { toSeller: (one - fee).toString(), toBuyer: '0', fee: fee.toString() },
      },
      { number: 2, state: 'disputed', madeMs: made(2), untilMs: made(2) + 7 * DAY_MS, reason: 'half arrived', paid: null },
    ],
  };
  const connection: Deal = {
    ...base,
    id: 1,
    kind: 'connection',
    price: 16_000,
    energyWh: 1_000,
    deliveredWh: 400,
    held: '16000000',
    state: 'open',
    untilMs: eyes.nowMs + 20 * HOUR_MS,
  };
  const proposal: Deal = {
    ...base,
    id: 5,
    kind: 'deliveries',
    seller: trader(eyes.third),
    buyer: null,
    role: eyes.me === eyes.third ? 'seller' : 'none',
    price: 15_500,
    energyWh: 1_200,
    deliveredWh: 0,
    bond: bondOf(300, 4, 15_500, FEES.bondBps).toString(),
    held: bondOf(300, 4, 15_500, FEES.bondBps).toString(),
    state: 'proposed',
    untilMs: minute(eyes.nowMs) + 6 * HOUR_MS,
    schedule: {
      startsMs: minute(eyes.nowMs) + 5 * HOUR_MS,
      windowS: 3_600,
      periodS: 12 * 3_600,
      count: 4,
      next: { number: 1, opensMs: minute(eyes.nowMs) + 5 * HOUR_MS, closesMs: minute(eyes.nowMs) + 6 * HOUR_MS },
    },
  };
  return [proposal, running, connection];
}
