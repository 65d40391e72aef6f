/** Market rounds, settlement stories, certificates and members' statements that add up: energy in Wh, money in micro-cents. */
import type { CallOutput } from '../../src/shared/contract/contract.ts';
import type { Certificate, Order, RoundSummary, StoryStep } from '../../src/shared/contract/exchange.ts';
import type { PlantFile } from '../../src/shared/plant-file.ts';
import { INTERVAL_MS, type PlantModel, SPEED } from './plant-model.ts';
import { hex, mulberry32 } from './random.ts';

type Round = CallOutput<'settlement.round'>;
const STORY: readonly [StoryStep['id'], string][] = [
  ['readings', 'Readings'],
  ['orders', 'Orders'],
  ['admission', 'Admission'],
  ['price', 'Price'],
  ['delivery', 'Delivery'],
  ['proof', 'Proof'],
  ['transaction', 'Transaction'],
  ['receipt', 'Receipt'],
];

const admitSignals = (interval: number) => ({
  registryRoot: decimal('registry'),
  ordersRoot: decimal(`o${interval}`),
  oldBook: decimal(`b${interval - 1}`),
  newBook: decimal(`b${interval}`),
  domain: decimal('domain'),
  scope: String(interval),
});
const settleSignals = (interval: number) => ({
  registryRoot: decimal('registry'),
  ordersRoot: decimal(`o${interval}`),
  oldRoot: decimal(`s${interval - 1}`),
  newRoot: decimal(`s${interval}`),
  domain: decimal('domain'),
  terms: decimal(`t${interval}`),
  totals: decimal(`w${interval}`),
  flows: '0',
});
const decimal = (seed: string): string => BigInt(`0x${hex(seed, 31)}`).toString();
const evidence = (
  circuit: string,
  key: string,
  signals: Readonly<Record<string, string>>,
  provingMs: number,
  transaction: Round['transaction'],
): NonNullable<Round['proof']> => ({
  circuit,
  verificationKeyHash: hex(key, 32),
  partsNeeded: 1,
  parts: [{ provingMs, publicSignals: Object.entries(signals).map(([name, value]) => ({ name, value })), transaction }],
});

export class ExchangeModel {
  readonly model: PlantModel;
  readonly plant: PlantFile;
  readonly first: number;
  readonly offers = new Map<string, Order>();
  chainAway = false;

  constructor(model: PlantModel, history: number) {
    this.model = model;
    this.plant = model.plant;
    this.first = Math.floor(model.plantTime(model.bootMs) / INTERVAL_MS) - history;
  }
  interval = (nowMs: number): number => Math.floor(this.model.plantTime(nowMs) / INTERVAL_MS);

