/**
 * The exchange as it runs: real broker, real SQLite, real development node and contracts, real prover; only the meters and gateways are
 * played by the test. Takes about a minute, most of it for the proofs.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectMqtt } from '../../drivers/mqtt/client.ts';
import { parseClock } from '../../drivers/mqtt/messages.ts';
import { roundMembers } from './market/round-store.ts';
import { testExchange } from './settlement/testing/test-exchange.ts';
import { testPlant } from './settlement/testing/test-plant.ts';

const solar = 'church-6';
const world = testExchange({
  plant: testPlant(),
  members: ['long-acre', 'church-2', 'church-4', 'church-6'],
  solar,
  options: { speed: 300, firstProofMs: 8_000, graceMs: 1_500 },
});
const { meters, until, call } = world;
const settledRounds = world.settled;
/** church-4 says nothing about it. */
let silentInterval = Number.POSITIVE_INFINITY;
const play = (): void => world.play((meter, interval) => meter.memberId === 'church-4' && interval === silentInterval);

beforeAll(() => world.start(), 60_000);
afterAll(() => world.remove(), 60_000);
const issuedOnChain = async (): Promise<number> => {
  const [totals] = (await world.exchange.ledger.view({ contract: 'GranularCertificate', method: 'totals', args: [] })) as [bigint[]];
  return Number(totals[0]);
};

