/** What a member's wallet shows, put together from the indexed events and from what is under way. */
import { ZeroAddress } from 'ethers';
import { roleIds } from '../../../contracts/deploy/role-table.ts';
import { FLOWS_PER_BATCH } from '../../domain/settlement/limits.ts';
import { ENERGY_PERIOD_S, expiresAtS, technologyOf } from '../../domain/wallet/vintages.ts';
import type { Wallet, WalletTransaction } from '../../shared/contract/wallet.ts';
import { Fault } from '../../shared/errors.ts';
import { TECHNOLOGY_CODE } from '../../shared/plant-file.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { CommunityMember } from '../market/community.ts';
import { newestTimeS, ofContract } from './chain-events.ts';
import { lotsOf, moneyOf, transfersOf } from './chain-view.ts';
import { dealsOf } from './deals-view.ts';
import { feesOf, holdsRole } from './governed-view.ts';
import { offersOf } from './offers-view.ts';
import { type Owed, owedByDeals, owedByOffers } from './owed-view.ts';
import { entryOf, grantedTo, moneyEvents, seatOf, settledBalance, settlementMoney } from './settlement-money.ts';
import { standingsOf } from './standing-view.ts';
import { auctionsFor, dealsFor, type Eyes, groupsFor, offersFor } from './trade-view.ts';
import * as rows from './transaction-store.ts';
import type { WalletDeps } from './wallet-service.ts';

const SHOWN = 60;
const TECHNOLOGY_OF = new Map(Object.entries(TECHNOLOGY_CODE).map(([name, code]) => [code as number, name]));
const NEWCOMER = { completed: 0, defaulted: 0, disputesLost: 0, volumeWh: 0 };

export interface WalletView {
  get(memberId: string): Wallet;
  /** Throws Fault not.found. */
  need(memberId: string): CommunityMember;
  addressOf(member: CommunityMember): string | null;
  noteOf(member: CommunityMember, address: string | null, energyWh: number | null): string | null;
  /** What the operator's account sent, for itself or to issue money; newest first. */
  operatorTransactions(limit: number): WalletTransaction[];
  /** Newest first. */
  transactionsOf(member: CommunityMember, limit: number): WalletTransaction[];
}

