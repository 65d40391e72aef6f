import { describe, expect, it } from 'vitest';
import { answerRequest, createGateway, OrderRequest, stepGateway } from './gateway.ts';
import { makeOffer } from './strategy.ts';

const tariffs = { importMilliCentsPerKwh: 32_000, feedInMilliCentsPerKwh: 8000 };
const market = { intervalMs: 900_000, ordersCloseBeforeEndMs: 180_000, tariffs, seed: 1 };
const request = (fields: object) =>
  OrderRequest.parse({
    schema: 'order-request/1',
    requestId: 'r',
    kind: 'interval',
    interval: 7,
    side: 'buy',
    quantityWh: 100,
    limitPrice: 20_000,
    ...fields,
  });

describe('a member’s gateway', () => {
  it('places one standing order per interval, before orders close, and lets it stand while nothing changes', () => {
    const gateway = createGateway('clinic', 10, 12_000, true);
    const orders: { atMs: number; quantityWh: number; side: string }[] = [];
    for (let ms = 0; ms < 3 * 900_000; ms += 10_000) {
      const order = stepGateway(gateway, (4000 * ms) / 3_600_000, ms, { ...market, seed: 3 });
      if (order) orders.push({ atMs: ms % 900_000, quantityWh: order.quantityWh, side: order.side });
    }
    expect(orders[0]).toMatchObject({ side: 'buy' });
    expect(Math.abs((orders[0]?.quantityWh ?? 0) - 1000)).toBeLessThan(20);
    for (const order of orders) expect(order.atMs).toBeLessThan(720_000);
    expect(orders.length).toBeLessThanOrEqual(3);
  });

  it('started in the middle of an interval, offers from what it watched, not from a whole interval it did not', () => {
    const gateway = createGateway('clinic', 10, 12_000, true);
    const orders = [];
    // 4 kW all along; the first look is 400 s into the interval.
    for (let ms = 400_000; ms < 900_000; ms += 10_000) {
      const order = stepGateway(gateway, (4000 * ms) / 3_600_000, ms, { ...market, seed: 3 });
      if (order) orders.push({ ms, ...order });
    }
    expect(orders).toHaveLength(1);
    expect(orders[0]?.ms).toBeGreaterThanOrEqual(460_000);
    expect(Math.abs((orders[0]?.quantityWh ?? 0) - 1000)).toBeLessThan(20);
  });

  it('turns from buying to selling when the sun comes out, with a higher sequence', () => {
    const gateway = createGateway('orchard-3', 6, 78_000, true);
    let net = 0;
    const orders = [];
    for (let ms = 0; ms < 2 * 900_000; ms += 10_000) {
      net += ms < 900_000 ? 10 : -50;
      const order = stepGateway(gateway, net, ms, market);
      if (order) orders.push(order);
    }
    expect(orders.map((o) => o.side)).toEqual(['buy', 'sell']);
    expect(orders.map((o) => o.sequence)).toEqual([1, 2]);
  });

  it('asks prices strictly between the tariffs, sellers below most buyers', () => {
    for (let i = 0; i < 50; i++) {
      const at = i * 3_600_000;
      const buy = makeOffer(500, `m${i}`, 5, at, tariffs);
      const sell = makeOffer(-500, `m${i}`, 5, at, tariffs);
      for (const offer of [buy, sell]) {
        expect(offer.limitPrice).toBeGreaterThan(tariffs.feedInMilliCentsPerKwh);
        expect(offer.limitPrice).toBeLessThan(tariffs.importMilliCentsPerKwh);
      }
      expect(sell.limitPrice).toBeLessThan(buy.limitPrice);
    }
  });

  it('signs what the console asks when it makes sense, and refuses what does not', () => {
    const gateway = createGateway('clinic', 10, 12_000, true);
    expect(answerRequest(gateway, request({}), market)).toMatchObject({
      response: { result: 'signed', sequence: 1 },
      order: { kind: 'interval', interval: 7 },
    });
    expect(answerRequest(gateway, request({ quantityWh: 3001 }), market).response).toMatchObject({ result: 'refused' });
    expect(answerRequest(gateway, request({ limitPrice: 32_001 }), market).order).toBeNull();
    expect(answerRequest(gateway, request({ side: 'sell', limitPrice: 7999 }), market).order).toBeNull();
    expect(gateway.sequence).toBe(1);
  });

  it('signs nothing it is asked for when its member lets nobody ask, and goes on with its own strategy', () => {
    const gateway = createGateway('clinic', 10, 12_000, true);
    const no = 'the member lets nobody ask';
    expect(answerRequest(gateway, request({ kind: 'standing', interval: 0 }), market, no)).toEqual({
      response: { schema: 'order-response/1', requestId: 'r', result: 'refused', reason: no },
      order: null,
    });
    expect(gateway).toMatchObject({ sequence: 0, suspendedUntil: 0 });
    const resume = OrderRequest.parse({ schema: 'order-request/1', requestId: 'r', kind: 'resume' });
    expect(answerRequest(gateway, resume, market, no).response.result).toBe('signed');
  });

  it('lets a requested standing order rest before its own strategy takes over again', () => {
    const gateway = createGateway('clinic', 10, 12_000, true);
    stepGateway(gateway, 0, 5 * 900_000, market);
    answerRequest(gateway, request({ kind: 'standing', interval: 0 }), market);
    const atGate = (i: number) => {
      stepGateway(gateway, i * 700, i * 900_000, market);
      return stepGateway(gateway, i * 700 + 467, i * 900_000 + 600_000, market);
    };
    for (let i = 5; i < 101; i++) expect(atGate(i)).toBeNull();
    expect(atGate(102)).not.toBeNull();
  });

  it('leaves the community’s own assets to the operator', () => {
    const gateway = createGateway('centre', 16, 160_000, false);
    for (let ms = 0; ms < 900_000; ms += 10_000) expect(stepGateway(gateway, ms, ms, market)).toBeNull();
    expect(answerRequest(gateway, request({ side: 'sell', quantityWh: 5000 }), market).order).not.toBeNull();
  });
});
