/** What is due in demand response: responses to record, events to close, money to take back. Each is queued once, and again only when refused. */

import { recordedW } from '../../domain/grid/demand-response.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { CallArgument } from '../ledger/outbox-store.ts';
import { isPaused } from '../ledger/pauses.ts';
import { sentLike } from '../ledger/sending.ts';
import { demandEventsOf, MEASURING_S, owedByGrid } from './demand-events.ts';
import { type DemandDeps, demandNodes, eventKey, responsePrefix } from './demand-nodes.ts';

type Body = { contract: string; method: string; args: CallArgument[] };
const RETRY_MS = 60_000;
const MOST_TRIES = 10;

/** Returns what looks after it, to be called every few seconds. */
export function createDemandWork(kernel: Pick<Kernel, 'store' | 'clock'>, deps: DemandDeps): () => void {
  const { store } = kernel;
  const { ledger, measure } = deps;
  const operator = ledger.operatorAddress;

  const queueOnce = (prefix: string, title: string, body: Body): void => {
    const before = sentLike(store.read, prefix);
    const newest = before[0];
    if (newest && (newest.state !== 'refused' || before.length >= MOST_TRIES || kernel.clock.nowMs() - newest.createdMs < RETRY_MS)) return;
    ledger.enqueue({ id: `${prefix}${before.length}`, kind: 'demand', title, body: { ...body, mayFail: true } });
    ledger.kick();
  };

  return (): void => {
    const now = deps.chainTime.nowMs();
    const events = demandEventsOf(store.read);
    measure.note(events, now);
    if (ledger.endpoint() === null) return;
    const paused = isPaused(store.read, 'GridManagement');
    const { memberOf } = demandNodes(store.read, deps);
    for (const e of events) {
      const untilMs = (e.endsS + MEASURING_S) * 1000;
      if (now >= untilMs) {
        if (!e.returned)
          queueOnce(`demand-close:${eventKey(e)}:`, `Close demand-response event ${e.id}`, {
            contract: 'GridManagement',
            method: 'closeDemandResponse',
            args: [e.id],
          });
        continue;
      }
      if (now < e.endsS * 1000 || paused) continue;
      for (const n of e.enrolments) {
        const member = memberOf.get(n.node);
        if (n.measured || !member) continue;
        const response = measure.measure(e, member.meterId, n.offeredW);
        if (response?.kind !== 'measured') continue;
        // What was reported after the call is the load on offer (see the wallet's act): the meter operator stands for it, then for the response.
        if (!n.confirmed)
          queueOnce(`demand-baseline:${eventKey(e)}:${n.node}:`, `Confirm the baseline of ${member.name} in event ${e.id}`, {
            contract: 'GridManagement',
            method: 'confirmBaseline',
            args: [e.id, n.node, n.reportedW],
          });
        queueOnce(responsePrefix(e, n.node), `Record the response of ${member.name} in event ${e.id}`, {
          contract: 'GridManagement',
          method: 'recordResponse',
          args: [e.id, n.node, recordedW(n.reportedW, response.deliveredW)],
        });
      }
    }
    const closings = events.filter((e) => e.returned && e.requester.toLowerCase() === operator.toLowerCase()).length;
    if (closings > 0 && owedByGrid(store.read, operator, events, null) > 0n)
      queueOnce(`demand-return:${closings}:`, 'Take back what nobody earned', { contract: 'GridManagement', method: 'withdraw', args: [] });
  };
}
