/**
 * A round's way from its frozen book to the receipt: orders admitted, readings collected → settled in the clear → proven part by part → queued for
 * the chain → receipt → certificates. Each step is one durable transaction keyed by the interval; a turn looks at what is durable and does
 * the next one.
 */
import type { Database } from 'better-sqlite3';
import type { z } from 'zod';
import type { Progress, Status } from '../../shared/contract/session.ts';
import type { Kernel, Service } from '../kernel/ports.ts';
import { lastEntryId } from '../ledger/entry-ids.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { Community } from '../market/community.ts';
import { decidedRounds } from '../market/late-store.ts';
import type { MarketClockService } from '../market/market-clock.ts';
import { newestSummaries } from '../market/market-view.ts';
import * as rounds from '../market/round-store.ts';
import type { MeteringService } from '../metering/metering-service.ts';
import type { CircuitFacts, Prover } from '../proof/prover.ts';
import type { Settler } from '../proof/settler.ts';
import { type Proven, STATEMENTS } from '../proof/types.ts';
import { createAdmissionService } from './admission-service.ts';
import { dropAdmissionWitness } from './admission-store.ts';
import * as batches from './batch-store.ts';
import { exportRound } from './export-round.ts';
import { createForgottenCommitments } from './forgotten-commitments.ts';
import { createMakeAnew } from './make-anew.ts';
import { certificatesEntry, settleEntry } from './outbox-entries.ts';
import { leastInterval, leastToBind, roundTimes, slowerPace } from './pace.ts';
import { createProofDesk, type ProofTask } from './proof-desk.ts';
import { insertProof, lastProvingMs, nextPart } from './proof-store.ts';
import type { Registry } from './registry.ts';
import { roundView } from './round-view.ts';
import { createClearSettlement } from './settle-in-clear.ts';
import { forgetFailed, takeBack } from './take-back.ts';
import { verifyRound } from './verify-round.ts';

export interface ProverState {
  readonly ready: boolean;
  readonly problem: string | null;
  /** development when any key is. */
  readonly keyOrigin: string | null;
  /** Rounds that wait for a proof. */
  readonly queued: number;
  /** `lastProvingMs` as stored: it is known after a restart too. */
  readonly circuits: readonly CircuitFacts[];
}

export interface SettlementService extends Service {
  status(): z.infer<typeof Status>['settlement'];
  onSettled(listener: (interval: number) => void): () => void;
  proverFacts(): ProverState;
  /** Ends a round that the chain will never settle, with its reason, and takes back what was built on it. */
  endRound(interval: number, message: string): void;
}

export interface SettlementDeps {
  readonly community: Community;
  readonly marketClock: Pick<MarketClockService, 'plantNowMs' | 'setLeastIntervalMs' | 'requiredIntervalMs'>;
  readonly metering: Pick<MeteringService, 'keyOf'>;
  readonly registry: Registry;
  readonly ledger: Pick<
    LedgerService,
    'enqueue' | 'entry' | 'kick' | 'deployed' | 'tariffs' | 'view' | 'onChange' | 'endpoint' | 'indexedHeight'
  >;
  readonly prover: Prover;
  readonly settler: Pick<Settler, 'settle' | 'admit' | 'ordersRoot'>;
  /** In the transaction that marks the round settled. */
  readonly issueCertificates: (interval: number) => number;
  /** In the transaction that takes back rounds from this interval on which the chain had settled and forgot. */
  readonly onUnsettled: (db: Database, interval: number) => void;
  /** In the transaction that ends a round for good, with the reason. */
  readonly onEnded: (db: Database, interval: number, reason: string) => void;
  readonly progress?: (progress: z.infer<typeof Progress>) => void;
  /** Wall time given to late readings after an interval's end; six seconds by default. */
  readonly graceMs?: number;
  /** Assumed time of one proof until one has been timed on this machine. */
  readonly firstProofMs?: number;
}

const TICK_MS = 400;

