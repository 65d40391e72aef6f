/**
 * Books that are frozen while the chain is away: real broker, database, prover, contracts and development node; real gateways with their
 * own folders; the terminal tool as a process. Takes some minutes, most of it for proofs.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Wallet } from 'ethers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectMqtt, type MqttClient } from '../../drivers/mqtt/client.ts';
import { noticeTypes, type OrdersNotice, signingDomain } from '../../drivers/mqtt/late-commitment-messages.ts';
import { parseClock } from '../../drivers/mqtt/messages.ts';
import { signHash } from '../../drivers/mqtt/signing.ts';
import { createExchange, type Exchange } from '../../src/main/exchange.ts';
import { silentLog } from '../../src/main/kernel/log.ts';
import { openKeystore } from '../../src/main/ledger/keystore.ts';
import { rpcCall } from '../../src/main/ledger/rpc.ts';
import { accountsInContract, lateAt, receiptsOf } from '../../src/main/market/late-store.ts';
import { roundAt, type StoredRound } from '../../src/main/market/round-store.ts';
import { type TestKernel, testKernel } from '../../src/main/settlement/testing/test-kernel.ts';
import { testMeter, testPlant } from '../../src/main/settlement/testing/test-plant.ts';
import { createPlantClock } from '../clock.ts';
import { type MemberAccounts, openMemberAccounts } from './accounts.ts';
import { connectFieldBus, type FieldBus } from './field-bus.ts';
import { memberFolder, readMemberFile } from './member-folder.ts';
import { type NoticeKeeper, openNoticeKeeper } from './notices.ts';

const base = testPlant();
const plant = { ...base, members: base.members.map((m) => ({ ...m, operatorOwned: m.id === 'long-acre' })) };
const meters = plant.members.map((m) => testMeter(plant, m.id));
const own = ['church-2', 'church-4', 'church-6'] as const;
const solar = 'church-6';
const lines: string[] = [];
const root = fileURLToPath(new URL('../..', import.meta.url));
let dataDir: string;
let membersDir: string;
let kernel: TestKernel;
let exchange: Exchange;
let field: MqttClient;
let accounts: MemberAccounts;
let notices: NoticeKeeper;
let bus: FieldBus | null = null;
let playing: NodeJS.Timeout | undefined;

const until = async (what: string, holds: () => boolean | Promise<boolean>, withinMs: number): Promise<void> => {
  for (const end = Date.now() + withinMs; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 50)))
    if (Date.now() > end)
      throw new Error(
        `${what} did not happen: ${JSON.stringify(exchange.chainState())} ${JSON.stringify(kernel.store.read.prepare('SELECT interval, state, message FROM round').all())} ${JSON.stringify(kernel.store.read.prepare("SELECT id, state, last_error FROM outbox WHERE state <> 'final'").all())} ${lines
          .filter((l) => !l.startsWith('debug'))
          .slice(-12)
          .join(' | ')}`,
      );
};
const openGateways = async (): Promise<void> => {
  const clock = createPlantClock({ monotonicMs: () => performance.now(), wallMs: () => Date.now(), intervalMs: plant.market.intervalMs });
  accounts = await openMemberAccounts({
    dir: membersDir,
    holders: own.map((id) => {
      const meter = testMeter(plant, id);
      const key = { publicKey: meter.key.publicKey, sign: (message: bigint) => signHash(message, meter.key) };
      return { memberId: id, meterId: meter.meterId, ratedW: 5_000, key };
    }),
    tariffs: {
      importMilliCentsPerKwh: plant.market.importTariffMilliCentsPerKwh,
      feedInMilliCentsPerKwh: plant.market.feedInTariffMilliCentsPerKwh,
    },
  });
  notices = openNoticeKeeper({
    dir: membersDir,
    accounts,
    clock: () => {
      const now = clock.now();
      return now && { plantTimeMs: now.plantTimeMs, intervalMs: clock.intervalMs(), gateLeadMs: clock.gateLeadMs() };
    },
    onProblem: (sentence) => void lines.push(`gateways: ${sentence}`),
  });
  bus = connectFieldBus({
    url: exchange.broker.plantUrl,
    meters: [],
    identities: new Map(),
    memberIds: [...own],
    accounts: new Map(own.map((id) => [id, accounts.announcement(id)])),
    onClock: (message) => clock.follow(message),
    onRequest: () => {},
    onAccountRequest: () => {},
    onLedger: (message) => void accounts.commission(message),
    onOrdersNotice: (id, payload) => void notices.take(id, payload).then((receipt) => receipt && bus?.receiptOrders(id, receipt)),
    onAcknowledged: () => {},
    onProblem: (sentence) => void lines.push(`gateways: ${sentence}`),
  });
};
const play = (): void => {
  const registers = new Map(meters.map((m) => [m.memberId, { importWh: 10_000, exportWh: 500, sequence: 0 }]));
  let told = -1;
  playing = setInterval(() => {
    const ended = exchange.marketClock.currentInterval() - 1;
    if (told < 0) told = ended;
    while (told < ended) {
      told++;
      for (const meter of meters) {
        const at = registers.get(meter.memberId) as { importWh: number; exportWh: number; sequence: number };
        if (meter.memberId === solar) at.exportWh += 900;
        else at.importWh += 400;
        at.sequence++;
        field.send(`busbar/meters/${meter.deviceId}/reading`, meter.reading(told, at.importWh, at.exportWh, at.sequence));
      }
    }
  }, 50);
};
const busbar = (...args: string[]) => {
  const { INIT_CWD: _, ...env } = process.env;
  const run = spawnSync(join(root, 'node_modules', '.bin', 'node'), [join(root, 'cli', 'main.ts'), ...args], {
    encoding: 'utf8',
    cwd: tmpdir(),
    env,
  });
  return { code: run.status, document: JSON.parse(run.stdout), err: run.stderr };
};
const stateOf = (interval: number): StoredRound['state'] | undefined => roundAt(kernel.store.read, interval)?.state;
const settledSince = (interval: number): boolean =>
  kernel.store.read.prepare("SELECT 1 FROM round WHERE state = 'settled' AND interval > ?").get(interval) !== undefined;
const newest = (): number => (kernel.store.read.prepare('SELECT max(interval) AS n FROM round').get() as { n: number }).n;
/** Takes the chain away while a book is open, and waits until it is frozen. */
const frozenWithoutChain = async (): Promise<number> => {
  const before = newest();
  await until('the commitment of the round before', () => exchange.ledger.entry(`commit:${before}`)?.state === 'final', 60_000);
  await exchange.setChainDown(true);
  await until('the chain is away', () => exchange.ledger.endpoint() === null, 20_000);
  await until('the next book', () => newest() > before, 300_000);
  return newest();
};
const story = async (interval: number) => {
  const round = (await exchange.settlement.handlers?.['settlement.round']?.({ interval }, { sessionId: 't', person: null })) as {
    story: { id: string; text: string; evidence: { label: string; value: string }[] }[];
  };
  return round.story.find((s) => s.id === 'orders');
};

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-late-'));
  membersDir = mkdtempSync(join(tmpdir(), 'busbar-members-'));
  kernel = testKernel({ dataDir, plant, log: silentLog(lines) });
  exchange = createExchange(kernel, { speed: 60, firstProofMs: 8_000, graceMs: 1_500 });
  for (const service of exchange.prepare()) await service.start();
  field = connectMqtt({ url: exchange.broker.url, clientId: 'test-field', ...exchange.broker.credentials });
  await openGateways();
  for (const service of exchange.services()) await service.start();
  for (const meter of meters) {
    field.send(`busbar/meters/${meter.deviceId}/identity`, meter.identity());
    const terms =
      meter.memberId === solar ? ({ side: 'sell', limitPrice: 12_000 } as const) : ({ side: 'buy', limitPrice: 20_000 } as const);
    field.send(`busbar/members/${meter.memberId}/order`, meter.order({ ...terms, quantityWh: 300, sequence: 1 }));
  }
  play();
  await until('the accounts in the contract', () => accountsInContract(kernel.store.read).size === 3, 240_000);
  await until('a first round', () => kernel.store.read.prepare("SELECT 1 FROM round WHERE kind = 'market'").get() !== undefined, 120_000);
}, 420_000);
afterAll(async () => {
  clearInterval(playing);
  await field.close();
  await bus?.close();
  for (const service of exchange.services().reverse()) await service.stop();
  for (const service of exchange.prepare().reverse()) await service.stop();
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
  rmSync(membersDir, { recursive: true, force: true });
}, 60_000);

