/**
 * Books that are frozen while the chain is away, or takes nothing from the outbox, or has not taken them when half of the time to bind is over.
 * The operator signs their root and shows it to the members; each gateway that gets it before the gate answers with a receipt of its account.
 * When the gate closes it is decided, once: with receipts of more than half of the members the root is committed late, open to challenge; with
 * fewer, or when nobody was asked, the round fails, and what was built on it before is taken back. What the chain had in time and has forgotten for
 * good is decided again (settlement/forgotten-commitments.ts). Why: docs/decisions/0003.
 */
import type { Database } from 'better-sqlite3';
import { verifyTypedData } from 'ethers';
import { parseAs } from '../../../drivers/mqtt/account-messages.ts';
import {
  noticeTypes,
  type OrdersNotice,
  OrdersReceipt,
  receiptTypes,
  signingDomain,
} from '../../../drivers/mqtt/late-commitment-messages.ts';
import { topics } from '../../../drivers/mqtt/topics.ts';
import type { BrokerService, InboundVerdict } from '../broker/broker-service.ts';
import type { Kernel } from '../kernel/ports.ts';
import { intervalOf, lastEntryId } from '../ledger/entry-ids.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import * as outbox from '../ledger/outbox-store.ts';
import { accountOf } from '../wallet/transaction-store.ts';
import type { Community } from './community.ts';
import * as late from './late-store.ts';
import { gateOf, halfTimeOf } from './market-times.ts';
import * as rounds from './round-store.ts';

export interface LateDeps {
  readonly community: Community;
  readonly broker: Pick<BrokerService, 'onPublish' | 'publish'>;
  readonly ledger: Pick<LedgerService, 'deployed' | 'endpoint' | 'entry' | 'kick' | 'operatorAddress' | 'signForSettlement'>;
  /** Ends a round that can never be settled, with its reason; takes back what was built on it. */
  readonly endRound: (interval: number, message: string) => void;
}
export interface LateCommitments {
  /** In the transaction that freezes a book: remembers that its root cannot reach the chain now, so that nothing is built on it yet. */
  bookFrozen(db: Database, interval: number, ordersRoot: string): void;
  /** Shows what is to be shown and decides what is to be decided; before the committed rounds are cleared. */
  turn(nowPlantMs: number): void;
  close(): void;
}

const NEVER_BOUND =
  'Its orders did not reach the chain before the gate closed, and too few members had receipted them by then, or none could be asked. They were never bound, so nobody trades in this interval; what was delivered counts with the next reading.';
/** Wall time that gateways get to say again what they receipted, when the console was down while the gate closed. */
const ANSWER_AGAIN_MS = 10_000;
const RECEIPT_TOPIC = /^busbar\/members\/([^/]+)\/orders-receipt$/;