export function createWalletView({ store, clock, plant }: Pick<Kernel, 'store' | 'clock' | 'plant'>, deps: WalletDeps): WalletView {
  const { community, ledger } = deps;
  const need = (id: string): CommunityMember => {
    const member = community.member(id);
    if (!member) throw new Fault('not.found', `There is no member ${id} that trades.`);
    return member;
  };
  const addressOf = (member: CommunityMember): string | null =>
    member.operatorOwned ? ledger.operatorAddress : (rows.accountOf(store.read, member.memberId)?.address ?? null);
  const noteOf = (member: CommunityMember, address: string | null, energyWh: number | null): string | null => {
    if (address === null)
      return deps.metering.keyOf(member.meterId)
        ? `The gateway of ${member.name} has not named an account yet. It does when it is online.`
        : `The meter of ${member.name} has not shown its key yet, so no account can be believed.`;
    if (energyWh === 0)
      return `No energy tokens: those come from public meters or by trade. The meter of ${member.name} is private; its energy is sold in the rounds, and nothing is sold twice.`;
    return null;
  };
  const operatorTransactions = (limit: number): WalletTransaction[] =>
    (
      store.read
        .prepare(
          `SELECT id, title, transaction_hash AS hash, state, created_ms AS createdMs, block, last_error AS error FROM outbox
           WHERE kind = 'wallet' ORDER BY sequence DESC LIMIT ?`,
        )
        .all(limit) as WalletTransaction[]
    ).map((t) => (t.state === 'final' && t.error ? { ...t, state: 'failed' as const } : t));
  const transactionsOf = (member: CommunityMember, limit: number): WalletTransaction[] =>
    member.operatorOwned
      ? operatorTransactions(limit)
      : rows.newestOf(store.read, member.memberId, limit).map(({ hash, title, state, createdMs, block, lastError }) => ({
          id: hash,
          title,
          hash,
          state,
          createdMs,
          block,
          error: lastError,
        }));

  /** Contracts and members by account in small letters, and the accounts of all members. */
  const directory = () => {
    const names = new Map<string, string>([[ZeroAddress, 'Issued or taken back']]);
    const contracts = ledger.deployed()?.contracts;
    for (const name of contracts?.names() ?? []) names.set(contracts?.address(name).toLowerCase() ?? '', name);
    const accounts: Wallet['accounts'] = [];
    for (const m of community.members) {
      const at = addressOf(m);
      if (at === null) continue;
      // Several of the community's own assets share the operator's account.
      if (!names.has(at.toLowerCase())) names.set(at.toLowerCase(), m.operatorOwned ? 'Community' : m.name);
      accounts.push({ member: m.memberId, name: m.name, address: at });
    }
    return { nameOf: (address: string) => names.get(address.toLowerCase()) ?? null, accounts };
  };

  const vintagesOf = (address: string | null, nowS: number): Wallet['vintages'] =>
    [...(address === null ? [] : lotsOf(store.read, address))]
      .map(([vintage, energyWh]) => {
        const expiresS = expiresAtS(vintage, ENERGY_PERIOD_S);
        const technology = TECHNOLOGY_OF.get(technologyOf(vintage)) ?? 'unknown';
        return { vintage, technology, energyWh, expiresMs: expiresS * 1000, expired: expiresS <= nowS };
      })
      .sort((a, b) => a.expiresMs - b.expiresMs);

  const settlementOf = (member: CommunityMember, address: string | null): Wallet['settlement'] => {
    if (address === null || !ledger.deployed()?.contracts.has('Settlement')) return null;
    const now = settlementMoney(moneyEvents(store.read));
    const place = member.meterId - 1;
    const settled = settledBalance(store.read, member.meterId);
    const own = entryOf(now, place);
    const missed = now.notCovered.get(place);
    const positive = (amount: bigint): string => (amount > 0n ? amount : 0n).toString();
    return {
      place,
      account: seatOf(now, place, address),
      state: now.state,
      balance: settled && positive(settled.balance),
      debt: settled && positive(-settled.balance),
      settledStartMs: settled && settled.interval * plant.market.intervalMs,
      waiting: own && { payout: own.entry.payout, amount: own.entry.amount.toString(), before: own.before },
      notCovered: missed ? { amount: missed.amount.toString(), timeMs: missed.timeS === null ? null : missed.timeS * 1000 } : null,
      claimable: grantedTo(now, address).toString(),
      queueLength: now.waiting.length,
      entriesARound: FLOWS_PER_BATCH,
    };
  };

  return {
    need,
    addressOf,
    noteOf,
    operatorTransactions,
    transactionsOf,
    get(memberId) {
      const member = need(memberId);
      const address = addressOf(member);
      const db = store.read;
      const nowS = Math.max(Math.floor(clock.nowMs() / 1000), newestTimeS(db) ?? 0);
      const known = address !== null && ledger.deployed() !== null;
      const { nameOf, accounts } = directory();
      const vintages = vintagesOf(address, nowS);
      const sum = (expired: boolean) => vintages.filter((v) => v.expired === expired).reduce((wh, v) => wh + v.energyWh, 0);
      const energyWh = known ? sum(false) : null;
      const [tradeEvents, dealEvents] = [ofContract(db, 'EnergyTrade'), ofContract(db, 'EnergyDeals')];
      const owed = (by: Owed): string | null => (known ? (by.get(address.toLowerCase()) ?? 0n).toString() : null);
      const standings = standingsOf(tradeEvents, dealEvents);
      const arbiter = member.operatorOwned && address !== null && holdsRole(ofContract(db, 'Access'), roleIds.ARBITER, address);
      const standingOf = (at: string) => standings.get(at.toLowerCase()) ?? NEWCOMER;
      const eyes: Eyes = { address, nowS, arbiter, nameOf, standingOf };
      const { offers, groups } = offersOf(tradeEvents);
      const { auctions, deals } = dealsOf(dealEvents);
      return {
        member: memberId,
        name: member.name,
        operatorOwned: member.operatorOwned,
        address,
        signedBy: member.operatorOwned ? 'operator' : 'gateway',
        note: noteOf(member, address, energyWh),
        indexedBlock: ledger.indexedHeight(),
        chainInStep: ledger.endpoint() !== null,
        chainTimeMs: nowS * 1000,
        money: known ? moneyOf(db, address).toString() : null,
        energyWh,
        expiredWh: sum(true),
        owed: { offers: owed(owedByOffers(tradeEvents)), deals: owed(owedByDeals(dealEvents)) },
        settlement: settlementOf(member, address),
        standing: address === null ? NEWCOMER : standingOf(address),
        fees: feesOf(ofContract(db, 'Parameters')),
        arbiter,
        vintages,
        transactions: transactionsOf(member, SHOWN),
        transfers: (address === null ? [] : transfersOf(db, address, SHOWN)).map(({ timeS, other, amount, ...line }) => ({
          ...line,
          amount: amount.toString(),
          timeMs: timeS === null ? null : timeS * 1000,
          other: { address: other, name: nameOf(other) },
        })),
        offers: offersFor(offers, eyes),
        groups: groupsFor(groups, offers, eyes),
        auctions: auctionsFor(auctions, eyes),
        deals: dealsFor(deals, eyes),
        accounts,
      };
    },
  };
}
