/**
 * The market: members' orders in, a gate per interval, the book frozen and its root bound for the chain, one price for all. Every turn looks
 * at what is durable and does the next thing, so a crash between any two steps is made good by the next turn.
 */
import type { z } from 'zod';
import type { MarketNow } from '../../shared/contract/exchange.ts';
import type { DayPoint } from '../../shared/contract/grid.ts';
import type { Status } from '../../shared/contract/session.ts';
import { Fault } from '../../shared/errors.ts';
import type { BrokerService } from '../broker/broker-service.ts';
import type { Kernel, MarketClock, ProcessImage, Service } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { MeteringService } from '../metering/metering-service.ts';
import { automaticOffer } from './automatic-offer.ts';
import type { Community, CommunityMember } from './community.ts';
import { createDayRecorder } from './day-recorder.ts';
import { clearBook, freezeBook } from './gate-closure.ts';
import { createGateways, type Gateways, type OrderTerms } from './gateways.ts';
import { endOf, gateOf, intervalAt, openInterval, startOf } from './market-times.ts';
import { createOrderIntake, ORDER_TOPIC } from './order-intake.ts';
import { curveOf, effectiveOrders, type OrderView, orderById, type StoredOrder, viewOf } from './order-store.ts';
import * as rounds from './round-store.ts';

type Now = z.infer<typeof MarketNow>;

export interface MarketService extends Service {
  readonly gateways: Gateways;
  status(): z.infer<typeof Status>['market'];
  dayPoints(): z.infer<typeof DayPoint>[];
  now(): Now;
  /** The order a member asked its gateway to sign, once it has come in. */
  askAndWait(member: CommunityMember, terms: OrderTerms): Promise<StoredOrder>;
  onCleared(listener: (interval: number) => void): () => void;
}

export interface MarketDeps {
  readonly community: Community;
  readonly broker: Pick<BrokerService, 'onPublish' | 'publish'>;
  readonly marketClock: MarketClock;
  readonly metering: Pick<MeteringService, 'keyOf' | 'keys'>;
  readonly ledger: Pick<LedgerService, 'enqueue' | 'entry' | 'kick'>;
  /** False while meters wait for their registration: no round is opened then, so that a batch never meets another registry. */
  readonly mayOpenRounds: () => boolean;
  /** What rounds wait for, as a sentence; null when they can open. */
  readonly whyNoRound: () => string | null;
  readonly image: () => ProcessImage | null;
  readonly carbonGPerKwh: () => number | null;
  readonly plannedBatteryW?: (activePowerW: number | null) => void;
}

const TICK_MS = 250;

