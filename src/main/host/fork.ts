/**
 * How the engine starts a process of its own (plant, prover). Under plain Node it is child_process.fork; the desktop host replaces it by
 * Electron's utilityProcess, because the packaged binary refuses to run as plain Node.
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface OwnProcess {
  readonly pid: number;
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onExit(listener: (code: number | null) => void): void;
  onStderr(listener: (text: string) => void): void;
  kill(signal?: 'SIGTERM' | 'SIGKILL'): void;
  /** Lets the parent end while the child goes on. */
  release(): void;
}

export interface ForkOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The child outlives a killed parent (the plant is the field; it does not end because a console did). */
  readonly outlive?: boolean;
}

export type Forker = (entry: string, options: ForkOptions) => OwnProcess;

/** child_process.fork; TypeScript entries run by Node's own type stripping. */
export const forkNode: Forker = (entry, options) => {
  const child = fork(entry, [...(options.args ?? [])], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, ...options.env },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    detached: options.outlive === true && process.platform !== 'win32',
  });
  return {
    pid: child.pid ?? 0,
    send: (message) => void (child.connected && child.send(message as object)),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void child.on('exit', (code) => listener(code)),
    onStderr: (listener) => void child.stderr?.on('data', (chunk: Buffer) => listener(chunk.toString())),
    kill: (signal = 'SIGTERM') => void child.kill(signal),
    release() {
      if (child.connected) child.disconnect();
      child.unref();
    },
  };
};

let forker: Forker = forkNode;
export const setForker = (next: Forker): void => {
  forker = next;
};
export const forkProcess: Forker = (entry, options) => forker(entry, options);

/** Seen from the child: Electron's utility process has `process.parentPort`, a forked Node has `process.send`. */
export interface ParentChannel {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onGone(listener: () => void): void;
}

interface UtilityPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
}

export function parentChannel(): ParentChannel | null {
  const port = (process as unknown as { parentPort?: UtilityPort }).parentPort;
  if (port) {
    return { send: (m) => port.postMessage(m), onMessage: (fn) => port.on('message', (event) => fn(event.data)), onGone: () => {} };
  }
  if (!process.send) return null;
  return {
    send: (m) => void process.send?.(m as object),
    onMessage: (fn) => void process.on('message', fn),
    onGone: (fn) => void process.on('disconnect', fn),
  };
}

/** True while the process runs (and is not a zombie, where the system tells). */
export function processAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}
