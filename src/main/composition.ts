/**
 * The only place that builds the object graph. `createConsole` opens the data folder, starts the plant (if simulated) and the services
 * in order, and hands hosts one thing to carry frames to: `openLink`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { callNames, type Handlers, type PartialHandlers } from '../shared/contract/contract.ts';
import type { ServerFrame } from '../shared/contract/wire.ts';
import { Fault } from '../shared/errors.ts';
import { type PlantFile, parsePlantFile } from '../shared/plant-file.ts';
import { createAccess, type SessionRecord } from './access/access.ts';
import { createAlarmService } from './alarms/alarm-service.ts';
import { type ControlService, createControlService } from './control/control-service.ts';
import { createEmergencyService } from './emergency/emergency-service.ts';
import { createExchange, type Exchange } from './exchange.ts';
import { createFieldService } from './field/field-service.ts';
import { createTrainingService } from './field/training-service.ts';
import { createGate } from './gate/gate.ts';
import { createLink, type Link } from './gate/link.ts';
import { createGridService } from './grid/grid-service.ts';
import { createOverviewService } from './grid/overview-service.ts';
import { openHistory } from './historian/history.ts';
import { migrations } from './historian/migrations/index.ts';
import { openStore } from './historian/store.ts';
import { entryFile } from './host/entries.ts';
import { takeInstanceLock } from './host/instance-lock.ts';
import { cacheDir, rootDir } from './host/paths.ts';
import { type PlantProcess, startPlant } from './host/plant-process.ts';
import { openJournal } from './journal/journal.ts';
import { createJournalHandlers } from './journal/journal-handlers.ts';
import { createHub } from './kernel/hub.ts';
import { openLog } from './kernel/log.ts';
import type { Kernel, ProcessImage, Service } from './kernel/ports.ts';
import { systemClock } from './kernel/system-clock.ts';
import { createSessionHandlers, createSessionView } from './session/session-service.ts';
import { createSettingsHandlers } from './settings/settings-service.ts';
import { createStatusService } from './status/status-service.ts';

export interface ConsoleOptions {
  readonly plantFile: string;
  readonly dataDir: string;
  readonly host: 'electron' | 'headless';
  /** Plant time runs this many times faster than wall time; 1 on a real plant. */
  readonly speed: number;
  readonly diskBudgetBytes?: number;
  readonly brokerPort?: number;
  readonly rpcUrl?: string;
  /** Opens the operator's key; by default from the environment. */
  readonly passphrase?: string;
  readonly echoWarnings?: boolean;
  /** Told what start-up is doing, for a progress bar. */
  readonly onProgress?: (fraction: number, text: string) => void;
}

export interface BusbarConsole {
  readonly kernel: Kernel;
  readonly exchange: Exchange;
  readonly control: ControlService;
  readonly plantProcess: PlantProcess | null;
  openSession(): SessionRecord;
  session(id: string): SessionRecord | undefined;
  closeSession(id: string): void;
  openLink(session: SessionRecord, send: (frame: ServerFrame) => void, backlogBytes?: () => number): Link;
  /** What goes on and what stops when the window is closed. */
  closing(): { goesOn: string[]; stops: string[]; running: string[] };
  stop(): Promise<void>;
}

const DEFAULT_DISK_BUDGET_BYTES = 2 * 1024 ** 3;

export function loadPlantFile(file: string): PlantFile {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new Fault(
      'plant.invalid',
      missing
        ? `There is no plant file ${file}. Give its path with --plant FILE.`
        : `The plant file ${file} cannot be read as JSON: ${(cause as Error).message}. Correct it and start again.`,
      { cause },
    );
  }
  const result = parsePlantFile(json);
  if (result.kind === 'ok') return result.plant;
  const more = result.problems.length > 3 ? ` (and ${result.problems.length - 3} more)` : '';
  throw new Fault(
    'plant.invalid',
    `The plant file ${file} is not right: ${result.problems.slice(0, 3).join('; ')}${more}. Correct it and start again; nothing was started.`,
    {
      details: { problems: result.problems.slice(0, 50) },
    },
  );
}

