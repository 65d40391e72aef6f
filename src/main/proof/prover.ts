/**
 * Proofs on demand, of either statement, one at a time, in a process that may die: a killed prover is started again and the proof is made
 * once more. A proof is handed out only after it has been verified against its own key.
 */
import { readFileSync } from 'node:fs';
import type { BatchLayout } from '../../domain/settlement/limits.ts';
import type { WitnessInput } from '../../domain/settlement/witness.ts';
import { Fault } from '../../shared/errors.ts';
import { entryFile } from '../host/entries.ts';
import { forkProcess, type OwnProcess } from '../host/fork.ts';
import { type ArtifactSet, ensureCircuitArtifacts } from './artifacts.ts';
import {
  type Groth16Proof,
  type ProofProgress,
  type Proven,
  type ProverReply,
  type ProverRequest,
  proofCalldata,
  STATEMENTS,
  type Statement,
} from './types.ts';

export interface ProverOptions {
  readonly cacheDir: string;
  /** which circuits; one batch of 16 members by default */
  readonly layout?: BatchLayout;
  readonly log?: {
    info(message: string, fields?: Record<string, unknown>): void;
    warn(message: string, fields?: Record<string, unknown>): void;
  };
  /** how the process is started; tests give their own */
  readonly start?: () => OwnProcess;
  /** a prover that says nothing for so long is taken for dead, ms */
  readonly silentMs?: number;
}

export interface ProveOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: ProofProgress;
}

export interface CircuitFacts {
  readonly statement: Statement;
  /** settle-16 */
  readonly name: string;
  readonly constraints: number;
  /** SHA-256 */
  readonly verificationKeyHash: string;
  readonly keyOrigin: 'development' | 'ceremony';
  /** of the newest proof since the console started; null before the first */
  readonly lastProvingMs: number | null;
}

export interface Prover {
  /** Makes circuits and keys if needed; `prove` and `verify` do it too. */
  prepare(onProgress?: ProofProgress): Promise<void>;
  prove(statement: Statement, input: WitnessInput, options?: ProveOptions): Promise<Proven>;
  verify(statement: Statement, proof: Groth16Proof, publicSignals: readonly string[]): Promise<boolean>;
  /** After `prepare`. */
  circuit(statement: Statement): CircuitFacts;
  /** Parsed verification key, for deploying the verifier; after `prepare`. */
  verificationKey(statement: Statement): unknown;
  /** development when any key is; after `prepare`. */
  keyOrigin(): 'development' | 'ceremony';
  close(): Promise<void>;
}

/** A request of the process, with its id still to be given. */
type Unsent<T> = T extends unknown ? Omit<T, 'id'> : never;
interface Waiting {
  readonly request: ProverRequest;
  readonly onProgress: ProofProgress | undefined;
  resolve(reply: ProverReply): void;
  gone(code: number | null): void;
}

/** A prover killed from outside is tried this often before the batch is given back. */
const ATTEMPTS = 3;
const EXIT_TIMEOUT_MS = 5_000;
/** A thread that died leaves its proof waiting without a word. The longest step, of 64 members on a busy machine, takes a minute. */
const SILENT_MS = 10 * 60_000;

/** A call, because the compiler believes that `aborted` cannot change between two looks. */
const isAborted = (signal: AbortSignal | undefined) => signal?.aborted ?? false;
const cancelled = () => new Fault('proof.failed', 'The proof was cancelled.', { details: { reason: 'cancelled' }, retry: 'now' });
const closed = () =>
  new Fault('proof.failed', 'The prover is closed because the console is stopping.', { details: { reason: 'closed' }, retry: 'later' });

