/**
 * A round's way from the end of its interval to the receipt: readings collected → settled in the clear → proven → queued for the chain →
 * receipt → certificates. Each step is one durable transaction keyed by the interval; a turn looks at what is durable and does the next one.
 */
import { AbiCoder, keccak256 } from 'ethers';
import type { z } from 'zod';
import { FLOWS_PER_BATCH } from '../../domain/settlement/limits.ts';
import type { SettledRound } from '../../domain/settlement/settle-round.ts';
import { type Flow, settlementDomain } from '../../domain/settlement/words.ts';
import type { Progress, Status } from '../../shared/contract/session.ts';
import { Fault } from '../../shared/errors.ts';
import type { Kernel, Service } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { Community } from '../market/community.ts';
import { CAPACITY } from '../market/gate-closure.ts';
import type { MarketClockService } from '../market/market-clock.ts';
import { newestSummaries } from '../market/market-service.ts';
import { endOf } from '../market/market-times.ts';
import * as rounds from '../market/round-store.ts';
import type { MeteringService } from '../metering/metering-service.ts';
import { readingAt } from '../metering/reading-store.ts';
import type { Prover } from '../proof/prover.ts';
import type { Settler } from '../proof/settler.ts';
import { batchInput } from './batch-input.ts';
import * as batches from './batch-store.ts';
import { exportRound } from './export-round.ts';
import { roundView } from './round-view.ts';
import { verifyRound } from './verify-round.ts';

export interface SettlementService extends Service {
  status(): z.infer<typeof Status>['settlement'];
  onSettled(listener: (interval: number) => void): () => void;
  /** False when the pipeline holds back new rounds because meters wait for their registration. */
  proverFacts(): { ready: boolean; keyOrigin: string | null; lastProvingMs: number | null; queued: number; problem: string | null };
}

export interface SettlementDeps {
  readonly community: Community;
  readonly marketClock: Pick<MarketClockService, 'plantNowMs' | 'setLeastIntervalMs' | 'requiredIntervalMs'>;
  readonly metering: Pick<MeteringService, 'keys' | 'keyOf' | 'onReading'>;
  readonly ledger: Pick<LedgerService, 'enqueue' | 'entry' | 'kick' | 'deployed' | 'tariffs' | 'view' | 'onChange'>;
  readonly prover: Prover;
  readonly settler: Settler;
  /** In the transaction that marks the round settled. */
  readonly issueCertificates: (interval: number) => number;
  readonly progress?: (progress: z.infer<typeof Progress>) => void;
  /** Wall time given to late readings after an interval's end. */
  readonly graceMs?: number;
  /** Assumed time of a proof until one has been timed on this machine. */
  readonly firstProofMs?: number;
}

const TICK_MS = 400;
const GRACE_MS = 6_000;
/** Assumed until a proof has been timed on this machine. */
const FIRST_PROOF_MS = 15_000;
const RETRY_PROOF_MS = 15_000;

