/**
 * The running plant: physics ten times a second, devices on their ports, meters and gateways on the bus. One object with a lifetime.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { PlantFile } from '../src/shared/plant-file.ts';
import { type ClockMessage, createPlantClock } from './clock.ts';
import { createFaults, type Faults, type Overrides } from './control/faults.ts';
import { type DeviceAddress, openRack } from './devices/rack.ts';
import { openMemberAccounts } from './metering/accounts.ts';
import { connectFieldBus, type FieldBus } from './metering/field-bus.ts';
import { openKeyRing } from './metering/keys.ts';
import { keySentences, rootOnChain } from './metering/ledger-keys.ts';
import { createMetering, type Metering } from './metering/metering.ts';
import { type Memory, openMemoryFile } from './metering/non-volatile.ts';
import { openNoticeKeeper } from './metering/notices.ts';
import { openOpeningKeeper } from './metering/openings.ts';
import { orderObjection, policyOf } from './metering/policy.ts';
import { createPromises } from './metering/promises.ts';
import { openMeterAccounts } from './metering/public-meters.ts';
import { createRandom } from './physics/noise.ts';
import { loadProfiles } from './physics/profiles.ts';
import { createPlantState, type PlantState } from './physics/state.ts';
import { stepPlant } from './physics/step.ts';
import { createWeather } from './physics/weather.ts';
import type { Simulation } from './simulation-file.ts';

const STEP_MS = 100;
const SETTLE_STEPS = 200;
const SAVE_EVERY_MS = 1000;
const SIGN_BUDGET_MS = 15;
const DAY_MS = 86_400_000;

export interface Plant {
  readonly state: PlantState;
  readonly metering: Metering;
  readonly faults: Faults;
  readonly addresses: Readonly<Record<string, DeviceAddress>>;
  readonly token: string;
  clock(): { plantTimeMs: number; speed: number } | null;
  bus(): { connected: number; clients: number } | null;
  /** The console is gone: plant time stands still until its clock is heard again, dynamics go on. */
  holdClock(): void;
  /** Points every meter and gateway to another broker. */
  connect(mqttUrl: string): Promise<void>;
  close(): Promise<void>;
}

export interface PlantOptions {
  file: PlantFile;
  simulation: Simulation;
  /** Folder of the plant's own memory and keys. */
  dir: string;
  seed: number;
  speed: number;
  mqttUrl?: string;
  /** Node of the chain that gateways ask, when they are commissioned, under which keys proofs are taken. */
  rpcUrl?: string;
  /** What the simulation's `profileFile` is relative to: the plant file. */
  profileBase: URL;
  log: (sentence: string) => void;
}

