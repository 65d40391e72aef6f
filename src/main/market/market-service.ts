/**
 * The market: members' orders in, the book frozen when orders close, its root bound before the gate closes, one price for all. Every turn looks
 * at what is durable and does the next thing, so a crash between any two steps is made good by the next turn.
 */
import type { z } from 'zod';
import type { MarketNow } from '../../shared/contract/exchange.ts';
import type { DayPoint } from '../../shared/contract/grid.ts';
import type { Status } from '../../shared/contract/session.ts';
import type { BrokerService } from '../broker/broker-service.ts';
import type { Kernel, MarketClock, ProcessImage, Service } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { MeteringService } from '../metering/metering-service.ts';
import type { Settler } from '../proof/settler.ts';
import { createBatteryPlan } from './battery-plan.ts';
import type { Community, CommunityMember } from './community.ts';
import { createDayRecorder } from './day-recorder.ts';
import { clearBook } from './gate-closure.ts';
import { createGates } from './gates.ts';
import { createGateways, type Gateways, type OrderTerms } from './gateways.ts';
import type { HeldOrders } from './held-orders.ts';
import type { LateCommitments } from './late-commitment.ts';
import { endOf, gateOf, gateState, intervalAt, ordersCloseAt, startOf } from './market-times.ts';
import { createMarketView, newestSummaries } from './market-view.ts';
import { createOrderChecks } from './order-checks.ts';
import { createOrderIntake, ORDER_TOPIC } from './order-intake.ts';
import type { StoredOrder } from './order-store.ts';
import { createOwnOffers } from './own-offers.ts';
import { createOwnOrders } from './own-orders.ts';
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
  readonly metering: Pick<MeteringService, 'keyOf'>;
  /** Numbers of members' meters that the registry on the chain has in service. */
  readonly inService: () => ReadonlySet<number>;
  readonly ledger: Pick<LedgerService, 'enqueue' | 'entry' | 'kick'>;
  readonly settler: Pick<Settler, 'verifyOrder' | 'ordersRoot'>;
  /** Books whose root does not reach the chain before the gate closes. */
  readonly late: LateCommitments;
  /** What the book of standing orders holds after the last admission. */
  readonly heldOrders: () => HeldOrders;
  /** False while meters wait for their registration (unless the chain is away): no round is opened then. */
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

  const ownOrders = createOwnOrders(kernel, { community, gateways, marketClock });
  const offerAutomatically = createOwnOffers(kernel, { community, gateways, image: deps.image, mayOpenRounds: deps.mayOpenRounds });
  const isBound = (interval: number): boolean => {
    const entry = deps.ledger.entry(`commit:${interval}`);
    return entry?.state === 'final' && entry.lastError === null;
  };
  const now = createMarketView(kernel, { community, marketClock, whyNoRound: deps.whyNoRound, isBound });
  const planBattery = createBatteryPlan(kernel, { community, plannedBatteryW: deps.plannedBatteryW ?? (() => {}) });
  const checks = createOrderChecks(kernel, { settler: deps.settler, keyOf: deps.metering.keyOf, community });
  const gates = createGates(kernel, {
    community,
    inService: deps.inService,
    ledger: deps.ledger,
    settler: deps.settler,
    checks,
    heldOrders: deps.heldOrders,
    mayOpenRounds: deps.mayOpenRounds,
    late: deps.late,
    onClosed: () => {
      bookChanged = true;
    },
  });
  const intake = createOrderIntake(kernel, {
    community,
    marketClock,
    keyOf: deps.metering.keyOf,
    onOrder: (order, publicKey) => {
      checks.passed(order, publicKey);
      gateways.heard(order.memberId);
      bookChanged = true;
    },
  });

  const clearCommitted = (nowPlantMs: number): void => {
    for (const round of rounds.openRounds(store.read)) {
      if (round.state !== 'committed') continue;
      const bound = isBound(round.interval);
      if (!bound && nowPlantMs < gateOf(round.interval, rules)) continue;
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
                : `${orders.length} orders, ${result.tradedWh} Wh at ${(result.price / 1000).toFixed(3)} ${rules.currency === 'EUR' ? 'ct' : 'hundredths'} per kWh.${bound ? '' : ' The orders’ root waits in the outbox for the chain.'}`,
            target: `round:${round.interval}`,
            outcome: 'done',
          });
        }
      });
      bookChanged = true;
      for (const listener of clearedListeners) listener(round.interval);
    }
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
    gates.turn(nowPlantMs);
    deps.late.turn(nowPlantMs);
    clearCommitted(nowPlantMs);
    planBattery(intervalAt(nowPlantMs, rules));
    offerAutomatically(nowPlantMs);
    if (clock.monotonicMs() - lastSampleMs >= 1_000) {
      lastSampleMs = clock.monotonicMs();
      recorder.sample();
    }
    publish();
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
      deps.late.close();
      await gates.close();
    },
    now,
    dayPoints: () => recorder.points(),
    status() {
      const plantTimeMs = marketClock.plantNowMs();
      const interval = intervalAt(plantTimeMs, rules);
      return {
        interval,
        plantTimeMs,
        startMs: startOf(interval, rules),
        endMs: endOf(interval, rules),
        ordersCloseMs: ordersCloseAt(interval + 1, rules),
        gateClosesMs: gateOf(interval + 1, rules),
        gate: gateState(interval + 1, plantTimeMs, rules),
        speed: marketClock.speed(),
        paused: false,
      };
    },
    askAndWait: ownOrders.askAndWait,
    onCleared(listener) {
      clearedListeners.add(listener);
      return () => clearedListeners.delete(listener);
    },
    handlers: {
      'market.now': () => now(),
      'market.rounds': ({ limit, before }) => ({ rounds: summaries(limit, before) }),
      ...ownOrders.handlers,
    },
  };
}
