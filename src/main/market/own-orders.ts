/** Orders that a person places for the community's own assets. Their gateway signs; the console asks and waits until the order has come in. */
import { Fault } from '../../shared/errors.ts';
import type { Kernel, MarketClock, Service } from '../kernel/ports.ts';
import type { Community, CommunityMember } from './community.ts';
import type { Gateways, OrderTerms } from './gateways.ts';
import { openInterval, ordersCloseAt } from './market-times.ts';
import { orderById, type StoredOrder, viewOf } from './order-store.ts';

export interface OwnOrders {
  /** The order a member asked its gateway to sign, once it has come in. */
  askAndWait(member: CommunityMember, terms: OrderTerms): Promise<StoredOrder>;
  readonly handlers: NonNullable<Service['handlers']>;
}

export function createOwnOrders(
  kernel: Pick<Kernel, 'store' | 'clock' | 'plant'>,
  deps: {
    readonly community: Community;
    readonly gateways: Pick<Gateways, 'ask'>;
    readonly marketClock: Pick<MarketClock, 'plantNowMs'>;
  },
): OwnOrders {
  const { store, clock, plant } = kernel;
  const { community, gateways, marketClock } = deps;
  const rules = plant.market;

  const askAndWait = async (member: CommunityMember, terms: OrderTerms): Promise<StoredOrder> => {
    const answer = await gateways.ask(member.memberId, terms);
    if (answer.result === 'refused')
      throw new Fault('conflict', `The gateway of ${member.name} will not sign this: ${answer.reason ?? 'it gave no reason'}.`, {
        retry: 'never',
      });
    for (let waitedMs = 0; waitedMs < 4_000; waitedMs += 100) {
      const order = orderById(store.read, `${member.memberId}:${answer.sequence ?? 0}`);
      if (order) return order;
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 100));
    }
    throw new Fault(
      'timeout',
      `The gateway of ${member.name} signed, but its order did not arrive or was refused. See the alarms, then try again.`,
    );
  };
  const ownMember = (memberId: string): CommunityMember => {
    const member = community.member(memberId);
    if (!member) throw new Fault('not.found', `There is no member ${memberId} that trades.`);
    if (!member.operatorOwned)
      throw new Fault(
        'conflict',
        `${member.name} is not the community’s own. Ask its gateway on the Participants page; only it can sign.`,
        { retry: 'never' },
      );
    return member;
  };

  return {
    askAndWait,
    handlers: {
      'market.placeOffer': async ({ member: memberId, side, quantityWh, limitPrice }) => {
        const member = ownMember(memberId);
        const { importTariffMilliCentsPerKwh: most, feedInTariffMilliCentsPerKwh: least } = rules;
        if (limitPrice < least || limitPrice > most)
          throw new Fault('input.invalid', `The price must lie between the tariffs, ${least} and ${most} milli-cents per kWh.`);
        const interval = openInterval(marketClock.plantNowMs(), rules);
        const order = await askAndWait(member, { kind: 'interval', interval, side, quantityWh, limitPrice });
        return viewOf(order, member.name, 'open');
      },
      'market.withdrawOffer': async ({ order: id }) => {
        const order = orderById(store.read, id);
        if (!order) throw new Fault('not.found', `There is no order ${id}.`);
        const member = ownMember(order.memberId);
        if (order.kind === 'interval' && marketClock.plantNowMs() >= ordersCloseAt(order.interval, rules)) {
          throw new Fault(
            'conflict',
            `Orders for interval ${order.interval} have closed; the offer is in the frozen book and cannot be withdrawn.`,
            { retry: 'never' },
          );
        }
        await askAndWait(member, {
          kind: order.kind,
          interval: order.interval,
          side: order.side,
          quantityWh: 0,
          limitPrice: order.limitPrice,
        });
        return viewOf(order, member.name, 'replaced');
      },
    },
  };
}
