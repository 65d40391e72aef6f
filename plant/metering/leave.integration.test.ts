/**
 * Members leave without their operator: real broker, database, prover, contracts and chain; real gateways with their own folders; the
 * terminal tool as a process. The chain is a node of its own, as it is outside the development console. Takes about three minutes.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Contract, JsonRpcProvider, Network, Wallet } from 'ethers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SETTLEMENT_ABI } from '../../cli/member/settlement.ts';
import { leafOpening, readMemberStore } from '../../cli/member/store.ts';
import { connectMqtt, type MqttClient } from '../../drivers/mqtt/client.ts';
import { signHash } from '../../drivers/mqtt/signing.ts';
import { moneyWords } from '../../src/domain/wallet/money-acts.ts';
import { createExchange, type Exchange } from '../../src/main/exchange.ts';
import { silentLog } from '../../src/main/kernel/log.ts';
import { anvilBinary } from '../../src/main/ledger/anvil-binary.ts';
import { rpcCall } from '../../src/main/ledger/rpc.ts';
import { roundMembers } from '../../src/main/market/round-store.ts';
import { newestSettled, openings } from '../../src/main/openings/opening-store.ts';
import { type TestKernel, testKernel } from '../../src/main/settlement/testing/test-kernel.ts';
import { testMeter, testPlant } from '../../src/main/settlement/testing/test-plant.ts';
import { type MemberAccounts, openMemberAccounts } from './accounts.ts';
import { connectFieldBus, type FieldBus } from './field-bus.ts';
import { memberFolder } from './member-folder.ts';
import { type OpeningKeeper, openOpeningKeeper } from './openings.ts';

const base = testPlant();
// The member with the roof is nobody's but its own: it earns, and leaves with what it earned.
const plant = { ...base, members: base.members.map((m) => ({ ...m, operatorOwned: m.id === 'long-acre' })) };
const meters = plant.members.map((m) => testMeter(plant, m.id));
const own = ['church-2', 'church-4', 'church-6'] as const;
const solar = 'church-6';
const lines: string[] = [];
const root = fileURLToPath(new URL('../..', import.meta.url));
let url: string;
let node: ChildProcess;
let dataDir: string;
let membersDir: string;
let kernel: TestKernel;
let exchange: Exchange;
let field: MqttClient;
let accounts: MemberAccounts;
let keeper: OpeningKeeper;
let bus: FieldBus;
let provider: JsonRpcProvider;
let timers: NodeJS.Timeout[] = [];
/** What the operator's books said last, and how much each member owns on the chain. */
const balances = new Map<string, bigint>();
let interval = 0;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (what: string, holds: () => boolean | Promise<boolean>, withinMs: number): Promise<void> => {
  for (const end = Date.now() + withinMs; !(await holds()); await pause(100))
    if (Date.now() > end)
      throw new Error(
        `${what} did not happen: ${JSON.stringify(exchange.chainState())} ${JSON.stringify(kernel.store.read.prepare('SELECT interval, state, message FROM round').all())} ${JSON.stringify(openings(kernel.store.read).map(({ message: _, ...o }) => o))} ${lines
          .filter((l) => !l.startsWith('debug'))
          .slice(-12)
          .join(' | ')}`,
      );
};
const startNode = async (): Promise<void> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  node = spawn(anvilBinary(), ['--port', String(port), '--chain-id', '31337', '--silent'], { stdio: 'ignore' });
  url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 100; tries++) {
    if (
      await rpcCall(url, 'eth_chainId', []).then(
        () => true,
        () => false,
      )
    )
      return;
    await pause(100);
  }
  throw new Error('the node did not start');
};
const fuel = (address: string) => rpcCall(url, 'anvil_setBalance', [address, '0xde0b6b3a7640000']);
const openGateways = async (): Promise<void> => {
  const holders = plant.members.map((m, i) => {
    const meter = meters[i] as (typeof meters)[number];
    const device = plant.devices.find((d) => d.id === m.meter)?.meter;
    return {
      memberId: m.id,
      meterId: meter.meterId,
      ratedW: device?.ratedW ?? 0,
      key: { publicKey: meter.key.publicKey, sign: (message: bigint) => signHash(message, meter.key) },
    };
  });
  accounts = await openMemberAccounts({
    dir: membersDir,
    holders: holders.filter((h) => h.memberId !== 'long-acre'),
    tariffs: {
      importMilliCentsPerKwh: plant.market.importTariffMilliCentsPerKwh,
      feedInMilliCentsPerKwh: plant.market.feedInTariffMilliCentsPerKwh,
    },
  });
  const problems = (sentence: string) => void lines.push(`gateways: ${sentence}`);
  keeper = await openOpeningKeeper({
    dir: membersDir,
    holders,
    ledger: (id) => accounts.ledgerOf(id) ?? accounts.ledgerOf('church-2'),
    clock: () => ({ plantTimeMs: exchange.marketClock.plantNowMs(), intervalMs: plant.market.intervalMs }),
    onProblem: problems,
  });
  bus = connectFieldBus({
    url: exchange.broker.plantUrl,
    meters: [],
    identities: new Map(),
    memberIds: plant.members.map((m) => m.id),
    accounts: new Map(own.map((id) => [id, accounts.announcement(id)])),
    sealingKeys: new Map(plant.members.map((m) => [m.id, keeper.announcement(m.id)])),
    onClock: () => {},
    onRequest: () => {},
    onAccountRequest: () => {},
    onLedger: (message) =>
      void accounts.commission(message).then(async () => {
        for (const { memberId, receipt } of await keeper.commissioned()) bus.receiptOpening(memberId, receipt);
      }),
    onOpening: (id, payload) => void keeper.take(id, payload).then((receipt) => receipt && bus.receiptOpening(id, receipt)),
    onAcknowledged: () => {},
    onProblem: problems,
  });
};
/** Meters publish at the end of each interval. Two houses pay the grid more than it pays for the roof's surplus, so that all money owed lies in the contract. */
const play = (): void => {
  const registers = new Map(meters.map((m) => [m.memberId, { importWh: 10_000, exportWh: 500, sequence: 0 }]));
  let told = -1;
  timers.push(
    setInterval(() => {
      const ended = exchange.marketClock.currentInterval() - 1;
      if (told < 0) told = ended;
      while (told < ended) {
        told++;
        for (const meter of meters) {
          const at = registers.get(meter.memberId) as { importWh: number; exportWh: number; sequence: number };
          if (meter.memberId === solar) at.exportWh += 900;
          else if (meter.memberId !== 'long-acre') at.importWh += 400;
          at.sequence++;
          field.send(`busbar/meters/${meter.deviceId}/reading`, meter.reading(told, at.importWh, at.exportWh, at.sequence));
        }
      }
    }, 50),
  );
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
const walletOf = (id: string): Wallet => {
  const { privateKey } = JSON.parse(readFileSync(join(memberFolder(membersDir, id), 'account.json'), 'utf8')) as { privateKey: string };
  return new Wallet(privateKey, provider);
};
const contractOf = (name: string, abi: readonly string[], runner: Wallet): Contract => {
  const { ledger } = JSON.parse(readFileSync(join(memberFolder(membersDir, 'church-2'), 'account.json'), 'utf8'));
  return new Contract(ledger.contracts[name], [...abi], runner);
};
const moneyOf = async (id: string): Promise<bigint> => {
  const wallet = walletOf(id);
  return contractOf('CommunityMoney', ['function balanceOf(address) view returns (uint256)'], wallet).getFunction('balanceOf')(
    wallet.address,
  );
};
/** A member pays in by its own folder, while the console goes on. */
const payIn = async (id: string, amount: bigint): Promise<void> => {
  await exchange.wallet.handlers?.['wallet.issueMoney']?.(
    { member: id, amount: (amount + 7n).toString() },
    { sessionId: 't', person: null },
  );
  await until(`money for ${id}`, async () => (await moneyOf(id)) >= amount, 30_000);
  const paid = await byItself('deposit', id, '--amount', moneyWords(amount));
  expect(paid).toMatchObject({ member: id, steps: [{ step: 'allow' }, { step: 'deposit' }], problems: [] });
};
/** The terminal tool of a member, while the console goes on. */
const byItself = async (command: string, id: string, ...more: string[]): Promise<unknown> => {
  const { INIT_CWD: _, ...env } = process.env;
  const args = ['member', command, memberFolder(membersDir, id), '--rpc', url, ...more];
  const { stdout } = await promisify(execFile)(join(root, 'node_modules', '.bin', 'node'), [join(root, 'cli', 'main.ts'), ...args], {
    cwd: tmpdir(),
    env,
  });
  return JSON.parse(stdout);
};

/** The contract itself, past the tool's own check: one micro-cent more, another place, a foreign path. */
const refusesAnotherOpening = async (id: string): Promise<void> => {
  const read = readMemberStore(memberFolder(membersDir, id));
  if (read.kind !== 'ok' || !read.store.opening) throw new Error('no store');
  const { line } = read.store.opening;
  const exit = contractOf('Settlement', SETTLEMENT_ABI, walletOf(id)).getFunction('exit');
  const leaf = leafOpening(line);
  await exit.staticCall(line.index, leaf, line.nextPath);
  for (const [opening, path] of [
    [leaf.map((v, i) => (i === 1 ? v + 1n : v)), line.nextPath],
    [leaf, line.previousPath],
    [leaf, line.nextPath.slice(1)],
  ] as const)
    await expect(exit.staticCall(line.index, opening, path)).rejects.toMatchObject({ revert: { name: 'BadOpening' } });
};

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-operator-'));
  membersDir = mkdtempSync(join(tmpdir(), 'busbar-members-'));
  await startNode();
  provider = new JsonRpcProvider(url, Network.from(31337), { staticNetwork: true, cacheTimeout: -1, pollingInterval: 100 });
  kernel = testKernel({ dataDir, plant, log: silentLog(lines) });
  exchange = createExchange(kernel, { speed: 300, firstProofMs: 8_000, graceMs: 1_500, rpcUrl: url });
  for (const service of exchange.prepare()) await service.start();
  await fuel(exchange.ledger.operatorAddress);
  field = connectMqtt({ url: exchange.broker.url, clientId: 'test-field', ...exchange.broker.credentials });
  await openGateways();
  for (const id of own) await fuel(accounts.announcement(id).address);
  for (const service of exchange.services()) await service.start();
  // Blocks go on, so that receipts become final.
  timers.push(setInterval(() => void rpcCall(url, 'evm_mine', []).catch(() => {}), 400));
}, 120_000);
afterAll(async () => {
  for (const timer of timers) clearInterval(timer);
  provider.destroy();
  node.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
  rmSync(membersDir, { recursive: true, force: true });
});

