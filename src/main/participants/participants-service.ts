/** Members as the operator sees them: position, balance, reliability, statement. Their keys are with their gateways; the console can only ask. */
import type { z } from 'zod';
import type { Participant, ParticipantDetail } from '../../shared/contract/exchange.ts';
import { Fault } from '../../shared/errors.ts';
import type { Kernel, MarketClock, Service } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import * as outbox from '../ledger/outbox-store.ts';
import type { Community, CommunityMember } from '../market/community.ts';
import type { MarketService } from '../market/market-service.ts';
import { openInterval } from '../market/market-times.ts';
import { effectiveOrders, type OrderView, ordersOf, type StoredOrder, viewOf } from '../market/order-store.ts';
import { memberLines, roundOrders } from '../market/round-store.ts';
import { lastReading } from '../metering/reading-store.ts';
import { openingOf, sealingKeyOf } from '../openings/opening-store.ts';
import { accountOf } from '../wallet/transaction-store.ts';

export interface ParticipantsService extends Service {
  list(): z.infer<typeof Participant>[];
}
export interface ParticipantsDeps {
  readonly community: Community;
  readonly marketClock: MarketClock;
  readonly market: Pick<MarketService, 'gateways' | 'askAndWait'>;
  readonly ledger: Pick<LedgerService, 'operatorAddress' | 'view'>;
  /** Broker's connected clients, to tell whether a gateway is there. */
  readonly connectedClients: () => readonly string[];
}

const RELIABILITY_ROUNDS = 96;
const STATEMENT_ROUNDS = 192;

