/**
 * Demand response over the contract: the console calls events and pays for them, members' gateways enrol through their wallets, and what
 * their validated readings show is recorded when the event is over. Nobody's load goes to the chain: see `recordedW`.
 */
import { randomUUID } from 'node:crypto';
import { recordedW } from '../../domain/grid/demand-response.ts';
import type { DemandEvent, DemandRequest, DemandState, LedgerCheck } from '../../shared/contract/ledger.ts';
import { Fault } from '../../shared/errors.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { ChainTime } from '../ledger/chain-time.ts';
import { evidence } from '../ledger/events.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { CallArgument } from '../ledger/outbox-store.ts';
import type { createParties } from '../ledger/parties.ts';
import { isPaused } from '../ledger/pauses.ts';
import { sentLike, sentOfKind, toSending } from '../ledger/sending.ts';
import type { CommunityMember } from '../market/community.ts';
import { moneyOf } from '../wallet/chain-view.ts';
import { tryCalls } from '../wallet/simulate.ts';
import { type ChainDemandEvent, type ChainEnrolment, demandEventsOf, MEASURING_S, owedByGrid } from './demand-events.ts';
import type { createDemandMeasure } from './demand-measure.ts';
import { knownNodes } from './nodes.ts';

export interface DemandDeps {
  readonly ledger: Pick<LedgerService, 'enqueue' | 'kick' | 'endpoint' | 'indexedHeight' | 'operatorAddress' | 'deployed'>;
  readonly parties: ReturnType<typeof createParties>;
  readonly chainTime: Pick<ChainTime, 'nowMs'>;
  readonly measure: ReturnType<typeof createDemandMeasure>;
  readonly members: readonly CommunityMember[];
  readonly accountOf: (memberId: string) => string | null;
  /** Shortest event that is sure to hold a whole interval, s of wall time. */
  readonly leastDurationS: () => number;
}
type Body = { contract: string; method: string; args: CallArgument[] };
const SHOWN = 20;
const RETRY_MS = 60_000;
const MOST_TRIES = 10;
/** As in GridManagement. */
const ENROLMENT_S = 300;