describe('a book that is frozen while the chain is away', () => {
  it('is receipted by the members, committed late, and settled when nobody challenged it', { timeout: 1_500_000 }, async () => {
    const clock = await new Promise<Buffer>((resolve) => void field.subscribe('busbar/clock', (_topic, payload) => resolve(payload)));
    expect(parseClock(clock).kind).toBe('ok');
    const interval = await frozenWithoutChain();
    await until('the receipts', () => receiptsOf(kernel.store.read, interval).length === 3, 20_000);
    expect(stateOf(interval)).toBe('committed');
    await until('the decision', () => lateAt(kernel.store.read, interval)?.outcome === 'late', 300_000);
    await exchange.setChainDown(false);
    await until('the late commitment', () => exchange.ledger.entry(`commit:${interval}`)?.state === 'final', 90_000);
    expect(exchange.ledger.entry(`commit:${interval}`)?.body.method).toBe('commitOrdersLate');
    await until('the chain’s word', async () => /may be challenged until/.test((await story(interval))?.text ?? ''), 30_000);
    expect((await story(interval))?.text).toMatch(/late-committed with 2 receipts; may be challenged until \d{4}-/);
    await until('its settlement', () => stateOf(interval) === 'settled', 240_000);
    const settled = exchange.ledger.entry(`settle:${interval}`);
    const [openUntil] = await exchange.ledger.view({ contract: 'Settlement', method: 'lateOf', args: [interval] });
    expect(Number(openUntil)).toBeGreaterThan(0);
    expect(settled?.lastError).toBeNull();
    expect((await story(interval))?.text).toMatch(/nobody challenged them before/);
    expect(kernel.raised).not.toContain('outbox.blocked@outbox');
    expect(
      busbar('member', 'challenge', memberFolder(membersDir, 'church-2'), '--rpc', exchange.ledger.endpoint()?.url ?? ''),
    ).toMatchObject({
      code: 0,
      document: { checked: [{ interval, state: 'settled' }] },
    });
  });

  it('voids the round when the operator had shown a member other orders, and later rounds go on', { timeout: 1_500_000 }, async () => {
    const interval = await frozenWithoutChain();
    await until('the receipts', () => receiptsOf(kernel.store.read, interval).length === 3, 20_000);
    // The operator's key, misused: another root for the same interval, to one member.
    const operator = new Wallet(openKeystore({ dataDir, simulated: true }).privateKey);
    const deployed = exchange.ledger.deployed();
    const settlement = deployed?.contracts.address('Settlement') ?? '';
    const said = { interval, ordersRoot: '12345' };
    const signature = await operator.signTypedData(signingDomain(31337, settlement), noticeTypes, said);
    const notice: OrdersNotice = { schema: 'orders-notice/1', ...said, operator: operator.address, signature };
    await exchange.broker.publish('busbar/members/church-4/orders-notice', JSON.stringify(notice), { qos: 1 });
    const folder = memberFolder(membersDir, 'church-4');
    await until(
      'both in the member’s folder',
      () => (readMemberFile(folder, 'notices')?.notices ?? []).filter((n) => n.notice.interval === interval).length === 2,
      20_000,
    );
    expect(readMemberFile(folder, 'notices')?.notices.at(-1)).toMatchObject({
      receipt: null,
      reason: expect.stringMatching(/another root/),
    });
    await until('the decision', () => lateAt(kernel.store.read, interval)?.outcome === 'late', 300_000);
    await exchange.setChainDown(false);
    await until('the late commitment', () => exchange.ledger.entry(`commit:${interval}`)?.state === 'final', 90_000);
    const url = exchange.ledger.endpoint()?.url ?? '';
    await rpcCall(url, 'anvil_setBalance', [accounts.announcement('church-4').address, '0xde0b6b3a7640000']);
    const { document, code } = busbar('member', 'challenge', folder, '--rpc', url, '--interval', String(interval));
    expect(document.checked).toMatchObject([{ state: 'same' }, { state: 'challenged' }]);
    expect(code).toBe(0);
    await until('the end of the round', () => stateOf(interval) === 'failed', 60_000);
    expect(roundAt(kernel.store.read, interval)?.message).toMatch(/was challenged: the operator’s own signature shows other orders/);
    expect(kernel.raised).toContain('settlement.failed@settlement');
    expect(busbar('member', 'challenge', folder, '--rpc', url, '--interval', String(interval)).document.checked[0]).toMatchObject({
      state: 'voided',
    });
    await until('a later round', () => settledSince(interval), 700_000);
    expect(stateOf(interval)).toBe('failed');
  });

  it('ends the round when too few receipts come, and later rounds go on', { timeout: 1_500_000 }, async () => {
    await bus?.close();
    bus = null;
    const interval = await frozenWithoutChain();
    await until('the end of the round', () => stateOf(interval) === 'failed', 300_000);
    expect(roundAt(kernel.store.read, interval)?.message).toMatch(/0 of the 2 receipts needed came by then/);
    await exchange.setChainDown(false);
    await until('a later round', () => settledSince(interval), 700_000);
    await until('the outbox drains', () => exchange.chainState().waiting === 0, 120_000);
    const commit = exchange.ledger.entry(`commit:${interval}`);
    expect(commit).toMatchObject({ state: 'final', transactionHash: null, lastError: 'withdrawn: the round failed' });
    expect(readFileSync(join(memberFolder(membersDir, 'church-2'), 'notices.json'), 'utf8')).not.toContain(`"interval": ${interval},`);
  });
});
