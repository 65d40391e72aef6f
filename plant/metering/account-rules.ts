/** What a member would not do with its account, whoever asks; how much money it moves on request is in `policy.ts`. Energy in Wh, prices in milli-cents per kWh. */

import { demandObjection } from '../../src/domain/wallet/demand-acts.ts';
import { spendOf, tradeOf } from '../../src/domain/wallet/spend.ts';
import type { OfferCondition, WalletAct } from '../../src/shared/wallet-act.ts';

/** Conditions outside this are never met while the grid runs, mHz. */
const FREQUENCY_MHZ = { least: 45_000, most: 65_000 };

export interface Member {
  readonly address: string;
  readonly ratedW: number;
  /** Its number in the contract Settlement. */
  readonly place: number;
  /** Addresses of the ledger's contracts. */
  readonly contracts: readonly string[];
  readonly importPrice: number;
  readonly feedInPrice: number;
}

/** Why the member would not do this; null when it would. */
export function objectionTo(act: WalletAct, member: Member): string | null {
  if (act.kind === 'enrol' || act.kind === 'collect-response') return demandObjection(act, member.ratedW);
  const { energyWh } = spendOf(act);
  const dayWh = BigInt(Math.ceil(member.ratedW * 24));
  if (energyWh > dayWh) return `${energyWh} Wh is more than this member can move in a day (${dayWh} Wh)`;
  const trade = tradeOf(act);
  if (trade?.side === 'buy' && trade.price > member.importPrice) return 'the price is above the import tariff: the grid is cheaper';
  if (trade?.side === 'sell' && trade.price < member.feedInPrice) return 'the price is below the feed-in tariff: the grid pays more';
  switch (act.kind) {
    case 'transfer':
      return strange('recipient', act.to, member);
    case 'place-offer':
      return (act.partner && strange('partner', act.partner, member)) || (act.condition && neverMet(act.condition)) || null;
    case 'propose-delivery': {
      const mostWh = Math.floor((member.ratedW * (act.count > 1 ? act.periodS : 86_400)) / 3600);
      if (act.energyWh > mostWh) return `${act.energyWh} Wh is more than this member can move between two deliveries (${mostWh} Wh)`;
      return act.count > 1 && act.periodS < act.windowS ? 'the deliveries would overlap' : null;
    }
    case 'pay-in':
    case 'pay-out':
      return act.place === member.place ? null : `place ${act.place} of the settlement is another member’s; this one’s is ${member.place}`;
    case 'pay-in-grid':
      return 'a member owes nothing to the grid account: it pays in for itself';
    case 'resolve-dispute':
      return 'a member is a party and decides no dispute';
    default:
      return null;
  }
}

function strange(what: string, account: string, member: Member): string | null {
  const at = account.toLowerCase();
  if (/^0x0+$/.test(at) || at === member.address.toLowerCase()) return `the ${what} makes no sense`;
  if (member.contracts.some((contract) => contract.toLowerCase() === at)) return `the ${what} is a contract: it would be lost`;
  return null;
}

function neverMet({ metric, atLeast, threshold }: OfferCondition): string | null {
  const never =
    metric === 'frequency'
      ? atLeast
        ? threshold > FREQUENCY_MHZ.most
        : threshold < FREQUENCY_MHZ.least
      : metric !== 'imbalance' && !atLeast && threshold < 0;
  return never ? `the condition is never met: ${metric} ${atLeast ? 'at least' : 'at most'} ${threshold}` : null;
}