export async function startPlant(options: PlantOptions): Promise<Plant> {
  const { file, simulation, seed, log } = options;
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const overrides: Overrides = { cloudDepth: 0, loadFactor: new Map() };
  const promises = createPromises(file, () => Date.now());
  const weather = createWeather({
    simulation,
    profiles: loadProfiles(new URL(simulation.profileFile, options.profileBase)),
    ratedW: new Map(file.grid.units.map((unit) => [unit.id, unit.ratedW])),
    seed,
    overrides: {
      cloudDepth: () => overrides.cloudDepth,
      loadFactor: (unit) => overrides.loadFactor.get(unit) ?? 1,
      reductionW: promises.reductionW,
    },
  });
  const state = createPlantState({ file, simulation, weather, seed });
  const keys = await openKeyRing(
    options.dir,
    file.devices.filter((d) => d.meter).map((d) => d.id),
  );
  const ownAssets = new Set(file.members.filter((m) => m.operatorOwned).map((m) => m.id));
  const metering = createMetering({
    file,
    state,
    seed,
    key: keys,
    // The community's own assets are the operator's to order for.
    orderObjection: (memberId) => (ownAssets.has(memberId) ? null : orderObjection(policyOf(options.dir, memberId))),
  });
  const accounts = await openMemberAccounts({
    dir: options.dir,
    holders: file.members.flatMap((member) => {
      const meter = file.devices.find((d) => d.id === member.meter)?.meter;
      return member.operatorOwned || !meter
        ? []
        : [{ memberId: member.id, meterId: meter.meterId, ratedW: meter.ratedW, key: keys(member.meter) }];
    }),
    tariffs: {
      importMilliCentsPerKwh: file.market.importTariffMilliCentsPerKwh,
      feedInMilliCentsPerKwh: file.market.feedInTariffMilliCentsPerKwh,
    },
    onSigned: promises.signed,
  });
  const ownLedger = (memberId: string) => {
    // The community's own assets have no account of their own; their gateway trusts what the members' do.
    const first = file.members.find((m) => !m.operatorOwned);
    return accounts.ledgerOf(memberId) ?? (first ? accounts.ledgerOf(first.id) : null);
  };
  const marketTime = () => {
    const now = clock.now();
    return now ? { plantTimeMs: now.plantTimeMs, intervalMs: clock.intervalMs(), gateLeadMs: clock.gateLeadMs() } : null;
  };
  const openings = await openOpeningKeeper({
    dir: options.dir,
    holders: file.members.flatMap((member) => {
      const meter = file.devices.find((d) => d.id === member.meter)?.meter;
      return meter ? [{ memberId: member.id, meterId: meter.meterId, key: keys(member.meter) }] : [];
    }),
    ledger: ownLedger,
    clock: marketTime,
    rootOnChain: (ledger, interval) => rootOnChain(ledger, interval, options.rpcUrl),
    onProblem: log,
  });
  const meterAccounts = await openMeterAccounts({
    dir: options.dir,
    meters: file.devices.flatMap((d) => (d.meter?.public ? [{ deviceId: d.id, meterId: d.meter.meterId, key: keys(d.id) }] : [])),
  });
  const generatedWh = new Map([...state.inverters.keys()].map((id) => [id, 1000]));
  const memory: Memory = { state, meters: metering.meters, gateways: metering.gateways, generatedWh };
  const memoryFile = openMemoryFile(options.dir, file.id);
  const restored = memoryFile.restore(memory);
  const rememberedMs = restored ? state.plantTimeMs : null;
  const startMs = rememberedMs ?? Date.parse(simulation.startPlantTime);
  state.plantTimeMs = startMs;
  await memoryFile.save(memory);

  const clock = createPlantClock({
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    intervalMs: file.market.intervalMs,
    ...(!options.mqttUrl && { freeRun: { startMs, speed: options.speed } }),
  });
  const notices = openNoticeKeeper({
    dir: options.dir,
    accounts,
    clock: marketTime,
    onProblem: log,
  });
  let steps = 0;
  const random = createRandom(seed);
  const { minMs, maxMs } = simulation.relay;
  // The field has been running before anybody looked: let governors and ramps settle at the first moment's weather.
  const settle = (atMs: number): void => {
    for (let i = 0; i < SETTLE_STEPS; i++) stepPlant(state, atMs, STEP_MS / 1000, 0);
  };
  settle(startMs);
  const rack = await openRack({
    state,
    metering,
    generatedWh,
    stepCount: () => steps,
    travelS: () => (minMs + random() * (maxMs - minMs)) / 1000,
  });
  const renewKey = (deviceId: string): void =>
    void keys.renew(deviceId).then(
      () => {
        metering.keyChanged(deviceId);
        const identity = metering.identities().get(deviceId);
        if (identity) bus?.show(deviceId, identity);
      },
      (cause) => log(`${deviceId} could not keep a new key, so it stays with the one it has: ${String(cause)}`),
    );
  const faults = createFaults({ state, rack, metering, overrides, renewKey, nowMs: () => Date.now() });

  let bus: FieldBus | null = null;
  const takeEarlyOpenings = async (): Promise<void> => {
    for (const { memberId, receipt } of await openings.commissioned()) bus?.receiptOpening(memberId, receipt);
  };
  const connect = async (url: string): Promise<void> => {
    const old = bus;
    bus = null;
    await old?.close();
    bus = connectFieldBus({
      url,
      meters: metering.meters,
      identities: metering.identities(),
      memberIds: file.members.map((m) => m.id),
      onClock: (message: ClockMessage) => {
        const first = clock.now() === null;
        clock.follow(message);
        if (first) void takeEarlyOpenings().catch((cause) => log(`early openings could not be kept: ${String(cause)}`));
      },
      onRequest: (memberId, request) => bus && metering.request(memberId, request, bus),
      accounts: new Map(file.members.filter((m) => !m.operatorOwned).map((m) => [m.id, accounts.announcement(m.id)])),
      onAccountRequest: (memberId, request) =>
        void accounts.answer(memberId, request).then(
          (response) => bus?.respondSigned(memberId, response),
          (cause) => log(`${memberId} could not keep what it signed, so nothing leaves it: ${String(cause)}`),
        ),
      meterAccounts: meterAccounts.announcements,
      onPostRequest: (deviceId, request) => meterAccounts.answer(deviceId, request),
      onLedger: (ledger) => {
        meterAccounts.commission(ledger).then(
          (outcome) => outcome.kind === 'refused' && log(outcome.reason),
          (cause) => log(`the ledger’s contracts could not be kept: ${String(cause)}`),
        );
        void accounts
          .commission(ledger)
          .then(async (outcome) => {
            if (outcome.kind === 'refused') return log(outcome.reason);
            if (outcome.kind === 'taken') for (const sentence of await keySentences(ledger, options.rpcUrl)) log(sentence);
            await takeEarlyOpenings();
          })
          .catch((cause) => log(`the ledger’s contracts could not be kept: ${String(cause)}`));
      },
      sealingKeys: new Map(file.members.flatMap((m) => (openings.has(m.id) ? [[m.id, openings.announcement(m.id)] as const] : []))),
      onOpening: (memberId, payload) =>
        void openings.take(memberId, payload).then(
          (receipt) => receipt && bus?.receiptOpening(memberId, receipt),
          (cause) => log(`${memberId} could not keep its opening, so it is not acknowledged: ${String(cause)}`),
        ),
      onOrdersNotice: (memberId, payload) =>
        void notices.take(memberId, payload).then(
          (receipt) => receipt && bus?.receiptOrders(memberId, receipt),
          (cause) => log(`${memberId} could not keep a notice of its operator, so it gives no receipt: ${String(cause)}`),
        ),
      onAcknowledged: () => {},
      onProblem: (sentence) => log(`mqtt: ${sentence}`),
    });
  };
  if (options.mqttUrl) await connect(options.mqttUrl);

  let started = false;
  /** One step; `share` of the plant time that is due. More than an interval at once is a jump of the clock, in which no energy flows. */
  const advance = (dtWallS: number, share: number): void => {
    const now = clock.now();
    const intervalMs = clock.intervalMs();
    const fromMs = state.plantTimeMs;
    if (!now) {
      stepPlant(state, fromMs, dtWallS, 0);
      steps++;
      return;
    }
    if (!started) {
      started = true;
      if (rememberedMs !== null && now.plantTimeMs < rememberedMs - DAY_MS) {
        log(
          `the clock starts ${Math.round((rememberedMs - now.plantTimeMs) / DAY_MS)} days before the plant's memory: the meters begin a new series`,
        );
        for (const meter of metering.meters) meter.lastInterval = null;
        state.plantTimeMs = now.plantTimeMs;
      }
      const atMs = Math.max(state.plantTimeMs, now.plantTimeMs);
      if (rememberedMs === null) settle(atMs);
      jumpTo(atMs, intervalMs);
      return;
    }
    const dueMs = Math.max(0, now.plantTimeMs - fromMs);
    if (dueMs > intervalMs) {
      log(`plant time jumped ahead by ${Math.round(dueMs / 1000)} s; no energy was counted in between`);
      jumpTo(now.plantTimeMs, intervalMs);
      return;
    }
    const toMs = fromMs + dueMs * share;
    const dtPlantS = (toMs - fromMs) / 1000;
    stepPlant(state, toMs, dtWallS, dtPlantS);
    steps++;
    metering.setMarketRunning(intervalMs);
    metering.book(fromMs, toMs, intervalMs);
    for (const [id, inverter] of state.inverters) generatedWh.set(id, (generatedWh.get(id) ?? 0) + (inverter.outputW * dtPlantS) / 3600);
  };
  const jumpTo = (plantTimeMs: number, intervalMs: number): void => {
    state.plantTimeMs = plantTimeMs;
    metering.catchUp(plantTimeMs, intervalMs);
  };

  let lastTickMs = performance.now();
  let lastSaveMs = performance.now();
  let saving = false;
  let failedSaves = 0;
  const save = async (): Promise<void> => {
    saving = true;
    try {
      await memoryFile.save(memory);
      failedSaves = 0;
      metering.release(bus);
    } catch (error) {
      // Registers shown stay at what is on disk, readings wait: a full disk must not become a register that runs backwards.
      if (failedSaves++ % 60 === 0)
        log(`the plant's memory cannot be written (${(error as Error).message}); meters hold their readings until it can`);
    } finally {
      saving = false;
    }
  };
  const tick = (): void => {
    const nowMs = performance.now();
    const elapsedMs = Math.min(1000, nowMs - lastTickMs);
    lastTickMs = nowMs;
    const parts = Math.max(1, Math.round(elapsedMs / STEP_MS));
    for (let i = 0; i < parts; i++) advance(elapsedMs / parts / 1000, 1 / (parts - i));
    metering.sign(SIGN_BUDGET_MS, () => performance.now());
    if (saving || !(nowMs - lastSaveMs >= SAVE_EVERY_MS || metering.waiting())) return;
    lastSaveMs = nowMs;
    void save();
  };
  const timer = setInterval(tick, STEP_MS);

  return {
    state,
    metering,
    faults,
    addresses: rack.addresses,
    token: randomBytes(24).toString('base64url'),
    clock: () => clock.now(),
    bus: () => bus?.connected() ?? null,
    holdClock: () => clock.hold(),
    connect,
    async close() {
      clearInterval(timer);
      faults.endAll();
      await memoryFile.save(memory).catch(() => {});
      await bus?.close();
      await rack.close();
    },
  };
}

export const plantDirectory = (dataDir: string): string => join(dataDir, 'plant');