describe('the exchange', () => {
  it('tells the time, retained, to whoever connects', async () => {
    const message = await new Promise<Buffer>(
      (resolve) => void world.client.subscribe('busbar/clock', (_topic, payload) => resolve(payload)),
    );
    const parsed = parseClock(message);
    expect(parsed.kind).toBe('ok');
  });

  it('lets nobody read a member’s orders or speak for the clock', async () => {
    const spy = connectMqtt({ url: world.exchange.broker.url, clientId: 'spy', ...world.exchange.broker.accountOf('member-church-2') });
    await expect(spy.subscribe('busbar/members/church-4/request', () => {})).rejects.toThrow();
    await spy.close();
  });

  it('settles, proves and certifies what signed readings and orders say, down to the chain', { timeout: 1_500_000 }, async () => {
    for (const meter of meters) {
      world.client.send(`busbar/meters/${meter.deviceId}/identity`, meter.identity());
      const order =
        meter.memberId === solar
          ? ({ side: 'sell', quantityWh: 700, limitPrice: 12_000, sequence: 1 } as const)
          : ({ side: 'buy', quantityWh: 300, limitPrice: 20_000, sequence: 1 } as const);
      world.client.send(`busbar/members/${meter.memberId}/order`, meter.order(order));
    }
    // An order that was changed on its way.
    const signed = JSON.parse(meters[0]?.order({ side: 'buy', quantityWh: 300, limitPrice: 20_000, sequence: 2 }) ?? '') as Record<
      string,
      unknown
    >;
    world.client.send(`busbar/members/${meters[0]?.memberId}/order`, JSON.stringify({ ...signed, quantityWh: 30_000 }));
    await until('the first round', () => world.kernel.store.read.prepare('SELECT 1 FROM round').get() !== undefined, 60_000);
    silentInterval = (world.kernel.store.read.prepare('SELECT max(interval) AS n FROM round').get() as { n: number }).n + 1;
    play();
    await until('the first traded interval', () => settledRounds().some((r) => r.interval === silentInterval), 700_000);
    expect(settledRounds().find((r) => r.interval === silentInterval)).toMatchObject({ tradedWh: 700, kind: 'market' });
    const line = (interval: number) => roundMembers(world.kernel.store.read, interval).find((m) => m.meterId === meters[2]?.meterId);
    const carried = line(silentInterval);
    expect(carried).toMatchObject({ importWh: null, exportWh: null, imbalanceWh: null });
    await until('the round after it', () => settledRounds().some((r) => r.interval === silentInterval + 1), 700_000);
    // Both intervals' energy and positions count now.
    const after = line(silentInterval + 1);
    expect(after?.importWh).toBe(800);
    expect(after?.imbalanceWh).toBe(800 - (carried?.positionWh ?? 0) - (after?.positionWh ?? 0));

    expect(world.kernel.store.read.prepare("SELECT source, reason FROM quarantine WHERE kind = 'order'").all()).toEqual([
      { source: 'long-acre', reason: 'bad-signature' },
    ]);
    const summary = await world.exchange.demoSummary(2);
    expect(summary.problems).toEqual([]);
    expect(summary.money.sum).toBe(0);
    expect(summary.certificates.energyWh).toBe(summary.certificates.renewableExportWh);
    expect(summary.certificates.energyWh % 900).toBe(0);
    expect(summary.certificates.count).toBeGreaterThan(0);
    expect(summary.proofs.verified).toBe(summary.settlements.length);
    expect(world.kernel.offContract).toEqual([]);
  });

  it('verifies a round again from what it rests on, and sees when a line was changed', { timeout: 60_000 }, async () => {
    const { interval } = settledRounds().find((r) => r.tradedWh > 0) as { interval: number };
    const verification = await call('settlement.verifyAgain', { interval });
    expect(verification.checks.filter((c) => !c.ok)).toEqual([]);
    expect(verification.valid).toBe(true);
    const money = roundMembers(world.kernel.store.read, interval).find((m) => m.meterId === 2)?.money;
    world.kernel.store.write((db) => db.prepare("UPDATE round_member SET money = '1' WHERE interval = ? AND meter_id = 2").run(interval));
    const after = await call('settlement.verifyAgain', { interval });
    expect(after.valid).toBe(false);
    expect(after.checks.filter((c) => !c.ok).map((c) => c.name)).toEqual(['Members’ lines', 'Money']);
    world.kernel.store.write((db) =>
      db.prepare("UPDATE reading SET export_wh = export_wh + 1 WHERE interval = ? AND device_id LIKE '%church-6'").run(interval),
    );
    const tampered = await call('settlement.verifyAgain', { interval });
    expect(tampered.checks.find((c) => c.name.startsWith('Readings'))?.ok).toBe(false);
    world.kernel.store.write((db) => {
      db.prepare("UPDATE reading SET export_wh = export_wh - 1 WHERE interval = ? AND device_id LIKE '%church-6'").run(interval);
      db.prepare('UPDATE round_member SET money = ? WHERE interval = ? AND meter_id = 2').run(money, interval);
    });
    const order = 'id = (SELECT order_id FROM round_order WHERE interval = ? ORDER BY position LIMIT 1)';
    world.kernel.store.write((db) => db.prepare(`UPDATE member_order SET limit_price = limit_price + 1 WHERE ${order}`).run(interval));
    const failing = (await call('settlement.verifyAgain', { interval })).checks.filter((c) => !c.ok).map((c) => c.name);
    expect(failing).toEqual(expect.arrayContaining(['Orders are signed by their members', 'Orders root']));
    world.kernel.store.write((db) => {
      db.prepare(`UPDATE member_order SET limit_price = limit_price - 1 WHERE ${order}`).run(interval);
      db.prepare('UPDATE admission_proof SET proof = replace(proof, \'"pi_a":["\', \'"pi_a":["1\') WHERE interval = ?').run(interval);
    });
    const forged = await call('settlement.verifyAgain', { interval });
    expect(forged.checks.filter((c) => !c.ok).map((c) => c.name)).toEqual(['Admission proof']);
    world.kernel.store.write((db) =>
      db.prepare('UPDATE admission_proof SET proof = replace(proof, \'"pi_a":["1\', \'"pi_a":["\') WHERE interval = ?').run(interval),
    );
    expect((await call('settlement.verifyAgain', { interval })).valid).toBe(true);
  });

  it('answers every call of its part of the contract', { timeout: 90_000 }, async () => {
    const { interval } = settledRounds().find((r) => r.tradedWh > 0) as { interval: number };
    const round = await call('settlement.round', { interval });
    expect(round.story.map((s) => s.id)).toEqual([
      'readings',
      'orders',
      'admission',
      'price',
      'delivery',
      'proof',
      'transaction',
      'receipt',
    ]);
    expect(round.story.every((s) => s.state === 'done')).toBe(true);
    expect(round.transaction?.status).toBe('confirmed');
    expect(round.flows.reduce((sum, f) => sum + f.energyWh, 0)).toBe(700);
    const { certificates, total } = await call('carbon.certificates', {});
    expect(total).toBe(certificates.length);
    const certificate = certificates[0] as NonNullable<(typeof certificates)[0]>;
    const provenance = await call('carbon.provenance', { certificate: certificate.id });
    expect(provenance.readings).toHaveLength(2);
    expect((provenance.readings[1]?.exportWh ?? 0) - (provenance.readings[0]?.exportWh ?? 0)).toBe(certificate.energyWh);
    const cancelled = await call('carbon.cancelCertificate', { certificate: certificate.id, beneficiary: 'The mill' });
    expect(cancelled.state).toBe('cancelled');
    await expect(call('carbon.cancelCertificate', { certificate: certificate.id, beneficiary: 'Again' })).rejects.toThrow(
      /only an active one/,
    );
    expect((await call('carbon.summary', {})).cancelledWh).toBe(certificate.energyWh);
    expect(certificates.filter((c) => c.onChain.state === 'differs')).toEqual([]);
    await until(
      'the cancellation on the chain',
      () =>
        (world.kernel.store.read.prepare("SELECT count(*) AS n FROM chain_event WHERE name = 'CertificateClaimed'").get() as { n: number })
          .n > 0,
      60_000,
    );
    expect((await call('carbon.provenance', { certificate: certificate.id })).certificate.onChain).toMatchObject({
      state: 'confirmed',
      text: expect.stringMatching(/claimed on the chain/),
    });
    const onChain = await call('carbon.onChain', {});
    expect(onChain.totals.claimedWh).toBe(certificate.energyWh);
    expect(onChain.totals.issuedWh).toBe(await issuedOnChain());
    expect(onChain.bundles.every((b) => b.ours && b.origin === 'round')).toBe(true);
    const registered = await call('devices.onChain', { id: certificate.device });
    expect(registered.differences).toEqual([]);
    expect(registered.meter).toMatchObject({
      deviceClass: 'private',
      backing: 'certificates',
      registryPosition: 4,
      state: 'active',
      readings: [],
    });
    await expect(call('devices.onChain', { id: 'nobody' })).rejects.toThrow(/no device nobody/);
    expect((await call('settlement.outbox', {})).entries.length).toBeGreaterThan(4);
    expect(await call('participants.list', {})).toHaveLength(4);
    expect((await call('participants.get', { id: 'church-2' })).statement.length).toBeGreaterThan(1);
    expect((await call('settlement.exportRound', { interval, member: 'church-2' })).json).toContain('round-line/1');
    await expect(call('market.placeOffer', { member: 'church-2', side: 'buy', quantityWh: 5, limitPrice: 10_000 })).rejects.toThrow(
      /only it can sign/,
    );
    await expect(call('market.placeOffer', { member: solar, side: 'sell', quantityWh: 5, limitPrice: 10_000 })).rejects.toThrow(
      /does not answer/,
    );
  });

  it('works on while the chain is gone, and finds everything again after a restart', { timeout: 120_000 }, async () => {
    await world.exchange.setChainDown(true);
    await until('the chain is seen to be away', () => world.exchange.chainState().state === 'away', 10_000);
    const before = settledRounds().length;
    await world.stop();
    await world.start();
    play();
    await until('the chain is back', () => world.exchange.chainState().state !== 'away', 60_000);
    expect(settledRounds().length).toBeGreaterThanOrEqual(before);
    await until('the outbox drains', () => world.exchange.chainState().waiting === 0, 60_000);
    const twice = world.kernel.store.read
      .prepare(
        "SELECT json_extract(arguments, '$.interval') AS i, count(*) AS n FROM chain_event WHERE name = 'Settled' GROUP BY i HAVING n > 1",
      )
      .all();
    expect(twice).toEqual([]);
  });
});
