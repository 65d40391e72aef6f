/**
 * Meters get new keys, are swapped and retired between rounds, by the console's acts and by somebody else's account, and settlement goes on:
 * real broker, SQLite, development node, contracts and prover; only the meters and gateways are played by the test. Takes some minutes.
 */
import { Interface, Wallet } from 'ethers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roleIds } from '../../contracts/deploy/role-table.ts';
import type { LedgerContracts } from './ledger/contracts.ts';
import { rpcCall } from './ledger/rpc.ts';
import { roundMembers } from './market/round-store.ts';
import { testExchange } from './settlement/testing/test-exchange.ts';
import { type TestMeter, testPlant } from './settlement/testing/test-plant.ts';

const solar = 'church-6';
const [rotated, swapped, retired] = ['church-2', 'church-4', 'long-acre'] as const;
const world = testExchange({
  plant: testPlant(),
  members: [retired, rotated, swapped, solar],
  solar,
  options: { speed: 300, firstProofMs: 3_000, graceMs: 1_500, layout: { batchMembers: 4, parts: 1 } },
});
const { meters, until, call } = world;
const meterOf = (memberId: string) => meters.find((m) => m.memberId === memberId) as TestMeter;
const db = () => world.kernel.store.read;
const newest = (): number => (db().prepare('SELECT max(interval) AS n FROM round').get() as { n: number }).n;
const lineOf = (memberId: string, interval: number) => roundMembers(db(), interval).find((m) => m.meterId === meterOf(memberId).meterId);
const order = (meter: TestMeter, sequence: number): void => {
  const sells = meter.memberId === solar;
  const terms = sells ? ({ side: 'sell', quantityWh: 700 } as const) : ({ side: 'buy', quantityWh: 300 } as const);
  world.client.send(`busbar/members/${meter.memberId}/order`, meter.order({ ...terms, limitPrice: sells ? 12_000 : 20_000, sequence }));
};
/** A settled market round after `interval` for which this holds. */
const settledWhere = async (what: string, after: number, holds: (interval: number) => boolean): Promise<number> => {
  const found = () => world.settled().find((r) => r.interval > after && r.kind === 'market' && holds(r.interval))?.interval;
  await until(what, () => found() !== undefined, 900_000);
  return found() as number;
};
const chainKeyIs = (meter: TestMeter): boolean =>
  world.exchange.metering.keyOf(meter.meterId)?.publicKey.join() === meter.key.publicKey.join();

beforeAll(async () => {
  await world.start();
  for (const meter of meters) {
    world.client.send(`busbar/meters/${meter.deviceId}/identity`, meter.identity());
    order(meter, 1);
  }
  await until('the first round', () => db().prepare('SELECT 1 FROM round').get() !== undefined, 90_000);
  world.play();
}, 200_000);
afterAll(() => world.remove(), 60_000);

