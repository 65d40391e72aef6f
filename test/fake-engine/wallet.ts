/** The fake engine's wallets: what an account shows, and acts that become transactions and, seconds later, final. */
import { callsOf } from '../../src/domain/wallet/acts.ts';
import { spendOf } from '../../src/domain/wallet/spend.ts';
import type { CallOutput, PartialHandlers } from '../../src/shared/contract/contract.ts';
import { Fault } from '../../src/shared/errors.ts';
import { hex } from './random.ts';
import { FEES, NOTHING, tradesFor } from './trades.ts';
import type { World } from './world.ts';

type Wallet = CallOutput<'wallet.get'>;
const FINAL_AFTER_MS = 2_000;
const MONEY = 4_998_200_000n;

export function walletHandlers(w: World): PartialHandlers {
  const now = () => w.now();
  const address = (id: string) => `0x${hex(id, 20)}`;
  const mined = new Map<string, Wallet['transactions']>();
  const find = (id: string) => {
    const member = w.plant.members.find((m) => m.id === id);
    if (!member) throw new Fault('not.found', 'That member is not known here.');
    return member;
  };
  const party = (id: string) => ({ address: address(id), name: w.plant.members.find((m) => m.id === id)?.name ?? null });
  const transactions = (id: string) =>
    (mined.get(id) ?? []).map((t) => (now() - t.createdMs > FINAL_AFTER_MS ? { ...t, state: 'final' as const, block: 412 } : t));
  const add = (id: string, titles: readonly string[]) => {
    const made = titles.map((title, i) => {
      const hash = `0x${hex(`${id}${mined.get(id)?.length ?? 0}${i}`, 32)}`;
      return { id: hash, title, hash, state: 'sent' as const, createdMs: now(), block: null, error: null };
    });
    mined.set(id, [...made.toReversed(), ...(mined.get(id) ?? [])]);
    return made;
  };
  const [first, second, third] = w.plant.members;
  const settlementOf = (id: string, operatorOwned: boolean): NonNullable<Wallet['settlement']> => {
    const seller = id === second?.id;
    const latest = w.exchange.rounds(now(), 20).find((r) => r.state === 'settled');
    return {
      place: w.plant.members.findIndex((m) => m.id === id),
      account: operatorOwned ? 'none' : 'own',
      state: 'running',
      balance: latest ? (w.exchange.lines(latest.interval).members.find((l) => l.member === id)?.balanceAfter ?? '0') : null,
      debt: '0',
      settledStartMs: latest?.startMs ?? null,
      waiting: id === first?.id ? { payout: false, amount: '500000000', before: 4 } : null,
      notCovered: seller ? { amount: '9900000000', timeMs: now() - 1_800_000 } : null,
      claimable: seller ? '320000000' : '0',
      queueLength: 6,
      entriesARound: 3,
    };
  };
  const wallet = (id: string): Wallet => {
    const member = find(id);
    const empty = w.scenario === 'empty';
    const role = id === second?.id ? ('seller' as const) : id === first?.id ? ('buyer' as const) : null;
    return {
      member: id,
      name: member.name,
      operatorOwned: member.operatorOwned,
      address: empty ? null : address(id),
      signedBy: member.operatorOwned ? 'operator' : 'gateway',
      note: empty
        ? `The gateway of ${member.name} has not named an account yet. It does when it is online.`
        : role === 'seller'
          ? null
          : `No energy tokens: those come from public meters or by trade. The meter of ${member.name} is private; its energy is sold in the rounds, and nothing is sold twice.`,
      indexedBlock: empty ? null : 412,
      chainInStep: !empty,
      chainTimeMs: now(),
      money: empty ? null : MONEY.toString(),
      energyWh: empty ? null : role === 'seller' ? 4_000 : 0,
      expiredWh: role === 'seller' ? 250 : 0,
      owed: { offers: empty ? null : '0', deals: empty ? null : role === 'buyer' ? '3000000' : '0' },
      settlement: empty ? null : settlementOf(id, member.operatorOwned),
      vintages:
        role === 'seller' && !empty
          ? [
              { vintage: 23_210, technology: 'wind', energyWh: 250, expiresMs: now() - 86_400_000, expired: true },
              { vintage: 23_242, technology: 'wind', energyWh: 4_000, expiresMs: now() + 14 * 86_400_000, expired: false },
            ]
          : [],
      transactions: transactions(id),
      transfers: empty
        ? []
        : [
            {
              transaction: `0x${hex(`in${id}`, 32)}`,
              block: 377,
              timeMs: now() - 3_600_000,
              asset: 'money',
              amount: '5000000000',
              other: { address: `0x${'0'.repeat(40)}`, name: 'Issued or taken back' },
            },
            {
              transaction: `0x${hex(`out${id}`, 32)}`,
              block: 391,
              timeMs: now() - 1_200_000,
              asset: 'money',
              amount: '-1800000',
              other: party(role === 'seller' ? (first?.id ?? id) : (second?.id ?? id)),
            },
          ],
      fees: empty ? null : FEES,
      ...(empty
        ? NOTHING
        : tradesFor({
            nowMs: now(),
            me: id,
            operatorOwned: member.operatorOwned,
            seller: second?.id ?? id,
            buyer: first?.id ?? id,
            third: third?.id ?? id,
            party,
          })),
      accounts: empty ? [] : w.plant.members.map((m) => ({ member: m.id, name: m.name, address: address(m.id) })),
    };
  };
  return {
    'wallet.get': ({ member }) => wallet(member),
    'wallet.reserve': () => ({
      held: '41250000000',
      balances: '38120000000',
      waiting: '1500000000',
      granted: '2320000000',
      grid: '-640000000',
      laidOut: '-50000000',
      short: '690000000',
    }),
    'wallet.check': ({ member, act }) => {
      const m = find(member);
      const { money, energyWh } = spendOf(act);
      const possible = money <= MONEY && energyWh <= BigInt(wallet(member).energyWh ?? 0);
      return {
        possible,
        message: possible
          ? 'The contracts would do this now.'
          : 'Not possible now: the contract refused it: ERC20InsufficientBalance. The account does not hold that much.',
        signedBy: m.operatorOwned ? 'the operator’s account' : `the gateway of ${m.name}, which decides by itself`,
        steps: callsOf(act).map((c) => c.title),
        costs: { money: money.toString(), energyWh: energyWh.toString() },
      };
    },
    'wallet.act': ({ member, act }) => {
      const m = find(member);
      if (m.id === 'mill-7' && w.scenario === 'alarm')
        throw new Fault('device.unreachable', `The gateway of ${m.name} does not answer. Its key is there, so nobody else can sign.`);
      return {
        signed: true,
        message: m.operatorOwned
          ? 'It is in the outbox, behind what was there before.'
          : `The gateway of ${m.name} signed it; the console relays it.`,
        transactions: add(
          member,
          callsOf(act).map((c) => c.title),
        ),
      };
    },
    'wallet.issueMoney': ({ member }) => ({
      signed: true,
      message: 'It is in the outbox, behind what was there before.',
      transactions: add(member, [`Issue test money to ${find(member).name}`]),
    }),
  };
}
