/** A console under test: the headless host as a process of its own, on its own data folder and a free port. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

export interface RunningConsole {
  readonly address: string;
  readonly origin: string;
  readonly port: number;
  readonly dataDir: string;
  readonly child: ChildProcess;
  readonly startedInMs: number;
  /** A fresh one-time address. */
  newAddress(): Promise<string>;
  stop(): Promise<void>;
  /** SIGKILL, as a power cut would. */
  kill(): Promise<void>;
  output(): string;
}

export interface StartOptions {
  readonly dataDir?: string;
  readonly speed?: number;
  readonly plantFile?: string;
  readonly args?: readonly string[];
  readonly readyWithinMs?: number;
}

export const newDataDir = (): string => mkdtempSync(join(tmpdir(), 'busbar-e2e-'));

export async function startConsole(options: StartOptions = {}): Promise<RunningConsole> {
  const dataDir = options.dataDir ?? newDataDir();
  const begin = performance.now();
  const args = [
    '--data',
    dataDir,
    '--port',
    '0',
    '--speed',
    String(options.speed ?? 45),
    ...(options.plantFile ? ['--plant', options.plantFile] : []),
    ...(options.args ?? []),
  ];
  const child = fork(join(root, 'headless', 'main.ts'), args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-20_000)));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = await new Promise<{ address: string; port: number }>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the console was not ready in time:\n${output}`)), options.readyWithinMs ?? 90_000);
    child.on('message', (message: { type: string; address: string; port: number; message?: string }) => {
      if (message.type === 'ready') {
        clearTimeout(timer);
        resolve(message);
      }
      if (message.type === 'failed') {
        clearTimeout(timer);
        reject(new Error(message.message));
      }
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the console ended at once (exit ${code}):\n${output}`));
    });
  });
  return {
    address: ready.address,
    origin: `http://127.0.0.1:${ready.port}`,
    port: ready.port,
    dataDir,
    child,
    startedInMs: performance.now() - begin,
    newAddress: () =>
      new Promise((resolve) => {
        const heard = (message: { type: string; address: string }) => {
          if (message.type !== 'address') return;
          child.off('message', heard);
          resolve(message.address);
        };
        child.on('message', heard);
        child.send({ type: 'address' });
      }),
    async stop() {
      if (child.exitCode === null) child.send({ type: 'stop' });
      const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await exited;
      clearTimeout(timer);
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    output: () => output,
  };
}

/** Ends a plant that outlived its console, and forgets the folder. */
export function removeDataDir(dataDir: string): void {
  for (const file of [join(dataDir, 'plant', 'control.json'), join(dataDir, 'chain', 'node.json')]) {
    try {
      const { pid } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number };
      process.kill(pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
}