/** An account of somebody else, with the roles of a registrar and a technician. */
const stranger = async () => {
  const url = world.exchange.ledger.endpoint()?.url as string;
  const contracts = world.exchange.ledger.deployed()?.contracts as LedgerContracts;
  const { address } = Wallet.createRandom();
  const council = contracts.address('Council');
  const send = async (from: string, to: string, data: string): Promise<void> => {
    const hash = await rpcCall<string>(url, 'eth_sendTransaction', [{ from, to, data, gas: '0x1e8480' }]);
    for (;;) {
      const receipt = await rpcCall<{ status: string } | null>(url, 'eth_getTransactionReceipt', [hash]);
      if (receipt) return expect(receipt.status).toBe('0x1');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  for (const account of [council, address]) {
    await rpcCall(url, 'anvil_impersonateAccount', [account]);
    await rpcCall(url, 'anvil_setBalance', [account, '0xde0b6b3a7640000']);
  }
  const access = new Interface(['function grantRole(uint64,address,uint32)']);
  for (const role of ['REGISTRAR', 'TECHNICIAN'] as const)
    await send(council, contracts.address('Access'), access.encodeFunctionData('grantRole', [roleIds[role], address, 0]));
  return (method: string, args: string[]) => {
    const { to, data } = contracts.encode({ contract: 'SmartMeter', method, args });
    return send(address, to, data);
  };
};

describe('a registry that changes between rounds', () => {
  it('goes on settling under a meter’s new key, which was entered on the device page', { timeout: 1_500_000 }, async () => {
    const before = await settledWhere('a round under the first keys', 0, (i) => (lineOf(rotated, i)?.importWh ?? 0) > 0);
    const meter = world.rekey(rotated, 8);
    await until('the alarm', () => world.kernel.raised.has(`meter.keyChanged@${meter.deviceId}`), 10_000);
    const id = meter.deviceId;
    expect((await call('devices.onChain', { id })).differences.join()).toMatch(/shows another public key than the chain has/);
    const act = { kind: 'rotate-key', record: 'Seal opened, new key compared with the display, test reading seen' } as const;
    expect(await call('devices.checkChainAct', { id, act })).toMatchObject({ possible: true });
    expect((await call('devices.chainAct', { id, act })).entries).toHaveLength(2);
    const since = newest();
    await until('the new key', () => chainKeyIs(meter), 60_000);
    order(meter, 2);
    expect(world.kernel.raised.has(`meter.keyChanged@${id}`)).toBe(false);
    const baseline = await settledWhere('the baseline', before, (i) => {
      const line = lineOf(rotated, i);
      return line !== undefined && line.readingSequence !== null && line.importWh === null && i >= since - 1;
    });
    const after = await settledWhere(
      'a round under the new key',
      baseline,
      (i) => (lineOf(rotated, i)?.importWh ?? 0) > 0 && (lineOf(rotated, i)?.positionWh ?? 0) > 0,
    );
    const checks = async (interval: number) => (await call('settlement.verifyAgain', { interval })).checks.filter((c) => !c.ok);
    expect(await checks(after)).toEqual([]);
    expect(await checks(before)).toEqual([]);
    expect((await call('devices.onChain', { id })).differences).toEqual([]);
    const onlyOne = (await call('devices.onChain', { id })).meter;
    expect(onlyOne).toMatchObject({ state: 'active', epoch: 1 });
  });

  it('goes on when a device is swapped, and when somebody else retires a meter', { timeout: 1_500_000 }, async () => {
    const meter = world.rekey(swapped, 9, { importWh: 5, exportWh: 0, sequence: 0 });
    const id = meter.deviceId;
    await until('the alarm', () => world.kernel.raised.has(`meter.keyChanged@${id}`), 10_000);
    const gone = meterOf(retired);
    const send = await stranger();
    const since = newest();
    await call('devices.chainAct', { id, act: { kind: 'swap-device', record: 'New device mounted and sealed, test reading seen' } });
    await send('retireDevice', [String(gone.meterId)]);
    await until('the new key', () => chainKeyIs(meter), 60_000);
    order(meter, 2);
    const after = await settledWhere(
      'a round with the new device and without the retired meter',
      since,
      (i) => (lineOf(swapped, i)?.importWh ?? 0) > 0 && (lineOf(swapped, i)?.positionWh ?? 0) > 0 && lineOf(retired, i) === undefined,
    );
    expect((await call('settlement.verifyAgain', { interval: after })).checks.filter((c) => !c.ok)).toEqual([]);
    expect((await call('devices.onChain', { id })).meter).toMatchObject({ state: 'active', epoch: 2 });
    expect(await call('devices.onChain', { id: gone.deviceId })).toMatchObject({
      meter: { state: 'retired', registryLeaf: null },
      note: expect.stringMatching(/Out of service/),
    });
    const endedFor = db().prepare("SELECT interval, message FROM round WHERE state = 'failed'").all() as { message: string }[];
    for (const { message } of endedFor) expect(message).toMatch(/no meter in service|given another key/);
    expect(endedFor.length).toBeLessThan(12);
    const summary = await world.exchange.demoSummary(2);
    expect(summary.problems.filter((p) => !/^round \d+ failed/.test(p))).toEqual([]);
    expect(world.kernel.raised.has('settlement.refused@settlement')).toBe(false);
    expect(world.kernel.offContract).toEqual([]);
  });
});
