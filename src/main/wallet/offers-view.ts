/** Offers and group purchases as EnergyTrade's events tell them. */
import { metricOf } from '../../domain/wallet/terms.ts';
import type { OfferCondition } from '../../shared/wallet-act.ts';
import type { ChainEvent } from './chain-events.ts';

export interface OfferLine {
  readonly id: number;
  readonly maker: string;
  readonly isSelling: boolean;
  readonly energyWh: number;
  leftWh: number;
  /** milli-cents per kWh, or grams per kWh when paid in credits. */
  readonly price: number;
  readonly expiresS: number;
  readonly feeBps: number;
  readonly paidIn: 'money' | 'credits';
  gridBalanced: boolean;
  condition: OfferCondition | null;
  partner: string | null;
  closed: boolean;
}
export interface GroupLine {
  readonly id: number;
  readonly offer: number;
  readonly openedBy: string;
  readonly targetWh: number;
  pledgedWh: number;
  readonly deadlineS: number;
  executed: boolean;
  /** What each member has pledged and not taken yet, by account in small letters, Wh. */
  readonly pledges: Map<string, number>;
}

/** All ever made, newest first; `events` oldest first. */
export function offersOf(events: readonly ChainEvent[]): { offers: OfferLine[]; groups: GroupLine[] } {
  const offers = new Map<string, OfferLine>();
  const groups = new Map<string, GroupLine>();
  for (const { name, args } of events) {
    if (name === 'OfferCreated') offers.set(args.offerId ?? '', created(args));
    else if (name === 'GroupOpened') groups.set(args.groupId ?? '', opened(args));
    else if (args.groupId !== undefined) {
      const group = groups.get(args.groupId);
      if (group) groupStep(group, name, args, offers.get(String(group.offer)));
    } else {
      const offer = offers.get(args.offerId ?? '');
      if (offer) offerStep(offer, name, args);
    }
  }
  return { offers: [...offers.values()].reverse(), groups: [...groups.values()].reverse() };
}

const created = (args: ChainEvent['args']): OfferLine => ({
  id: Number(args.offerId),
  maker: args.maker ?? '',
  isSelling: args.isSelling === 'true',
  energyWh: Number(args.amountWh),
  leftWh: Number(args.amountWh),
  price: Number(args.price),
  expiresS: Number(args.expiresAt),
  feeBps: Number(args.feeBps),
  paidIn: args.pay === '0' ? 'money' : 'credits',
  gridBalanced: false,
  condition: null,
  partner: null,
  closed: false,
});
const opened = (args: ChainEvent['args']): GroupLine => ({
  id: Number(args.groupId),
  offer: Number(args.offerId),
  openedBy: args.by ?? '',
  targetWh: Number(args.targetWh),
  pledgedWh: 0,
  deadlineS: Number(args.deadline),
  executed: false,
  pledges: new Map(),
});

function offerStep(offer: OfferLine, name: string, args: ChainEvent['args']): void {
  if (name === 'TradeExecuted') offer.leftWh -= Number(args.amountWh);
  else if (name === 'OfferClosed') offer.closed = true;
  else if (name === 'OfferConditions') {
    const metric = metricOf(Number(args.metric));
    offer.gridBalanced = args.gridBalanced === 'true';
    offer.condition = metric && { metric, atLeast: args.atLeast === 'true', threshold: Number(args.threshold) };
    offer.partner = args.partner === undefined || /^0x0+$/.test(args.partner) ? null : args.partner;
  }
}

function groupStep(group: GroupLine, name: string, args: ChainEvent['args'], offer: OfferLine | undefined): void {
  const amountWh = Number(args.amountWh);
  const member = (args.member ?? '').toLowerCase();
  if (name === 'GroupExecuted') {
    group.executed = true;
    if (offer) offer.leftWh -= amountWh;
  } else if (name === 'GroupJoined') {
    group.pledgedWh += amountWh;
    group.pledges.set(member, (group.pledges.get(member) ?? 0) + amountWh);
  } else if (name === 'GroupLeft') {
    group.pledgedWh -= amountWh;
    group.pledges.delete(member);
  } else if (name === 'GroupClaimed') group.pledges.delete(member);
}
