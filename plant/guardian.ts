/**
 * When the console that started the plant is gone, the field goes on for a while, so that a console started again finds it; then it ends,
 * so that no orphan stays behind.
 */
import { readFileSync } from 'node:fs';

export interface Guardian {
  /** The parent is gone: the countdown starts. */
  orphaned(): void;
  /** Somebody looked: the countdown starts afresh. */
  seen(): void;
  /** A console took over; its process is watched. */
  adopted(pid: number): void;
  close(): void;
}

export function createGuardian(options: {
  graceMs: number;
  onEnd: () => void;
  /** Called as soon as no console is left. */
  onAlone?: () => void;
  isAlive?: (pid: number) => boolean;
  watchEveryMs?: number;
}): Guardian {
  const isAlive = options.isAlive ?? processAlive;
  let countdown: NodeJS.Timeout | undefined;
  let watch: NodeJS.Timeout | undefined;
  let keeper: number | null = null;
  const start = (): void => {
    clearTimeout(countdown);
    countdown = setTimeout(options.onEnd, options.graceMs);
  };
  return {
    orphaned() {
      if (keeper !== null && isAlive(keeper)) return;
      options.onAlone?.();
      start();
    },
    seen() {
      if (countdown) start();
    },
    adopted(pid) {
      clearTimeout(countdown);
      countdown = undefined;
      keeper = pid;
      clearInterval(watch);
      watch = setInterval(() => {
        if (isAlive(pid)) return;
        clearInterval(watch);
        keeper = null;
        options.onAlone?.();
        start();
      }, options.watchEveryMs ?? 2000);
    },
    close() {
      clearTimeout(countdown);
      clearInterval(watch);
    },
  };
}

/** True while the process runs; one that ended and was not waited for yet (a zombie) does not. */
export function processAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    return false;
  }
}