describe('members whose operator is gone', () => {
  it('get their openings with each settled round, and keep them before they say so', { timeout: 1_800_000 }, async () => {
    for (const meter of meters) {
      field.send(`busbar/meters/${meter.deviceId}/identity`, meter.identity());
      // The community's own asset neither trades nor moves: nobody could pay its debt.
      if (meter.memberId === 'long-acre') continue;
      const terms =
        meter.memberId === solar ? ({ side: 'sell', limitPrice: 12_000 } as const) : ({ side: 'buy', limitPrice: 20_000 } as const);
      field.send(`busbar/members/${meter.memberId}/order`, meter.order({ ...terms, quantityWh: 300, sequence: 1 }));
    }
    await until(
      'the accounts in the contract',
      () => own.every((id) => exchange.ledger.entry(`account:${id}`)?.state === 'final'),
      180_000,
    );
    for (const id of ['church-2', 'church-4']) await payIn(id, 400_000_000n);
    play();
    const count = (sql: string) => (kernel.store.read.prepare(`SELECT count(*) AS n FROM ${sql}`).get() as { n: number }).n;
    await until(
      'a settled round with a trade, and both deposits',
      () => count("round WHERE state = 'settled' AND traded_wh > 0") > 0 && count("chain_event WHERE name = 'FlowApplied'") === 2,
      400_000,
    );
    // A payout is asked for, granted by the proof of a later round, and collected.
    expect(await byItself('withdraw', 'church-2', '--amount', '1.00')).toMatchObject({ steps: [{ step: 'withdraw' }], problems: [] });
    await until(
      'the payout',
      () => count("chain_event WHERE name = 'FlowApplied' AND json_extract(arguments, '$.applied') = 'true'") === 3,
      600_000,
    );
    const held = await moneyOf('church-2');
    expect(await byItself('claim', 'church-2')).toMatchObject({ steps: [{ step: 'claim' }], problems: [] });
    expect((await moneyOf('church-2')) - held).toBe(100_000_000n);
    await until(
      'every member has the newest opening, and nothing is on its way',
      () => {
        const newest = newestSettled(kernel.store.read);
        const all = openings(kernel.store.read);
        const sent = kernel.store.read.prepare("SELECT 1 FROM round WHERE state = 'sent' LIMIT 1").get();
        return sent === undefined && all.length === 4 && all.every((o) => o.answer === 'kept' && o.deliveredInterval === newest);
      },
      240_000,
    );
    interval = newestSettled(kernel.store.read) ?? 0;
    for (const service of exchange.services().reverse()) await service.stop();
    for (const timer of timers.splice(0)) clearInterval(timer);
    timers = [];
    for (const { meterId, balanceAfter } of roundMembers(kernel.store.read, interval)) {
      const meter = meters.find((m) => m.meterId === meterId);
      if (meter) balances.set(meter.memberId, BigInt(balanceAfter ?? 0));
    }
    expect(balances.get(solar)).toBeGreaterThan(0n);
    expect(kernel.raised).not.toContain('opening.refused@church-2');
    await bus.close();
    await field.close();
    for (const service of exchange.prepare().reverse()) await service.stop();
    kernel.store.close();
  });

  it('have all they need when the operator’s disk is gone', () => {
    rmSync(dataDir, { recursive: true });
    expect(existsSync(dataDir)).toBe(false);
    for (const id of own) {
      const { code, document } = busbar('member', 'show', memberFolder(membersDir, id), '--rpc', url);
      expect(document.keys.map((key: { trust: string }) => key.trust)).toEqual(['development', 'development']);
      expect(document).toMatchObject({ schema: 'member-store/1', member: id, opening: { interval, valid: true } });
      expect(code).toBe(0);
      const { balanceMicroCents, debtMicroCents } = document.opening;
      expect(BigInt(balanceMicroCents) - BigInt(debtMicroCents)).toBe(balances.get(id));
      expect(JSON.stringify(document)).not.toContain(walletOf(id).privateKey.slice(2));
    }
  });

  it('cannot leave while rounds may still come', () => {
    const { code, document } = busbar('member', 'exit', memberFolder(membersDir, solar), '--rpc', url);
    expect(code).toBe(1);
    expect(document.problems.join()).toMatch(/members may leave in \d+ s at the earliest/);
    expect(document.claimedMicroCents).toBe('0');
  });

  it('leave with exactly their balances of the last settled round', { timeout: 60_000 }, async () => {
    await rpcCall(url, 'evm_increaseTime', [8 * 24 * 3600]);
    await rpcCall(url, 'evm_mine', []);
    for (const id of [solar, 'church-2', 'church-4']) {
      if (id !== solar) await refusesAnotherOpening(id);
      const before = await moneyOf(id);
      const owned = balances.get(id) as bigint;
      const { code, document, err } = busbar('member', 'exit', memberFolder(membersDir, id), '--rpc', url);
      expect({ code, problems: document.problems, err }).toEqual({ code: 0, problems: [], err: '' });
      expect((await moneyOf(id)) - before).toBe(owned > 0n ? owned : 0n);
      expect(document.claimedMicroCents).toBe((owned > 0n ? owned : 0n).toString());
      expect(document.steps[0]).toMatchObject({ step: 'escape', state: id === solar ? 'done' : 'already' });
    }
  });

  it('are refused a changed opening and a second exit, by the tool and by the contract', { timeout: 60_000 }, async () => {
    const read = readMemberStore(memberFolder(membersDir, 'church-4'));
    if (read.kind !== 'ok' || !read.store.opening) throw new Error('no store');
    const { line } = read.store.opening;
    const exit = contractOf('Settlement', SETTLEMENT_ABI, walletOf('church-4')).getFunction('exit');
    await expect(exit.staticCall(line.index, leafOpening(line), line.nextPath)).rejects.toMatchObject({
      revert: { name: 'AlreadyExited' },
    });
    const forged = join(membersDir, 'forged');
    cpSync(memberFolder(membersDir, 'church-4'), forged, { recursive: true });
    const opening = JSON.parse(readFileSync(join(forged, 'opening.json'), 'utf8'));
    opening.line.next.balance = (BigInt(opening.line.next.balance) + 1_000_000n).toString();
    writeFileSync(join(forged, 'opening.json'), JSON.stringify(opening));
    const changed = busbar('member', 'exit', forged, '--rpc', url);
    expect(changed.code).toBe(1);
    expect(changed.document.problems.join()).toMatch(/changed or is damaged/);
    const again = busbar('member', 'exit', memberFolder(membersDir, solar), '--rpc', url);
    expect(again.code).toBe(1);
    expect(again.document.problems.join()).toMatch(/has left already/);
  });
});
