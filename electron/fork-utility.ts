/** Processes of our own under Electron: utilityProcess, because the fuse that lets the binary run as plain Node is off. */
import { utilityProcess } from 'electron';

interface ForkOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Same shape as `Forker` in the engine. A utility process ends with its parent; the plant then starts anew from its kept registers. */
export function forkUtility(entry: string, options: ForkOptions) {
  const child = utilityProcess.fork(entry, [...(options.args ?? [])], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...options.env } as Record<string, string>,
    serviceName: 'Busbar',
  });
  return {
    get pid() {
      return child.pid ?? 0;
    },
    send: (message: unknown) => child.postMessage(message),
    onMessage: (listener: (message: unknown) => void) => void child.on('message', listener),
    onExit: (listener: (code: number | null) => void) => void child.on('exit', (code) => listener(code)),
    onStderr: (listener: (text: string) => void) => void child.stderr?.on('data', (chunk: Buffer) => listener(chunk.toString())),
    kill: (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') => {
      if (signal === 'SIGKILL' && child.pid) process.kill(child.pid, 'SIGKILL');
      else child.kill();
    },
    release: () => {},
  };
}
