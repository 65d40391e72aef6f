/** Demand-response events as the chain's events tell them: who called, who enrolled, what was recorded and paid. Times in Unix s. */
import type { Database } from 'better-sqlite3';
import { eventsOf, type LedgerEvent } from '../ledger/events.ts';

export interface ChainEnrolment {
  readonly node: number;
  readonly offeredW: number;
  /** Load the node reported when it enrolled, or as the meter operator has confirmed it. */
  reportedW: number;
  confirmed: boolean;
  readonly event: LedgerEvent;
  measured: { readonly deliveredW: number; readonly earned: bigint; readonly event: LedgerEvent } | null;
}
export interface ChainDemandEvent {
  readonly id: number;
  readonly requester: string;
  readonly reductionW: number;
  readonly startsS: number;
  readonly endsS: number;
  readonly compensation: bigint;
  readonly event: LedgerEvent;
  enrolments: ChainEnrolment[];
  returned: { readonly amount: bigint; readonly event: LedgerEvent } | null;
}
/** As in GridManagement: time to enrol before an event, s. */
export const ENROLMENT_S = 300;
/** As in GridManagement: time to record responses after an event, s. */
export const MEASURING_S = 24 * 3600;

const NAMES = [
  ...['DemandResponseRequested', 'Enrolled', 'EnrolmentDeclined', 'BaselineConfirmed'],
  ...['ResponseMeasured', 'DemandResponseClosed'],
];

/** All events ever called, oldest first. */
export function demandEventsOf(db: Database): ChainDemandEvent[] {
  const events = new Map<number, ChainDemandEvent>();
  for (const event of eventsOf(db, 'GridManagement', NAMES)) {
    const { name, args } = event;
    const id = Number(args.requestId);
    const found = events.get(id);
    if (name === 'DemandResponseRequested')
      events.set(id, {
        id,
        requester: args.requester ?? '',
        reductionW: Number(args.reductionW),
        startsS: Number(args.startsAt),
        endsS: Number(args.endsAt),
        compensation: BigInt(args.compensation ?? 0),
        event,
        enrolments: [],
        returned: null,
      });
    else if (name === 'Enrolled')
      found?.enrolments.push({
        node: Number(args.nodeId),
        offeredW: Number(args.offeredW),
        reportedW: Number(args.baselineW),
        confirmed: false,
        event,
        measured: null,
      });
    else if (name === 'EnrolmentDeclined' && found) found.enrolments = found.enrolments.filter((e) => e.node !== Number(args.nodeId));
    else if (name === 'BaselineConfirmed') {
      const enrolment = found?.enrolments.find((e) => e.node === Number(args.nodeId));
      if (enrolment) [enrolment.reportedW, enrolment.confirmed] = [Number(args.baselineW), true];
    } else if (name === 'ResponseMeasured') {
      const enrolment = found?.enrolments.find((e) => e.node === Number(args.nodeId));
      if (enrolment) enrolment.measured = { deliveredW: Number(args.deliveredW), earned: BigInt(args.compensation ?? 0), event };
    } else if (found) found.returned = { amount: BigInt(args.returned ?? 0), event };
  }
  return [...events.values()];
}

/** What the contract for the grid owes an account, micro-cents, from its events: earned or returned, less taken home. */
export function owedByGrid(db: Database, account: string, events: readonly ChainDemandEvent[], nodeOfAccount: number | null): bigint {
  const same = (a: string | undefined): boolean => a?.toLowerCase() === account.toLowerCase();
  let owed = 0n;
  for (const e of events) {
    if (e.returned && same(e.requester)) owed += e.returned.amount;
    for (const n of e.enrolments) if (n.node === nodeOfAccount && n.measured) owed += n.measured.earned;
  }
  for (const e of eventsOf(db, 'GridManagement', ['Withdrawn'])) if (same(e.args.account)) owed -= BigInt(e.args.amount ?? 0);
  return owed;
}
