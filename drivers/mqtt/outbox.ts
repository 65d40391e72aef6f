/** Messages a sender keeps until they are acknowledged. */
import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';

export interface OutboxMessage {
  readonly id: number;
  readonly topic: string;
  readonly payload: string;
}

export interface Outbox {
  /** Keeps a message and gives it an id, larger than every earlier one. */
  put(topic: string, payload: string): OutboxMessage;
  remove(id: number): void;
  /** In the order they were put. */
  entries(): OutboxMessage[];
  size(): number;
  close(): void;
}

/** Survives a lost connection, not a restart. */
export function memoryOutbox(): Outbox {
  const messages = new Map<number, OutboxMessage>();
  let last = 0;
  return {
    put(topic, payload) {
      const message = { id: ++last, topic, payload };
      messages.set(message.id, message);
      return message;
    },
    remove: (id) => void messages.delete(id),
    entries: () => [...messages.values()],
    size: () => messages.size,
    close: () => {},
  };
}

const COMPACT_AFTER = 1000;

/**
 * Survives a restart and a power cut: a log of JSON lines, flushed to disk at each `put`. A last line cut short by a crash is
 * dropped, since its message was never promised.
 */
export function fileOutbox(path: string): Outbox {
  const messages = new Map<number, OutboxMessage>();
  let last = 0;
  let removed = 0;
  for (const line of existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []) {
    const entry = parseLine(line);
    if (!entry) continue;
    last = Math.max(last, entry.id);
    if ('done' in entry) messages.delete(entry.id);
    else messages.set(entry.id, entry);
  }
  const rewrite = (): number => {
    const temporary = `${path}.new`;
    // The highest id is kept as a finished entry, so that ids never repeat.
    const lines = [...messages.values(), { id: last, done: true }].filter((entry) => !('done' in entry) || !messages.has(entry.id));
    writeFileSync(temporary, lines.map((entry) => `${JSON.stringify(entry)}\n`).join(''), { flush: true });
    renameSync(temporary, path);
    return openSync(path, 'a');
  };
  let file = rewrite();
  return {
    put(topic, payload) {
      const message = { id: ++last, topic, payload };
      writeSync(file, `${JSON.stringify(message)}\n`);
      fdatasyncSync(file);
      messages.set(message.id, message);
      return message;
    },
    remove(id) {
      if (!messages.delete(id)) return;
      writeSync(file, `${JSON.stringify({ id, done: true })}\n`);
      if (++removed < COMPACT_AFTER) return;
      removed = 0;
      closeSync(file);
      file = rewrite();
    },
    entries: () => [...messages.values()],
    size: () => messages.size,
    close: () => closeSync(file),
  };
}

function parseLine(line: string): OutboxMessage | { id: number; done: true } | undefined {
  try {
    const entry = JSON.parse(line);
    return Number.isSafeInteger(entry?.id) && (entry.done === true || typeof entry.topic === 'string') ? entry : undefined;
  } catch {
    return undefined;
  }
}
