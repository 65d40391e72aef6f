/** `npm start` where no Electron binary is to be had, and `--headless`: starts the console and prints its address. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createConsole, loadPlantFile } from '../src/main/composition.ts';
import { defaultDataDir, defaultPlantFile, rendererDir } from '../src/main/host/paths.ts';
import { Fault } from '../src/shared/errors.ts';
import { assertPortFree, startHeadlessHost } from './server.ts';

const refuse = (sentence: string): never => {
  process.send?.({ type: 'failed', message: sentence });
  process.stderr.write(`busbar: ${sentence}\n`);
  process.exit(2);
};
const read = () => {
  try {
    return parseArgs({
      options: {
        plant: { type: 'string' },
        data: { type: 'string' },
        port: { type: 'string', default: '7100' },
        speed: { type: 'string', default: '30' },
        rpc: { type: 'string' },
      },
    }).values;
  } catch (error) {
    return refuse(`${(error as Error).message.split('. ')[0]}.`);
  }
};
const values = read();
if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65535) refuse(`--port takes a number from 0 to 65535, not "${values.port}".`);
if (!(Number(values.speed) >= 1 && Number(values.speed) <= 60)) refuse(`--speed takes a number from 1 to 60, not "${values.speed}".`);

if (values.rpc !== undefined && !/^https?:\/\//.test(values.rpc))
  refuse(`--rpc takes an address like http://127.0.0.1:8545, not "${values.rpc}".`);

try {
  const plantFile = resolve(values.plant ?? defaultPlantFile);
  const plant = loadPlantFile(plantFile);
  const dataDir = resolve(values.data ?? defaultDataDir(plant.id));
  await assertPortFree(Number(values.port));
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const console_ = await createConsole({
    plantFile,
    dataDir,
    host: 'headless',
    speed: Number(values.speed),
    ...(values.rpc ? { rpcUrl: values.rpc } : {}),
    onProgress: (fraction, text) => process.send?.({ type: 'progress', fraction, text }),
  });
  const host = await startHeadlessHost({ console: console_, rendererDir, port: Number(values.port) }).catch(async (error: unknown) => {
    await console_.stop();
    throw error;
  });
  const address = host.issueAddress();
  process.send?.({ type: 'ready', address, port: host.port });
  process.stdout.write(
    `Busbar is running. Open this address in a browser on this computer:\n  ${address}\nThe address works once; press Enter here for another, Ctrl+C to stop.\n`,
  );
  if (process.stdin.isTTY) process.stdin.on('data', () => process.stdout.write(`  ${host.issueAddress()}\n`));
  process.on('message', (message: { type?: string }) => {
    if (message?.type === 'address') process.send?.({ type: 'address', address: host.issueAddress() });
    if (message?.type === 'stop') void stop(0);
  });
  let stopping = false;
  const stop = async (code: number) => {
    if (stopping) return;
    stopping = true;
    const said = console_.closing();
    process.stdout.write(`\nStopping. ${said.stops[0] ?? ''}\n`);
    await host.close();
    await console_.stop();
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0));
  // Whoever started it is gone: nobody could stop it in order any more.
  process.on('disconnect', () => void stop(0));
} catch (error) {
  const sentence =
    error instanceof Fault
      ? error.message
      : `The console could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  process.send?.({ type: 'failed', message: sentence });
  process.stderr.write(`busbar: ${sentence}\n`);
  process.exit(1);
}