  /** Net energy of a member in an interval, from its units' averages. */
  net(member: string, interval: number): number {
    const meter = this.plant.members.find((m) => m.id === member)?.meter;
    const middle = (interval + 0.5) * INTERVAL_MS;
    let w = 0;
    for (const u of this.plant.grid.units)
      if (u.meter === meter) w += u.kind === 'battery' || u.kind === 'genset' ? 4000 * Math.sin(interval / 9) : this.model.wish(u, middle);
    return Math.round(w / 4);
  }
  orders(interval: number): Order[] {
    const random = mulberry32(interval);
    const { importTariffMilliCentsPerKwh: top, feedInTariffMilliCentsPerKwh: floor } = this.plant.market;
    const list = this.plant.members.map((m, i): Order => {
      const net = this.net(m.id, interval);
      const buy = net >= 0;
      const price = Math.round((floor + (top - floor) * (buy ? 0.42 + 0.5 * random() : 0.08 + 0.5 * random())) / 100) * 100;
      return {
        id: `${interval}-${m.id}`,
        member: m.id,
        memberName: m.name,
        kind: i % 5 === 3 ? 'interval' : 'standing',
        side: buy ? 'buy' : 'sell',
        quantityWh: Math.max(10, Math.abs(Math.round((net * (0.92 + 0.16 * random())) / 10) * 10)),
        limitPrice: price,
        sequence: interval - this.first + 1,
        receivedMs: this.model.bootMs - 3_600_000,
        state: 'open',
        filledWh: null,
      };
    });
    for (const offer of this.offers.values()) if (Number(offer.id.split('-')[1]) === interval) list.push(offer);
    return list;
  }
  clear(interval: number) {
    const orders = this.orders(interval);
    const buys = orders.filter((o) => o.side === 'buy').sort((a, b) => b.limitPrice - a.limitPrice);
    const sells = orders.filter((o) => o.side === 'sell').sort((a, b) => a.limitPrice - b.limitPrice);
    const curve = (list: Order[]) => {
      let at = 0;
      return list.map((o) => {
        const step = { order: o.id, fromWh: at, toWh: at + o.quantityWh, price: o.limitPrice };
        at = step.toWh;
        return step;
      });
    };
    const demandCurve = curve(buys);
    const supplyCurve = curve(sells);
    let quantity = 0;
    let price: number | null = null;
    for (const d of demandCurve)
      for (const s of supplyCurve) {
        const q = Math.min(d.toWh, s.toWh) - Math.max(d.fromWh, s.fromWh);
        if (q > 0 && d.price >= s.price) {
          quantity += q;
          price = Math.round((d.price + s.price) / 2);
        }
      }
    const fill = (list: Order[]): Order[] => {
      let left = quantity;
      return list.map((o) => {
        const filledWh = Math.min(left, o.quantityWh);
        left -= filledWh;
        return { ...o, filledWh, state: filledWh === o.quantityWh ? 'filled' : filledWh > 0 ? 'part-filled' : 'unfilled' };
      });
    };
    return { demandCurve, supplyCurve, price, quantity, filled: [...fill(buys), ...fill(sells)], open: orders };
  }

