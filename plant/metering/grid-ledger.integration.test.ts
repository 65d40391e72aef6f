/**
 * The grid's record, demand response and governance as they run: real broker, real gateways of the plant with their keys, real SQLite, real
 * development node with the real contracts. The test plays the plant's time, the process image and the meters' validated readings.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JsonRpcProvider, Network } from 'ethers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerService, createBrokerService } from '../../src/main/broker/broker-service.ts';
import { createGovernanceService } from '../../src/main/governance/governance-service.ts';
import { createGridLedgerService, type GridLedgerService } from '../../src/main/grid-ledger/grid-ledger-service.ts';
import { cacheDir } from '../../src/main/host/paths.ts';
import { silentLog } from '../../src/main/kernel/log.ts';
import type { Service } from '../../src/main/kernel/ports.ts';
import { createLedgerService, type LedgerService } from '../../src/main/ledger/ledger-service.ts';
import { communityOf } from '../../src/main/market/community.ts';
import { createProver } from '../../src/main/proof/prover.ts';
import { type TestKernel, testKernel } from '../../src/main/settlement/testing/test-kernel.ts';
import { testPlant } from '../../src/main/settlement/testing/test-plant.ts';
import { createWalletService, type WalletService } from '../../src/main/wallet/wallet-service.ts';
import { type CallInput, type CallName, type CallOutput, contract } from '../../src/shared/contract/contract.ts';
import type { EmergencyState } from '../../src/shared/contract/operations.ts';
import type { Value } from '../../src/shared/values.ts';
import { type MemberAccounts, openMemberAccounts } from './accounts.ts';
import { connectFieldBus, type FieldBus } from './field-bus.ts';
import { signingKey } from './signer.ts';

const plant = testPlant();
const community = communityOf(plant);
const member = 'church-2';
const meterId = community.member(member)?.meterId as number;
const keys = new Map(community.members.map((m) => [m.meterId, signingKey(Buffer.alloc(32, m.meterId))]));
const lines: string[] = [];
const good = (value: number): Value => ({ value, quality: 'good', timeMs: 1 });
const values = new Map<string, Value>([
  ['grid.frequencyHz', good(50.02)],
  [`${plant.grid.interconnectionMeter}.V`, good(231)],
  ['grid.demandW', good(30_000)],
  ['grid.supplyW', good(31_000)],
  ['grid.exchangeW', good(-4_000)],
]);
const intervalMs = 900_000;
/** Plant time stands where the test puts it; an interval lasts 30 s of wall time. */
let plantMs = 1000 * intervalMs;
const marketClock = {
  plantNowMs: () => plantMs,
  speed: () => 30,
  intervalMs: () => intervalMs,
  currentInterval: () => Math.floor(plantMs / intervalMs),
};
let phase: EmergencyState['phase'] = 'ready';
let dataDir: string;
let kernel: TestKernel;
let broker: BrokerService;
let ledger: LedgerService;
let wallet: WalletService;
let grid: GridLedgerService;
let governance: Service;
let bus: FieldBus;
let accounts: MemberAccounts;
let provider: JsonRpcProvider;

