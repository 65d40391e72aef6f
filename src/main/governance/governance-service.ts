/**
 * Who may do what on the ledger, its parameters and its council: read from the indexed events, acted on through the outbox. The console's
 * account is one signer among several; what needs others is said, and never done for them outside a development chain.
 */
import { randomUUID } from 'node:crypto';
import { roleIds, roleTable } from '../../../contracts/deploy/role-table.ts';
import type { Governance, GovernanceAct, LedgerCheck, PlayedAct } from '../../shared/contract/ledger.ts';
import { Fault } from '../../shared/errors.ts';
import type { Kernel, Service } from '../kernel/ports.ts';
import { createChainTime } from '../ledger/chain-time.ts';
import { mayPlay, playAs } from '../ledger/development.ts';
import { evidence } from '../ledger/events.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { ContractCall } from '../ledger/outbox-store.ts';
import { createParties } from '../ledger/parties.ts';
import { pausesOf } from '../ledger/pauses.ts';
import { roleHolders } from '../ledger/roles.ts';
import { sentOfKind, toSending } from '../ledger/sending.ts';
import type { Community } from '../market/community.ts';
import { accountOf } from '../wallet/transaction-store.ts';
import { type Known, prepare, tryAct } from './governance-acts.ts';
import { parametersOf } from './parameters.ts';
import { proposalText } from './proposal-text.ts';
import { type ChainProposal, councilOf, LAPSE_S, stateOf } from './proposals.ts';
import { ROLES } from './roles-text.ts';

export interface GovernanceDeps {
  readonly community: Community;
  readonly ledger: Pick<LedgerService, 'enqueue' | 'kick' | 'endpoint' | 'indexedHeight' | 'operatorAddress' | 'manifest' | 'deployed'>;
}

const SHOWN = 12;
const PAUSABLE = new Set(Object.keys(roleTable).filter((name) => 'pause' in (roleTable[name] ?? {})));

