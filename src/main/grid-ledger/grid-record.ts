/**
 * Sends each interval's report and shows what the chain keeps of the grid. The contract stamps a report with the time it arrives at, so one
 * that waited out an outage would say something untrue: there is never more than one on its way, it is void when its interval's successor is
 * over, and while the chain is away none is made. The historian keeps all of them; the chain keeps those that were told in time.
 */
import type { GridRecord } from '../../shared/contract/ledger.ts';
import type { Kernel } from '../kernel/ports.ts';
import { evidence, newestOf } from '../ledger/events.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import { countOpenOf } from '../ledger/outbox-store.ts';
import { isPaused } from '../ledger/pauses.ts';
import { sentOfKind, toSending } from '../ledger/sending.ts';
import { knownNodes, type WantedNode } from './nodes.ts';
import type { IntervalReport } from './status-recorder.ts';

export interface GridRecordDeps {
  readonly ledger: Pick<LedgerService, 'enqueue' | 'kick' | 'endpoint' | 'indexedHeight' | 'operatorAddress'>;
  readonly wanted: () => { nodes: WantedNode[]; withoutAccount: string[] };
  /** Length of an interval in wall time, ms. */
  readonly intervalWallMs: () => number;
}

export function createGridRecord(kernel: Pick<Kernel, 'store' | 'clock'>, deps: GridRecordDeps) {
  const { store, clock } = kernel;
  const { ledger } = deps;
  let last: GridRecord['lastInterval'] = null;

  /** Why this report is not sent; null when it may be. */
  const obstacle = (): string | null => {
    if (ledger.endpoint() === null) return 'Not reported: the chain is away. A report that comes late would carry a wrong time.';
    if (isPaused(store.read, 'GridManagement')) return 'Not reported: the contract for the grid is paused.';
    if (countOpenOf(store.read, 'grid-status') > 0) return 'Not reported: the report before it still waits in the outbox.';
    return null;
  };

  return {
    report(report: IntervalReport): void {
      const { interval } = report;
      const why = report.kind === 'unknown' ? report.why : obstacle();
      if (why !== null || report.kind === 'unknown') {
        last = { interval, text: why ?? '' };
        return;
      }
      const { frequencyMHz, voltageMV, demandW, supplyW } = report.means;
      const body = { contract: 'GridManagement', mayFail: true, validUntilMs: clock.nowMs() + deps.intervalWallMs() };
      const own = knownNodes(store.read).get(ledger.operatorAddress.toLowerCase());
      store.write(() => {
        ledger.enqueue({
          id: `grid-status:${interval}`,
          kind: 'grid-status',
          title: `Report the grid of interval ${interval}`,
          body: { ...body, method: 'updateStatus', args: [frequencyMHz, voltageMV, demandW, supplyW] },
        });
        if (own && report.exchangeW !== null)
          ledger.enqueue({
            id: `grid-load:${interval}`,
            kind: 'grid-status',
            title: `Report the interconnection of interval ${interval}`,
            body: { ...body, method: 'updateLoadBalance', args: [own.node, report.exchangeW] },
          });
      });
      last = { interval, text: 'Reported in time.' };
      ledger.kick();
    },

    view(): GridRecord {
      const db = store.read;
      const { nodes, withoutAccount } = deps.wanted();
      const known = knownNodes(db);
      const newest = newestOf(db, 'GridManagement', 'StatusUpdated');
      const sums = db
        .prepare(
          `SELECT count(*) AS reports, coalesce(sum(json_extract(arguments, '$.withinBands') = 'false'), 0) AS outside,
             max(CAST(json_extract(arguments, '$.demandW') AS INTEGER)) AS peak
           FROM chain_event WHERE contract = 'GridManagement' AND name = 'StatusUpdated'`,
        )
        .get() as { reports: number; outside: number; peak: number | null };
      const queued = sentOfKind(db, 'grid-status', 1)[0];
      return {
        indexedBlock: ledger.indexedHeight(),
        chainInStep: ledger.endpoint() !== null,
        paused: isPaused(db, 'GridManagement'),
        nodes: nodes.map((w) => {
          const at = known.get(w.address.toLowerCase());
          return {
            node: at?.node ?? null,
            name: w.name,
            type: at?.type ?? w.type,
            address: w.address,
            capacityW: at?.capacityW ?? null,
            loadW: at?.loadW ?? null,
            loadMs: at?.loadMs ?? null,
          };
        }),
        withoutAccount,
        latest: newest
          ? {
              ...evidence(newest),
              frequencyMHz: Number(newest.args.frequencyMHz),
              voltageMV: Number(newest.args.voltageMV),
              demandW: Number(newest.args.demandW),
              supplyW: Number(newest.args.supplyW),
              withinBands: newest.args.withinBands === 'true',
            }
          : null,
        reports: sums.reports,
        outsideBands: sums.outside,
        peakDemandW: sums.peak,
        lastInterval: last,
        queued: queued ? toSending(queued) : null,
      };
    },
  };
}
