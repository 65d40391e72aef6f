/**
 * Where proofs are made: one at a time, oldest interval first, settlement before admission. A proof that could not be made is tried again;
 * one that contradicts the rules is given back for good.
 */
import type { z } from 'zod';
import type { WitnessInput } from '../../domain/settlement/witness.ts';
import type { Progress } from '../../shared/contract/session.ts';
import { Fault } from '../../shared/errors.ts';
import type { Clock, Log } from '../kernel/ports.ts';
import type { Prover } from '../proof/prover.ts';
import type { Proven, Statement } from '../proof/types.ts';

/** A part that waits for its proof. */
export interface ProofTask {
  readonly statement: Statement;
  readonly interval: number;
  readonly part: number;
  /** Marks it as begun and gives what is proven; null when there is nothing to prove any more. */
  begin(): { readonly witness: WitnessInput; readonly publicSignals: readonly string[] } | null;
  keep(proven: Proven): void;
  /** It could not be made: `retry` of the fault tells whether it ever can. */
  failed(fault: Fault): void;
}

export interface UnderWay {
  readonly statement: Statement;
  readonly interval: number;
  readonly part: number;
  readonly sinceMs: number;
  readonly progress: number | null;
}

export interface ProofDesk {
  /** Prepares circuits and keys, until it has them. */
  start(): void;
  stop(): Promise<void>;
  ready(): boolean;
  /** Why no proof is made, as a sentence; null while all is well. */
  problem(): string | null;
  underWay(): UnderWay | null;
  /** Begins the most urgent one if the desk is free. */
  offer(tasks: readonly (ProofTask | null)[]): void;
  /** Drops what is under way when it is one of these; it is offered again or not at all. */
  drop(which: (task: UnderWay) => boolean): void;
}

const RETRY_MS = 15_000;

/** Oldest interval first; of one interval the settlement, on which money waits. */
export const moreUrgent = (a: ProofTask, b: ProofTask): number =>
  a.interval - b.interval || Number(b.statement === 'settle') - Number(a.statement === 'settle') || a.part - b.part;

export function createProofDesk(deps: {
  readonly prover: Pick<Prover, 'prepare' | 'prove' | 'close'>;
  readonly clock: Pick<Clock, 'monotonicMs' | 'setTimeout'>;
  readonly log: Pick<Log, 'warn'>;
  readonly onChange: () => void;
  readonly progress?: (progress: z.infer<typeof Progress>) => void;
}): ProofDesk {
  const { prover, clock, log } = deps;
  let running = false;
  let ready = false;
  let problem: string | null = null;
  let notBeforeMs = 0;
  let current: (UnderWay & { progress: number | null; readonly abort: AbortController; dropped: boolean; done: Promise<void> }) | null =
    null;

  const prepare = async (): Promise<void> => {
    while (running && !ready) {
      try {
        await prover.prepare((fraction, detail) =>
          deps.progress?.({ id: 'prover', title: 'Preparing the prover', fraction, detail, done: fraction >= 1 }),
        );
        ready = true;
        problem = null;
      } catch (cause) {
        if (!running) return;
        problem = cause instanceof Error ? cause.message : String(cause);
        log.warn('the prover is not ready', { problem });
        await new Promise<void>((resolve) => clock.setTimeout(resolve, RETRY_MS));
      }
    }
  };

  const begin = (task: ProofTask): void => {
    const work = task.begin();
    if (!work) return;
    const { statement, interval, part } = task;
    const mine = {
      statement,
      interval,
      part,
      sinceMs: clock.monotonicMs(),
      progress: null as number | null,
      abort: new AbortController(),
      dropped: false,
      done: Promise.resolve(),
    };
    current = mine;
    deps.onChange();
    const prove = async (): Promise<void> => {
      try {
        const proven = await prover.prove(statement, work.witness, {
          signal: mine.abort.signal,
          onProgress: (fraction) => {
            mine.progress = fraction;
          },
        });
        if (mine.dropped) return;
        if (proven.publicSignals.join() !== work.publicSignals.join())
          throw new Fault('proof.failed', 'The proof is for other public signals than the batch has. Nothing was sent.');
        problem = null;
        task.keep(proven);
      } catch (cause) {
        if (!running || mine.dropped) return;
        const fault = cause instanceof Fault ? cause : new Fault('proof.failed', String(cause), { retry: 'later' });
        problem = fault.message;
        log.warn('a proof was not made', { statement, interval, part, problem, cause: String(fault.details?.cause ?? '') });
        notBeforeMs = clock.monotonicMs() + RETRY_MS;
        task.failed(fault);
      } finally {
        current = null;
        deps.onChange();
      }
    };
    mine.done = prove();
  };

  return {
    start() {
      running = true;
      void prepare();
    },
    async stop() {
      running = false;
      current?.abort.abort();
      const last = current?.done;
      await prover.close();
      await last;
    },
    ready: () => ready,
    problem: () => problem,
    underWay: () => current,
    offer(tasks) {
      if (!running || !ready || current !== null || clock.monotonicMs() < notBeforeMs) return;
      const [first] = tasks.filter((task) => task !== null).sort(moreUrgent);
      if (first) begin(first);
    },
    drop(which) {
      if (current === null || !which(current)) return;
      current.dropped = true;
      current.abort.abort();
    },
  };
}
