/** The fake engine's ledger: grid record, emergencies on the chain, demand response and governance, over a few made-up blocks. */
import { parameterDefinitions } from '../../contracts/deploy/parameters.ts';
import { suiteContracts } from '../../contracts/deploy/suite.ts';
import { nameOf, unitOf } from '../../src/main/governance/parameters.ts';
import { ROLES } from '../../src/main/governance/roles-text.ts';
import type { CallOutput, PartialHandlers } from '../../src/shared/contract/contract.ts';
import type { DemandEvent, EmergencyLedger, LedgerParty, ledgerCalls, Proposal } from '../../src/shared/contract/ledger.ts';
import { Fault } from '../../src/shared/errors.ts';
import { hex } from './random.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;
type Governance = CallOutput<'governance.get'>;
export type LedgerCall = keyof typeof ledgerCalls.queries | keyof typeof ledgerCalls.commands;

export function ledgerHandlers(w: World): PartialHandlers {
  const now = () => w.now();
  const boot = now();
  const empty = w.scenario === 'empty';
  const address = (id: string) => `0x${hex(id, 20)}`;
  const evidence = (id: string, block: number, agoMs: number) => ({ transaction: `0x${hex(id, 32)}`, block, timeMs: boot - agoMs });
  const me: LedgerParty = { address: address('operator'), name: 'This console', mine: true };
  const seats: LedgerParty[] = [me, ...[2, 3].map((n) => ({ address: address(`seat${n}`), name: `Council member ${n}`, mine: false }))];
  const fresh = () => ({ indexedBlock: empty ? null : 412, chainInStep: !empty && !w.exchange.chainAway });
  const members = w.plant.members.filter((m) => !m.operatorOwned);
  const nodeOf = (id: string) => members.findIndex((m) => m.id === id) + 2;

  const pauses = new Map<string, Governance['contracts'][number]['since']>();
  const parameters = parameterDefinitions.map(({ key, value, min, max, source }) => ({
    key,
    name: nameOf(key),
    value,
    min,
    max,
    unit: unitOf(key),
    source,
    since: evidence(key, 18, 40 * MINUTE),
  }));
  const proposals: Proposal[] = empty
    ? []
    : [
        {
          id: 0,
          title: 'Set Fee: trade (fee.trade.bps) to 25 hundredths of a per cent. Source: Community assembly, 1 March',
          target: { address: address('Parameters'), name: 'Parameters', mine: false },
          state: 'waiting',
          proposed: { ...evidence('p0', 300, 9 * MINUTE), by: seats[1] as LedgerParty },
          approvals: [
            { ...evidence('p0', 300, 9 * MINUTE), by: seats[1] as LedgerParty },
            { ...evidence('a0', 310, 6 * MINUTE), by: me },
          ],
          readyMs: boot + 4 * MINUTE,
          lapsesMs: boot + 14 * 86_400_000,
          ended: null,
          vetoes: [],
          mayApprove: false,
          missing: 0,
        },
      ];
  const sending: Governance['sending'] = [];
  const sent = (title: string) =>
    sending.unshift({ title, state: 'final', error: null, createdMs: now(), transaction: `0x${hex(title, 32)}`, block: 413 });

  const enrolment = (id: string, offeredW: number): DemandEvent['enrolments'][number] => ({
    node: nodeOf(id),
    member: id,
    name: members.find((m) => m.id === id)?.name ?? id,
    offeredW,
    enrolled: evidence(`en${id}`, 400, 2 * MINUTE),
    baselineW: null,
    meanW: null,
    deliveredW: null,
    earned: null,
    paidOut: false,
    state: 'enrolled',
    text: 'Enrolled; the event has not begun.',
    recorded: null,
  });
  const events: DemandEvent[] = empty
    ? []
    : [
        {
          id: 1,
          state: 'measuring',
          requester: me,
          called: evidence('dr1', 210, 62 * MINUTE),
          reductionW: 4_000,
          enrolledW: 3_200,
          deliveredW: 1_150,
          startsMs: boot - 57 * MINUTE,
          endsMs: boot - 27 * MINUTE,
          measureUntilMs: boot + 23 * 60 * MINUTE,
          compensation: '1200000000',
          earned: '345000000',
          returned: null,
          enrolments: [
            {
              ...enrolment('church-2', 1_500),
              baselineW: 2_310,
              meanW: 1_160,
              deliveredW: 1_150,
              earned: '345000000',
              state: 'recorded',
              text: 'Recorded and paid.',
              recorded: evidence('rec1', 388, 20 * MINUTE),
            },
            {
              ...enrolment('shop', 1_700),
              state: 'readings-missing',
              text: 'Readings are missing of interval 1942811; it is measured when they come.',
            },
          ],
        },
      ];
  const stateOf = (e: DemandEvent): DemandEvent => {
    if (e.state === 'closed') return e;
    const at = now();
    return { ...e, state: at < e.startsMs ? 'enrolling' : at < e.endsMs ? 'running' : 'measuring' };
  };

  const chain: EmergencyLedger['records'] = [];
  const guardianSigned = new Map<number, LedgerParty[]>();
  /** The local emergency, once it acts for real, stands on the chain seconds later. */
  const follow = () => {
    const e = w.emergency;
    if (e.drill || e.startedMs === null || e.phase === 'ready' || e.phase === 'armed') return;
    const id = `emergency:${e.startedMs}`;
    if (chain.some((r) => r.id === id)) return;
    const level = w.plant.emergency.levels.find((l) => l.id === e.level);
    chain.unshift({
      id,
      emergency: null,
      level: level?.keepsCritical ? 'restricted' : 'shutdown',
      levelName: level?.name ?? null,
      by: e.by ?? 'nobody',
      journal: w.journal.length,
      cause: `0x${hex(id, 32)}`,
      startedMs: e.startedMs,
      sending: { state: 'waiting', error: null, createdMs: e.startedMs, transaction: null, block: null },
      recorded: null,
      signatures: [],
      lifted: null,
      replaced: false,
      mySignature: 'not-needed',
      why: null,
    });
  };
  const emergencyView = (): EmergencyLedger => {
    follow();
    const records = chain.map((r, i): EmergencyLedger['records'][number] => {
      const number = chain.length - i;
      if (w.exchange.chainAway || now() - (r.startedMs ?? 0) < 2_500) return r;
      const by = guardianSigned.get(number) ?? [];
      const block = 413 + number;
      const recorded = { transaction: `0x${hex(r.id, 32)}`, block, timeMs: (r.startedMs ?? 0) + 2_000 };
      const confirmed = w.emergency.phase === 'ready' || w.emergency.phase === 'recovering';
      const lifted = by.length >= 2;
      return {
        ...r,
        emergency: number,
        sending: { state: 'final', error: null, createdMs: r.startedMs ?? 0, transaction: recorded.transaction, block },
        recorded,
        signatures: by.map((p) => ({ transaction: `0x${hex(p.address + number, 32)}`, block: block + 2, timeMs: now(), by: p })),
        lifted: lifted ? { transaction: `0x${hex(`l${number}`, 32)}`, block: block + 3, timeMs: now() } : null,
        mySignature: by.some((p) => p.mine) ? 'given' : lifted ? 'not-needed' : 'possible',
        why: confirmed ? null : 'First confirm in the recovery steps that the cause is gone.',
      };
    });
    const standing = records.find((r) => r.recorded && !r.lifted);
    return { ...fresh(), level: empty ? null : (standing?.level ?? 'normal'), needed: 2, guardians: seats, canPlay: true, records };
  };
  const queued = (message = 'It is in the outbox, behind what was there before.') => ({ message, transaction: null });

  return {
    'gridRecord.get': () => ({
      ...fresh(),
      paused: pauses.has('GridManagement'),
      nodes: [
        {
          node: empty ? null : 1,
          name: 'Interconnection and community units',
          type: 'interconnection',
          address: me.address,
          capacityW: empty ? null : 120_000,
          loadW: empty ? null : 8_412,
          loadMs: empty ? null : boot - 20_000,
        },
        ...members.slice(0, empty ? 0 : members.length - 1).map((m) => {
          const units = w.plant.grid.units.filter((u) => u.meter === m.meter);
          const load = units.find((u) => u.kind === 'load');
          return {
            node: nodeOf(m.id),
            name: m.name,
            type: load?.critical
              ? ('critical-load' as const)
              : !load
                ? ('producer' as const)
                : units.length > 1
                  ? ('prosumer' as const)
                  : ('consumer' as const),
            address: address(m.id),
            capacityW: Math.max(...units.map((u) => u.ratedW)),
            loadW: m.id === 'church-2' ? 1_500 : null,
            loadMs: m.id === 'church-2' ? boot - 58 * MINUTE : null,
          };
        }),
      ],
      withoutAccount: (empty ? members : members.slice(-1)).map((m) => m.name),
      latest: empty
        ? null
        : {
            ...evidence('status', 411, 20_000),
            frequencyMHz: 50_012,
            voltageMV: 231_480,
            demandW: 41_230,
            supplyW: 42_010,
            withinBands: true,
          },
      reports: empty ? 0 : 96,
      outsideBands: empty ? 0 : 1,
      peakDemandW: empty ? null : 58_900,
      lastInterval: empty
        ? null
        : w.exchange.chainAway
          ? {
              interval: w.exchange.interval(now()) - 1,
              text: 'Not reported: the chain is away. A report that comes late would carry a wrong time.',
            }
          : { interval: w.exchange.interval(now()) - 1, text: 'Reported in time.' },
      queued: null,
    }),
    'emergency.ledger': emergencyView,
    'emergency.signLift': ({ emergency }) => {
      guardianSigned.set(emergency, [...(guardianSigned.get(emergency) ?? []), me]);
      return queued('The signature is in the outbox, behind what was there before.');
    },
    'demand.get': () => ({
      ...fresh(),
      chainNowMs: now(),
      note: empty ? 'The contracts are not on the chain yet. Events can be called when they are.' : null,
      account: { address: me.address, money: empty ? null : '4998200000' },
      leastDurationS: 60,
      members: members.map((m) => {
        const producer = !w.plant.grid.units.some((u) => u.kind === 'load' && u.meter === m.meter);
        const enrolled = events.some((e) => now() < e.startsMs && e.enrolments.some((n) => n.member === m.id));
        return {
          member: m.id,
          name: m.name,
          node: empty ? null : nodeOf(m.id),
          drawnW: producer ? 0 : 800 + m.name.length * 60,
          why: empty
            ? 'It has no node on the chain yet: its gateway has named no account, or the registration waits.'
            : enrolled
              ? 'It is enrolled already.'
              : producer
                ? 'It draws nothing that it could leave out.'
                : null,
        };
      }),
      events: events.map(stateOf),
      sending: [],
    }),
    'demand.check': ({ compensation, durationS }) => {
      const possible = BigInt(compensation) <= 4_998_200_000n;
      return {
        possible,
        message: possible
          ? 'The contracts would do this now.'
          : 'The console’s account does not hold that much money. Pay some in, or offer less.',
        signedBy: 'the console’s account, which pays',
        steps: ['Set the compensation aside', 'Call a demand-response event'],
        effects: [
          `Members have 5 minutes to enrol; then the event runs for ${Math.round(durationS / 60)} minutes.`,
          'The whole compensation is set aside now; what nobody earns comes back a day after the event.',
          'Who delivers part of what it offered is paid that part, by its validated readings.',
        ],
      };
    },
    'demand.request': ({ reductionW, durationS, compensation }) => {
      const startsMs = now() + 5 * MINUTE;
      events.unshift({
        id: events.length + 1,
        state: 'enrolling',
        requester: me,
        called: { transaction: `0x${hex(`dr${events.length}`, 32)}`, block: 413, timeMs: now() },
        reductionW,
        enrolledW: 0,
        deliveredW: 0,
        startsMs,
        endsMs: startsMs + durationS * 1000,
        measureUntilMs: startsMs + durationS * 1000 + 86_400_000,
        compensation,
        earned: '0',
        returned: null,
        enrolments: [],
      });
      return queued('It is in the outbox. Members can enrol as soon as it stands on the chain.');
    },
    'governance.get': () => ({
      ...fresh(),
      deployed: !empty,
      chainNowMs: now(),
      account: {
        address: me.address,
        may: empty
          ? []
          : [
              ...ROLES.filter((r) => ![0, 6, 11].includes(r.id)).map((r) => `${r.name}: ${r.what.toLowerCase()}`),
              'Council member: proposes, approves, executes what is due, vetoes',
            ],
        needsOthers: empty
          ? []
          : [
              'Changing a parameter, a role, or letting a paused contract run again: 1 more of the council, and 60 s of waiting',
              'Lifting an emergency on the chain: 1 more of the guardians',
              'Governor: held by Council',
            ],
      },
      contracts: empty
        ? []
        : [...suiteContracts.map((c) => c.name), 'Settlement'].sort().map((name, i) => ({
            name,
            address: address(name),
            block: i + 2,
            state: ['Access', 'Council', 'Parameters', 'PoseidonT3', 'PoseidonT5', 'CommunityMoney'].includes(name)
              ? ('cannot-pause' as const)
              : pauses.has(name)
                ? ('paused' as const)
                : ('running' as const),
            since: pauses.get(name) ?? null,
          })),
      roles: empty
        ? []
        : ROLES.map((r) => ({
            ...r,
            holders: (r.id === 0 || r.id === 11
              ? [{ address: address('Council'), name: 'Council', mine: false }]
              : r.id === 5
                ? seats
                : r.id === 6
                  ? [{ address: address('Settlement'), name: 'Settlement', mine: false }]
                  : [me]
            ).map((h) => ({ ...h, since: evidence(`role${r.id}`, 20, 40 * MINUTE) })),
          })),
      parameters: empty ? [] : parameters,
      council: {
        members: empty ? [] : seats,
        threshold: empty ? 0 : 2,
        delayS: empty ? 0 : 60,
        proposals: proposals.map((p) =>
          p.state === 'waiting' && p.readyMs !== null && now() > p.readyMs ? { ...p, state: 'ready' as const } : p,
        ),
      },
      canPlay: !empty,
      sending,
    }),
    'governance.check': ({ act }) => ({
      possible: true,
      message: 'The contracts would do this now.',
      signedBy: 'the console’s account',
      steps: [act.kind],
      effects:
        act.kind === 'pause'
          ? [
              `${act.contract} takes no new business at once. What it owes can still be taken home.`,
              'Only the council can let it run again: 2 of 3 members and 60 s of waiting.',
            ]
          : [
              'Proposing is the first approval; 1 more of 3 must approve.',
              'After the last approval it waits 60 s; then any member can execute it. 2 of 3 can veto it.',
            ],
    }),
    'governance.act': ({ act }) => {
      const found = 'proposal' in act ? proposals.find((p) => p.id === act.proposal) : undefined;
      if ('proposal' in act && !found) throw new Fault('not.found', `The council has no proposal ${act.proposal}.`);
      if (act.kind === 'pause') pauses.set(act.contract, { transaction: `0x${hex(act.contract, 32)}`, block: 413, timeMs: now(), by: me });
      else if (found && act.kind === 'veto') Object.assign(found, { vetoes: [...found.vetoes, { ...found.proposed, by: me }] });
      else if (found && act.kind === 'execute') Object.assign(found, { state: 'executed', ended: { ...found.proposed, by: me } });
      else if (act.kind === 'propose-parameter' || act.kind === 'propose-unpause')
        proposals.unshift({
          id: proposals.length,
          title:
            act.kind === 'propose-unpause'
              ? `Let ${act.contract} run again`
              : `Set ${nameOf(act.key)} (${act.key}) to ${act.value} ${unitOf(act.key)}. Source: ${act.source}`,
          target: { address: address('Parameters'), name: act.kind === 'propose-unpause' ? act.contract : 'Parameters', mine: false },
          state: 'proposed',
          proposed: { transaction: `0x${hex(`pr${proposals.length}`, 32)}`, block: 414, timeMs: now(), by: me },
          approvals: [{ transaction: `0x${hex(`pr${proposals.length}`, 32)}`, block: 414, timeMs: now(), by: me }],
          readyMs: null,
          lapsesMs: null,
          ended: null,
          vetoes: [],
          mayApprove: false,
          missing: 1,
        });
      sent(act.kind);
      return queued();
    },
    'governance.play': ({ as, act }) => {
      const by = seats.find((s) => s.address.toLowerCase() === as.toLowerCase());
      if (!by) throw new Fault('not.found', 'That account is neither a member of the council nor a guardian.');
      if (act.kind === 'sign-lift') guardianSigned.set(act.emergency, [...(guardianSigned.get(act.emergency) ?? []), by]);
      else {
        const p = proposals.find((x) => x.id === act.proposal);
        if (p && act.kind === 'approve')
          Object.assign(p, {
            state: 'waiting',
            missing: 0,
            readyMs: now() + MINUTE,
            lapsesMs: now() + 14 * 86_400_000,
            approvals: [...p.approvals, { ...p.proposed, by }],
          });
      }
      return { message: `${by.name} signed on the development chain, in block 415.`, transaction: `0x${hex(as, 32)}` };
    },
  };
}
