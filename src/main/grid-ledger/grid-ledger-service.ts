/**
 * The grid on the chain: nodes once, a report for each interval, emergencies, demand response. Everything goes through the outbox, and
 * nothing here is waited for by what runs the plant.
 */
import { roleIds } from '../../../contracts/deploy/role-table.ts';
import type { EmergencyState } from '../../shared/contract/operations.ts';
import type { Kernel, MarketClock, ProcessImage, Service } from '../kernel/ports.ts';
import { createChainTime } from '../ledger/chain-time.ts';
import { mayPlay } from '../ledger/development.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import { createParties } from '../ledger/parties.ts';
import { isPaused } from '../ledger/pauses.ts';
import type { Community } from '../market/community.ts';
import { accountOf } from '../wallet/transaction-store.ts';
import { createDemandMeasure } from './demand-measure.ts';
import type { DemandDeps } from './demand-nodes.ts';
import { createDemandRequest } from './demand-request.ts';
import { createDemandView } from './demand-view.ts';
import { createDemandWork } from './demand-work.ts';
import { createEmergencyRecord, type Executed } from './emergency-record.ts';
import { createGridRecord } from './grid-record.ts';
import { queueNodes } from './node-registration.ts';
import { knownNodes, wantedNodes } from './nodes.ts';
import { createStatusRecorder } from './status-recorder.ts';

export interface GridLedgerDeps {
  readonly community: Community;
  readonly marketClock: Pick<MarketClock, 'plantNowMs' | 'speed' | 'intervalMs' | 'currentInterval'>;
  readonly image: () => ProcessImage | null;
  readonly ledger: Pick<LedgerService, 'enqueue' | 'kick' | 'endpoint' | 'indexedHeight' | 'operatorAddress' | 'manifest' | 'deployed'>;
}
export interface GridLedgerService extends Service {
  /** A level was executed for real. Returns at once and never throws. */
  executed(emergency: Executed): void;
  /** Tells the room how the local emergency stands: what a crash kept from the chain is caught up, and lifting waits for the recovery. */
  attachEmergency(state: () => EmergencyState): void;
}

const SAMPLE_MS = 1000;
const WORK_MS = 2000;

export function createGridLedgerService(kernel: Kernel, deps: GridLedgerDeps): GridLedgerService {
  const { plant, store, clock } = kernel;
  const { ledger, community, marketClock } = deps;
  const log = kernel.log.child('grid ledger');
  const accountAddress = (memberId: string): string | null => accountOf(store.read, memberId)?.address ?? null;
  const wanted = () => wantedNodes(plant, community, { operator: ledger.operatorAddress, of: accountAddress });
  const parties = createParties(ledger, () =>
    community.members.flatMap((m) => {
      const address = m.operatorOwned ? null : accountAddress(m.memberId);
      return address === null ? [] : [{ name: m.name, address }];
    }),
  );
  const chainTime = createChainTime(clock, ledger);
  const intervalWallMs = (): number => marketClock.intervalMs() / marketClock.speed();
  const record = createGridRecord(kernel, { ledger, wanted, intervalWallMs });
  const recorder = createStatusRecorder(plant);
  let emergencyState: (() => EmergencyState) | null = null;
  const emergencies = createEmergencyRecord(kernel, {
    ledger,
    parties,
    guardianRole: Number(roleIds.GUARDIAN),
    canPlay: () => mayPlay(ledger, kernel.simulated),
    phase: () => emergencyState?.().phase ?? 'ready',
  });
  const demandDeps: DemandDeps = {
    ledger,
    parties,
    chainTime,
    measure: createDemandMeasure(kernel, marketClock),
    members: community.members,
    accountOf: accountAddress,
    leastDurationS: () => Math.max(60, Math.ceil((2 * intervalWallMs()) / 1000)),
  };
  const demandRequest = createDemandRequest(kernel, demandDeps);
  const demandWork = createDemandWork(kernel, demandDeps);
  const demandView = createDemandView(kernel, demandDeps);

  const sample = (): void => {
    const image = deps.image();
    if (!image) return;
    const report = recorder.sample(marketClock.currentInterval(), image);
    if (report) record.report(report);
  };
  /** An emergency in force that is not in line for the chain: the console was killed in the moment between. */
  const catchUp = (): void => {
    const now = emergencyState?.();
    const level = plant.emergency.levels.find((l) => l.id === now?.level);
    if (!now || !level || now.drill || now.startedMs === null || now.phase === 'ready' || now.phase === 'armed') return;
    emergencies.record({ level, by: now.by ?? 'Busbar', startedMs: now.startedMs });
  };
  let busy = false;
  const work = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      catchUp();
      await chainTime.refresh().catch(() => {});
      demandWork();
      if (ledger.endpoint() === null || !ledger.manifest()?.complete) return;
      emergencies.retry();
      if (!isPaused(store.read, 'GridManagement')) queueNodes(kernel, ledger, wanted().nodes, knownNodes(store.read));
    } finally {
      busy = false;
    }
  };
  const safely = (what: string, run: () => void | Promise<void>) => (): void => {
    Promise.resolve()
      .then(run)
      .catch((cause: unknown) => log.error(`${what} failed; it is tried again`, { cause: String(cause) }));
  };
  const ends: (() => void)[] = [];

  return {
    name: 'grid ledger',
    async start() {
      ends.push(
        clock.setInterval(safely('the report of an interval', sample), SAMPLE_MS),
        clock.setInterval(safely('the record of the grid', work), WORK_MS),
      );
    },
    async stop() {
      for (const end of ends.splice(0)) end();
    },
    // Not in the caller's turn: the relays' answers come first. What a crash loses here is caught up from the emergency itself.
    executed: (emergency) => void clock.setTimeout(() => emergencies.record(emergency), 0),
    attachEmergency(state) {
      emergencyState = state;
    },
    handlers: {
      'gridRecord.get': () => record.view(),
      'emergency.ledger': () => emergencies.view(),
      'emergency.signLift': ({ emergency }) => ({ message: emergencies.signLift(emergency), transaction: null }),
      'demand.get': () => demandView(),
      'demand.check': (wantedEvent) => demandRequest.check(wantedEvent),
      'demand.request': (wantedEvent) => demandRequest.request(wantedEvent),
    },
  };
}