export function createParticipantsService(kernel: Kernel, deps: ParticipantsDeps): ParticipantsService {
  const { store, plant } = kernel;
  const { community, marketClock, market } = deps;
  const rules = plant.market;

  const basics = (
    member: CommunityMember,
    connected: ReadonlySet<string>,
    positions: ReadonlyMap<number, number>,
  ): z.infer<typeof Participant> => {
    const db = store.read;
    const lines = memberLines(db, member.meterId, RELIABILITY_ROUNDS);
    const latest = lines[0];
    const metered = lines.find((l) => l.importWh !== null);
    const counted = lines.filter((l) => l.positionWh !== 0 && l.imbalanceWh !== null);
    const missed = counted.reduce((sum, l) => sum + Math.min(1, Math.abs(l.imbalanceWh ?? 0) / Math.abs(l.positionWh)), 0);
    const online = connected.has(`gateway:${member.memberId}`);
    const heardMs = market.gateways.lastHeardMs(member.memberId);
    return {
      id: member.memberId,
      name: member.name,
      category: member.category,
      operatorOwned: member.operatorOwned,
      meter: member.deviceId,
      bus: member.bus,
      balance: latest?.balanceAfter ?? null,
      positionWh: positions.get(member.meterId) ?? null,
      lastMeteredWh: metered ? (metered.importWh ?? 0) - (metered.exportWh ?? 0) : null,
      reliabilityPercent: counted.length > 0 ? 100 - (missed / counted.length) * 100 : null,
      gateway: online ? 'online' : heardMs === null && lastReading(db, member.meterId) === undefined ? 'unknown' : 'silent',
      opening: openingNow(member),
    };
  };
  const openingNow = ({ memberId }: CommunityMember): z.infer<typeof Participant>['opening'] => {
    const opening = openingOf(store.read, memberId);
    const { deliveredInterval: interval, deliveredMs: atMs } = opening ?? {};
    return {
      state: sealingKeyOf(store.read, memberId) ? (opening ? (opening.answer ?? 'sent') : 'none') : 'no-key',
      reason: opening?.reason ?? null,
      delivered: interval == null || atMs == null ? null : { interval, startMs: interval * rules.intervalMs, atMs },
    };
  };
  const positionsNow = (): Map<number, number> => {
    const orders = roundOrders(store.read, marketClock.currentInterval());
    return new Map(orders.filter((o) => o.filledWh !== null).map((o) => [o.meterId, (o.side === 'buy' ? 1 : -1) * (o.filledWh ?? 0)]));
  };
  const list = () => {
    const connected = new Set(deps.connectedClients());
    const positions = positionsNow();
    return community.members.map((m) => basics(m, connected, positions));
  };
  const need = (id: string): CommunityMember => {
    const member = community.member(id);
    if (!member) throw new Fault('not.found', `There is no member ${id} that trades.`);
    return member;
  };
  const orderViews = (member: CommunityMember): { standing: OrderView | null; all: OrderView[] } => {
    const db = store.read;
    const orders = ordersOf(db, member.memberId, 100);
    const fills = new Map(
      (
        db
          .prepare('SELECT order_id AS id, filled_wh AS wh FROM round_order WHERE meter_id = ? ORDER BY interval DESC LIMIT 400')
          .all(member.meterId) as { id: string; wh: number | null }[]
      )
        .reverse()
        .map((r) => [r.id, r.wh]),
    );
    const newestStanding = orders.find((o) => o.kind === 'standing' && !o.refusal);
    const state = (o: StoredOrder): OrderView['state'] => {
      const wh = fills.get(o.id);
      if (o.kind === 'standing' && o.id !== newestStanding?.id) return 'replaced';
      if (wh === undefined) return 'open';
      return wh === null ? 'committed' : wh === 0 ? 'unfilled' : wh === o.quantityWh ? 'filled' : 'part-filled';
    };
    const all = orders.map((o) => viewOf(o, member.name, state(o), fills.get(o.id) ?? null));
    const standing = newestStanding && newestStanding.quantityWh > 0 ? (all.find((o) => o.id === newestStanding.id) ?? null) : null;
    return { standing, all };
  };

  const detail = async (id: string): Promise<z.infer<typeof ParticipantDetail>> => {
    const member = need(id);
    // Members' accounts on the chain are theirs to name; only the community's own is the operator's.
    const account = member.operatorOwned ? deps.ledger.operatorAddress : (accountOf(store.read, id)?.address ?? null);
    const lines = memberLines(store.read, member.meterId, STATEMENT_ROUNDS);
    const all = memberLines(store.read, member.meterId, Number.MAX_SAFE_INTEGER);
    const { standing, all: orders } = orderViews(member);
    const { importTariffMilliCentsPerKwh: buyTariff, feedInTariffMilliCentsPerKwh: sellTariff } = rules;
    const money = all.reduce((sum, l) => sum + BigInt(l.money), 0n);
    const net = (l: { importWh: number | null; exportWh: number | null }) => (l.importWh ?? 0) - (l.exportWh ?? 0);
    const atTariffs = all.reduce((sum, l) => sum + BigInt(net(l)) * BigInt(net(l) > 0 ? buyTariff : sellTariff), 0n);
    return {
      ...basics(member, new Set(deps.connectedClients()), positionsNow()),
      wallet: {
        address: account,
        moneyOnChain: account === null ? null : await moneyOf(account),
        pending: member.operatorOwned
          ? outbox
              .newest(store.read, 20)
              .filter((r) => r.state !== 'final')
              .map(outbox.toEntry)
          : [],
      },
      standingOrder: standing,
      orders,
      statement: lines.map((l) => ({
        interval: l.interval,
        startMs: l.interval * rules.intervalMs,
        price: l.price,
        positionWh: l.positionWh,
        meteredWh: l.importWh === null ? null : net(l),
        imbalanceWh: l.imbalanceWh,
        money: l.money,
        balanceAfter: l.balanceAfter,
      })),
      totals: {
        boughtWh: all.reduce((sum, l) => sum + Math.max(0, l.positionWh), 0),
        soldWh: all.reduce((sum, l) => sum + Math.max(0, -l.positionWh), 0),
        money: money.toString(),
        savedAgainstTariff: (atTariffs - money).toString(),
      },
    };
  };
  const moneyOf = async (address: string): Promise<string | null> => {
    try {
      const [amount] = await deps.ledger.view({ contract: 'CommunityMoney', method: 'balanceOf', args: [address] });
      return String(amount);
    } catch {
      return null;
    }
  };

  return {
    name: 'participants',
    async start() {},
    async stop() {},
    list,
    handlers: {
      'participants.list': list,
      'participants.get': ({ id }) => detail(id),
      'participants.askOrder': async ({ member: id, side, quantityWh, limitPrice }) => {
        const member = need(id);
        const answer = await market.gateways.ask(id, { kind: 'standing', interval: 0, side, quantityWh, limitPrice });
        const replaced = effectiveOrders(store.read, openInterval(marketClock.plantNowMs(), rules)).some(
          (o) => o.memberId === id && o.kind === 'interval',
        );
        return answer.result === 'signed'
          ? {
              asked: true,
              message: `The gateway of ${member.name} signed a standing order${replaced ? '; its order for the next interval still comes first' : ''}.`,
            }
          : { asked: true, message: `The gateway of ${member.name} will not sign: ${answer.reason ?? 'it gave no reason'}.` };
      },
    },
  };
}