const start = async (): Promise<void> => {
  kernel = testKernel({ dataDir, plant, log: silentLog(lines) });
  broker = createBrokerService(kernel);
  const prover = createProver({ cacheDir: `${cacheDir}/circuits`, layout: { batchMembers: 16, parts: 1 }, log: kernel.log });
  ledger = createLedgerService(kernel, { prover });
  const keyOf = (meterId: number) => {
    const key = keys.get(meterId);
    return key && { publicKey: key.publicKey, registration: null };
  };
  wallet = createWalletService(kernel, { community, broker, ledger, metering: { keyOf, onKey: () => () => {} } });
  const image = {
    read: (p: string) => values.get(p) ?? { value: null, quality: 'missing' as const, timeMs: null },
    ids: () => [...values.keys()],
  };
  grid = createGridLedgerService(kernel, { community, marketClock, ledger, image: () => image });
  grid.attachEmergency(() => ({ phase, drill: false, level: null, startedMs: null, by: null }) as EmergencyState);
  governance = createGovernanceService(kernel, { community, ledger });
  await broker.start();
  const memberIds = community.members.filter((m) => !m.operatorOwned).map((m) => m.memberId);
  accounts = await openMemberAccounts({
    dir: dataDir,
    holders: community.members
      .filter((m) => !m.operatorOwned)
      .map((m) => ({
        memberId: m.memberId,
        meterId: m.meterId,
        ratedW: m.ratedW,
        key: keys.get(m.meterId) as ReturnType<typeof signingKey>,
      })),
    tariffs: {
      importMilliCentsPerKwh: plant.market.importTariffMilliCentsPerKwh,
      feedInMilliCentsPerKwh: plant.market.feedInTariffMilliCentsPerKwh,
    },
  });
  bus = connectFieldBus({
    url: broker.plantUrl,
    meters: [],
    identities: new Map(),
    memberIds,
    accounts: new Map(memberIds.map((id) => [id, accounts.announcement(id)])),
    onClock: () => {},
    onRequest: () => {},
    onAccountRequest: (id, request) => void accounts.answer(id, request).then((response) => bus.respondSigned(id, response)),
    onLedger: (message) => void accounts.commission(message),
    onAcknowledged: () => {},
    onProblem: (sentence) => lines.push(`bus: ${sentence}`),
  });
  await ledger.start();
  await wallet.start();
  await grid.start();
  await until('the chain', () => ledger.endpoint() !== null, 90_000);
  provider = new JsonRpcProvider(ledger.endpoint()?.url, Network.from(31337), { staticNetwork: true, cacheTimeout: -1 });
};
const stop = async (): Promise<void> => {
  provider?.destroy();
  await bus.close();
  await grid.stop();
  await wallet.stop();
  await ledger.stop();
  await broker.stop();
  kernel.store.close();
};
const until = async (what: string, holds: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> => {
  for (const end = Date.now() + withinMs; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 100)))
    if (Date.now() > end)
      throw new Error(
        `${what} did not happen: ${lines.slice(-10).join(' | ')} ${JSON.stringify(ledger.state())} ${JSON.stringify(
          kernel.store.read.prepare('SELECT id, state, last_error FROM outbox ORDER BY sequence DESC LIMIT 8').all(),
        )}`,
      );
};
const call = async <N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> => {
  const definition = { ...contract.queries, ...contract.commands }[name] as {
    input: { parse(v: unknown): unknown };
    output: { parse(v: unknown): unknown };
  };
  const handlers = Object.assign({}, ...[ledger, wallet, grid, governance].map((s) => s.handlers)) as Record<
    string,
    (i: unknown, c: unknown) => unknown
  >;
  const caller = { sessionId: 't', person: { id: 'i', name: 'Ines', role: 'supervisor' } };
  return definition.output.parse(await handlers[name]?.(definition.input.parse(input), caller)) as CallOutput<N>;
};
const view = async (method: string, ...args: (string | number)[]): Promise<string[]> =>
  (await ledger.view({ contract: 'GridManagement', method, args })).map(String);
const nextInterval = async (): Promise<number> => {
  const done = marketClock.currentInterval();
  // Long enough to be seen from beginning to end.
  await new Promise((resolve) => setTimeout(resolve, 2_200));
  plantMs += intervalMs;
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  return done;
};
const chainLater = async (seconds: number): Promise<void> => {
  await provider.send('evm_increaseTime', [seconds]);
  await provider.send('evm_mine', []);
};
const outboxCount = (kind: string): number =>
  (kernel.store.read.prepare('SELECT count(*) AS n FROM outbox WHERE kind = ?').get(kind) as { n: number }).n;
