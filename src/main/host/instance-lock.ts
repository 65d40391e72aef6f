/** One console per data folder. The lock says who holds it; a lock left by a dead process is taken over. */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../../shared/errors.ts';

interface Holder {
  pid: number;
  host: string;
  sinceMs: number;
  startTicks: string | null;
}

export interface InstanceLock {
  release(): void;
}

export function takeInstanceLock(dataDir: string): InstanceLock {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'console.lock');
  for (let tries = 0; tries < 3; tries++) {
    try {
      const fd = openSync(file, 'wx', 0o600);
      const me: Holder = { pid: process.pid, host: hostname(), sinceMs: Date.now(), startTicks: startTicks(process.pid) };
      writeSync(fd, JSON.stringify(me));
      closeSync(fd);
      return {
        release() {
          if (holderOf(file)?.pid === process.pid) rmSync(file, { force: true });
        },
      };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new Fault(
          'storage.corrupt',
          `The data folder ${dataDir} cannot be written (${(cause as Error).message}). Choose another with --data DIR.`,
          { cause },
        );
      }
      const holder = holderOf(file);
      if (holder && holder.host === hostname() && isAlive(holder)) {
        throw new Fault(
          'storage.locked',
          `A console is already running on ${dataDir} (process ${holder.pid}). Use that one, or start this one with --data DIR.`,
        );
      }
      if (holder && holder.host !== hostname()) {
        throw new Fault(
          'storage.locked',
          `The data folder ${dataDir} is held by a console on ${holder.host}. If that computer is gone for good, delete ${file}.`,
        );
      }
      rmSync(file, { force: true });
    }
  }
  throw new Fault(
    'storage.locked',
    `The lock ${file} keeps coming back. Another console is starting on this folder; wait a moment and try again.`,
  );
}

function holderOf(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

/** A process number may be used again after a crash: on Linux the start time tells them apart. */
function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = startTicks(holder.pid);
  return holder.startTicks === null || now === null || now === holder.startTicks;
}

function startTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