export function createSettlementService(kernel: Kernel, deps: SettlementDeps): SettlementService {
  const { store, clock, plant, alarms, hub } = kernel;
  const { community, marketClock, ledger } = deps;
  const log = kernel.log.child('settlement');
  const settledListeners = new Set<(interval: number) => void>();
  let stops: (() => void)[] = [];
  let running = false;
  let busy: Promise<void> = Promise.resolve();
  let proving: { interval: number; sinceMs: number; progress: number | null; abort: AbortController; done: Promise<void> } | null = null;
  let proverReady = false;
  let problem: string | null = null;
  let notBeforeMs = 0;
  let changed = true;
  const endedAt = new Map<number, number>();

  alarms.define({
    kind: 'settlement.failed',
    priority: 2,
    title: 'A round could not be settled',
    cause: 'Its orders, readings or clearing do not satisfy the settlement rules, or its proof cannot be made.',
    consequence: 'Nobody is paid for this interval until it is cleared up. Later readings still count what was delivered.',
    action: 'Open the round on the Settlement page and read the step that failed. Keep the data folder.',
    respondWithinS: 3600,
  });
  alarms.define({
    kind: 'settlement.behind',
    priority: 3,
    title: 'Settlement falls behind',
    cause: 'Proofs take longer than intervals, or the prover cannot run.',
    consequence: 'Rounds are cleared but not yet proven; they are proven later, in order.',
    action: 'Check the machine’s load and memory. On the simulated plant, start with a lower --speed.',
    respondWithinS: 3600,
  });

  const rawFields = { sourceName: 'Settlement', page: 'settlement' };

  /** Oldest flows of the chain's queue that no batch under way has taken; none while the chain is away. */
  const pendingFlows = async (): Promise<Flow[]> => {
    try {
      const [head, tail] = (await ledger.view({ contract: 'Settlement', method: 'queueBounds', args: [] })) as [bigint, bigint];
      const flows: Flow[] = [];
      for (let at = head + BigInt(batches.flowsUnderWay(store.read)); at < tail && flows.length < FLOWS_PER_BATCH; at++) {
        const [, amount, index, withdrawal] = (await ledger.view({ contract: 'Settlement', method: 'flowAt', args: [at.toString()] })) as [
          string,
          bigint,
          bigint,
          boolean,
        ];
        flows.push({ kind: withdrawal ? 'withdrawal' : 'deposit', index: Number(index), amount });
      }
      return flows;
    } catch (cause) {
      if (!(cause instanceof Fault && cause.code === 'chain.away'))
        log.warn('the queue of deposits could not be read; this round applies none', { cause: String(cause) });
      return [];
    }
  };

  const allRead = (interval: number): boolean =>
    deps.metering
      .keys()
      .filter((k) => k.registration !== null && community.byMeter(k.meterId))
      .every((k) => readingAt(store.read, k.meterId, interval) !== undefined);

  const due = (round: rounds.StoredRound): boolean => {
    if (marketClock.plantNowMs() < endOf(round.interval, plant.market)) return false;
    const at = endedAt.get(round.interval) ?? clock.monotonicMs();
    endedAt.set(round.interval, at);
    return allRead(round.interval) || clock.monotonicMs() - at >= (deps.graceMs ?? GRACE_MS);
  };

  const settleRoundNow = async (round: rounds.StoredRound): Promise<void> => {
    const deployed = ledger.deployed();
    if (!deployed?.contracts.has('Settlement')) return;
    const { input, state, sequence } = batchInput(store.read, round, {
      domain: settlementDomain(deployed.chainId, deployed.contracts.address('Settlement')),
      tariffs: ledger.tariffs() ?? { buy: plant.market.importTariffMilliCentsPerKwh, sell: plant.market.feedInTariffMilliCentsPerKwh },
      community,
      keys: deps.metering.keys(),
      flows: await pendingFlows(),
    });
    const result = await deps.settler.settle({ ...input, state });
    endedAt.delete(round.interval);
    if (result.kind === 'refused') return fail(round.interval, `The round does not satisfy the rules: ${result.detail}.`);
    store.write((db) => {
      if (rounds.roundAt(db, round.interval)?.state !== 'cleared') return;
      const { terms, totals, carried, words } = result;
      const { publicSignals, witnessInput } = onlyBatchOf(result);
      batches.insertBatch(
        db,
        {
          interval: round.interval,
          sequence,
          stateBefore: state,
          input,
          result: { terms, totals, carried, words, publicSignals, witnessInput },
          stateAfter: result.newState,
        },
        clock.nowMs(),
      );
      for (const line of result.lines) insertLine(db, round.interval, line);
      db.prepare('UPDATE round SET grid_money = ? WHERE interval = ?').run((-totals.gridMoney).toString(), round.interval);
      rounds.setRoundState(
        db,
        round.interval,
        'metered',
        clock.nowMs(),
        totals.carriedMembers > 0
          ? `${totals.carriedMembers} members without a valid reading are carried to a later round.`
          : round.message,
      );
    });
    changed = true;
  };

  const insertLine = (db: Parameters<typeof rounds.insertRoundMember>[0], interval: number, line: SettledRound['lines'][number]): void => {
    if (line.meterId === null || !community.byMeter(Number(line.meterId))) return;
    const measured = line.verdict.kind === 'measured' ? line.verdict : null;
    rounds.insertRoundMember(db, {
      interval,
      meterId: Number(line.meterId),
      positionWh: Number(line.delivery.positionWh),
      importWh: measured ? Number(measured.importedWh) : null,
      exportWh: measured ? Number(measured.exportedWh) : null,
      imbalanceWh: measured ? Number(line.delivery.deltaWh) : null,
      money: line.delivery.money.toString(),
      balanceAfter: (line.next.balance - line.next.debt).toString(),
      readingSequence: line.reading ? Number(line.reading.sequence) : null,
    });
  };

  const fail = (interval: number, message: string): void => {
    store.write((db) => {
      batches.forgetFrom(db, interval);
      rounds.setRoundState(db, interval, 'failed', clock.nowMs(), message);
      kernel.journal.record({
        who: 'settlement',
        kind: 'fault',
        title: `Round ${interval} failed`,
        text: message,
        target: `round:${interval}`,
        outcome: 'failed',
      });
    });
    alarms.raise('settlement.failed', 'settlement', { ...rawFields, value: message });
    changed = true;
  };

  const startProof = (interval: number): void => {
    const batch = batches.batchAt(store.read, interval);
    const witness = batch?.result.witnessInput;
    if (!batch || !witness) return;
    const abort = new AbortController();
    store.write((db) => rounds.setRoundState(db, interval, 'proving', clock.nowMs(), rounds.roundAt(db, interval)?.message ?? null));
    changed = true;
    const work = async (): Promise<void> => {
      try {
        const proven = await deps.prover.prove(witness, {
          signal: abort.signal,
          onProgress: (fraction) => {
            if (proving) proving.progress = fraction;
          },
        });
        if (proven.publicSignals.join() !== batch.result.publicSignals.join())
          throw new Fault('proof.failed', 'The proof is for other public signals than the batch has. Nothing was sent.');
        keepProof(batch, proven);
      } catch (cause) {
        if (!running) return;
        const fault = cause instanceof Fault ? cause : new Fault('proof.failed', String(cause), { retry: 'later' });
        problem = fault.message;
        log.warn('a proof was not made', { interval, problem, cause: String(fault.details?.cause ?? '') });
        notBeforeMs = clock.monotonicMs() + RETRY_PROOF_MS;
        if (fault.retry === 'never') fail(interval, fault.message);
        else store.write((db) => rounds.setRoundState(db, interval, 'metered', clock.nowMs(), fault.message));
      } finally {
        proving = null;
        changed = true;
      }
    };
    proving = { interval, sinceMs: clock.monotonicMs(), progress: null, abort, done: Promise.resolve() };
    proving.done = work();
  };

  const keepProof = (batch: batches.Batch, proven: Awaited<ReturnType<Prover['prove']>>): void => {
    const { interval } = batch;
    problem = null;
    store.write((db) => {
      batches.insertProof(db, interval, {
        circuit: `settle-${CAPACITY}`,
        verificationKeyHash: deps.prover.vkeyHash(),
        proof: proven.proof,
        publicSignals: [...proven.publicSignals],
        provingMs: proven.proveMs,
        verifiedMs: clock.nowMs(),
      });
      const message = rounds.roundAt(db, interval)?.message ?? null;
      rounds.setRoundState(db, interval, 'proven', clock.nowMs(), message);
      const { terms, words } = batch.result;
      ledger.enqueue({
        id: `settle:${interval}`,
        kind: 'settle',
        title: `Settle interval ${interval}`,
        body: {
          contract: 'Settlement',
          method: 'settle',
          args: [
            [
              interval,
              (terms.price ?? 0n).toString(),
              terms.price !== null,
              batch.input.flows.length,
              words.newRoot.toString(),
              words.totals.toString(),
            ],
            [...proven.calldata.flat],
          ],
          doneWhen: { contract: 'Settlement', method: 'rootAfter', args: [interval], equals: words.newRoot.toString() },
        },
      });
      if (batch.result.totals.certificateWh > 0n) {
        ledger.enqueue({
          id: `certificates:${interval}`,
          kind: 'issue-certificates',
          title: `Issue the certificates of interval ${interval}`,
          body: {
            contract: 'Settlement',
            method: 'issueCertificates',
            args: [interval],
            doneWhen: {
              contract: 'GranularCertificate',
              method: 'isIssued',
              args: [certificateSource(words.domain, interval)],
              equals: 'true',
            },
          },
        });
      }
      rounds.setRoundState(db, interval, 'sent', clock.nowMs(), message);
    });
    ledger.kick();
    deps.marketClock.setLeastIntervalMs(leastInterval(slowestRecentProof() ?? proven.proveMs));
  };

  /** A proof that already takes longer than it was given slows the market at once, before rounds pile up behind it. */
  const keepPace = (): void => {
    if (proving === null) return;
    const takenMs = clock.monotonicMs() - proving.sinceMs;
    if (leastInterval(takenMs) > deps.marketClock.requiredIntervalMs() * 1.2)
      deps.marketClock.setLeastIntervalMs(leastInterval(takenMs * 1.3));
  };

  const slowestRecentProof = (): number | null =>
    (
      store.read
        .prepare('SELECT max(ms) AS ms FROM (SELECT proving_ms AS ms FROM settlement_proof ORDER BY interval DESC LIMIT 4)')
        .get() as {
        ms: number | null;
      }
    ).ms;

  const settleFinal = (interval: number): void => {
    const issued = store.write((db) => {
      rounds.setRoundState(db, interval, 'settled', clock.nowMs(), rounds.roundAt(db, interval)?.message ?? null);
      batches.dropWitness(db, interval);
      return deps.issueCertificates(interval);
    });
    log.info('round settled', { interval, certificates: issued });
    changed = true;
    for (const listener of settledListeners) listener(interval);
  };

  const advance = async (): Promise<void> => {
    const open = rounds.openRounds(store.read);
    // States build on one another: a batch is made only when every earlier round has its own.
    const first = open.find((r) => r.state === 'committed' || r.state === 'cleared');
    if (first?.state === 'cleared' && due(first)) await settleRoundNow(first);
    const next = open.find((r) => r.state === 'metered' || (r.state === 'proving' && proving?.interval !== r.interval));
    if (next && proverReady && proving === null && clock.monotonicMs() >= notBeforeMs) startProof(next.interval);
    for (const round of open)
      if (round.state === 'sent' && ledger.entry(`settle:${round.interval}`)?.state === 'final') settleFinal(round.interval);
    keepPace();
    const behind = open.filter((r) => r.state === 'metered' || r.state === 'proving').length;
    alarms.set('settlement.behind', 'settlement', behind > 4, { ...rawFields, value: `${behind} rounds wait for their proof` });
    if (changed) {
      changed = false;
      hub.publish('rounds', { rounds: newestSummaries(kernel, 96) });
    }
  };

  const prepareProver = async (): Promise<void> => {
    while (running && !proverReady) {
      try {
        await deps.prover.prepare((fraction, detail) =>
          deps.progress?.({ id: 'prover', title: 'Preparing the prover', fraction, detail, done: fraction >= 1 }),
        );
        proverReady = true;
        problem = null;
      } catch (cause) {
        if (!running) return;
        problem = cause instanceof Error ? cause.message : String(cause);
        log.warn('the prover is not ready', { problem });
        await new Promise<void>((resolve) => clock.setTimeout(resolve, RETRY_PROOF_MS));
      }
    }
  };

  const turn = (): void => {
    busy = busy.then(async () => {
      if (!running) return;
      try {
        await advance();
      } catch (cause) {
        log.error('settlement: a turn failed; the next one tries again', {
          cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
        });
      }
    });
  };

  const viewDeps = { store, plant, community, ledger, vkeyHash: () => (proverReady ? deps.prover.vkeyHash() : '') };
  return {
    name: 'settlement',
    async start() {
      running = true;
      deps.marketClock.setLeastIntervalMs(leastInterval(slowestRecentProof() ?? deps.firstProofMs ?? FIRST_PROOF_MS));
      void prepareProver();
      let pending = false;
      const kick = () => {
        if (pending) return;
        pending = true;
        clock.setTimeout(() => {
          pending = false;
          turn();
        }, 20);
      };
      stops = [clock.setInterval(kick, TICK_MS), ledger.onChange(kick)];
    },
    async stop() {
      running = false;
      for (const stop of stops) stop();
      stops = [];
      proving?.abort.abort();
      await deps.prover.close();
      await Promise.race([Promise.all([busy, proving?.done]), new Promise((resolve) => clock.setTimeout(() => resolve(null), 5_000))]);
      await deps.settler.close();
    },
    status() {
      const row = store.read.prepare("SELECT max(interval) AS n FROM round WHERE state = 'settled'").get() as { n: number | null };
      return { lastSettledInterval: row.n, proving: proving !== null, provingProgress: proving?.progress ?? null };
    },
    onSettled(listener) {
      settledListeners.add(listener);
      return () => settledListeners.delete(listener);
    },
    proverFacts() {
      const last = store.read.prepare('SELECT proving_ms AS ms FROM settlement_proof ORDER BY interval DESC LIMIT 1').get() as
        | { ms: number }
        | undefined;
      const queued = rounds.openRounds(store.read).filter((r) => r.state === 'metered' || r.state === 'proving').length;
      return {
        ready: proverReady,
        keyOrigin: proverReady ? deps.prover.keyOrigin() : null,
        lastProvingMs: last?.ms ?? null,
        queued,
        problem,
      };
    },
    handlers: {
      'settlement.round': ({ interval }) => roundView(viewDeps, interval),
      'settlement.exportRound': ({ interval, member }) => exportRound(viewDeps, interval, member),
      'settlement.verifyAgain': ({ interval }) =>
        verifyRound({ ...viewDeps, clock, prover: deps.prover, settler: deps.settler, keyOf: deps.metering.keyOf }, interval),
    },
  };
}

/** Names the round's certificates on the chain, as Settlement.issueCertificates does. */
export const certificateSource = (domain: bigint, interval: number): string =>
  keccak256(AbiCoder.defaultAbiCoder().encode(['uint256', 'uint40'], [domain, interval]));

function onlyBatchOf(round: SettledRound): SettledRound['batches'][number] {
  const [batch] = round.batches;
  if (batch === undefined) throw new Error('a settled round has a batch');
  return batch;
}

/** An interval leaves room for its proof and a quarter more. */
function leastInterval(provingMs: number): number {
  return Math.round(provingMs * 1.25 + 2_000);
}
