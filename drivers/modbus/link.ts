/**
 * One Modbus TCP endpoint: a connection that comes back by itself, requests in flight up to a bound, and a command lane that
 * goes ahead of every waiting poll. Frames are modbus-serial's; connection, timeouts and lanes are ours, because
 * - the library reuses transaction ids after 256 requests, so a late reply could be taken for another request's answer:
 *   after a timeout the connection is dropped and made anew;
 * - it leaves requests of a dropped connection waiting: here they are settled at once.
 */
import { once } from 'node:events';
import { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import modbusSerial from 'modbus-serial';
import { afterReply, afterTimeout, type LatencyFilter, timeoutOf } from './latency.ts';
import { assertRequest, issue, type ModbusClient } from './link-codec.ts';
import type { Failure, ReadOutcome, ReadRequest, RegisterReader, WriteOutcome, WriteRequest } from './requests.ts';

// Under Node the CommonJS exports come as the default import, with the class one level deeper; a bundler may have unwrapped it.
type ClientClass = new () => ModbusClient;
const exported = modbusSerial as unknown as ClientClass & { default?: ClientClass };
const ModbusRTU = exported.default ?? exported;

export interface LinkOptions {
  readonly host: string;
  readonly port: number;
  readonly name?: string;
  /** Requests without a reply at any moment; one of them is kept for commands when there are two or more. */
  readonly maxInFlight?: number;
  readonly connectTimeoutMs?: number;
  readonly initialTimeoutMs?: number;
  readonly minTimeoutMs?: number;
  readonly maxTimeoutMs?: number;
  /** Pause between requests, for devices that lose them otherwise. */
  readonly minGapMs?: number;
  readonly backoffMinMs?: number;
  readonly backoffMaxMs?: number;
}

export type LinkState = 'connecting' | 'open' | 'waiting' | 'closed';
export type Lane = 'poll' | 'command';

export interface LinkStats {
  readonly connects: number;
  readonly requests: number;
  readonly timeouts: number;
  readonly exceptions: number;
  readonly malformed: number;
  readonly latencyMs: number | undefined;
  readonly timeoutMs: number;
  readonly inFlight: number;
  readonly queued: number;
}

export interface ModbusLink {
  readonly name: string;
  /** Polls that may be in flight at once. */
  readonly pollSlots: number;
  state(): LinkState;
  read(request: ReadRequest, options?: { lane?: Lane }): Promise<ReadOutcome>;
  write(request: WriteRequest): Promise<WriteOutcome>;
  /** Ends the pause after a failed connection attempt. */
  connectNow(): void;
  stats(): LinkStats;
  onState(listener: (state: LinkState) => void): () => void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Job {
  readonly request: ReadRequest | WriteRequest;
  readonly settle: (outcome: ReadOutcome | WriteOutcome) => void;
  readonly lane: Lane;
  /** Distinguishes the attempt a reply belongs to. */
  attempt: number;
  timer: NodeJS.Timeout | undefined;
}

interface Connection {
  readonly socket: Socket;
  readonly client: ModbusClient;
  answered: boolean;
  /** When bytes last came, and when they last made a reply: bytes without a reply are no Modbus. */
  bytesAtMs: number;
  replyAtMs: number;
  /** A reply is overdue or was not Modbus: nothing more is sent, and the connection is replaced. */
  suspect: boolean;
}

const MAX_QUEUED = 4096;
const MAX_ATTEMPTS = 2;

export function openLink(options: LinkOptions): ModbusLink {
  return new TcpLink(options);
}

/** Reads holding registers of one unit in the poll lane, or in the command lane when a person waits for it. */
export function registerReader(link: ModbusLink, unit: number, lane: Lane = 'poll'): RegisterReader {
  return (address, count) => link.read({ unit, table: 'holding', address, count }, { lane });
}

class TcpLink implements ModbusLink {
  readonly name: string;
  readonly pollSlots: number;
  readonly #options: Required<LinkOptions>;
  readonly #commands: Job[] = [];
  readonly #polls: Job[] = [];
  readonly #inFlight = new Set<Job>();
  readonly #listeners = new Set<(state: LinkState) => void>();
  #state: LinkState = 'connecting';
  #connection: Connection | undefined;
  #dialing: Socket | undefined;
  #filter: LatencyFilter;
  #backoffMs: number;
  #retryTimer: NodeJS.Timeout | undefined;
  #gapTimer: NodeJS.Timeout | undefined;
  #lastSentMs = Number.NEGATIVE_INFINITY;
  readonly #counts = { connects: 0, requests: 0, timeouts: 0, exceptions: 0, malformed: 0 };

  constructor(options: LinkOptions) {
    this.#options = {
      maxInFlight: 4,
      connectTimeoutMs: 2000,
      initialTimeoutMs: 1000,
      minTimeoutMs: 200,
      maxTimeoutMs: 2000,
      minGapMs: 0,
      backoffMinMs: 250,
      backoffMaxMs: 10_000,
      name: `${options.host}:${options.port}`,
      ...(Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as LinkOptions),
    };
    const { minTimeoutMs, maxTimeoutMs, maxInFlight, backoffMinMs, name } = this.#options;
    this.name = name;
    this.pollSlots = Math.max(1, maxInFlight - 1);
    this.#filter = { minTimeoutMs, maxTimeoutMs, latencyMs: undefined };
    this.#backoffMs = backoffMinMs;
    this.#connect();
  }

  state(): LinkState {
    return this.#state;
  }

  read(request: ReadRequest, options: { lane?: Lane } = {}): Promise<ReadOutcome> {
    return this.#submit(request, options.lane ?? 'poll') as Promise<ReadOutcome>;
  }

  write(request: WriteRequest): Promise<WriteOutcome> {
    return this.#submit(request, 'command');
  }

  connectNow(): void {
    if (this.#state === 'waiting') this.#connect();
  }

  stats(): LinkStats {
    return {
      ...this.#counts,
      latencyMs: this.#filter.latencyMs,
      timeoutMs: timeoutOf(this.#filter, this.#options.initialTimeoutMs),
      inFlight: this.#inFlight.size,
      queued: this.#commands.length + this.#polls.length,
    };
  }

  onState(listener: (state: LinkState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#setState('closed');
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#gapTimer);
    for (const job of this.#takeQueued()) job.settle({ kind: 'closed', sent: false });
    for (const job of [...this.#inFlight]) this.#settle(job, { kind: 'disconnected', cause: 'closed by the console', sent: true });
    const sockets = [this.#connection?.socket, this.#dialing].filter((socket) => socket !== undefined);
    this.#connection = undefined;
    this.#dialing = undefined;
    await Promise.all(sockets.map((socket) => (socket.closed ? undefined : once(socket.destroy(), 'close'))));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #submit(request: ReadRequest | WriteRequest, lane: Lane): Promise<ReadOutcome | WriteOutcome> {
    return new Promise((settle) => {
      assertRequest(request);
      if (this.#state === 'closed') return settle({ kind: 'closed', sent: false });
      // A command is worth a connection attempt of its own; a poll waits for the next one.
      if (this.#state === 'waiting' && lane === 'command') this.#connect();
      if (this.#state === 'waiting') return settle({ kind: 'disconnected', cause: 'waiting to reconnect', sent: false });
      if (this.#commands.length + this.#polls.length >= MAX_QUEUED) {
        return settle({ kind: 'disconnected', cause: 'too many requests are waiting', sent: false });
      }
      (lane === 'command' ? this.#commands : this.#polls).push({ request, settle, lane, attempt: 0, timer: undefined });
      this.#pump();
    });
  }

  #pump(): void {
    const connection = this.#connection;
    if (!connection || connection.suspect) return;
    const { maxInFlight, minGapMs } = this.#options;
    while (this.#inFlight.size < maxInFlight) {
      const lane = this.#commands.length > 0 ? this.#commands : this.#inFlight.size < this.pollSlots ? this.#polls : undefined;
      if (!lane || lane.length === 0) return;
      const waitMs = this.#lastSentMs + minGapMs - performance.now();
      if (minGapMs > 0 && waitMs > 0) {
        this.#gapTimer ??= setTimeout(() => {
          this.#gapTimer = undefined;
          this.#pump();
        }, waitMs);
        return;
      }
      this.#send(connection, lane.shift() as Job);
    }
  }

  #send(connection: Connection, job: Job): void {
    const attempt = ++job.attempt;
    const sentAtMs = performance.now();
    this.#lastSentMs = sentAtMs;
    this.#counts.requests++;
    this.#inFlight.add(job);
    const timeoutMs = timeoutOf(this.#filter, this.#options.initialTimeoutMs);
    job.timer = setTimeout(() => {
      if (connection.bytesAtMs > sentAtMs && connection.replyAtMs < sentAtMs) {
        // The library passes over frames with a foreign transaction id or header without a word.
        this.#counts.malformed++;
        this.#settle(job, { kind: 'malformed', detail: 'what came back is no Modbus reply to the request', sent: true });
      } else {
        this.#counts.timeouts++;
        this.#filter = afterTimeout(this.#filter, timeoutMs);
        this.#settle(job, { kind: 'timeout', timeoutMs, sent: true });
      }
      this.#replace(connection);
    }, timeoutMs);
    issue(connection.client, job.request, (result) => {
      if (job.attempt !== attempt || !this.#inFlight.has(job)) return;
      if (result.kind === 'not-open') {
        this.#lost(connection, 'closed by the device');
        return;
      }
      const receivedAtMs = performance.now();
      const latencyMs = receivedAtMs - sentAtMs;
      if (result.kind === 'malformed') {
        this.#counts.malformed++;
        this.#settle(job, result);
        this.#replace(connection);
        return;
      }
      connection.answered = true;
      connection.replyAtMs = receivedAtMs;
      this.#backoffMs = this.#options.backoffMinMs;
      this.#filter = afterReply(this.#filter, latencyMs);
      if (result.kind === 'exception') this.#counts.exceptions++;
      this.#settle(job, result.kind === 'ok' ? { ...result, latencyMs, receivedAtMs } : result);
      if (connection.suspect) this.#replace(connection);
      this.#pump();
    });
  }

  #settle(job: Job, outcome: ReadOutcome | WriteOutcome): void {
    clearTimeout(job.timer);
    this.#inFlight.delete(job);
    job.settle(outcome);
  }

  /** Drops a connection that can no longer be trusted, once no write is waiting for its reply on it. */
  #replace(connection: Connection): void {
    if (this.#connection !== connection) return;
    connection.suspect = true;
    const writing = [...this.#inFlight].some((job) => 'values' in job.request);
    if (!writing) this.#lost(connection, 'connection replaced');
  }

  #lost(connection: Connection, cause: string): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    connection.socket.destroy();
    const again: Job[] = [];
    for (const job of [...this.#inFlight]) {
      clearTimeout(job.timer);
      this.#inFlight.delete(job);
      // A read may be asked again; a write may have been carried out, and only a read-back can tell.
      if (!('values' in job.request) && job.attempt < MAX_ATTEMPTS) again.push(job);
      else job.settle({ kind: 'disconnected', cause, sent: true });
    }
    this.#commands.unshift(...again.filter((job) => job.lane === 'command'));
    this.#polls.unshift(...again.filter((job) => job.lane === 'poll'));
    if (connection.answered) this.#connect();
    else this.#waitToReconnect(cause);
  }

  #connect(): void {
    clearTimeout(this.#retryTimer);
    this.#setState('connecting');
    const { host, port, connectTimeoutMs } = this.#options;
    const socket = new Socket();
    this.#dialing = socket;
    let cause = 'closed while connecting';
    const timer = setTimeout(() => {
      cause = `no connection within ${connectTimeoutMs} ms`;
      socket.destroy();
    }, connectTimeoutMs);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      cause = error.code ?? error.message;
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      if (this.#dialing !== socket) return;
      this.#dialing = undefined;
      this.#opened(socket, () => cause);
    });
    socket.once('close', () => {
      clearTimeout(timer);
      if (this.#dialing !== socket) return;
      this.#dialing = undefined;
      this.#waitToReconnect(cause);
    });
    socket.setNoDelay(true).setKeepAlive(true, 10_000);
    socket.connect({ host, port });
  }

  #opened(socket: Socket, cause: () => string): void {
    const client = new ModbusRTU();
    client.on('error', () => {});
    client.linkTCP(socket, { port: this.#options.port }, () => {});
    const never = Number.NEGATIVE_INFINITY;
    const connection: Connection = { socket, client, answered: false, bytesAtMs: never, replyAtMs: never, suspect: false };
    socket.on('data', () => {
      connection.bytesAtMs = performance.now();
    });
    this.#connection = connection;
    this.#counts.connects++;
    socket.once('close', () => this.#lost(connection, cause()));
    this.#setState('open');
    this.#pump();
  }

  #waitToReconnect(cause: string): void {
    if (this.#state === 'closed') return;
    this.#setState('waiting');
    this.#retryTimer = setTimeout(() => this.#connect(), this.#backoffMs);
    this.#backoffMs = Math.min(this.#options.backoffMaxMs, this.#backoffMs * 2);
    const failure: Failure = { kind: 'disconnected', cause, sent: false };
    for (const job of this.#takeQueued()) job.settle(failure);
  }

  #takeQueued(): Job[] {
    return [...this.#commands.splice(0), ...this.#polls.splice(0)];
  }

  #setState(state: LinkState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