export function createGovernanceService(kernel: Kernel, deps: GovernanceDeps): Service {
  const { store, clock } = kernel;
  const { ledger } = deps;
  const parties = createParties(ledger, () =>
    deps.community.members.flatMap((m) => {
      const account = m.operatorOwned ? undefined : accountOf(store.read, m.memberId);
      return account ? [{ name: m.name, address: account.address }] : [];
    }),
  );
  const chainTime = createChainTime(clock, ledger);
  const me = ledger.operatorAddress.toLowerCase();
  const isMe = (address: string): boolean => address.toLowerCase() === me;
  const naming = (address: string): string => parties.of(address).name ?? address;
  const textOf = (p: ChainProposal): string => proposalText(naming(p.target), p.data, naming);

  const known = (): Known => {
    const council = councilOf(store.read);
    return {
      council,
      parameters: parametersOf(store.read),
      titleOf: (id) => {
        const found = council.proposals.find((p) => p.id === id);
        return found ? textOf(found) : null;
      },
    };
  };
  const prepared = (act: GovernanceAct) => {
    const deployed = ledger.deployed();
    if (!deployed)
      throw new Fault('chain.away', 'The contracts are not on the chain yet. Try again when the status bar says that it is in step.');
    return prepare(act, deployed.contracts, known());
  };
  const check = (act: GovernanceAct): Promise<LedgerCheck> => tryAct(prepared(act), ledger);
  const act = async (wanted: GovernanceAct): Promise<{ message: string; transaction: null }> => {
    const ready = prepared(wanted);
    const checked = await tryAct(ready, ledger);
    if (!checked.possible) throw new Fault('chain.reverted', `${checked.message} Nothing was signed.`);
    ledger.enqueue({ id: `governance:${randomUUID()}`, kind: 'governance', title: ready.title, body: { ...ready.call, mayFail: true } });
    ledger.kick();
    return { message: 'It is in the outbox, behind what was there before.', transaction: null };
  };
  const play = async (as: string, played: PlayedAct): Promise<{ message: string; transaction: string }> => {
    if (isMe(as)) throw new Fault('input.invalid', 'That is the console’s own account: it signs through the outbox.');
    const signers = [
      ...councilOf(store.read).members,
      ...(roleHolders(store.read).get(Number(roleIds.GUARDIAN)) ?? []).map((h) => h.address),
    ];
    if (!signers.some((s) => s.toLowerCase() === as.toLowerCase()))
      throw new Fault('not.found', 'That account is neither a member of the council nor a guardian.');
    const call: ContractCall =
      played.kind === 'sign-lift'
        ? { contract: 'GridManagement', method: 'signLift', args: [played.emergency] }
        : { contract: 'Council', method: played.kind, args: [played.proposal] };
    const done = await playAs(ledger, kernel.simulated, as, call);
    ledger.kick();
    return { message: `${naming(as)} signed on the development chain, in block ${done.block}.`, transaction: done.transaction };
  };

  const view = async (): Promise<Governance> => {
    await chainTime.refresh().catch(() => {});
    const db = store.read;
    const nowMs = chainTime.nowMs();
    const manifest = ledger.manifest();
    const council = councilOf(db);
    const pauses = pausesOf(db);
    const holders = roleHolders(db);
    const mine = ROLES.filter((r) => holders.get(r.id)?.some((h) => isMe(h.address)));
    const member = council.members.some(isMe);
    const others = council.threshold - (member ? 1 : 0);
    const guardian = mine.some((r) => r.id === Number(roleIds.GUARDIAN));
    const proposals = council.proposals.toReversed().map((p): Governance['council']['proposals'][number] => {
      const state = stateOf(p, nowMs / 1000);
      return {
        id: p.id,
        title: textOf(p),
        target: parties.of(p.target),
        state,
        proposed: { ...evidence(p.event), by: parties.of(p.proposer) },
        approvals: p.approvals.map((a) => ({ ...evidence(a.event), by: parties.of(a.member) })),
        vetoes: p.vetoes.map((v) => ({ ...evidence(v.event), by: parties.of(v.member) })),
        readyMs: p.readyS === null ? null : p.readyS * 1000,
        lapsesMs: p.readyS === null ? null : (p.readyS + LAPSE_S) * 1000,
        ended: p.ended ? { ...evidence(p.ended.event), by: parties.of(p.ended.member) } : null,
        mayApprove:
          member && (state === 'proposed' || state === 'waiting' || state === 'ready') && !p.approvals.some((a) => isMe(a.member)),
        missing: Math.max(0, council.threshold - p.approvals.length),
      };
    });
    return {
      indexedBlock: ledger.indexedHeight(),
      chainInStep: ledger.endpoint() !== null,
      deployed: ledger.deployed() !== null,
      chainNowMs: nowMs,
      account: {
        address: ledger.operatorAddress,
        may: [
          ...mine.map((r) => `${r.name}: ${r.what.toLowerCase()}`),
          ...(member ? ['Council member: proposes, approves, executes what is due, vetoes'] : []),
        ],
        needsOthers: [
          ...(others > 0
            ? [
                `Changing a parameter, a role, or letting a paused contract run again: ${others} more of the council, and ${council.delayS} s of waiting`,
              ]
            : []),
          ...(council.threshold > (guardian ? 1 : 0)
            ? [
                `Lifting an emergency on the chain: ${council.threshold - (guardian ? 1 : 0)} more ${guardian ? 'of the guardians' : 'guardians'}`,
              ]
            : []),
          ...ROLES.filter((r) => r.id !== 0 && !mine.includes(r) && (holders.get(r.id) ?? []).length > 0).map(
            (r) => `${r.name}: held by ${(holders.get(r.id) ?? []).map((h) => naming(h.address)).join(', ')}`,
          ),
        ],
      },
      contracts: Object.entries(manifest?.contracts ?? {})
        .map(([name, at]): Governance['contracts'][number] => {
          const pause = pauses.get(name);
          return {
            name,
            address: at.address,
            block: at.block,
            state: !PAUSABLE.has(name) ? 'cannot-pause' : pause?.paused ? 'paused' : 'running',
            since: pause ? { ...evidence(pause.event), by: parties.of(pause.by) } : null,
          };
        })
        .sort((a, b) => a.name.localeCompare(b.name)),
      roles: ROLES.map((r) => ({
        id: r.id,
        name: r.name,
        what: r.what,
        holders: (holders.get(r.id) ?? []).map((h) => ({ ...parties.of(h.address), since: h.since })),
      })),
      parameters: parametersOf(db),
      council: { members: council.members.map(parties.of), threshold: council.threshold, delayS: council.delayS, proposals },
      canPlay: mayPlay(ledger, kernel.simulated),
      sending: sentOfKind(db, 'governance', SHOWN).map((s) => ({ ...toSending(s), title: s.title })),
    };
  };

  return {
    name: 'governance',
    async start() {},
    async stop() {},
    handlers: {
      'governance.get': view,
      'governance.check': ({ act: wanted }) => check(wanted),
      'governance.act': ({ act: wanted }) => act(wanted),
      'governance.play': ({ as, act: played }) => play(as, played),
    },
  };
}
