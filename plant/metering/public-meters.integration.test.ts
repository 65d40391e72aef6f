/**
 * A public meter as it runs: real broker, the plant's own meter account and bus, real development node with the real contracts, real SQLite.
 * The test plays the register readings; everything from the signed reading to the tokens in the community's wallet is the product's.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JsonRpcProvider, Network, Wallet as Signer } from 'ethers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerService, createBrokerService } from '../../src/main/broker/broker-service.ts';
import { type MetersPicture, metersView } from '../../src/main/chain-copy/meters-view.ts';
import { cacheDir } from '../../src/main/host/paths.ts';
import { silentLog } from '../../src/main/kernel/log.ts';
import { openKeystore } from '../../src/main/ledger/keystore.ts';
import { createLedgerService, type LedgerService } from '../../src/main/ledger/ledger-service.ts';
import { communityOf } from '../../src/main/market/community.ts';
import { createMeteringService, type MeteringService } from '../../src/main/metering/metering-service.ts';
import { createProver } from '../../src/main/proof/prover.ts';
import { createPublicMetersService, type PublicMetersService } from '../../src/main/public-meters/public-meters-service.ts';
import { type TestKernel, testKernel } from '../../src/main/settlement/testing/test-kernel.ts';
import { testPlant } from '../../src/main/settlement/testing/test-plant.ts';
import { createWalletService, type WalletService } from '../../src/main/wallet/wallet-service.ts';
import { type MemberAccounts, openMemberAccounts } from './accounts.ts';
import { connectFieldBus, type FieldBus } from './field-bus.ts';
import { type MeterAccounts, openMeterAccounts } from './public-meters.ts';
import { signingKey, signReading } from './signer.ts';

const plant = testPlant();
const community = communityOf(plant);
const [owner, deviceId, meterId] = ['church-6', 'meter-carport', 17] as const;
const key = signingKey(Buffer.alloc(32, 77));
const buyer = { memberId: 'long-acre', meterId: 1, key: signingKey(Buffer.alloc(32, 1)) } as const;
const lines: string[] = [];
let dataDir: string;
let kernel: TestKernel;
let broker: BrokerService;
let ledger: LedgerService;
let metering: MeteringService;
let wallet: WalletService;
let publicMeters: PublicMetersService;
let chain: { now(): MetersPicture };
let accounts: MeterAccounts;
let gateways: MemberAccounts;
let bus: FieldBus;
let provider: JsonRpcProvider;
/** What the meter's registers say; it exported before it came here. */
let register = { interval: 1_943_000, exportWh: 900_000, sequence: 0 };