export async function createConsole(options: ConsoleOptions): Promise<BusbarConsole> {
  const progress = options.onProgress ?? (() => {});
  const plant = loadPlantFile(options.plantFile);
  const lock = takeInstanceLock(options.dataDir);
  const undo: (() => void | Promise<void>)[] = [() => lock.release()];
  try {
    return await build();
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }

  async function build(): Promise<BusbarConsole> {
    const logFile = openLog(options.dataDir, { echo: options.echoWarnings ?? false });
    undo.push(() => logFile.close());
    const log = logFile.log;
    const clock = systemClock;
    progress(0.05, 'Opening the data folder');
    const store = openStore(join(options.dataDir, 'console.sqlite'), migrations);
    undo.push(() => store.close());
    const diskBudgetBytes = options.diskBudgetBytes ?? DEFAULT_DISK_BUDGET_BYTES;
    const historian = openHistory({
      file: join(options.dataDir, 'history.sqlite'),
      budgetBytes: diskBudgetBytes,
      clock,
      log: log.child('history'),
    });
    undo.push(() => historian.close());
    const journal = openJournal(store, clock);
    const hub = createHub((topic, problem) => log.error(`hub: a payload of ${topic} is off the contract`, { problem }));
    const simulated = plant.simulation !== undefined;
    const alarms = createAlarmService({ store, clock, hub, log: log.child('alarms') });
    const kernel: Kernel = { clock, log, store, historian, journal, alarms, hub, plant, dataDir: options.dataDir, simulated };
    const access = createAccess({ store, clock, simulated });
    journal.onEntry((entry) => hub.publish('journal', entry));
    defineHouseAlarms(kernel);
    historian.onTrouble((problem) =>
      alarms.set('history.notKept', 'historian', problem !== null, {
        sourceName: 'Historian',
        page: 'settings',
        ...(problem ? { value: problem } : {}),
      }),
    );
    const stopFlush = clock.setInterval(() => historian.flush(), 1000);
    undo.push(stopFlush);

    progress(0.1, 'Starting the broker');
    const exchange = createExchange(kernel, {
      speed: simulated ? options.speed : 1,
      cacheDir,
      ...(options.brokerPort === undefined ? {} : { brokerPort: options.brokerPort }),
      ...(options.rpcUrl === undefined ? {} : { rpcUrl: options.rpcUrl }),
      ...(options.passphrase === undefined ? {} : { passphrase: options.passphrase }),
      image: () => wholeImage,
      plannedBatteryW: (w) => control.planBattery(w),
      progress: (p) => hub.publish('progress', p),
    });
    const started: Service[] = [];
    undo.push(async () => {
      for (const service of started.reverse())
        await service.stop().catch((error: unknown) => log.error(`${service.name} did not stop cleanly`, { error: String(error) }));
    });
    const startAll = async (services: readonly Service[], from: number, to: number) => {
      for (const [i, service] of services.entries()) {
        progress(from + ((to - from) * i) / services.length, `Starting ${service.name}`);
        await service.start();
        started.push(service);
      }
    };
    await startAll([alarms, ...exchange.prepare()], 0.1, 0.2);

    progress(0.25, simulated ? 'Starting the simulated plant' : 'Connecting to the plant');
    let plantProcess: PlantProcess | null = null;
    const startOwnPlant = () =>
      startPlant({
        entry: entryFile('plant'),
        plantFile: options.plantFile,
        dataDir: options.dataDir,
        mqttUrl: exchange.broker.plantUrl,
        log: log.child('plant'),
      });
    if (simulated) {
      plantProcess = await startOwnPlant();
      undo.push(() => plantProcess?.stop());
    }
    const addressOf = () =>
      Object.fromEntries(
        plant.devices.map((d) => [
          d.id,
          plantProcess?.addresses[d.id] ?? { host: d.connection.host, port: d.connection.port, unitId: d.connection.unitId },
        ]),
      );

    const field = createFieldService(kernel, {
      addresses: addressOf(),
      marketClock: exchange.marketClock,
      meterFacts: (id) => exchange.meterFacts(id),
    });
    const grid = createGridService(kernel, { field, activeAlarms: () => alarms.active() });
    // What the exchange reads: measured points of the field and computed ones of the grid.
    const wholeImage: ProcessImage = {
      read: (point) => (point.startsWith('grid.') ? grid.read(point) : field.image.read(point)),
      ids: () => [...field.image.ids(), ...grid.points().map((p) => p.id)],
    };
    const control = createControlService(kernel, { field, grid });
    const emergency = createEmergencyService(kernel, { field, grid });
    const overview = createOverviewService(kernel, {
      field,
      grid,
      control,
      day: () => exchange.market.dayPoints(),
      carbonNow: () => exchange.carbon.carbonNow(),
      activeAlarms: () => alarms.active(),
    });
    const plantControl = () => plantProcess?.control ?? null;
    const training = createTrainingService(kernel, {
      control: plantControl(),
      marketClock: exchange.marketClock,
      engine: { setBrokerDown: (down) => exchange.setBrokerDown(down), setChainDown: (down) => exchange.setChainDown(down) },
    });
    const status = createStatusService(kernel, {
      mode: () => grid.mode(),
      frequency: () => grid.frequency(),
      exchange: () => grid.exchange(),
      supply: () => grid.supply(),
      demand: () => grid.demand(),
      market: () => exchange.marketStatus(),
      chain: () => exchange.chainState(),
      alarms: () => alarms.summary(),
      onDuty: () => access.onDuty(),
      drill: () => emergency.state().drill && emergency.state().phase !== 'ready',
      settlement: () => exchange.settlementStatus(),
      communication: () => {
        const all = field.summaries();
        return { devices: all.length, silent: all.filter((d) => d.state === 'silent').length };
      },
    });
    watchPlant();

    const closing = () => closingFacts(kernel, exchange);
    const sessionFacts = { version: readVersion(), host: options.host, developmentKeys: () => exchange.developmentKeys(), closing };
    const sessionView = createSessionView(kernel, access, sessionFacts);
    const handlers = assembleHandlers([
      alarms.handlers,
      createSessionHandlers(access, sessionView, sessionFacts),
      createJournalHandlers(kernel, journal),
      createSettingsHandlers(kernel, { plantFile: options.plantFile, rootDir, diskBudgetBytes, connections, test: testConnection }),
      ...[field, grid, control, emergency, overview, training, ...exchange.services()].map((s) => s.handlers),
    ]);
    let state: 'starting' | 'running' | 'stopping' = 'starting';
    const gate = createGate({ handlers, journal, log: log.child('gate'), state: () => state });
    await startAll([field, grid, control, emergency, overview, training], 0.3, 0.5);
    await startAll(exchange.services(), 0.5, 0.95);
    await startAll([status], 0.95, 1);
    state = 'running';
    journal.record({
      who: 'console',
      kind: 'event',
      title: 'Console started',
      text: `Version ${readVersion()}, ${options.host} host, ${simulated ? `simulated plant at speed ${options.speed}` : 'real plant'}.`,
    });
    progress(1, 'Ready');

    return {
      kernel,
      exchange,
      control,
      get plantProcess() {
        return plantProcess;
      },
      openSession: () => access.openSession(),
      session: (id) => access.session(id),
      closeSession: (id) => access.closeSession(id),
      openLink(session, send, backlogBytes) {
        const link = createLink({
          gate,
          hub,
          clock,
          session,
          send,
          onSession(listener) {
            const tell = () => listener(sessionView(session));
            tell();
            return access.onChange(tell);
          },
          ...(backlogBytes ? { backlogBytes } : {}),
        });
        const leave = access.present(session);
        return {
          receive: link.receive,
          close() {
            leave();
            link.close();
          },
        };
      },
      closing,
      async stop() {
        if (state === 'stopping') return;
        state = 'stopping';
        try {
          journal.record({
            who: 'console',
            kind: 'event',
            title: 'Console stopped',
            text: 'Shut down in order. Devices fall back to their own safe values when their set-points expire.',
          });
        } catch (error) {
          log.error('the stop could not be journalled', { error: String(error) });
        }
        for (const step of undo.reverse()) await step();
        undo.length = 0;
      },
    };

    function watchPlant(): void {
      plantProcess?.onExit(() => {
        if (state === 'stopping') return;
        log.error('plant: the simulated plant ended; starting it again');
        journal.record({
          who: 'console',
          kind: 'fault',
          title: 'Simulated plant ended',
          text: 'It ended without being told to; it is being started again.',
        });
        startOwnPlant()
          .then((next) => {
            plantProcess = next;
            field.setAddresses(addressOf());
            training.setControl(plantControl());
            watchPlant();
          })
          .catch((error: unknown) => log.error('plant: it could not be started again', { error: String(error) }));
      });
    }

    function connections() {
      const all = field.summaries();
      const silent = all.filter((d) => d.state === 'silent');
      const lastProblem = alarms.active().find((a) => a.id.startsWith('history.notKept'));
      return [
        {
          id: 'plant' as const,
          name: simulated ? 'Simulated plant' : 'Plant',
          address: plantProcess ? `process ${plantProcess.pid}, Modbus TCP on this computer` : `${all.length} Modbus TCP devices`,
          state: silent.length === 0 ? ('ok' as const) : silent.length === all.length ? ('down' as const) : ('degraded' as const),
          text:
            silent.length === 0
              ? `All ${all.length} devices answer.`
              : `${silent.length} of ${all.length} devices are silent: ${silent
                  .slice(0, 4)
                  .map((d) => d.name)
                  .join(', ')}.`,
          facts: [{ label: 'Devices', value: String(all.length) }],
        },
        ...exchange.connections(),
        {
          id: 'historian' as const,
          name: 'Historian',
          address: options.dataDir,
          state: lastProblem?.active ? ('down' as const) : ('ok' as const),
          text: lastProblem?.active ? (lastProblem.value ?? 'It cannot write.') : 'Keeps 1 s values within its disk budget.',
          facts: [
            { label: 'Used', value: `${(historian.usedBytes() / 1e6).toFixed(1)} MB` },
            { label: 'Budget', value: `${(diskBudgetBytes / 1e9).toFixed(1)} GB` },
          ],
        },
      ];
    }

    async function testConnection(id: 'plant' | 'broker' | 'chain' | 'historian' | 'prover') {
      const begin = clock.monotonicMs();
      const spent = () => Math.round(clock.monotonicMs() - begin);
      if (id === 'historian') {
        const verdict = store.read.pragma('quick_check(1)', { simple: true }) as string;
        return {
          ok: verdict === 'ok',
          ms: spent(),
          message: verdict === 'ok' ? 'The database is sound.' : `The database is damaged: ${verdict}. Restore it from a backup.`,
        };
      }
      if (id === 'plant') {
        const info = connections()[0];
        // A plant with a silent device answers, and says which; only one without any answer does not.
        return { ok: info?.state !== 'down', ms: spent(), message: info?.text ?? '' };
      }
      const info = await exchange.testConnection(id);
      return { ok: info.state === 'ok', ms: spent(), message: info.text };
    }
  }
}

