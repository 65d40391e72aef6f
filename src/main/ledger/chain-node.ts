/**
 * The development chain: anvil as a child process on loopback, chain id 31337. Its state is dumped over RPC into a file of our own that
 * is replaced whole (temp + rename), because anvil's own writing truncates in place and an empty file keeps it from starting. What was
 * mined after the last dump is forgotten by a kill; the outbox sends it again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../shared/errors.ts';
import { portIsFree } from '../broker/port-is-free.ts';
import type { Kernel, Service } from '../kernel/ports.ts';
import { anvilBinary } from './anvil-binary.ts';
import { rpcCall } from './rpc.ts';
import { createStateDumper } from './state-dump.ts';

export const DEVELOPMENT_CHAIN_ID = 31337;

export interface ChainNode extends Service {
  /** RPC endpoint; null while the node is not running. */
  url(): string | null;
  readonly external: boolean;
  /** Something was mined: dump soon. */
  touched(): void;
  /** Dump now, for instance after deployment. */
  dump(): Promise<void>;
  setDown(down: boolean): Promise<void>;
  onChange(listener: () => void): () => void;
  facts(): { pid: number | null; stateBytes: number; dumps: number; restarts: number };
}

export interface ChainNodeOptions {
  /** Use this endpoint instead of a node of our own. */
  readonly rpcUrl?: string;
}

const DUMP_AFTER_MS = 1_500;
const START_TIMEOUT_MS = 20_000;

export function createChainNode(kernel: Pick<Kernel, 'clock' | 'log' | 'dataDir' | 'journal'>, options: ChainNodeOptions = {}): ChainNode {
  const log = kernel.log.child('chain');
  const folder = join(kernel.dataDir, 'chain');
  const stateFile = join(folder, 'state.json');
  const portFile = join(folder, 'port');
  const genesisFile = join(folder, 'genesis-time');
  const dumper = createStateDumper();
  const listeners = new Set<() => void>();
  let child: ChildProcess | null = null;
  let url: string | null = options.rpcUrl ?? null;
  let wanted = false;
  let down = false;
  let cancelDump = () => {};
  let dumpQueued = false;
  let cancelRestart = () => {};
  let dumping: Promise<void> = Promise.resolve();
  const facts = { dumps: 0, restarts: 0 };

  const tell = (): void => {
    for (const listener of listeners) listener();
  };

  const launch = async (): Promise<void> => {
    mkdirSync(folder, { recursive: true });
    if (existsSync(stateFile) && statSync(stateFile).size === 0) rmSync(stateFile);
    const kept = existsSync(portFile) ? Number(readFileSync(portFile, 'utf8')) : 0;
    const port = kept > 0 && (await portIsFree(kept)) ? kept : 0;
    const argv = [
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--chain-id',
      String(DEVELOPMENT_CHAIN_ID),
      '--accounts',
      '3',
      '--no-cors',
    ];
    if (existsSync(stateFile)) argv.push('--load-state', stateFile);
    const started = spawnGuarded(anvilBinary(), argv);
    child = started;
    started.once('exit', (code, signal) => {
      if (child !== started) return;
      child = null;
      url = null;
      tell();
      if (!wanted || down) return;
      facts.restarts++;
      log.warn(`The development node ended (${signal ?? `code ${code}`}); it is started again. What it forgot is sent again.`);
      cancelRestart = kernel.clock.setTimeout(
        () => void launch().catch((cause) => log.error('the development node does not start', { cause: String(cause) })),
        500,
      );
    });
    url = `http://127.0.0.1:${await listeningPort(started)}`;
    writeFileSync(portFile, new URL(url).port);
    if (!existsSync(stateFile)) {
      const genesis = await rpcCall<{ timestamp: string }>(url, 'eth_getBlockByNumber', ['0x0', false]);
      writeFileSync(genesisFile, String(Number(genesis.timestamp)));
    }
    tell();
  };

  const dump = async (): Promise<void> => {
    if (options.rpcUrl || url === null) return;
    await dumper.dump(url, stateFile, Number(readFileSync(genesisFile, 'utf8')));
    facts.dumps++;
  };
  /** One at a time; rejects when the state could not be kept. */
  const dumpInTurn = (): Promise<void> => {
    dumping = dumping.then(dump, dump);
    return dumping;
  };
  const dumpIfPossible = (): Promise<void> =>
    dumpInTurn().catch((cause) => log.warn('the chain’s state could not be dumped; the next block tries again', { cause: String(cause) }));
  const halt = async (): Promise<void> => {
    const running = child;
    if (!running) return;
    cancelDump();
    dumpQueued = false;
    await dumpIfPossible();
    child = null;
    url = null;
    await endProcess(running);
  };

  return {
    name: 'chain node',
    external: options.rpcUrl !== undefined,
    url: () => (down ? null : url),
    async start() {
      if (options.rpcUrl || wanted) return;
      wanted = true;
      await launch();
    },
    async stop() {
      wanted = false;
      cancelRestart();
      await halt();
      await dumper.close();
    },
    touched() {
      if (options.rpcUrl || dumpQueued) return;
      dumpQueued = true;
      cancelDump = kernel.clock.setTimeout(() => {
        dumpQueued = false;
        void dumpIfPossible();
      }, DUMP_AFTER_MS);
    },
    dump: dumpInTurn,
    async setDown(value) {
      if (value === down) return;
      down = value;
      if (options.rpcUrl) return tell();
      if (down) {
        cancelRestart();
        await halt();
      } else if (wanted) await launch();
      tell();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    facts: () => ({ pid: child?.pid ?? null, stateBytes: existsSync(stateFile) ? statSync(stateFile).size : 0, ...facts }),
  };
}

/**
 * A child that cannot outlive us, even when we are killed: on POSIX a watcher in the same process group reads a pipe that only we hold
 * open, and ends the child when it closes. `exec` keeps the child's pid the one we know.
 */
function spawnGuarded(binary: string, argv: readonly string[]): ChildProcess {
  if (process.platform === 'win32') return spawn(binary, argv, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
  const script = '(read line; kill -9 $$) <&3 >/dev/null 2>&1 & exec "$@" 3<&-';
  return spawn('/bin/sh', ['-c', script, 'sh', binary, ...argv], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
}

function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => fail('it did not say within 20 s where it listens'), START_TIMEOUT_MS);
    const fail = (why: string): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(
        new Fault('chain.away', `The development node does not start: ${why}. Everything meant for the chain waits in the outbox.`, {
          retry: 'later',
        }),
      );
    };
    child.once('exit', () => fail(text.trim().split('\n').at(-1) ?? 'it ended at once'));
    child.once('error', (cause) => fail(cause.message));
    const read = (chunk: Buffer): void => {
      text = (text + chunk.toString()).slice(-4000);
      const found = /Listening on 127\.0\.0\.1:(\d+)/.exec(text);
      if (!found) return;
      clearTimeout(timer);
      resolve(Number(found[1]));
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
  });
}

function endProcess(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
    child.once('exit', () => {
      clearTimeout(timer);
      (child.stdio[3] as { destroy?: () => void } | null)?.destroy?.();
      resolve();
    });
    child.kill('SIGTERM');
  });
}