/** A meter shows its key. */
const show = (id: string, meter: number, { publicKey: [ax, ay] }: typeof key): void => {
  const identity = { schema: 'meter-identity/1', meter, ax: String(ax), ay: String(ay), serial: `S-${meter}`, firmware: '1.0' };
  metering.take({ topic: `busbar/meters/${id}/identity`, payload: Buffer.from(JSON.stringify(identity)) });
};
const start = async (): Promise<void> => {
  kernel = testKernel({ dataDir, plant, log: silentLog(lines) });
  broker = createBrokerService(kernel);
  ledger = createLedgerService(kernel, {
    prover: createProver({ cacheDir: `${cacheDir}/circuits`, layout: { batchMembers: 16, parts: 1 }, log: kernel.log }),
  });
  metering = createMeteringService(kernel, { broker, marketClock: { plantNowMs: () => (register.interval + 2) * 900_000 } });
  wallet = createWalletService(kernel, { community, broker, ledger, metering });
  chain = metersView(kernel.store);
  publicMeters = createPublicMetersService(kernel, { broker, metering, ledger, chain });
  await metering.start();
  await broker.start();
  accounts = await openMeterAccounts({ dir: dataDir, meters: [{ deviceId, meterId, key }] });
  gateways = await openMemberAccounts({
    dir: dataDir,
    holders: [{ ...buyer, ratedW: 14_000 }],
    tariffs: { importMilliCentsPerKwh: 32_000, feedInMilliCentsPerKwh: 8_000 },
  });
  bus = connectFieldBus({
    ...{ url: broker.plantUrl, meters: [], identities: new Map(), memberIds: [buyer.memberId] },
    ...{ onClock: () => {}, onRequest: () => {}, onAcknowledged: () => {} },
    accounts: new Map([[buyer.memberId, gateways.announcement(buyer.memberId)]]),
    onAccountRequest: (id, request) => void gateways.answer(id, request).then((response) => bus.respondSigned(id, response)),
    meterAccounts: accounts.announcements,
    onPostRequest: (id, request) => accounts.answer(id, request),
    onLedger: (message) => {
      void accounts.commission(message);
      void gateways.commission(message);
    },
    onProblem: (sentence) => lines.push(`bus: ${sentence}`),
  });
  show(deviceId, meterId, key);
  show('meter-long-acre', buyer.meterId, buyer.key);
  await ledger.start();
  await wallet.start();
  await publicMeters.start();
};
const stop = async (): Promise<void> => {
  provider?.destroy();
  await publicMeters.stop();
  await bus.close();
  await wallet.stop();
  await ledger.stop();
  await metering.stop();
  await broker.stop();
  kernel.store.close();
};
const until = async (what: string, holds: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> => {
  for (const end = Date.now() + withinMs; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 100)))
    if (Date.now() > end)
      throw new Error(
        `${what} did not happen: ${publicMeters.note(deviceId)} ${lines.slice(-8).join(' | ')} ${JSON.stringify(ledger.state())} ${JSON.stringify(
          kernel.store.read.prepare('SELECT id, state, last_error FROM outbox ORDER BY sequence DESC LIMIT 5').all(),
        )} ${JSON.stringify(kernel.store.read.prepare('SELECT title, state, last_error FROM member_transaction').all())}`,
      );
};
const connected = async (): Promise<void> => {
  await until('the chain', () => ledger.endpoint() !== null, 90_000);
  provider = new JsonRpcProvider(ledger.endpoint()?.url, Network.from(31337), { staticNetwork: true, cacheTimeout: -1 });
};
/** The meter's interval ends: it exported this much in it and says so, signed. */
const read = (grownWh: number): void => {
  register = { interval: register.interval + 1, exportWh: register.exportWh + grownWh, sequence: register.sequence + 1 };
  const signed = signReading({ schema: 'meter-reading/1', meter: meterId, importWh: 1200, ...register }, key);
  const verdict = metering.take({ topic: `busbar/meters/${deviceId}/reading`, payload: Buffer.from(JSON.stringify(signed)) });
  expect(verdict).toEqual({ kind: 'accept' });
};
const meter = () => chain.now().meters.get(meterId);
const made = () => (meter()?.readings ?? []).filter((r) => r.state === 'validated');
const energy = async () => (await wallet.get(owner)).energyWh;
const view = async (contract: string, method: string, args: (string | number)[]): Promise<string> =>
  String((await ledger.view({ contract, method, args }))[0]);