function readVersion(): string {
  return (JSON.parse(readFileSync(join(rootDir, 'package.json'), 'utf8')) as { version: string }).version;
}

/** Every call of the contract has exactly one handler; a gap or a double is a bug and stops the start. */
export function assembleHandlers(parts: readonly (PartialHandlers | undefined)[]): Handlers {
  const all: Record<string, unknown> = {};
  for (const part of parts) {
    for (const [name, handler] of Object.entries(part ?? {})) {
      if (name in all) throw new Error(`contract: two rooms answer ${name}`);
      all[name] = handler;
    }
  }
  const missing = callNames.filter((name) => !(name in all));
  if (missing.length > 0) throw new Error(`contract: no room answers ${missing.join(', ')}`);
  return all as unknown as Handlers;
}

function defineHouseAlarms(kernel: Kernel): void {
  kernel.alarms.define({
    kind: 'history.notKept',
    priority: 2,
    title: 'Trends are not being kept',
    cause: 'The disk is full or cannot be written.',
    consequence: 'What happens now will be missing from the trends. Readings of meters are not acknowledged until they can be kept.',
    action: 'Free space on the disk that holds the data folder, then watch this alarm clear by itself.',
    respondWithinS: 600,
  });
}

function closingFacts(kernel: Kernel, exchange: Exchange): { goesOn: string[]; stops: string[]; running: string[] } {
  const running: string[] = [];
  if (exchange.settlementStatus().proving) running.push('A proof is being made; it will be made again at the next start.');
  const waiting = exchange.chainState().waiting;
  if (waiting > 0) running.push(`${waiting} entries wait for the chain; they are kept and sent at the next start.`);
  return {
    goesOn: [
      'Devices keep their own protection and droop; set-points fall back to their safe values when they expire.',
      'Meters keep their signed readings until this console, or another, has taken them in.',
    ],
    stops: [
      'Balancing, peak shaving, alarms and recording stop until the console is started again.',
      'The market pauses: no interval is cleared or settled while the console is closed.',
      ...(kernel.simulated ? ['The simulated plant stops with the console.'] : []),
    ],
    running,
  };
}