  marketNow(nowMs: number): CallOutput<'market.now'> {
    const interval = this.interval(nowMs);
    const { price, quantity, demandCurve, supplyCurve, open } = this.clear(interval);
    const endMs = (interval + 1) * INTERVAL_MS;
    const gateClosesMs = endMs - this.plant.market.gateClosesBeforeEndMs;
    const ordersCloseMs = gateClosesMs - this.plant.market.ordersCloseBeforeGateMs;
    const now = this.model.plantTime(nowMs);
    const gate = now < ordersCloseMs ? ('open' as const) : now < gateClosesMs ? ('binding' as const) : ('closed' as const);
    return {
      interval,
      startMs: interval * INTERVAL_MS,
      endMs,
      ordersCloseMs,
      gateClosesMs,
      gate,
      bookState: ({ open: 'open', binding: 'frozen', closed: 'bound' } as const)[gate],
      blocked: null,
      book: open,
      demandCurve,
      supplyCurve,
      indicative: { price, quantityWh: quantity },
      tariffs: { importPrice: this.plant.market.importTariffMilliCentsPerKwh, feedInPrice: this.plant.market.feedInTariffMilliCentsPerKwh },
    };
  }
  state(interval: number, nowMs: number): RoundSummary['state'] {
    const age = this.interval(nowMs) - interval;
    const part = (this.model.plantTime(nowMs) % INTERVAL_MS) / INTERVAL_MS;
    if (age <= 0) return 'open';
    if (this.chainAway && age < 9) return age === 1 ? 'cleared' : 'proven';
    if (age === 1)
      return part < 0.1
        ? 'cleared'
        : part < 0.2
          ? 'metered'
          : part < 0.6
            ? 'proving'
            : part < 0.75
              ? 'proven'
              : part < 0.9
                ? 'sent'
                : 'settled';
    return 'settled';
  }
  summary(interval: number, nowMs: number): RoundSummary {
    const { price, quantity, open } = this.clear(interval);
    const state = this.state(interval, nowMs);
    return {
      interval,
      startMs: interval * INTERVAL_MS,
      endMs: (interval + 1) * INTERVAL_MS,
      price,
      tradedWh: quantity,
      orders: open.length,
      welfare: String(BigInt(quantity) * 5200n),
      state,
      message: state === 'proven' && this.chainAway ? 'Waiting for the chain. Nothing is lost; it is sent when the chain answers.' : null,
    };
  }
  rounds(nowMs: number, limit: number, before?: number): RoundSummary[] {
    const last = Math.min(this.interval(nowMs) - 1, (before ?? Number.POSITIVE_INFINITY) - 1);
    const list: RoundSummary[] = [];
    for (let i = last; i > last - limit && i >= this.first; i--) list.push(this.summary(i, nowMs));
    return list;
  }
  lines(interval: number) {
    const { filled, price } = this.clear(interval);
    const { importTariffMilliCentsPerKwh: buy, feedInTariffMilliCentsPerKwh: sell } = this.plant.market;
    let grid = 0n;
    const members = this.plant.members.map((m) => {
      const order = filled.find((o) => o.member === m.id);
      const positionWh = (order?.filledWh ?? 0) * (order?.side === 'sell' ? -1 : 1);
      const meteredWh = this.net(m.id, interval);
      const imbalanceWh = meteredWh - positionWh;
      const money =
        BigInt(positionWh) * BigInt(price ?? 0) +
        BigInt(Math.max(0, imbalanceWh)) * BigInt(buy) -
        BigInt(Math.max(0, -imbalanceWh)) * BigInt(sell);
      grid -= money;
      return {
        member: m.id,
        name: m.name,
        positionWh,
        meteredWh,
        imbalanceWh,
        money: String(money),
        balanceAfter: String(50_000_000_00n - money * 40n),
      };
    });
    return { members, grid: String(grid) };
  }
  round(interval: number, nowMs: number): Round {
    const summary = this.summary(interval, nowMs);
    const { demandCurve, supplyCurve, filled, quantity, price } = this.clear(interval);
    const { members, grid } = this.lines(interval);
    const reached = { open: 1, committed: 2, cleared: 4, metered: 5, proving: 5, proven: 6, sent: 7, settled: 8, failed: 5 }[summary.state];
    const closedMs = nowMs - ((this.model.plantTime(nowMs) - summary.endMs) / SPEED || 0);
    const texts: Record<StoryStep['id'], [string, [string, string][]]> = {
      readings: [
        '16 of 16 meters signed',
        [
          ['Signed readings', '16'],
          ['Oldest', '2.1 s'],
          ['Readings root', `0x${hex(`r${interval}`, 32)}`],
        ],
      ],
      orders: [
        `${filled.length} orders, ${filled.filter((o) => o.kind === 'standing').length} standing`,
        [
          ['Order book root', `0x${hex(`o${interval}`, 32)}`],
          ['Committed before gate', 'yes'],
        ],
      ],
      admission: [
        `${filled.length} orders are their members’ own: ${filled.filter((o) => o.kind === 'interval').length} newly signed, ${filled.filter((o) => o.kind === 'standing').length} standing from before`,
        [
          ['Book of standing orders before', `0x${hex(`b${interval - 1}`, 32)}`],
          ['Book of standing orders after', `0x${hex(`b${interval}`, 32)}`],
          ['Circuit', 'admit-16'],
          ['Verification key (SHA-256)', hex('avk', 32)],
          ['Proof: proving took', '4.1 s'],
        ],
      ],
      price: [
        price === null ? 'No trade: no buyer met a seller' : `${(price / 1000).toFixed(2)} ct/kWh for ${(quantity / 1000).toFixed(2)} kWh`,
        [['Rule', 'uniform price, midpoint']],
      ],
      delivery: [
        'Metered against position',
        [['Imbalance', `${(members.reduce((s, m) => s + Math.abs(m.imbalanceWh), 0) / 1000).toFixed(2)} kWh`]],
      ],
      proof: [
        'Groth16, 16 meters',
        [
          ['Proving time', '6.9 s'],
          ['Public signals', '9'],
          ['Verification key', `0x${hex('vk', 32)}`],
        ],
      ],
      transaction: [
        'Sent by the outbox',
        [
          ['Hash', `0x${hex(`t${interval}`, 32)}`],
          ['Nonce', String(interval - this.first)],
        ],
      ],
      receipt: [
        'Confirmed on chain',
        [
          ['Block', String(interval - this.first + 40)],
          ['Gas', '412 377'],
        ],
      ],
    };
    return {
      ...summary,
      story: STORY.map(([id, title], i) => ({
        id,
        title,
        state:
          i < reached
            ? 'done'
            : i === reached && summary.state !== 'open'
              ? this.chainAway && id === 'transaction'
                ? 'waiting'
                : 'running'
              : 'waiting',
        timeMs: i < reached ? Math.round(closedMs) + i * 1900 : null,
        text: i < reached ? texts[id][0] : i === reached ? 'Under way' : 'Not yet',
        evidence: i < reached ? texts[id][1].map(([label, value]) => ({ label, value })) : [],
      })),
      orderList: filled,
      demandCurve,
      supplyCurve,
      flows: this.flows(filled),
      members,
      gridMoney: grid,
      admission:
        reached >= 2
          ? {
              idle: false,
              bookBefore: decimal(`b${interval - 1}`),
              bookAfter: decimal(`b${interval}`),
              proof:
                reached >= 3 ? evidence('admit-16', 'avk', admitSignals(interval), 4100, this.transaction(interval, 'a', 327_118)) : null,
            }
          : null,
      proof:
        reached >= 6
          ? evidence('settle-16', 'vk', settleSignals(interval), 6900, reached >= 7 ? this.transaction(interval, 't', 352_377) : null)
          : null,
      transaction: reached >= 7 ? this.transaction(interval, 't', 352_377, reached >= 8) : null,
    };
  }
  transaction(interval: number, seed: string, gasUsed: number, confirmed = true): NonNullable<Round['transaction']> {
    return {
      hash: `0x${hex(`${seed}${interval}`, 32)}`,
      block: interval - this.first + 40,
      gasUsed,
      status: confirmed ? 'confirmed' : 'pending',
    };
  }
  flows(filled: Order[]) {
    const sold = filled.filter((o) => o.side === 'sell' && (o.filledWh ?? 0) > 0);
    const bought = filled.filter((o) => o.side === 'buy' && (o.filledWh ?? 0) > 0);
    const total = sold.reduce((s, o) => s + (o.filledWh ?? 0), 0) || 1;
    return sold
      .flatMap((s) =>
        bought.map((b) => ({
          from: s.memberName,
          to: b.memberName,
          energyWh: Math.round(((s.filledWh ?? 0) * (b.filledWh ?? 0)) / total),
        })),
      )
      .filter((f) => f.energyWh > 0);
  }
  certificates(nowMs: number): Certificate[] {
    const list: Certificate[] = [];
    const producers = this.plant.devices.filter((d) => d.meter?.renewableOnly);
    for (let i = this.interval(nowMs) - 2; i > this.interval(nowMs) - 60 && i >= this.first; i--)
      for (const d of producers) {
        const member = this.plant.members.find((m) => m.meter === d.id);
        const net = member === undefined ? 0 : this.net(member.id, i);
        if (net >= 0) continue;
        const age = this.interval(nowMs) - i;
        list.push({
          id: `EC-${i}-${d.meter?.meterId}`,
          interval: i,
          startMs: i * INTERVAL_MS,
          device: d.id,
          deviceName: d.name,
          technology: d.meter?.technology ?? 'solar',
          energyWh: -net,
          holder: member?.name ?? '',
          state: age > 40 ? 'cancelled' : age > 34 ? 'claimed' : 'active',
          onChain: {
            transaction: `0x${hex(`c${i}`, 32)}`,
            state: age < 4 ? 'waiting' : 'confirmed',
            text:
              age < 4
                ? 'The round’s bundle is not in the copy of the chain yet.'
                : `Covered by bundle ${i - this.first + 1}, ${age > 34 ? 'claimed' : 'active'} on the chain.`,
            bundle: null,
          },
          issuedMs: nowMs - age * 30_000,
          expiresMs: (i + 35_000) * INTERVAL_MS,
        });
      }
    return list;
  }
}
