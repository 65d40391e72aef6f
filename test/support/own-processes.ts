/** Plant and chain node processes of this checkout that run now: what a suite started must be gone when it ends. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

export interface OwnProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Linux only; empty elsewhere. With `mentions`, only processes whose command line or surroundings name it (a data folder). */
export function ownProcesses(mentions?: string): OwnProcess[] {
  if (process.platform !== 'linux') return [];
  const found: OwnProcess[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      if (!command.includes(root) || !/anvil|plant\/main\.ts|prover-child|plant\.js|prover\.js/.test(command)) continue;
      if (mentions && !command.includes(mentions)) continue;
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      found.push({ pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]), command });
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}