export function createSettlementService(kernel: Kernel, deps: SettlementDeps): SettlementService {
  const { store, clock, plant, alarms, hub } = kernel;
  const { community, marketClock, ledger } = deps;
  const log = kernel.log.child('settlement');
  const { parts } = community.layout;
  const settledListeners = new Set<(interval: number) => void>();
  let stops: (() => void)[] = [];
  let running = false;
  let busy: Promise<void> = Promise.resolve();
  let changed = true;
  const onChange = (): void => {
    changed = true;
  };

  alarms.define({
    kind: 'settlement.failed',
    priority: 2,
    title: 'A round could not be settled',
    cause:
      'Its orders were not bound before the gate closed, their commitment was challenged or forgotten by the chain, its orders, readings or clearing do not satisfy the rules of admission or settlement, or a proof of it cannot be made.',
    consequence: 'The round is over: nobody trades in its interval. What was delivered counts with the next reading, at the tariffs.',
    action: 'Open the round on the Settlement page and read why it failed. Keep the data folder.',
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
  alarms.define({
    kind: 'settlement.refused',
    priority: 2,
    title: 'The chain refuses a settlement for good',
    cause:
      'Its batch was made anew from the chain’s queue, tariffs and registry as often as that may help, or the chain holds other accounts.',
    consequence: 'This round and all after it wait, unpaid. No money has moved.',
    action: 'Open Settlement and read the refusal in the outbox. When its cause is gone, try the outbox again. Keep the data folder.',
    respondWithinS: 1800,
  });
  alarms.define({
    kind: 'settlement.noPlace',
    priority: 3,
    title: 'Members without a place in settlement',
    cause: 'The plant file has settling meters with numbers above the places this ledger was made for.',
    consequence: 'These members are not settled: they cannot trade and are not billed here. All others are.',
    action: 'Give their meters free numbers below, or start a new ledger with another data folder.',
    respondWithinS: 86_400,
  });
  const rawFields = { sourceName: 'Settlement', page: 'settlement' };

  const desk = createProofDesk({
    prover: deps.prover,
    clock,
    log,
    onChange,
    ...(deps.progress ? { progress: deps.progress } : {}),
  });

  const end = (interval: number, message: string, forget: (db: Database) => void): void => {
    store.write((db) => {
      forget(db);
      deps.onEnded(db, interval, message);
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
    desk.drop((task) => task.interval >= interval);
    alarms.raise('settlement.failed', 'settlement', { ...rawFields, value: message });
    onChange();
  };
  /** Ends a round for good. What was built on it and is not proven is made again without it. */
  const fail = (interval: number, message: string): void => end(interval, message, (db) => forgetFailed(db, interval));

  /** Ends a round that the chain will never settle. */
  const endRound = (interval: number, message: string): void =>
    end(interval, message, (db) => takeBack(db, interval, parts, deps.onUnsettled));

  const setPace = (): void =>
    marketClock.setLeastIntervalMs(
      Math.max(leastInterval(roundTimes(store.read, community.layout, deps.firstProofMs)), leastToBind(plant.market)),
    );
  const admission = createAdmissionService(kernel, { ...deps, fail, onChange, onProven: setPace });
  const settleInClear = createClearSettlement(kernel, { ...deps, fail, onChange });
  const forgotten = createForgottenCommitments(kernel, { parts, ledger });
  const makeAnew = createMakeAnew(kernel, {
    ledger,
    onUnsettled: deps.onUnsettled,
    onMadeAnew(interval, kind) {
      desk.drop((task) => (task.statement === 'settle' || kind === 'admit') && task.interval >= interval);
      onChange();
    },
  });

  const keepProof = (batch: batches.Batch, part: number, proven: Proven): void => {
    const { interval } = batch;
    store.write((db) => {
      const message = rounds.roundAt(db, interval)?.message ?? null;
      const circuit = deps.prover.circuit('settle');
      insertProof(db, 'settle', interval, {
        part,
        circuit: circuit.name,
        verificationKeyHash: circuit.verificationKeyHash,
        proof: proven.proof,
        publicSignals: [...proven.publicSignals],
        provingMs: proven.proveMs,
        verifiedMs: clock.nowMs(),
      });
      ledger.enqueue(settleEntry(batch, part, parts, proven.calldata.flat));
      if (nextPart(db, 'settle', interval, parts) < parts) return;
      rounds.setRoundState(db, interval, 'proven', clock.nowMs(), message);
      if (batch.result.totals.certificateWh > 0n) ledger.enqueue(certificatesEntry(interval, batch.result.words.domain));
      rounds.setRoundState(db, interval, 'sent', clock.nowMs(), message);
    });
    ledger.kick();
    setPace();
  };

  const settlementTask = (open: readonly rounds.StoredRound[]): ProofTask | null => {
    const round = open.find((r) => r.state === 'metered' || r.state === 'proving');
    if (!round || !admission.isProven(round.interval)) return null;
    const { interval } = round;
    const part = nextPart(store.read, 'settle', interval, parts);
    let batch: batches.Batch | undefined;
    return {
      statement: 'settle',
      interval,
      part,
      begin() {
        batch = batches.batchAt(store.read, interval);
        const work = batch?.result.batches[part];
        if (!work?.witnessInput) return null;
        if (round.state !== 'proving')
          store.write((db) => rounds.setRoundState(db, interval, 'proving', part === 0 ? clock.nowMs() : null, round.message));
        return { witness: work.witnessInput, publicSignals: work.publicSignals };
      },
      keep: (proven) => batch && keepProof(batch, part, proven),
      failed: (fault) => {
        if (fault.retry === 'never') fail(interval, fault.message);
        else store.write((db) => rounds.setRoundState(db, interval, 'metered', null, fault.message));
      },
    };
  };

  const keepPace = (): void => {
    const times = roundTimes(store.read, community.layout, deps.firstProofMs);
    const slower = slowerPace(times, parts, desk.underWay(), clock.monotonicMs(), marketClock.requiredIntervalMs());
    if (slower !== null) marketClock.setLeastIntervalMs(slower);
  };

  const settleFinal = (interval: number): void => {
    const issued = store.write((db) => {
      rounds.setRoundState(db, interval, 'settled', clock.nowMs(), rounds.roundAt(db, interval)?.message ?? null);
      batches.dropWitness(db, interval);
      dropAdmissionWitness(db, interval);
      return deps.issueCertificates(interval);
    });
    log.info('round settled', { interval, certificates: issued });
    onChange();
    for (const listener of settledListeners) listener(interval);
  };

  const waitingForProof = (open: readonly rounds.StoredRound[]): number =>
    open.filter((r) => r.state === 'metered' || r.state === 'proving').length;

  /** Nothing is built on a round before it is known whether its orders were bound. */
  const openNow = (): rounds.StoredRound[] => decidedRounds(store.read, rounds.openRounds(store.read));

  const advance = async (): Promise<void> => {
    for (const { interval, message } of await forgotten()) endRound(interval, message);
    await makeAnew();
    await admission.advance(openNow());
    await settleInClear(openNow());
    const open = openNow();
    desk.offer([settlementTask(open), admission.task(open)]);
    for (const round of open) {
      const entry = round.state === 'sent' ? ledger.entry(lastEntryId('settle', round.interval, parts)) : undefined;
      // One that was given up is over, too, and settles nothing.
      if (entry?.state === 'final' && entry.lastError === null) settleFinal(round.interval);
    }
    keepPace();
    const behind = waitingForProof(open);
    alarms.set('settlement.behind', 'settlement', behind > 4, { ...rawFields, value: `${behind} rounds wait for their proof` });
    if (changed) {
      changed = false;
      hub.publish('rounds', { rounds: newestSummaries(kernel, 96) });
    }
  };

  const turn = (): void => {
    busy = busy.then(async () => {
      if (!running) return;
      try {
        await advance();
      } catch (cause) {
        if (!running) return;
        log.error('settlement: a turn failed; the next one tries again', {
          cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
        });
      }
    });
  };

  const viewDeps = { store, plant, community, ledger, underWay: () => desk.underWay() };
  return {
    name: 'settlement',
    async start() {
      running = true;
      const left = community.withoutPlace.map((m) => m.name).join(', ');
      alarms.set('settlement.noPlace', 'settlement', left !== '', { ...rawFields, value: left });
      setPace();
      desk.start();
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
      await Promise.race([Promise.all([desk.stop(), busy]), new Promise((resolve) => clock.setTimeout(() => resolve(null), 5_000))]);
    },
    status() {
      const row = store.read.prepare("SELECT max(interval) AS n FROM round WHERE state = 'settled'").get() as { n: number | null };
      const underWay = desk.underWay();
      return { lastSettledInterval: row.n, proving: underWay !== null, provingProgress: underWay?.progress ?? null };
    },
    onSettled(listener) {
      settledListeners.add(listener);
      return () => settledListeners.delete(listener);
    },
    endRound,
    proverFacts() {
      const ready = desk.ready();
      return {
        ready,
        problem: desk.problem(),
        keyOrigin: ready ? deps.prover.keyOrigin() : null,
        queued: waitingForProof(rounds.openRounds(store.read)),
        circuits: ready
          ? STATEMENTS.map((statement) => ({
              ...deps.prover.circuit(statement),
              lastProvingMs: lastProvingMs(store.read, statement),
            }))
          : [],
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
