/**
 * The simulated plant as a process:
 *   node plant/main.ts --plant FILE --data DIR [--mqtt URL] [--rpc URL] [--seed N] [--speed S]
 * The broker's URL may also come in BUSBAR_MQTT_URL. Without a broker it runs by itself at --speed. --rpc names a node of the chain at which the
 * members' gateways look, when they are commissioned, under which keys the ledger takes proofs.
 */
import { readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { setProfileDirectory } from '../drivers/modbus/device-profile.ts';
import { setModelDirectory } from '../drivers/modbus/sunspec/models.ts';
import { parsePlantFile } from '../src/shared/plant-file.ts';
import { reportState } from './control/report.ts';
import { openControlServer } from './control/server.ts';
import { createGuardian } from './guardian.ts';
import { writeFileAtomic } from './metering/atomic-file.ts';
import { type Plant, plantDirectory, startPlant } from './runtime.ts';
import { parseSimulation } from './simulation-file.ts';

const GRACE_MS = 120_000;
const USAGE = 'usage: plant/main.ts --plant FILE --data DIR [--mqtt URL] [--rpc URL] [--seed N] [--speed S]';

interface Parent {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onGone(listener: () => void): void;
}

// The console's pipe may be gone while the plant goes on: words to nobody must not end it.
process.stderr.on('error', () => {});
process.stdout.on('error', () => {});
const log = (sentence: string): void => void process.stderr.write(`plant: ${sentence}\n`);

placeDriverData();
try {
  await main();
} catch (error) {
  log((error as Error).message);
  process.exit(1);
}

async function main(): Promise<void> {
  const options = readOptions();
  const dir = plantDirectory(options.dataDir);
  const plant = await startPlant({
    ...readPlant(options.plantFile),
    dir,
    seed: options.seed,
    speed: options.speed,
    ...(options.mqttUrl && { mqttUrl: options.mqttUrl }),
    ...(options.rpcUrl && { rpcUrl: options.rpcUrl }),
    profileBase: pathToFileURL(resolve(options.plantFile)),
    log,
  });
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(0), 4000).unref();
    rmSync(join(dir, 'control.json'), { force: true });
    guardian.close();
    await control.close();
    await plant.close();
    process.exit(0);
  };
  const guardian = createGuardian({ graceMs: GRACE_MS, onEnd: () => void stop(), onAlone: () => plant.holdClock() });
  const ready = () => ({ type: 'ready', devices: plant.addresses, control: { port: control.port, token: plant.token }, pid: process.pid });
  const control = await openControlServer({
    token: plant.token,
    state() {
      guardian.seen();
      return reportState(plant);
    },
    faults: () => ({ catalogue: plant.faults.catalogue(), active: plant.faults.active() }),
    startFault: (body) => plant.faults.start({ ...body, kind: String(body.kind) }),
    endFault: (id) => plant.faults.end(id),
    async attach({ pid, mqttUrl }) {
      if (mqttUrl) await plant.connect(mqttUrl);
      if (pid) guardian.adopted(pid);
      else guardian.seen();
      return ready();
    },
    stop: () => void stop(),
  });
  await writeControlFile(dir, plant, control.port);
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => void stop());
  const parent = parentOf();
  parent?.onMessage((message) => {
    if ((message as { type?: string } | null)?.type === 'stop') void stop();
  });
  parent?.onGone(() => guardian.orphaned());
  parent?.send(ready());
  if (!parent) log(`running; control on 127.0.0.1:${control.port}, token in ${join(dir, 'control.json')}`);
}

/** In a packaged console this file is `out/main/plant.js`; the drivers' data files stay where they are in the checkout. */
function placeDriverData(): void {
  const folder = dirname(fileURLToPath(import.meta.url));
  if (basename(folder) === 'plant') return;
  const drivers = pathToFileURL(join(folder, '..', '..', 'drivers', 'modbus', '/'));
  setModelDirectory(fileURLToPath(new URL('./sunspec/data/', drivers)));
  setProfileDirectory(new URL('./profiles/', drivers));
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      plant: { type: 'string' },
      data: { type: 'string' },
      mqtt: { type: 'string' },
      rpc: { type: 'string' },
      seed: { type: 'string' },
      speed: { type: 'string' },
    },
  });
  if (!values.plant || !values.data) throw new Error(USAGE);
  const speed = Number(values.speed ?? 30);
  if (!(speed > 0 && speed <= 100_000)) throw new Error('--speed must be a number above 0');
  const seed = Number(values.seed ?? 1);
  if (!Number.isInteger(seed)) throw new Error('--seed must be a whole number');
  const mqttUrl = values.mqtt ?? process.env.BUSBAR_MQTT_URL;
  return { plantFile: values.plant, dataDir: values.data, mqttUrl, rpcUrl: values.rpc, seed, speed };
}

function readPlant(path: string) {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`The plant file ${path} cannot be read: ${(error as Error).message}`);
  }
  const parsed = parsePlantFile(json);
  if (parsed.kind === 'invalid') throw new Error(`The plant file ${path} is not usable: ${parsed.problems.join('; ')}`);
  const simulation = parseSimulation(parsed.plant);
  if (simulation.kind === 'invalid') throw new Error(`The plant file ${path} is not usable: ${simulation.problems.join('; ')}`);
  return { file: parsed.plant, simulation: simulation.simulation };
}

async function writeControlFile(dir: string, plant: Plant, port: number): Promise<void> {
  const content = { pid: process.pid, port, token: plant.token, control: { port, token: plant.token }, devices: plant.addresses };
  await writeFileAtomic(join(dir, 'control.json'), `${JSON.stringify(content)}\n`, 0o600);
}

/** Under child_process.fork it is `process`, under Electron's utilityProcess `process.parentPort`. */
function parentOf(): Parent | null {
  const port = (process as unknown as { parentPort?: NodeJS.EventEmitter & { postMessage(message: unknown): void } }).parentPort;
  if (port) {
    return {
      send: (message) => port.postMessage(message),
      onMessage: (listener) => port.on('message', (event: { data: unknown }) => listener(event.data)),
      onGone: (listener) => port.on('close', listener),
    };
  }
  if (!process.send) return null;
  return {
    send: (message) => process.send?.(message),
    onMessage: (listener) => process.on('message', listener),
    onGone: (listener) => process.on('disconnect', listener),
  };
}
