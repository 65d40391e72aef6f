/** The first step of a round's settlement: when its interval has ended and its readings are in, money and new accounts are worked out in the clear. */
import type { Database } from 'better-sqlite3';
import { FLOWS_PER_BATCH } from '../../domain/settlement/limits.ts';
import type { SettledRound } from '../../domain/settlement/settle-round.ts';
import { type Flow, settlementDomain } from '../../domain/settlement/words.ts';
import { Fault } from '../../shared/errors.ts';
import type { Kernel, MarketClock } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { Community } from '../market/community.ts';
import { endOf } from '../market/market-times.ts';
import * as rounds from '../market/round-store.ts';
import { readingAt } from '../metering/reading-store.ts';
import type { Settler } from '../proof/settler.ts';
import { batchInput } from './batch-input.ts';
import * as batches from './batch-store.ts';
import { headNow } from './contract-head.ts';
import { createLostMeters } from './lost-meters.ts';
import type { Registry } from './registry.ts';

export interface ClearSettlementDeps {
  readonly community: Community;
  readonly marketClock: Pick<MarketClock, 'plantNowMs'>;
  readonly registry: Registry;
  readonly ledger: Pick<LedgerService, 'deployed' | 'tariffs' | 'view'>;
  readonly settler: Pick<Settler, 'settle'>;
  readonly fail: (interval: number, message: string) => void;
  readonly onChange: () => void;
  /** Wall time given to late readings after an interval's end. */
  readonly graceMs?: number;
}

const GRACE_MS = 6_000;

/** Returns what a turn does about it. */
export function createClearSettlement(
  kernel: Pick<Kernel, 'store' | 'clock' | 'plant' | 'log'>,
  deps: ClearSettlementDeps,
): (open: readonly rounds.StoredRound[]) => Promise<void> {
  const { store, clock, plant } = kernel;
  const { community, ledger } = deps;
  const log = kernel.log.child('settlement');
  const lost = createLostMeters(kernel, deps);
  const endedAt = new Map<number, number>();
  const planned = { buy: plant.market.importTariffMilliCentsPerKwh, sell: plant.market.feedInTariffMilliCentsPerKwh };

  /** The contract's tariffs, and the oldest flows of its queue that no batch under way has taken; neither while the chain is away. */
  const chainNow = async (): Promise<{ flows: Flow[]; tariffs: { buy: number; sell: number } | null }> => {
    try {
      // One answer for all of it: a round that is mined between two questions would be counted twice, or not at all.
      const now = await headNow(ledger);
      const flows: Flow[] = [];
      const first = now.queueHead + BigInt(batches.flowsUnderWay(store.read, now.lastInterval));
      for (let at = first; at < now.queueTail && flows.length < FLOWS_PER_BATCH; at++) {
        const [, amount, index, withdrawal] = (await ledger.view({ contract: 'Settlement', method: 'flowAt', args: [at.toString()] })) as [
          string,
          bigint,
          bigint,
          boolean,
        ];
        flows.push({ kind: withdrawal ? 'withdrawal' : 'deposit', index: Number(index), amount });
      }
      return { flows, tariffs: now.tariffs };
    } catch (cause) {
      if (!(cause instanceof Fault && cause.code === 'chain.away'))
        log.warn('the queue of deposits could not be read; this round applies none', { cause: String(cause) });
      return { flows: [], tariffs: null };
    }
  };

  const allRead = (interval: number): boolean =>
    deps.registry.places().every((m, i) => m === null || !community.byMeter(i + 1) || readingAt(store.read, i + 1, interval) !== undefined);

  const due = (round: rounds.StoredRound): boolean => {
    if (deps.marketClock.plantNowMs() < endOf(round.interval, plant.market)) return false;
    const at = endedAt.get(round.interval) ?? clock.monotonicMs();
    endedAt.set(round.interval, at);
    return allRead(round.interval) || clock.monotonicMs() - at >= (deps.graceMs ?? GRACE_MS);
  };

  const settle = async (round: rounds.StoredRound): Promise<void> => {
    const deployed = ledger.deployed();
    if (!deployed?.contracts.has('Settlement')) return;
    const meters = await deps.registry.inStep();
    if (meters === null) return;
    const gone = lost.inRound(round.interval, meters);
    if (gone.kind === 'ended') return deps.fail(round.interval, gone.message);
    if (gone.kind === 'wait') return;
    const { flows, tariffs } = await chainNow();
    const { buy, sell } = tariffs ?? ledger.tariffs() ?? planned;
    const {
      input: numbered,
      state,
      sequence,
    } = batchInput(store.read, round, {
      domain: settlementDomain(deployed.chainId, deployed.contracts.address('Settlement')),
      tariffs: { buy, sell },
      layout: community.layout,
      meters,
      flows,
    });
    let input = numbered;
    let result = await deps.settler.settle({ ...input, state });
    if (result.kind === 'settled' && result.words.ordersRoot.toString() !== round.ordersRoot) {
      // What was committed before places were numbered is settled as it was committed.
      const older = { ...numbered, numbered: false };
      const again = await deps.settler.settle({ ...older, state });
      if (again.kind === 'settled' && again.words.ordersRoot.toString() === round.ordersRoot) [input, result] = [older, again];
    }
    endedAt.delete(round.interval);
    if (result.kind === 'refused') return deps.fail(round.interval, `The round does not satisfy the rules: ${result.detail}.`);
    // The chain settles what was committed, and nothing else.
    if (result.words.ordersRoot.toString() !== round.ordersRoot)
      return deps.fail(
        round.interval,
        'The orders in the database are not those that were committed. Somebody has changed them since they were admitted.',
      );
    store.write((db) => {
      if (rounds.roundAt(db, round.interval)?.state !== 'cleared') return;
      // What it begins with may have been taken back meanwhile.
      if ((batches.latestState(db)?.sequence ?? 0) + 1 !== sequence) return;
      const { terms, totals, carried, words, batches: parts } = result;
      batches.insertBatch(
        db,
        {
          interval: round.interval,
          sequence,
          stateBefore: state,
          input,
          result: { terms, totals, carried, words, batches: parts },
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
    deps.onChange();
  };

  const insertLine = (db: Database, interval: number, line: SettledRound['lines'][number]): void => {
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

  return async (open) => {
    // States build on one another: a batch is made only when every earlier round has its own.
    const first = open.find((r) => r.state === 'committed' || r.state === 'cleared');
    if (first?.state === 'cleared' && due(first)) await settle(first);
  };
}