export function createDemandResponse(kernel: Pick<Kernel, 'store' | 'clock' | 'log'>, deps: DemandDeps) {
  const { store } = kernel;
  const { ledger, measure } = deps;
  const operator = ledger.operatorAddress;

  const nodes = () => {
    const known = knownNodes(store.read);
    const ofMember = new Map<string, number>();
    const memberOf = new Map<number, CommunityMember>();
    for (const m of deps.members) {
      const account = m.operatorOwned ? null : deps.accountOf(m.memberId);
      const node = account === null ? undefined : known.get(account.toLowerCase())?.node;
      if (node === undefined) continue;
      ofMember.set(m.memberId, node);
      memberOf.set(node, m);
    }
    return { ofMember, memberOf, addressOf: new Map([...known.values()].map((n) => [n.node, n.address])) };
  };

  const callsOf = (wanted: DemandRequest): { title: string; body: Body }[] => [
    {
      title: 'Set the compensation aside',
      body: {
        contract: 'CommunityMoney',
        method: 'approve',
        args: [ledger.deployed()?.contracts.address('GridManagement') ?? '', wanted.compensation],
      },
    },
    {
      title: `Call a demand-response event of ${wanted.reductionW} W`,
      body: {
        contract: 'GridManagement',
        method: 'requestDemandResponse',
        args: [wanted.reductionW, wanted.durationS, wanted.compensation],
      },
    },
  ];

  const check = async (wanted: DemandRequest): Promise<LedgerCheck> => {
    const deployed = ledger.deployed();
    const endpoint = ledger.endpoint();
    if (!deployed || !endpoint) throw new Fault('chain.away', 'The chain is away. Try again when the status bar says that it is in step.');
    const calls = callsOf(wanted);
    const answer = (possible: boolean, message: string): LedgerCheck => ({
      possible,
      message,
      signedBy: 'the console’s account, which pays',
      steps: calls.map((c) => c.title),
      effects: [
        `Members have ${ENROLMENT_S / 60} minutes to enrol; then the event runs for ${Math.round(wanted.durationS / 60)} minutes.`,
        'The whole compensation is set aside now; what nobody earns comes back a day after the event.',
        'Who delivers part of what it offered is paid that part, by its validated readings.',
      ],
    });
    const least = deps.leastDurationS();
    if (wanted.durationS < least)
      return answer(
        false,
        `The event is too short: it must last at least ${Math.ceil(least / 60)} minutes, so that a whole interval is metered within it.`,
      );
    const money = moneyOf(store.read, operator);
    if (money < BigInt(wanted.compensation))
      return answer(false, 'The console’s account does not hold that much money. Pay some in, or offer less.');
    const trial = await tryCalls(
      endpoint.url,
      operator,
      calls.map((c) => deployed.contracts.encode(c.body)),
    );
    if (trial.kind === 'ok') return answer(true, 'The contracts would do this now.');
    const refused = calls[trial.at]?.body ?? { contract: 'GridManagement', method: '', args: [] };
    return answer(false, `Not possible now: ${deployed.contracts.explain(refused, trial.error)}.`);
  };

  const request = async (wanted: DemandRequest): Promise<{ message: string; transaction: null }> => {
    const checked = await check(wanted);
    if (!checked.possible) throw new Fault('chain.reverted', `${checked.message} Nothing was signed.`);
    const id = randomUUID();
    store.write(() => {
      for (const [i, { title, body }] of callsOf(wanted).entries())
        ledger.enqueue({ id: `demand:${id}:${i}`, kind: 'demand', title, body: { ...body, mayFail: true } });
    });
    ledger.kick();
    return { message: 'It is in the outbox. Members can enrol as soon as it stands on the chain.', transaction: null };
  };

  const queueOnce = (prefix: string, title: string, body: Body): void => {
    const before = sentLike(store.read, prefix);
    const newest = before[0];
    if (newest && (newest.state !== 'refused' || before.length >= MOST_TRIES || kernel.clock.nowMs() - newest.createdMs < RETRY_MS)) return;
    ledger.enqueue({ id: `${prefix}${before.length}`, kind: 'demand', title, body: { ...body, mayFail: true } });
    ledger.kick();
  };
  const key = (e: ChainDemandEvent): string => `${e.id}:${e.startsS}`;

  /** What is due: responses to record, events to close, money to take back. */
  const work = (): void => {
    const now = deps.chainTime.nowMs();
    const events = demandEventsOf(store.read);
    measure.note(events, now);
    if (ledger.endpoint() === null) return;
    const paused = isPaused(store.read, 'GridManagement');
    const { memberOf } = nodes();
    for (const e of events) {
      const untilMs = (e.endsS + MEASURING_S) * 1000;
      if (now >= untilMs) {
        if (!e.returned)
          queueOnce(`demand-close:${key(e)}:`, `Close demand-response event ${e.id}`, {
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
        queueOnce(`demand-response:${key(e)}:${n.node}:`, `Record the response of ${member.name} in event ${e.id}`, {
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

  const enrolmentView = (
    e: ChainDemandEvent,
    n: ChainEnrolment,
    now: number,
    names: ReturnType<typeof nodes>,
  ): DemandEvent['enrolments'][number] => {
    const member = names.memberOf.get(n.node);
    const response = member ? measure.measure(e, member.meterId, n.offeredW) : null;
    const measured = response?.kind === 'measured' ? response : null;
    const sending = sentLike(store.read, `demand-response:${key(e)}:${n.node}:`)[0];
    const over = now >= (e.endsS + MEASURING_S) * 1000;
    const [state, text] = ((): [DemandEvent['enrolments'][number]['state'], string] => {
      if (n.measured) return ['recorded', 'Recorded and paid.'];
      if (now < e.startsS * 1000) return ['enrolled', 'Enrolled; the event has not begun.'];
      if (now < e.endsS * 1000) return ['running', 'The event runs.'];
      if (over) return ['lapsed', 'Nothing was recorded within a day of the event; nothing is paid.'];
      if (!member) return ['readings-missing', 'The console knows no meter of this node; another meter operator must record it.'];
      if (response?.kind === 'too-short')
        return ['readings-missing', 'No whole interval lies within the event, so nothing can be measured.'];
      if (response?.kind === 'incomplete')
        return [
          'readings-missing',
          `Readings are missing of ${response.missing.length === 1 ? 'interval' : 'intervals'} ${response.missing.slice(0, 4).join(', ')}; it is measured when they come.`,
        ];
      if (sending?.state === 'refused')
        return ['recording', `The chain refused it: ${sending.error ?? 'without a reason'}. It is tried again.`];
      return ['recording', sending ? 'On its way to the chain.' : 'Waits for the chain.'];
    })();
    const account = names.addressOf.get(n.node) ?? null;
    return {
      node: n.node,
      member: member?.memberId ?? null,
      name: member?.name ?? (account ? (deps.parties.of(account).name ?? account) : `Node ${n.node}`),
      offeredW: n.offeredW,
      enrolled: evidence(n.event),
      baselineW: measured?.baselineW ?? null,
      meanW: measured?.meanW ?? null,
      deliveredW: n.measured?.deliveredW ?? measured?.deliveredW ?? null,
      earned: n.measured ? n.measured.earned.toString() : null,
      paidOut: n.measured !== null && account !== null && owedByGrid(store.read, account, demandEventsOf(store.read), n.node) === 0n,
      state,
      text,
      recorded: n.measured ? evidence(n.measured.event) : null,
    };
  };

  const view = (): DemandState => {
    const now = deps.chainTime.nowMs();
    const names = nodes();
    const deployed = ledger.deployed() !== null;
    const paused = isPaused(store.read, 'GridManagement');
    const events = demandEventsOf(store.read).reverse();
    const current = events.find((e) => now < e.startsS * 1000);
    return {
      indexedBlock: ledger.indexedHeight(),
      chainInStep: ledger.endpoint() !== null,
      chainNowMs: now,
      note: !deployed
        ? 'The contracts are not on the chain yet. Events can be called when they are.'
        : paused
          ? 'The contract for the grid is paused: nobody can call an event or enrol until the council lets it run again.'
          : null,
      account: { address: operator, money: deployed ? moneyOf(store.read, operator).toString() : null },
      leastDurationS: deps.leastDurationS(),
      members: deps.members
        .filter((m) => !m.operatorOwned)
        .map((m) => {
          const node = names.ofMember.get(m.memberId) ?? null;
          const drawnW = measure.drawnW(m.meterId);
          const enrolled = current?.enrolments.some((n) => n.node === node) ?? false;
          const why =
            node === null
              ? 'It has no node on the chain yet: its gateway has named no account, or the registration waits.'
              : enrolled
                ? 'It is enrolled already.'
                : drawnW === null
                  ? 'No validated reading of the last intervals shows what it draws.'
                  : drawnW < 1
                    ? 'It draws nothing that it could leave out.'
                    : null;
          return { member: m.memberId, name: m.name, node, drawnW, why };
        }),
      events: events.slice(0, SHOWN).map((e) => ({
        id: e.id,
        state: e.returned ? 'closed' : now < e.startsS * 1000 ? 'enrolling' : now < e.endsS * 1000 ? 'running' : 'measuring',
        requester: deps.parties.of(e.requester),
        called: evidence(e.event),
        reductionW: e.reductionW,
        enrolledW: e.enrolments.reduce((w, n) => w + n.offeredW, 0),
        deliveredW: e.enrolments.reduce((w, n) => w + (n.measured?.deliveredW ?? 0), 0),
        startsMs: e.startsS * 1000,
        endsMs: e.endsS * 1000,
        measureUntilMs: (e.endsS + MEASURING_S) * 1000,
        compensation: e.compensation.toString(),
        earned: e.enrolments.reduce((sum, n) => sum + (n.measured?.earned ?? 0n), 0n).toString(),
        returned: e.returned ? e.returned.amount.toString() : null,
        enrolments: e.enrolments.map((n) => enrolmentView(e, n, now, names)),
      })),
      sending: sentOfKind(store.read, 'demand', 12).map((s) => ({ ...toSending(s), title: s.title })),
    };
  };

  return { check, request, work, view };
}
