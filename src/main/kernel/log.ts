import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import { createStream, type RotatingFileStream } from 'rotating-file-stream';
import type { Log } from './ports.ts';

export interface LogFile {
  readonly log: Log;
  close(): Promise<void>;
}

/**
 * Structured log in `<data>/logs/console.log`, rotated at 5 MB, ten files kept (gzip), so that it never fills the disk.
 * Warnings and errors are mirrored to standard error as plain sentences when `echo` is set.
 */
export function openLog(dataDir: string, options: { echo?: boolean; level?: string } = {}): LogFile {
  const folder = join(dataDir, 'logs');
  mkdirSync(folder, { recursive: true });
  const stream: RotatingFileStream = createStream('console.log', {
    path: folder,
    size: '5M',
    maxFiles: 10,
    compress: 'gzip',
    history: 'console.log.history',
  });
  // A log that cannot be written must not take the console down; the historian raises the alarm for a full disk.
  stream.on('error', () => {});
  const root = pino({ level: options.level ?? 'info', base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return {
    log: wrap(root, options.echo ?? false),
    close: () => new Promise((resolve) => stream.end(() => resolve())),
  };
}

function wrap(logger: Logger, echo: boolean): Log {
  const say =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: Record<string, unknown> = {}) => {
      logger[level](fields, message);
      if (echo && (level === 'warn' || level === 'error')) process.stderr.write(`busbar: ${message}\n`);
    };
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: (room) => wrap(logger.child({ room }), echo),
  };
}

/** For tests and one-shot tools: says nothing, or collects lines. */
export function silentLog(lines?: string[]): Log {
  const push = (level: string) => (message: string) => void lines?.push(`${level} ${message}`);
  const log: Log = { debug: push('debug'), info: push('info'), warn: push('warn'), error: push('error'), child: () => log };
  return log;
}