export function createLateCommitments(
  kernel: Pick<Kernel, 'store' | 'clock' | 'plant' | 'simulated' | 'log' | 'journal'>,
  deps: LateDeps,
): LateCommitments {
  const { store, clock, plant } = kernel;
  const { community, broker, ledger } = deps;
  const log = kernel.log.child('late');
  const signing = new Set<number>();
  let told = false;
  let askedUntilMs = Number.NEGATIVE_INFINITY;

  const takeReceipt = (memberId: string, payload: Buffer): InboundVerdict => {
    const member = community.member(memberId);
    const receipt = parseAs(OrdersReceipt, payload);
    const account = accountOf(store.read, memberId)?.address;
    const deployed = ledger.deployed();
    if (!member || !receipt || !account || !deployed)
      return { kind: 'discard', reason: 'not an orders-receipt/1 of a member with an account' };
    const { interval, ordersRoot, signature } = receipt;
    const shown = late.lateAt(store.read, interval);
    if (shown?.ordersRoot !== ordersRoot || !shown.notice) return { kind: 'discard', reason: 'no such orders were shown' };
    if (receipt.result === 'refused' || !signature) {
      log.warn(`${member.name} gives no receipt for the orders of interval ${interval}`, { reason: receipt.reason ?? 'it gave no reason' });
      return { kind: 'accept' };
    }
    const domain = signingDomain(deployed.chainId, deployed.contracts.address('Settlement'));
    const said = { interval, ordersRoot, operator: shown.notice.operator };
    if (signerOf(() => verifyTypedData(domain, receiptTypes, said, signature)) !== account.toLowerCase())
      return { kind: 'discard', reason: 'the receipt is not signed by the member’s account' };
    store.write((db) => late.insertReceipt(db, interval, { memberId, account, signature }, clock.nowMs()));
    return { kind: 'accept' };
  };
  const off = broker.onPublish(RECEIPT_TOPIC, ({ topic, payload }) => takeReceipt(RECEIPT_TOPIC.exec(topic)?.[1] ?? '', payload));

  /** Before anybody could receipt there is nobody to ask: then the commitment waits as it is. */
  const canAsk = (): boolean => ledger.deployed()?.contracts.has('Settlement') === true && late.accountsInContract(store.read).size > 0;
  /** Nothing of it is under way: no transaction that may still be mined. */
  const unsent = (interval: number): outbox.OutboxRow | undefined => {
    const entry = ledger.entry(`commit:${interval}`);
    return entry && entry.nonce === null && entry.state !== 'final' ? entry : undefined;
  };

  /** The chain answers, but refuses what has to go first: nothing reaches it, as if it were away. */
  const blocked = (nowPlantMs: number): boolean => outbox.firstOpen(store.read, clock.nowMs(), nowPlantMs)?.state === 'failed';
  /** Not in a block, as far as is known: what is signed may not get there before the gate. */
  const unbound = (interval: number): boolean => ['waiting', 'sending', 'failed'].includes(ledger.entry(`commit:${interval}`)?.state ?? '');
  /** A round that only measures an interval that runs already has no orders to bind, and no gate. */
  const keepsGate = (round: rounds.StoredRound): boolean => round.ordersRoot !== null && !(kernel.simulated && round.kind === 'measure');

  const show = async (interval: number, ordersRoot: string): Promise<void> => {
    if (signing.has(interval)) return;
    signing.add(interval);
    try {
      const signature = await ledger.signForSettlement(noticeTypes, { interval, ordersRoot });
      const notice: OrdersNotice = { schema: 'orders-notice/1', interval, ordersRoot, operator: ledger.operatorAddress, signature };
      store.write((db) => late.setNotice(db, notice));
      kernel.journal.record({
        who: 'market',
        kind: 'decision',
        title: `Show the orders of interval ${interval} to the members`,
        text: 'The chain has not taken them so far. Each gateway is asked for a receipt, so that the orders can be committed late.',
        target: `round:${interval}`,
        outcome: 'done',
      });
      await publish(notice);
    } finally {
      signing.delete(interval);
    }
  };
  const publish = async (notice: OrdersNotice): Promise<void> => {
    for (const member of community.members)
      if (!member.operatorOwned)
        await broker.publish(topics.ordersNotice(member.memberId), JSON.stringify(notice), { qos: 1, retain: true });
  };

  /** No more than the contract asks for, counting accounts that are named before it comes to this: each costs gas, and a transaction has a size. */
  const mostToSend = (accounts: number): number => Math.floor((accounts + outbox.countOpenOf(store.read, 'name-account')) / 2) + 1;
  /** In one transaction: a round is not left half ended. */
  const fail = (interval: number, message: string, count?: { given: number; needed: number }): void =>
    store.write((db) => {
      late.decide(db, interval, 'failed', count);
      deps.endRound(interval, message);
    });
  const lateCall = (interval: number, ordersRoot: string, sent: readonly { index: number; signature: string }[]) => ({
    title: `Commit the orders of interval ${interval} late, with ${sent.length} receipts`,
    body: {
      contract: 'Settlement',
      method: 'commitOrdersLate',
      args: [interval, ordersRoot, sent.map((r) => [r.index, r.signature])],
      doneWhen: { contract: 'Settlement', method: 'ordersRootOf', args: [interval], equals: ordersRoot },
    },
  });

  const decide = (interval: number, ordersRoot: string): void => {
    const entry = unsent(interval);
    if (!entry) return;
    const { accounts, good, needed, enough } = late.countReceipts(store.read, interval);
    const count = { given: good.length, needed };
    if (!enough)
      return fail(
        interval,
        `The chain did not take the orders before the gate closed, and ${good.length} of the ${needed} receipts needed came by then. The orders were never bound, so nobody trades in this interval; what was delivered counts with the next reading.`,
        count,
      );
    store.write((db) => {
      outbox.replaceUnsent(db, entry.id, lateCall(interval, ordersRoot, good.slice(0, mostToSend(accounts))));
      late.decide(db, interval, 'late', count);
      kernel.journal.record({
        who: 'market',
        kind: 'decision',
        title: `Commit the orders of interval ${interval} late`,
        text: `${good.length} of ${accounts} members receipted them before the gate closed. Whoever was shown other orders may challenge the commitment.`,
        target: `round:${interval}`,
        outcome: 'done',
      });
    });
    ledger.kick();
  };

  /**
   * Before the call lands a member may hand its account on, or more accounts may be named: then the contract refuses it for good, and the call is
   * made anew from the receipts that are good today. When they are too few, the round ends once the chain has not shown it for a while
   * (settlement/forgotten-commitments.ts), not by one refusal.
   */
  const renew = (interval: number, ordersRoot: string): void => {
    const entry = unsent(interval);
    if (!entry || !late.refusedReceipts(entry.lastError)) return;
    const { accounts, good, needed, bad, enough } = late.countReceipts(store.read, interval, entry);
    if (!enough) return;
    const call = lateCall(interval, ordersRoot, good.slice(0, Math.max(mostToSend(accounts), needed, late.sentReceipts(entry).length)));
    if (JSON.stringify(call.body.args) === JSON.stringify(entry.body.args)) return;
    const dropped = late.countReceipts(store.read, interval).good.filter(({ index }) => index === bad);
    store.write((db) => {
      for (const { memberId } of dropped) late.dropReceipt(db, interval, memberId);
      outbox.replaceUnsent(db, entry.id, call);
    });
    log.warn(`the late commitment of interval ${interval} is made anew`, { reason: entry.lastError ?? '', receipts: good.length });
    ledger.kick();
  };

  const settleEntry = (interval: number): outbox.OutboxRow | undefined =>
    ledger.entry(lastEntryId('settle', interval, community.layout.parts));

  /**
   * Past its gate, with nothing signed and nothing settled: the outbox does not begin it. What the chain had and forgot is not among them: that the
   * contract refuses it may be the word of a branch that loses.
   */
  const neverBound = (interval: number): boolean => {
    const entry = unsent(interval);
    return entry !== undefined && (settleEntry(interval)?.block ?? null) === null && !outbox.wasOnChain(entry);
  };

  /**
   * A settled round has no root in the contract any more, so its commitment, looked at again, is not found there and refused. While the console's own
   * settlement stands, which is bound to the same orders, the commitment is as good as there.
   */
  const finishSettled = (): void => {
    for (const { id, sequence, gasUsed } of outbox.unsentOf(store.read, 'commit-orders')) {
      const settled = settleEntry(intervalOf(id));
      if (settled?.state !== 'final' || settled.lastError !== null || settled.block === null || settled.blockHash === null) continue;
      const { block, blockHash } = settled;
      store.write((db) => outbox.setMined(db, sequence, 'final', { hash: null, block, blockHash, gasUsed }, clock.nowMs()));
      ledger.kick();
    }
  };

  /** The contract has settled a later interval: it takes no orders for this one any more, late or not. */
  const endPassedOver = (): void => {
    for (const entry of outbox.unsentOf(store.read, 'commit-orders')) {
      const interval = intervalOf(entry.id);
      const state = rounds.roundAt(store.read, interval)?.state;
      const last = late.passedOverBy(interval, entry.lastError);
      if (last === null || outbox.wasOnChain(entry) || !state || ['settled', 'failed'].includes(state)) continue;
      // Its own settlement may be there, or come to be found there.
      if ((settleEntry(interval)?.nonce ?? null) !== null || late.settledOnChain(store.read, interval)) continue;
      fail(
        interval,
        `The chain has settled interval ${last} and takes no orders for an earlier one. The orders were never bound, so nobody trades in this interval; what was delivered counts with the next reading.`,
      );
    }
  };

  /**
   * A round that ended in another way leaves nothing in the outbox that waits for a decision: nobody would take it any more. Before the gate its
   * commitment may still go, for an admission that is proven; one that was never bound is taken back with it.
   */
  const withdrawEnded = (nowPlantMs: number): void => {
    for (const entry of outbox.unsentOf(store.read, 'commit-orders')) {
      const { id, body } = entry;
      if (nowPlantMs < (body.beginBeforePlantMs ?? Number.POSITIVE_INFINITY) || outbox.wasOnChain(entry)) continue;
      const interval = intervalOf(id);
      const round = rounds.roundAt(store.read, interval);
      if (round && round.state !== 'failed') continue;
      if (round && late.hasAdmission(store.read, interval)) deps.endRound(interval, round.message ?? NEVER_BOUND);
      store.write((db) => outbox.withdrawUnsent(db, id, round ? 'the round failed' : 'there is no such round', clock.nowMs()));
      ledger.kick();
    }
  };

  /** Late commitments whose receipts are refused, of rounds settled or not. */
  const commitAgain = (): void => {
    for (const { id } of outbox.unsentOf(store.read, 'commit-orders')) {
      const interval = intervalOf(id);
      const known = late.lateAt(store.read, interval);
      const state = rounds.roundAt(store.read, interval)?.state;
      if (known?.outcome !== 'late' || !state || state === 'failed' || settleEntry(interval)?.state === 'sent') continue;
      renew(interval, known.ordersRoot);
    }
  };

  const watch = (): void => {
    for (const { interval, otherRoot, by } of late.voidedOpen(store.read, community.layout.parts))
      deps.endRound(
        interval,
        `Its late commitment was challenged: the operator’s own signature shows other orders for the same interval (root ${otherRoot.slice(0, 12)}…, shown by ${by}). The contract never settles it; what was delivered counts with the next reading.`,
      );
  };

  return {
    bookFrozen(db, interval, ordersRoot) {
      if (ledger.endpoint() === null && canAsk()) late.openLate(db, interval, ordersRoot, clock.nowMs());
    },
    turn(nowPlantMs) {
      finishSettled();
      endPassedOver();
      commitAgain();
      const away = ledger.endpoint() === null || blocked(nowPlantMs);
      for (const round of rounds.openRounds(store.read)) {
        if (!keepsGate(round)) continue;
        const { interval, ordersRoot, state } = round;
        const closed = nowPlantMs >= gateOf(interval, plant.market);
        const known = late.lateAt(store.read, interval);
        // Decided, but not ended.
        if (known?.outcome === 'failed') deps.endRound(interval, NEVER_BOUND);
        if (known) continue;
        if (!closed) {
          if (state === 'committed' && (away || nowPlantMs >= halfTimeOf(interval, plant.market)) && unbound(interval) && canAsk())
            store.write((db) => late.openLate(db, interval, ordersRoot as string, clock.nowMs()));
        } else if (neverBound(interval)) deps.endRound(interval, NEVER_BOUND);
      }
      for (const open of late.undecided(store.read)) {
        const { interval, ordersRoot } = open;
        const closed = nowPlantMs >= gateOf(interval, plant.market);
        if (rounds.roundAt(store.read, interval)?.state === 'failed') {
          store.write((db) => late.decide(db, interval, 'failed'));
          continue;
        }
        // The broker forgot it with the last run. A gateway that receipted it in time says so again, after the gate, too.
        if (!told && open.notice) {
          void publish(open.notice).catch(() => {});
          if (closed) askedUntilMs = clock.monotonicMs() + ANSWER_AGAIN_MS;
        }
        const entry = unsent(interval);
        // What the chain had and forgot since came in time, too, until it has not shown it for a while.
        const hadIt = closed && entry !== undefined && outbox.wasOnChain(entry);
        if (hadIt || ledger.entry(`commit:${interval}`)?.state === 'final') store.write((db) => late.decide(db, interval, 'in-time'));
        else if (!closed && open.notice === null)
          void show(interval, ordersRoot).catch((cause) => log.warn('a notice could not be sent', { interval, cause: String(cause) }));
        // The outbox signs no ordinary commitment from the gate on, so nothing can leave in between; what is signed is waited for.
        else if (closed && clock.monotonicMs() >= askedUntilMs) decide(interval, ordersRoot);
      }
      told = true;
      watch();
      withdrawEnded(nowPlantMs);
    },
    close: off,
  };
}

const signerOf = (recover: () => string): string | null => {
  try {
    return recover().toLowerCase();
  } catch {
    return null;
  }
};
