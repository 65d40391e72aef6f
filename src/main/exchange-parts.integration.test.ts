/**
 * A round of more members than one proof covers: sixteen places in four parts, with real broker, SQLite, development node, contracts and
 * proofs of both circuits. Takes some minutes, most of it for the proofs.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyRound } from '../domain/settlement/verify-round.ts';
import { RoundLine } from '../shared/round-line.ts';
import { roundMembers } from './market/round-store.ts';
import { admissionAt } from './settlement/admission-store.ts';
import { proofsOf } from './settlement/proof-store.ts';
import { testExchange } from './settlement/testing/test-exchange.ts';
import { testPlant } from './settlement/testing/test-plant.ts';

const solar = 'church-6';
const plant = testPlant();
const world = testExchange({
  plant,
  members: ['long-acre', 'church-2', 'church-4', 'church-6'],
  solar,
  options: { speed: 300, firstProofMs: 3_000, graceMs: 1_500, layout: { batchMembers: 4, parts: 4 } },
});
const rows = <T>(sql: string, ...values: unknown[]): T[] => world.kernel.store.read.prepare(sql).all(...values) as T[];
const count = (of: 'settle' | 'admit', interval: number): number => proofsOf(world.kernel.store.read, of, interval).length;
let traded = 0;

beforeAll(() => world.start(), 120_000);
afterAll(() => world.remove(), 60_000);

describe('a round in four parts', () => {
  it('is admitted and settled part by part, and nobody trades without a signature', { timeout: 1_800_000 }, async () => {
    for (const meter of world.meters) {
      world.client.send(`busbar/meters/${meter.deviceId}/identity`, meter.identity());
      const order =
        meter.memberId === solar
          ? ({ side: 'sell', quantityWh: 700, limitPrice: 12_000, sequence: 1 } as const)
          : ({ side: 'buy', quantityWh: 300, limitPrice: 20_000, sequence: 1 } as const);
      world.client.send(`busbar/members/${meter.memberId}/order`, meter.order(order));
    }
    await world.until('the members’ orders', () => rows('SELECT 1 FROM member_order').length === 4, 60_000);
    // The operator writes an order of a member into the database, newer than the member's own.
    const victim = world.meters[1];
    world.kernel.store.write((db) =>
      db
        .prepare(
          "INSERT INTO member_order SELECT member_id || ':99', member_id, meter_id, kind, interval, side, 90000, 25000, 99, signature, received_ms, received_plant_ms, NULL FROM member_order WHERE meter_id = ?",
        )
        .run(victim?.meterId),
    );
    await world.until('the first round', () => rows('SELECT 1 FROM round').length > 0, 120_000);
    traded = (rows<{ n: number }>('SELECT max(interval) AS n FROM round')[0]?.n ?? 0) + 1;
    world.play();
    await world.until('the first traded interval', () => world.settled().some((r) => r.interval === traded), 1_500_000);

    expect(world.settled().find((r) => r.interval === traded)).toMatchObject({ tradedWh: 700, kind: 'market' });
    const admission = admissionAt(world.kernel.store.read, traded);
    expect(admission?.bookAfter.flatMap((o) => (o ? [Number(o.quantityWh)] : [])).sort()).toEqual([300, 300, 300, 700]);
    expect(rows('SELECT refusal FROM member_order WHERE sequence = 99')).toEqual([
      { refusal: 'its signature does not belong to this member’s registered key' },
    ]);
    expect(world.kernel.raised.has(`market.orderNotTheMembers@${victim?.memberId}`)).toBe(true);

    const sent = rows<{ id: string; state: string }>(
      `SELECT id, state FROM outbox WHERE id LIKE '%:${traded}%' AND kind IN ('commit-orders', 'admit-orders', 'settle') ORDER BY sequence`,
    );
    expect(sent.map((e) => e.id)).toEqual([
      `commit:${traded}`,
      ...[0, 1, 2, 3].map((k) => `admit:${traded}:${k}`),
      ...[0, 1, 2, 3].map((k) => `settle:${traded}:${k}`),
    ]);
    expect(sent.every((e) => e.state === 'final')).toBe(true);
    expect(world.kernel.offContract).toEqual([]);
  });

  it('goes on with the part that is missing when the console is killed between two of them', { timeout: 1_800_000 }, async () => {
    const next = traded + 1;
    await world.until('the second part of the round after', () => count('settle', next) === 2 || count('settle', next) === 1, 900_000);
    const before = proofsOf(world.kernel.store.read, 'settle', next);
    expect(before.length).toBeLessThan(4);
    await world.stop();
    await world.start();
    world.play();
    await world.until('the round after', () => world.settled().some((r) => r.interval === next), 1_200_000);
    const after = proofsOf(world.kernel.store.read, 'settle', next);
    expect(after).toHaveLength(4);
    // What was proven stayed; only what was missing was proven.
    expect(after.slice(0, before.length)).toEqual(before);
    const parts = rows<{ interval: string; part: string; n: number }>(
      "SELECT json_extract(arguments, '$.interval') AS interval, json_extract(arguments, '$.part') AS part, count(*) AS n FROM chain_event WHERE name IN ('PartSettled', 'OrdersAdmitted') GROUP BY name, interval, part HAVING n > 1",
    );
    expect(parts).toEqual([]);
  });

  it('shows its parts, verifies again, and gives every member a line it can check by itself', { timeout: 120_000 }, async () => {
    const round = await world.call('settlement.round', { interval: traded });
    expect(round.story.map((s) => [s.id, s.state])).toEqual(
      ['readings', 'orders', 'admission', 'price', 'delivery', 'proof', 'transaction', 'receipt'].map((id) => [id, 'done']),
    );
    expect(round.proof?.circuit).toBe('settle-4x4');
    expect(round.proof?.parts.map((p) => p.transaction?.status)).toEqual(['confirmed', 'confirmed', 'confirmed', 'confirmed']);
    expect(round.proof?.parts[0]?.publicSignals.map((s) => s.name)).toContain('carryOut');
    expect(round.admission?.proof).toMatchObject({ circuit: 'admit-4x4', partsNeeded: 4 });
    const verification = await world.call('settlement.verifyAgain', { interval: traded });
    expect(verification.checks.filter((c) => !c.ok)).toEqual([]);
    expect(verification.checks.map((c) => c.name)).toContain('Book on the chain');
    for (const { memberId } of world.meters) {
      const { json } = await world.call('settlement.exportRound', { interval: traded, member: memberId });
      const line = RoundLine.parse(JSON.parse(json));
      const started = performance.now();
      expect(verifyRound(line).checks.filter((c) => !c.ok)).toEqual([]);
      expect(performance.now() - started).toBeLessThan(1_000);
    }
    const money = roundMembers(world.kernel.store.read, traded).reduce((sum, m) => sum + BigInt(m.money), BigInt(round.gridMoney));
    expect(money).toBe(0n);
    const summary = await world.exchange.demoSummary(1);
    expect(summary.problems).toEqual([]);
    expect(summary.proofs.verified).toBe(summary.settlements.length);
  });
});