const level = plant.emergency.levels.find((l) => l.keepsCritical) as (typeof plant.emergency.levels)[number];
const everything = plant.emergency.levels.find((l) => !l.keepsCritical) as (typeof plant.emergency.levels)[number];
const guardians = async () => (await call('emergency.ledger', {})).guardians;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-grid-ledger-'));
  await start();
}, 120_000);
afterAll(async () => {
  await stop();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

describe('the grid on the chain', () => {
  it('registers each account’s node and capacity once', { timeout: 60_000 }, async () => {
    const members = community.members.filter((m) => !m.operatorOwned);
    await until(
      'the nodes',
      async () => (await call('gridRecord.get', {})).nodes.filter((n) => n.capacityW !== null).length === members.length + 1,
      60_000,
    );
    const { nodes, withoutAccount } = await call('gridRecord.get', {});
    expect(withoutAccount).toEqual([]);
    expect(nodes[0]).toMatchObject({
      name: 'Interconnection and community units',
      type: 'interconnection',
      address: ledger.operatorAddress,
    });
    for (const n of nodes) expect(await view('nodeOf', n.address)).toEqual([String(n.node)]);
    expect(nodes.find((n) => n.name === community.member(member)?.name)).toMatchObject({
      type: 'consumer',
      capacityW: community.member(member)?.ratedW,
    });
    const queued = outboxCount('grid-node');
    expect(queued).toBe(2 * nodes.length);
    await new Promise((resolve) => setTimeout(resolve, 4_500));
    expect(outboxCount('grid-node')).toBe(queued);
  });

  it('reports each interval once, with what was measured, and nothing when a value was unknown', { timeout: 60_000 }, async () => {
    await nextInterval();
    const interval = await nextInterval();
    await until('the report', async () => (await call('gridRecord.get', {})).latest !== null);
    expect((await call('gridRecord.get', {})).latest).toMatchObject({
      frequencyMHz: 50_020,
      voltageMV: 231_000,
      demandW: 30_000,
      supplyW: 31_000,
      withinBands: true,
    });
    expect((await view('snapshot'))[0]).toMatch(/^50020,\d+,231000,30000,31000,true$/);
    await until('the load', async () => (await call('gridRecord.get', {})).nodes[0]?.loadW === 4_000);
    expect((await call('gridRecord.get', {})).lastInterval).toEqual({ interval, text: 'Reported in time.' });
    values.set('grid.demandW', { value: 29_000, quality: 'stale', timeMs: 1 });
    // The first one is part known, part unknown; the second is unknown from beginning to end.
    await nextInterval();
    await until('the outbox', () => ledger.state().waiting === 0);
    const queued = outboxCount('grid-status');
    await nextInterval();
    expect((await call('gridRecord.get', {})).lastInterval?.text).toMatch(/demand was not known/);
    expect(outboxCount('grid-status')).toBe(queued);
    values.set('grid.demandW', good(29_000));
    await nextInterval();
    await nextInterval();
    await until('the next report', async () => (await call('gridRecord.get', {})).latest?.demandW === 29_000);
    const ids = kernel.store.read.prepare("SELECT id FROM outbox WHERE kind = 'grid-status'").all() as { id: string }[];
    expect(new Set(ids.map((r) => r.id)).size).toBe(ids.length);
  });

  it('lets no reports pile up while the chain is away', { timeout: 90_000 }, async () => {
    await ledger.setDown(true);
    await until('the outage', () => ledger.endpoint() === null);
    const before = outboxCount('grid-status');
    await nextInterval();
    await nextInterval();
    expect(outboxCount('grid-status')).toBe(before);
    expect((await call('gridRecord.get', {})).lastInterval?.text).toMatch(/the chain is away/);
    await ledger.setDown(false);
    await until('the chain', () => ledger.endpoint() !== null, 60_000);
    values.set('grid.demandW', good(28_000));
    await nextInterval();
    await nextInterval();
    await until('the next report', async () => (await call('gridRecord.get', {})).latest?.demandW === 28_000);
    provider.destroy();
    provider = new JsonRpcProvider(ledger.endpoint()?.url, Network.from(31337), { staticNetwork: true, cacheTimeout: -1 });
  });

  it('records an emergency with the journal’s entry as its cause, even when the chain was away then', { timeout: 90_000 }, async () => {
    await ledger.setDown(true);
    await until('the outage', () => ledger.endpoint() === null);
    phase = 'done';
    const startedMs = Date.now();
    grid.executed({ level, by: 'Ines', startedMs });
    await until('the entry', async () => (await call('emergency.ledger', {})).records.length === 1);
    expect((await call('emergency.ledger', {})).records[0]).toMatchObject({
      emergency: null,
      levelName: level.name,
      sending: { state: 'waiting' },
    });
    await ledger.setDown(false);
    await until('the trip', async () => (await call('emergency.ledger', {})).level === 'restricted', 60_000);
    const [record] = (await call('emergency.ledger', {})).records;
    const { hash } = kernel.store.read.prepare('SELECT hash FROM journal WHERE sequence = ?').get(record?.journal) as { hash: string };
    expect(record).toMatchObject({ emergency: 1, by: 'Ines', cause: `0x${hash}`, signatures: [], mySignature: 'possible' });
    expect((await view('getEmergency', 1))[0]).toContain(`0x${hash}`);
    expect(await view('level')).toEqual(['2']);
  });

  it('lets the console sign the lifting only when the cause is gone, and lifts with the second guardian', { timeout: 60_000 }, async () => {
    await expect(call('emergency.signLift', { emergency: 1 })).rejects.toThrow(/confirm in the recovery steps/);
    phase = 'recovering';
    await call('emergency.signLift', { emergency: 1 });
    await until('the signature', async () => (await call('emergency.ledger', {})).records[0]?.mySignature === 'given');
    expect(await call('emergency.ledger', {})).toMatchObject({ level: 'restricted', needed: 2 });
    await expect(call('emergency.signLift', { emergency: 1 })).rejects.toThrow(/signed this already/);
    const other = (await guardians()).find((g) => !g.mine);
    expect((await guardians()).length).toBe(3);
    await call('governance.play', { as: other?.address ?? '', act: { kind: 'sign-lift', emergency: 1 } });
    await until('the lifting', async () => (await call('emergency.ledger', {})).level === 'normal');
    const [record] = (await call('emergency.ledger', {})).records;
    expect(record?.signatures.map((s) => s.by.mine)).toEqual([true, false]);
    expect(record?.lifted?.block).toBeGreaterThan(record?.recorded?.block ?? 0);
    expect(await view('level')).toEqual(['0']);
    phase = 'ready';
  });

  it('raises the level on the chain, and says of a lower one that the standing emergency covers it', { timeout: 60_000 }, async () => {
    grid.executed({ level: everything, by: 'Ines', startedMs: Date.now() });
    await until('the trip', async () => (await call('emergency.ledger', {})).level === 'shutdown');
    await new Promise((resolve) => setTimeout(resolve, 50));
    grid.executed({ level, by: 'Ines', startedMs: Date.now() });
    await until('the refusal', async () => (await call('emergency.ledger', {})).records[0]?.sending?.state === 'refused');
    expect((await call('emergency.ledger', {})).records[0]?.sending?.error).toMatch(/falls under it/);
    await call('emergency.signLift', { emergency: 2 });
    for (const g of (await guardians()).filter((x) => !x.mine).slice(0, 1))
      await call('governance.play', { as: g.address, act: { kind: 'sign-lift', emergency: 2 } });
    await until('the lifting', async () => (await call('emergency.ledger', {})).level === 'normal');
    expect(ledger.state().waiting).toBe(0);
  });
});

describe('demand response', () => {
  const wanted = { reductionW: 2_000, durationS: 600, compensation: '1000000000' } as const;
  const event = async () => (await call('demand.get', {})).events[0];
  /** What the meter drew in an interval, as a validated reading. */
  const reading = (interval: number, wh: number): unknown =>
    kernel.store.write((db) =>
      db.prepare("INSERT INTO reading VALUES (?, ?, ?, ?, 0, 0, 'ab', 1, ?, 0, 1)").run(meterId, interval, `meter-${member}`, interval, wh),
    );

  it('says before an event is called what it costs and why it cannot be', async () => {
    expect(await call('demand.check', wanted)).toMatchObject({
      possible: false,
      message: expect.stringMatching(/does not hold that much money/),
    });
    expect(await call('demand.check', { ...wanted, durationS: 60, compensation: '4000000000' })).toMatchObject({ possible: false });
    await call('wallet.issueMoney', { member: 'church-6', amount: '3000000000' });
    await until('the money', async () => (await call('demand.get', {})).account.money === '3000000000');
    expect(await call('demand.check', wanted)).toMatchObject({
      possible: true,
      steps: ['Set the compensation aside', expect.stringMatching(/2000 W/)],
    });
    expect((await call('demand.check', { ...wanted, durationS: 61 })).possible).toBe(true);
  });

  it('calls an event, and a member’s gateway enrols with its offer, never with its load', { timeout: 60_000 }, async () => {
    const now = marketClock.currentInterval();
    for (let i = now - 6; i < now; i++) reading(i, 500);
    await call('demand.request', wanted);
    await until('the event', async () => (await event())?.state === 'enrolling');
    expect((await call('demand.get', {})).account.money).toBe('2000000000');
    const { members } = await call('demand.get', {});
    const candidate = members.find((m) => m.member === member);
    expect(candidate).toMatchObject({ drawnW: 2_000, why: null });
    const e = await event();
    const enrol = {
      kind: 'enrol' as const,
      request: e?.id ?? 0,
      node: candidate?.node ?? 0,
      fromS: (e?.startsMs ?? 0) / 1000,
      untilS: (e?.endsMs ?? 0) / 1000,
    };
    expect(await wallet.act(member, { ...enrol, offeredW: 1_900_000 }).catch((error: Error) => error)).toMatchObject({
      message: expect.stringMatching(/CapacityExceeded/),
    });
    expect(await wallet.act(member, { ...enrol, offeredW: 1_000 })).toMatchObject({ signed: true });
    await until('the enrolment', async () => (await event())?.enrolments.length === 1);
    expect((await event())?.enrolments[0]).toMatchObject({ member, offeredW: 1_000, state: 'enrolled' });
    const { args } = {
      args: kernel.store.read.prepare("SELECT arguments FROM chain_event WHERE name = 'Enrolled'").get() as { arguments: string },
    };
    expect(JSON.parse(args.arguments)).toMatchObject({ offeredW: '1000', baselineW: '1000' });
  });

  it('measures what validated readings show, pays that part, and keeps the load to itself', { timeout: 90_000 }, async () => {
    const startInterval = marketClock.currentInterval();
    plantMs = startInterval * intervalMs;
    await chainLater(301);
    await until('the beginning', async () => (await event())?.state === 'running');
    await until('its plant time', () => kernel.store.read.prepare('SELECT 1 FROM demand_window').get() !== undefined);
    plantMs += 3 * intervalMs;
    await chainLater(600);
    await until('the end', async () => (await event())?.enrolments[0]?.state === 'readings-missing');
    expect((await event())?.enrolments[0]?.text).toMatch(/Readings are missing of intervals/);
    const { starts_plant_ms: from, ends_plant_ms: to } = kernel.store.read.prepare('SELECT * FROM demand_window').get() as Record<
      string,
      number
    >;
    for (let i = Math.floor((from as number) / intervalMs) - 4; i < Math.floor((to as number) / intervalMs); i++)
      if (i >= startInterval) reading(i, 350);
    await until('the record', async () => (await event())?.enrolments[0]?.state === 'recorded');
    const [e] = (await event())?.enrolments ?? [];
    expect(e).toMatchObject({ baselineW: 2_000, meanW: 1_400, deliveredW: 600, earned: '300000000', paidOut: false });
    const { arguments: text } = kernel.store.read.prepare("SELECT arguments FROM chain_event WHERE name = 'ResponseMeasured'").get() as {
      arguments: string;
    };
    expect(JSON.parse(text)).toMatchObject({ measuredW: '400', deliveredW: '600' });
    expect(kernel.store.read.prepare("SELECT count(*) AS n FROM outbox WHERE id LIKE 'demand-response:%'").get()).toEqual({ n: 1 });
  });

  it('lets the member take its pay home, and brings back what nobody earned', { timeout: 90_000 }, async () => {
    await until('its last act', async () => (await wallet.get(member)).transactions.every((t) => t.state === 'final'));
    expect(await wallet.act(member, { kind: 'collect-response' })).toMatchObject({ signed: true });
    await until('the pay', async () => (await wallet.get(member)).money === '300000000');
    await until('the note of it', async () => (await event())?.enrolments[0]?.paidOut === true);
    await chainLater(24 * 3600);
    await until('the close', async () => (await event())?.state === 'closed', 60_000);
    expect((await event())?.returned).toBe('700000000');
    await until('the rest', async () => (await call('demand.get', {})).account.money === '2700000000', 60_000);
  });
});

describe('governance', () => {
  const get = () => call('governance.get', {});
  const others = async () => (await get()).council.members.filter((m) => !m.mine);

  it('shows contracts, roles, parameters and the council as the chain has them', async () => {
    const g = await get();
    expect(g.contracts.find((c) => c.name === 'GridManagement')).toMatchObject({
      address: ledger.deployed()?.contracts.address('GridManagement'),
      state: 'running',
    });
    expect(g.contracts.find((c) => c.name === 'Council')?.state).toBe('cannot-pause');
    expect(g.council).toMatchObject({ threshold: 2, delayS: 60, proposals: [] });
    for (const r of g.roles) {
      const [, ...rest] = [r.id, ...r.holders];
      for (const h of rest)
        expect(String((await ledger.view({ contract: 'Access', method: 'hasRole', args: [r.id, h.address] }))[0]), r.name).toBe('true');
    }
    expect(g.roles.find((r) => r.name === 'Administrator')?.holders.map((h) => h.name)).toEqual(['Council']);
    expect(g.parameters.find((p) => p.key === 'fee.trade.bps')).toMatchObject({
      value: 20,
      min: 0,
      max: 500,
      unit: 'hundredths of a per cent',
    });
    expect(g.account.needsOthers[0]).toMatch(/1 more of the council, and 60 s/);
  });

  it('changes a parameter when enough members agreed and the delay is over, not before', { timeout: 60_000 }, async () => {
    const wanted = { kind: 'propose-parameter', key: 'fee.trade.bps', value: 25, source: 'Assembly of 1 March' } as const;
    await expect(call('governance.check', { act: { ...wanted, value: 501 } })).rejects.toThrow(/between 0 and 500/);
    expect(await call('governance.check', { act: wanted })).toMatchObject({
      possible: true,
      effects: [expect.stringMatching(/from 20 to 25/), expect.stringMatching(/1 more of 3/), expect.stringMatching(/60 s/)],
    });
    await call('governance.act', { act: wanted });
    await until('the proposal', async () => (await get()).council.proposals.length === 1);
    const proposal = async () => (await get()).council.proposals[0];
    expect(await proposal()).toMatchObject({
      id: 0,
      state: 'proposed',
      missing: 1,
      mayApprove: false,
      title: expect.stringMatching(/fee.trade.bps\) to 25.*Assembly of 1 March/),
    });
    const again = { kind: 'execute', proposal: 0 } as const;
    expect(await call('governance.check', { act: again })).toMatchObject({ possible: false, message: expect.stringMatching(/NotReady/) });
    const [second] = await others();
    await call('governance.play', { as: second?.address ?? '', act: { kind: 'approve', proposal: 0 } });
    await until('the approval', async () => (await proposal())?.state === 'waiting');
    await chainLater(61);
    await until('the delay', async () => (await proposal())?.state === 'ready');
    await call('governance.act', { act: again });
    await until('the execution', async () => (await proposal())?.state === 'executed');
    expect((await get()).parameters.find((p) => p.key === 'fee.trade.bps')).toMatchObject({ value: 25, source: 'Assembly of 1 March' });
  });

  it('pauses a contract at once, and only the council lets it run again', { timeout: 90_000 }, async () => {
    const state = async () => (await get()).contracts.find((c) => c.name === 'GridManagement');
    await call('governance.act', { act: { kind: 'pause', contract: 'GridManagement' } });
    await until('the pause', async () => (await state())?.state === 'paused');
    expect((await state())?.since?.by.mine).toBe(true);
    await nextInterval();
    await nextInterval();
    expect((await call('gridRecord.get', {})).lastInterval?.text).toMatch(/paused/);
    expect((await call('demand.get', {})).note).toMatch(/paused/);
    await call('governance.act', { act: { kind: 'propose-unpause', contract: 'GridManagement' } });
    await until('the proposal', async () => (await get()).council.proposals.length === 2);
    const [second] = await others();
    await call('governance.play', { as: second?.address ?? '', act: { kind: 'approve', proposal: 1 } });
    await chainLater(61);
    await call('governance.play', { as: second?.address ?? '', act: { kind: 'execute', proposal: 1 } });
    await until('the end of the pause', async () => (await state())?.state === 'running');
  });

  it('shows the same after a restart', { timeout: 120_000 }, async () => {
    const before = {
      nodes: (await call('gridRecord.get', {})).nodes,
      events: (await call('demand.get', {})).events,
      proposals: (await get()).council.proposals,
    };
    await stop();
    await start();
    expect((await call('gridRecord.get', {})).nodes).toEqual(before.nodes);
    expect((await get()).council.proposals).toEqual(before.proposals);
    expect((await call('demand.get', {})).events).toEqual(before.events);
    expect(outboxCount('grid-node')).toBe(2 * before.nodes.length);
  });
});
