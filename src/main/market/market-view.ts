/** The market as the screens show it: the running book with its curves, and rounds in a line each. Reads only. */
import type { z } from 'zod';
import type { MarketNow } from '../../shared/contract/exchange.ts';
import type { GateState } from '../../shared/values.ts';
import type { Kernel, MarketClock } from '../kernel/ports.ts';
import type { Community } from './community.ts';
import { clearBook } from './gate-closure.ts';
import { notFrozen } from './gates.ts';
import { endOf, gateOf, gateState, intervalAt, ordersCloseAt, startOf } from './market-times.ts';
import { curveOf, effectiveOrders, type OrderView, type StoredOrder, viewOf } from './order-store.ts';
import * as rounds from './round-store.ts';

type Now = z.infer<typeof MarketNow>;

export interface MarketViewDeps {
  readonly community: Community;
  readonly marketClock: Pick<MarketClock, 'plantNowMs'>;
  readonly whyNoRound: () => string | null;
  /** The root of the interval's book is on the chain for good. */
  readonly isBound: (interval: number) => boolean;
}

export function createMarketView(kernel: Pick<Kernel, 'store' | 'plant'>, deps: MarketViewDeps): () => Now {
  const { store, plant } = kernel;
  const rules = plant.market;
  const nameOf = (memberId: string): string => deps.community.member(memberId)?.name ?? memberId;

  const orderView = (order: StoredOrder | rounds.RoundOrder, round: rounds.StoredRound | undefined): OrderView => {
    const filledWh = 'filledWh' in order ? order.filledWh : null;
    const state = !round
      ? 'open'
      : filledWh === null
        ? 'committed'
        : filledWh === 0
          ? 'unfilled'
          : filledWh === order.quantityWh
            ? 'filled'
            : 'part-filled';
    return viewOf(order, nameOf(order.memberId), state, filledWh);
  };

  return () => {
    const nowPlantMs = deps.marketClock.plantNowMs();
    const interval = intervalAt(nowPlantMs, rules) + 1;
    const frozen = rounds.roundAt(store.read, interval);
    const orders = frozen
      ? rounds.roundOrders(store.read, interval)
      : effectiveOrders(store.read, interval).filter((o) => o.quantityWh > 0);
    const cleared = frozen && frozen.state !== 'committed' ? { price: frozen.price, tradedWh: frozen.tradedWh } : clearBook(orders);
    const gate = gateState(interval, nowPlantMs, rules);
    return {
      interval,
      startMs: startOf(interval, rules),
      endMs: endOf(interval, rules),
      ordersCloseMs: ordersCloseAt(interval, rules),
      gateClosesMs: gateOf(interval, rules),
      gate,
      bookState: !frozen ? 'open' : deps.isBound(interval) ? 'bound' : 'frozen',
      blocked: deps.whyNoRound() ?? whyNoMarket(interval, gate, frozen),
      book: orders.map((o) => orderView(o, frozen)),
      demandCurve: curveOf(orders, 'buy'),
      supplyCurve: curveOf(orders, 'sell'),
      indicative: { price: cleared.price, quantityWh: cleared.tradedWh },
      tariffs: { importPrice: rules.importTariffMilliCentsPerKwh, feedInPrice: rules.feedInTariffMilliCentsPerKwh },
    };
  };
}

/** Null while the interval has a market, or may get one. */
function whyNoMarket(interval: number, gate: GateState, round: rounds.StoredRound | undefined): string | null {
  if (!round) return gate === 'closed' ? notFrozen(interval) : null;
  return round.state === 'failed' ? `The round of interval ${interval} failed. ${round.message ?? ''}`.trim() : null;
}

export function summaryOf(round: rounds.StoredRound, orders: number, intervalMs: number) {
  const { interval, price, tradedWh, welfare, state, message } = round;
  return { interval, startMs: interval * intervalMs, endMs: (interval + 1) * intervalMs, price, tradedWh, orders, welfare, state, message };
}
export function newestSummaries(kernel: Pick<Kernel, 'store' | 'plant'>, limit: number, before?: number) {
  return rounds
    .newestRounds(kernel.store.read, limit, before)
    .map((round) => summaryOf(round, rounds.countRoundOrders(kernel.store.read, round.interval), kernel.plant.market.intervalMs));
}