export function createProver(options: ProverOptions): Prover {
  const layout = options.layout ?? { batchMembers: 16, parts: 1 };
  const silentMs = options.silentMs ?? SILENT_MS;
  const start = options.start ?? (() => forkProcess(entryFile('prover'), {}));
  let artifacts: ArtifactSet | null = null;
  let preparing: Promise<ArtifactSet> | null = null;
  let child: OwnProcess | null = null;
  let nextId = 1;
  let isClosed = false;
  let turn: Promise<unknown> = Promise.resolve();
  const lastProvingMs = new Map<Statement, number>();
  const waiting = new Map<number, Waiting>();
  const stop = new AbortController();

  function ready(onProgress?: ProofProgress): Promise<ArtifactSet> {
    preparing ??= ensureCircuitArtifacts({ cacheDir: options.cacheDir, layout, onProgress, signal: stop.signal }).then(
      (found) => {
        artifacts = found;
        return found;
      },
      (error: unknown) => {
        preparing = null;
        throw error;
      },
    );
    return preparing;
  }

  function process(): OwnProcess {
    if (child !== null) return child;
    const started = start();
    child = started;
    started.onMessage((message) => {
      const reply = message as ProverReply;
      const entry = waiting.get(reply.id);
      if (entry === undefined) return;
      if (reply.kind === 'progress') return entry.onProgress?.(reply.fraction, reply.text);
      waiting.delete(reply.id);
      entry.resolve(reply);
    });
    started.onStderr((text) => options.log?.warn('prover', { text: text.trim().slice(0, 500) }));
    started.onExit((code) => {
      if (child === started) child = null;
      const orphans = [...waiting.values()];
      waiting.clear();
      for (const entry of orphans) entry.gone(code);
    });
    return started;
  }

  function ask(request: Unsent<ProverRequest>, onProgress?: ProofProgress): Promise<ProverReply | null> {
    const id = nextId++;
    const asked = process();
    const silent = () => {
      options.log?.warn('the prover has said nothing for long and is killed', { request: request.kind, silentMs });
      asked.kill('SIGKILL');
    };
    let timer = setTimeout(silent, silentMs);
    const heard: ProofProgress = (fraction, text) => {
      clearTimeout(timer);
      timer = setTimeout(silent, silentMs);
      onProgress?.(fraction, text);
    };
    return new Promise<ProverReply | null>((resolve) => {
      const full = { ...request, id } as ProverRequest;
      waiting.set(id, { request: full, onProgress: heard, resolve, gone: () => resolve(null) });
      asked.send(full);
    }).finally(() => clearTimeout(timer));
  }

  async function proveNow(statement: Statement, input: WitnessInput, { signal, onProgress }: ProveOptions): Promise<Proven> {
    const { wasmPath, zkeyPath, verificationKeyPath } = (await ready())[statement];
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      if (isClosed) throw closed();
      if (isAborted(signal)) throw cancelled();
      const abort = () => child?.kill('SIGKILL');
      signal?.addEventListener('abort', abort, { once: true });
      const reply = await ask({ kind: 'prove', wasmPath, zkeyPath, verificationKeyPath, input }, onProgress).finally(() =>
        signal?.removeEventListener('abort', abort),
      );
      if (reply?.kind === 'proved') {
        const { proof, publicSignals, proveMs, peakMemoryMb } = reply;
        lastProvingMs.set(statement, proveMs);
        onProgress?.(1, 'proven');
        return { proof, publicSignals, proveMs, peakMemoryMb, calldata: proofCalldata(proof) };
      }
      if (reply?.kind === 'failed') throw failure(statement, reply.reason, reply.message);
      if (!isAborted(signal) && !isClosed) options.log?.warn('the prover was killed and is started again', { attempt });
    }
    if (isAborted(signal)) throw cancelled();
    if (isClosed) throw closed();
    throw new Fault(
      'proof.failed',
      `The prover was killed ${ATTEMPTS} times while proving. The batch is kept; free memory (${layout.batchMembers > 16 ? '2.5 GB are' : '1 GB is'} needed) and try again.`,
      {
        details: { reason: 'killed' },
        retry: 'later',
      },
    );
  }

  function known(): ArtifactSet {
    if (artifacts === null) throw new Error('prepare() first');
    return artifacts;
  }

  return {
    prepare: async (onProgress) => void (await ready(onProgress)),
    prove(statement, input, proveOptions = {}) {
      const mine = turn.then(() => proveNow(statement, input, proveOptions));
      turn = mine.catch(() => {});
      return mine;
    },
    async verify(statement, proof, publicSignals) {
      const { verificationKeyPath } = (await ready())[statement];
      for (let attempt = 1; attempt <= ATTEMPTS && !isClosed; attempt++) {
        const reply = await ask({ kind: 'verify', verificationKeyPath, proof, publicSignals });
        if (reply?.kind === 'verified') return reply.valid;
        if (reply?.kind === 'failed') throw failure(statement, reply.reason, reply.message);
      }
      throw closed();
    },
    circuit(statement) {
      const { name, constraints, verificationKeyHash, keyOrigin } = known()[statement].manifest;
      return { statement, name, constraints, verificationKeyHash, keyOrigin, lastProvingMs: lastProvingMs.get(statement) ?? null };
    },
    verificationKey: (statement) => JSON.parse(readFileSync(known()[statement].verificationKeyPath, 'utf8')) as unknown,
    keyOrigin: () => (STATEMENTS.every((s) => known()[s].manifest.keyOrigin === 'ceremony') ? 'ceremony' : 'development'),
    async close() {
      isClosed = true;
      stop.abort();
      const running = child;
      if (running === null) return;
      await new Promise<void>((done) => {
        const timer = setTimeout(done, EXIT_TIMEOUT_MS);
        running.onExit(() => {
          clearTimeout(timer);
          done();
        });
        running.kill('SIGKILL');
      });
    },
  };
}

function failure(statement: Statement, reason: string, message: string): Fault {
  const sentence =
    reason === 'witness'
      ? statement === 'admit'
        ? 'The round’s orders do not satisfy the rules of admission, so there is no proof of them. Nothing was sent. Keep the data folder and report it.'
        : 'The round does not satisfy the settlement rules, so there is no proof of it. Nothing was sent. Keep the data folder and report it.'
      : reason === 'self-check'
        ? 'The proof did not verify against its own key. Nothing was sent. Delete the circuit cache, start again, and check the memory of this machine if it recurs.'
        : 'The prover failed. Nothing was sent; it will be tried again.';
  return new Fault('proof.failed', sentence, {
    details: { reason, cause: message.slice(0, 300) },
    retry: reason === 'internal' ? 'later' : 'never',
  });
}