export function createMarketService(kernel: Kernel, deps: MarketDeps): MarketService {
  const { store, clock, plant, hub } = kernel;
  const { community, marketClock } = deps;
  const log = kernel.log.child('market');
  const rules = plant.market;
  const gateways = createGateways(deps.broker, clock);
  const recorder = createDayRecorder(kernel, { image: deps.image, marketClock, carbonGPerKwh: deps.carbonGPerKwh });
  const clearedListeners = new Set<(interval: number) => void>();
  let stops: (() => void)[] = [];
  let bookChanged = true;
  let lastPublishMs = 0;
  let lastSampleMs = 0;
  let offeredFor = -1;
  let plannedFor: number | null = null;

  const nameOf = (memberId: string): string => community.member(memberId)?.name ?? memberId;
  const intake = createOrderIntake(kernel, {
    community,
    marketClock,
    keyOf: deps.metering.keyOf,
    onOrder: (order) => {
      gateways.heard(order.memberId);
      bookChanged = true;
    },
  });

  const commit = (interval: number, orders: readonly StoredOrder[], message: string | null): void => {
    const registered = new Set(
      deps.metering
        .keys()
        .filter((k) => k.registration !== null && community.byMeter(k.meterId))
        .map((k) => k.meterId),
    );
    const book = freezeBook(interval, orders, registered);
    store.write((db) => {
      rounds.insertRound(
        db,
        { interval, kind: message === null ? 'market' : 'measure', ordersRoot: book.root.toString(), message, nowMs: clock.nowMs() },
        book.orders.map(({ order, salt }) => ({ orderId: order.id, meterId: order.meterId, salt: salt.toString() })),
      );
      deps.ledger.enqueue({
        id: `commit:${interval}`,
        kind: 'commit-orders',
        title: `Commit the orders of interval ${interval}`,
        body: {
          contract: 'Settlement',
          method: 'commitOrders',
          args: [interval, book.root.toString()],
          doneWhen: { contract: 'Settlement', method: 'ordersRootOf', args: [interval], equals: book.root.toString() },
        },
      });
    });
    deps.ledger.kick();
    bookChanged = true;
    log.info('gate closed', { interval, orders: book.orders.length });
  };

  const openRounds = (nowPlantMs: number): void => {
    if (!deps.mayOpenRounds()) return;
    const current = intervalAt(nowPlantMs, rules);
    const last = rounds.lastInterval(store.read);
    // Nobody could trade in the running interval: it only measures, so that the next one starts from known registers.
    if (last === null || last < current)
      commit(
        current,
        [],
        last === null
          ? 'The first interval only measures: it sets the registers from which delivery is counted.'
          : 'The console was not running at this interval’s gate; it measures what was delivered since.',
      );
    const next = current + 1;
    if (nowPlantMs >= gateOf(next, rules) && rounds.roundAt(store.read, next) === undefined)
      commit(next, effectiveOrders(store.read, next, gateOf(next, rules)), null);
  };

  const clearCommitted = (nowPlantMs: number): void => {
    for (const round of rounds.openRounds(store.read)) {
      if (round.state !== 'committed') continue;
      const bound = deps.ledger.entry(`commit:${round.interval}`)?.state === 'final';
      if (!bound && nowPlantMs < startOf(round.interval, rules)) continue;
      const orders = rounds.roundOrders(store.read, round.interval);
      const result = clearBook(orders);
      store.write((db) => {
        rounds.setCleared(db, round.interval, { ...result, late: !bound }, clock.nowMs());
        if (orders.length > 0) {
          kernel.journal.record({
            who: 'market',
            kind: 'decision',
            title: `Clear interval ${round.interval}`,
            text:
              result.price === null
                ? `${orders.length} orders, no trade: nobody asks as little as somebody offers.`
                : `${orders.length} orders, ${result.tradedWh} Wh at ${(result.price / 1000).toFixed(3)} ${rules.currency === 'EUR' ? 'ct' : 'hundredths'} per kWh.${bound ? '' : ' The chain was away; the orders’ root waits in the outbox.'}`,
            target: `round:${round.interval}`,
            outcome: 'done',
          });
        }
      });
      bookChanged = true;
      for (const listener of clearedListeners) listener(round.interval);
    }
  };

  const planBattery = (nowPlantMs: number): void => {
    const current = intervalAt(nowPlantMs, rules);
    const own = community.members.find(
      (m) => m.operatorOwned && plant.grid.units.some((u) => u.kind === 'battery' && u.meter === m.deviceId),
    );
    const round = rounds.roundAt(store.read, current);
    if (!own || plannedFor === current || !round || round.state === 'committed') return;
    plannedFor = current;
    const order = rounds.roundOrders(store.read, current).find((o) => o.meterId === own.meterId);
    const filledWh = order?.filledWh ?? 0;
    deps.plannedBatteryW?.(
      filledWh > 0 ? Math.round(((order?.side === 'buy' ? filledWh : -filledWh) * 3_600_000) / rules.intervalMs) : null,
    );
  };

  const offerAutomatically = (nowPlantMs: number): void => {
    const interval = openInterval(nowPlantMs, rules);
    const openedMs = gateOf(interval, rules) - rules.intervalMs;
    if (offeredFor === interval || nowPlantMs < openedMs + rules.intervalMs * 0.7 || !deps.mayOpenRounds()) return;
    offeredFor = interval;
    const book = effectiveOrders(store.read, interval);
    for (const member of community.members.filter((m) => m.operatorOwned)) {
      // A person's own order for the interval stands; so does a standing one.
      if (book.some((o) => o.memberId === member.memberId && (o.kind === 'interval' || o.quantityWh > 0))) continue;
      const battery = plant.grid.units.find((u) => u.kind === 'battery' && u.meter === member.deviceId);
      if (!battery?.controller) continue;
      const others = book.filter((o) => o.memberId !== member.memberId);
      const total = (side: 'buy' | 'sell') => others.reduce((sum, o) => sum + (o.side === side ? o.quantityWh : 0), 0);
      const soc = deps.image()?.read(`${battery.controller}.SoC`);
      const offer = automaticOffer({
        othersBuyWh: total('buy'),
        othersSellWh: total('sell'),
        socPercent: soc?.quality === 'good' ? soc.value : null,
        capacityWh: battery.capacityWh ?? 0,
        ratedW: battery.ratedW,
        intervalMs: rules.intervalMs,
        socMinPercent: plant.control.batterySocMinPercent,
        socMaxPercent: plant.control.batterySocMaxPercent,
        importTariff: rules.importTariffMilliCentsPerKwh,
        feedInTariff: rules.feedInTariffMilliCentsPerKwh,
      });
      if (!offer) continue;
      const { side, quantityWh, limitPrice } = offer;
      gateways.ask(member.memberId, { kind: 'interval', interval, side, quantityWh, limitPrice }).then(
        (answer) =>
          log.info('automatic offer', {
            member: member.memberId,
            interval,
            side,
            quantityWh,
            limitPrice,
            why: offer.why,
            answer: answer.result,
          }),
        (cause) => log.warn(`no automatic offer for ${member.name}: its gateway does not answer`, { cause: String(cause) }),
      );
    }
  };

  const now = (): Now => {
    const nowPlantMs = marketClock.plantNowMs();
    const interval = intervalAt(nowPlantMs, rules) + 1;
    const gate = nowPlantMs < gateOf(interval, rules) ? 'open' : 'closed';
    const frozen = rounds.roundAt(store.read, interval);
    const orders = frozen
      ? rounds.roundOrders(store.read, interval)
      : effectiveOrders(store.read, interval).filter((o) => o.quantityWh > 0);
    const cleared = frozen && frozen.state !== 'committed' ? { price: frozen.price, tradedWh: frozen.tradedWh } : clearBook(orders);
    return {
      interval,
      startMs: startOf(interval, rules),
      endMs: endOf(interval, rules),
      gateClosesMs: gateOf(interval, rules),
      gate,
      blocked: deps.whyNoRound(),
      book: orders.map((o) => orderView(o, frozen)),
      demandCurve: curveOf(orders, 'buy'),
      supplyCurve: curveOf(orders, 'sell'),
      indicative: { price: cleared.price, quantityWh: cleared.tradedWh },
      tariffs: { importPrice: rules.importTariffMilliCentsPerKwh, feedInPrice: rules.feedInTariffMilliCentsPerKwh },
    };
  };
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

  const summaries = (limit: number, before?: number) => newestSummaries(kernel, limit, before);
  const publish = (): void => {
    const at = clock.monotonicMs();
    if (!bookChanged && (at - lastPublishMs < 2_000 || !hub.hasListeners('market'))) return;
    lastPublishMs = at;
    bookChanged = false;
    hub.publish('market', now());
  };

  const tick = (): void => {
    const nowPlantMs = marketClock.plantNowMs();
    openRounds(nowPlantMs);
    clearCommitted(nowPlantMs);
    planBattery(nowPlantMs);
    offerAutomatically(nowPlantMs);
    if (clock.monotonicMs() - lastSampleMs >= 1_000) {
      lastSampleMs = clock.monotonicMs();
      recorder.sample();
    }
    publish();
  };

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
    name: 'market',
    gateways,
    async start() {
      stops = [
        deps.broker.onPublish(ORDER_TOPIC, intake),
        clock.setInterval(() => {
          try {
            tick();
          } catch (cause) {
            log.error('market: a turn failed; the next one tries again', { cause: String(cause) });
          }
        }, TICK_MS),
      ];
    },
    async stop() {
      for (const stop of stops) stop();
      stops = [];
      gateways.close();
    },
    now,
    dayPoints: () => recorder.points(),
    status() {
      const plantTimeMs = marketClock.plantNowMs();
      const interval = intervalAt(plantTimeMs, rules);
      const gateClosesMs = endOf(interval, rules) - rules.gateClosesBeforeEndMs;
      return {
        interval,
        plantTimeMs,
        startMs: startOf(interval, rules),
        endMs: endOf(interval, rules),
        gateClosesMs,
        gate: plantTimeMs < gateClosesMs ? 'open' : 'closed',
        speed: marketClock.speed(),
        paused: false,
      };
    },
    askAndWait,
    onCleared(listener) {
      clearedListeners.add(listener);
      return () => clearedListeners.delete(listener);
    },
    handlers: {
      'market.now': () => now(),
      'market.rounds': ({ limit, before }) => ({ rounds: summaries(limit, before) }),
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
        if (order.kind === 'interval' && marketClock.plantNowMs() >= gateOf(order.interval, rules)) {
          throw new Fault(
            'conflict',
            `The gate of interval ${order.interval} has closed; the offer is committed and cannot be withdrawn.`,
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

export function summaryOf(round: rounds.StoredRound, orders: number, intervalMs: number) {
  const { interval, price, tradedWh, welfare, state, message } = round;
  return { interval, startMs: interval * intervalMs, endMs: (interval + 1) * intervalMs, price, tradedWh, orders, welfare, state, message };
}
export function newestSummaries(kernel: Pick<Kernel, 'store' | 'plant'>, limit: number, before?: number) {
  const count = kernel.store.read.prepare('SELECT count(*) AS n FROM round_order WHERE interval = ?');
  return rounds
    .newestRounds(kernel.store.read, limit, before)
    .map((round) => summaryOf(round, (count.get(round.interval) as { n: number }).n, kernel.plant.market.intervalMs));
}