const asOperator = async (contract: string, method: string, args: unknown[]): Promise<void> => {
  const operator = new Signer(openKeystore({ dataDir, simulated: true }).privateKey, provider);
  const deployed = ledger.deployed();
  if (!deployed) throw new Error('nothing is deployed');
  await (await operator.sendTransaction(deployed.contracts.encode({ contract, method, args: args as never }))).wait();
};
const nothingTwice = (): void => {
  const count = (name: string, field: string) =>
    kernel.store.read
      .prepare(`SELECT json_extract(arguments, '$.${field}') AS r, count(*) AS n FROM chain_event WHERE name = ? GROUP BY r HAVING n > 1`)
      .all(name);
  for (const name of ['ReadingPosted', 'ReadingValidated', 'EnergyMinted']) expect(count(name, 'readingId')).toEqual([]);
};

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-public-meters-'));
  await start();
  await connected();
}, 150_000);
afterAll(async () => {
  await stop();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

describe('a public meter', () => {
  it('is registered with the registers it came with, as the account its own key signed for', { timeout: 60_000 }, async () => {
    read(0);
    await until('the registration', () => meter()?.state === 'active');
    expect(meter()).toMatchObject({
      ...{ deviceClass: 'public', backing: 'credits', technology: 'solar', renewableOnly: true, ratedW: 12_000, gridNode: 'b4', epoch: 1 },
      ...{ device: accounts.announcements.get(deviceId)?.address, owner: ledger.operatorAddress },
      publicKey: key.publicKey.map(String),
    });
    expect(meter()?.readings).toMatchObject([{ state: 'installed', exportWh: 900_000, importWh: 1200 }]);
    // It has no leaf: only settling meters stand in the tree that proofs rest on.
    expect(meter()?.leaf).toBeNull();
    expect(community.byMeter(meterId)).toBeUndefined();
  });

  it('has each reading posted by its account, validated, and turned into energy tokens and credits, once', {
    timeout: 90_000,
  }, async () => {
    read(1500);
    await until('the credits', () => made().at(-1)?.creditsMg !== '0' && made().length === 1);
    expect(made()[0]).toMatchObject({ growthWh: 1500, mintedWh: 1500, interval: register.interval });
    const posted = await provider.getTransaction(made()[0]?.transaction ?? '');
    expect(posted?.from).toBe(accounts.announcements.get(deviceId)?.address);
    const factor = Number(await view('CarbonCredit', 'avoidedFactor', [1]));
    expect(made()[0]?.creditsMg).toBe(String(1500 * factor));
    expect(await energy()).toBe(1500);
    expect((await wallet.get(owner)).vintages[0]).toMatchObject({ technology: 'solar', energyWh: 1500 });
    // Night: nothing is made of it, and nothing waits for it.
    read(0);
    read(700);
    await until('the next tokens', async () => (await energy()) === 2200 && made().at(-1)?.creditsMg !== '0');
    expect(made().map((r) => r.growthWh)).toEqual([1500, 0, 700]);
    expect(await view('EnergyToken', 'balanceOf', [ledger.operatorAddress])).toBe('2200');
    expect(await view('CarbonCredit', 'balanceOf', [ledger.operatorAddress])).toBe(String(2200 * factor));
    nothingTwice();
  });

  it('holds its readings back while a tamper report is open, and goes on when a technician has cleared it', {
    timeout: 90_000,
  }, async () => {
    await asOperator('SmartMeter', 'reportTamper', [
      meterId,
      `0x${Buffer.from('cover').toString('hex').padEnd(64, '0')}`,
      `0x${'1'.repeat(64)}`,
    ]);
    await until('the report', () => meter()?.tamper.length === 1);
    read(300);
    await until('the post', () => meter()?.readings.at(-1)?.interval === register.interval);
    await until('the note', () => /tamper/.test(publicMeters.note(deviceId) ?? ''));
    expect(meter()?.readings.at(-1)?.state).toBe('posted');
    expect(await energy()).toBe(2200);
    await asOperator('SmartMeter', 'clearTamper', [meterId, `0x${'2'.repeat(64)}`]);
    await until('the tokens', async () => (await energy()) === 2500);
  });

  it('makes energy a member can buy: the community offers it, the member’s gateway signs the purchase', { timeout: 60_000 }, async () => {
    await until('the account', async () => (await wallet.get(buyer.memberId)).address !== null);
    const someone = { sessionId: 't', person: null };
    await wallet.handlers?.['wallet.issueMoney']?.({ member: buyer.memberId, amount: '500000000' }, someone);
    await until('the money', async () => (await wallet.get(buyer.memberId)).money === '500000000');
    const offer = { kind: 'place-offer', side: 'sell', energyWh: 400, price: 15_000, durationS: 3600 } as const;
    expect(await wallet.act(owner, offer)).toMatchObject({ signed: true });
    await until('the offer', async () => (await wallet.get(buyer.memberId)).offers.length === 1);
    const [open] = (await wallet.get(buyer.memberId)).offers;
    expect(open).toMatchObject({ maker: { name: 'Community' }, mine: false, leftWh: 400 });
    const purchase = { kind: 'take-offer', offer: open?.id ?? 0, side: 'buy', energyWh: 400, price: 15_000 } as const;
    expect(await wallet.act(buyer.memberId, purchase)).toMatchObject({ signed: true });
    await until('the energy', async () => (await wallet.get(buyer.memberId)).energyWh === 400);
    expect((await wallet.get(buyer.memberId)).vintages).toMatchObject([{ technology: 'solar', energyWh: 400 }]);
    await until('the community’s account', async () => (await energy()) === 2100);
  });

  it('lets settlement go first: nothing of it enters an outbox in which something waits', { timeout: 60_000 }, async () => {
    await until('rest', () => ledger.state().waiting === 0 && publicMeters.note(deviceId) === null);
    const entries = () => kernel.store.read.prepare('SELECT count(*) AS n FROM outbox').get() as { n: number };
    // Stands for a settlement that the contract refuses for now.
    const tooMuch = { contract: 'CommunityMoney', method: 'transfer', args: [`0x${'12'.repeat(20)}`, '99999999999'] };
    ledger.enqueue({ id: 'settle:stuck', kind: 'settle', title: 'Settle', body: tooMuch });
    const before = entries().n;
    read(200);
    await until('the post', () => meter()?.readings.at(-1)?.interval === register.interval);
    await until('the note', () => /waits for what is in the outbox/.test(publicMeters.note(deviceId) ?? ''));
    expect(entries().n).toBe(before);
    kernel.store.write((db) => db.prepare("DELETE FROM outbox WHERE id = 'settle:stuck'").run());
    await until('the tokens', async () => (await energy()) === 2300);
  });

  it('waits while the chain is away, and catches up an hour at a time without making anything twice', { timeout: 120_000 }, async () => {
    await until('the credits', () => made().at(-1)?.creditsMg !== '0');
    const before = made().length;
    await ledger.setDown(true);
    await until('the chain to be away', () => ledger.endpoint() === null);
    for (let i = 0; i < 9; i++) read(100);
    await publicMeters.turn();
    expect(publicMeters.note(deviceId)).toMatch(/away/);
    // What the copy knows is still told.
    expect(await energy()).toBe(2300);
    await ledger.setDown(false);
    await until('the tokens', async () => (await energy()) === 3200, 60_000);
    expect(made().length - before).toBeLessThan(9);
    nothingTwice();
  });

  it('does everything again, once, when the chain forgets its last blocks', { timeout: 120_000 }, async () => {
    await until('rest', () => ledger.state().waiting === 0 && publicMeters.note(deviceId) === null);
    provider.destroy();
    await connected();
    const snapshot = await provider.send('evm_snapshot', []);
    const height = await provider.getBlockNumber();
    read(640);
    await until('the tokens', async () => (await energy()) === 3840 && made().at(-1)?.creditsMg !== '0');
    const gone = made().at(-1);
    await provider.send('evm_revert', [snapshot]);
    expect(await provider.getBlockNumber()).toBe(height);
    expect(await view('EnergyToken', 'balanceOf', [ledger.operatorAddress])).toBe('3200');
    await until(
      'the way back and forth',
      async () => (await view('EnergyToken', 'balanceOf', [ledger.operatorAddress])) === '3840',
      60_000,
    );
    await until('the copy', async () => (await energy()) === 3840 && made().at(-1)?.creditsMg === gone?.creditsMg, 60_000);
    expect(made().at(-1)).toMatchObject({ interval: gone?.interval, exportWh: gone?.exportWh, transaction: gone?.transaction });
    nothingTwice();
  });

  it('goes on where it was after a restart, also when it stopped between two steps', { timeout: 150_000 }, async () => {
    await until('rest', () => ledger.state().waiting === 0 && publicMeters.note(deviceId) === null);
    await publicMeters.stop();
    read(360);
    const before = meter();
    await stop();
    await start();
    // Before the chain is back the copy tells the same.
    expect(meter()).toEqual(before);
    await connected();
    await until('the tokens', async () => (await energy()) === 4200 && made().at(-1)?.creditsMg !== '0');
    nothingTwice();
    expect([...kernel.raised]).toEqual([]);
  });
});
