/** Demand response as a screen shows it: events with their enrolments, who could take part, what is on its way. */
import type { DemandEvent, DemandState } from '../../shared/contract/ledger.ts';
import type { Kernel } from '../kernel/ports.ts';
import { evidence } from '../ledger/events.ts';
import { isPaused } from '../ledger/pauses.ts';
import { sentLike, sentOfKind, toSending } from '../ledger/sending.ts';
import { moneyOf } from '../wallet/chain-view.ts';
import { type ChainDemandEvent, type ChainEnrolment, demandEventsOf, MEASURING_S, owedByGrid } from './demand-events.ts';
import { type DemandDeps, type DemandNodes, demandNodes, responsePrefix } from './demand-nodes.ts';

const SHOWN = 20;

export function createDemandView(kernel: Pick<Kernel, 'store'>, deps: DemandDeps): () => DemandState {
  const { store } = kernel;
  const { ledger, measure } = deps;
  const operator = ledger.operatorAddress;

  const enrolmentView = (
    e: ChainDemandEvent,
    n: ChainEnrolment,
    about: { all: readonly ChainDemandEvent[]; now: number; names: DemandNodes },
  ): DemandEvent['enrolments'][number] => {
    const { all, now, names } = about;
    const member = names.memberOf.get(n.node);
    const response = member ? measure.measure(e, member.meterId, n.offeredW) : null;
    const measured = response?.kind === 'measured' ? response : null;
    const sending = sentLike(store.read, responsePrefix(e, n.node))[0];
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
      paidOut: n.measured !== null && account !== null && owedByGrid(store.read, account, all, n.node) === 0n,
      state,
      text,
      recorded: n.measured ? evidence(n.measured.event) : null,
    };
  };

  return (): DemandState => {
    const now = deps.chainTime.nowMs();
    const names = demandNodes(store.read, deps);
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
        enrolments: e.enrolments.map((n) => enrolmentView(e, n, { all: events, now, names })),
      })),
      sending: sentOfKind(store.read, 'demand', 12).map((s) => ({ ...toSending(s), title: s.title })),
    };
  };
}
