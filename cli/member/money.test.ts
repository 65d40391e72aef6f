import { describe, expect, it } from 'vitest';
import { amountOf, moveMoney, type Wanted } from './money.ts';
import type { Chain } from './settlement.ts';
import type { MemberStore } from './store.ts';

const me = `0x${'11'.repeat(20)}`;
const other = `0x${'22'.repeat(20)}`;
const store = { account: { meter: 5 }, opening: null, earlier: [] } as unknown as MemberStore;

/** A contract that answers these, and keeps what was sent. */
function chainWith(answers: Record<string, unknown>, fuel = 1n) {
  const sent: unknown[][] = [];
  const known: Record<string, unknown> = { accountOf: me, head: { escaped: false }, stateRoot: 7n, claimable: 0n, ...answers };
  const chain = {
    provider: { getBalance: async () => fuel, getCode: async (at: string) => (at === other ? '0x' : '0x60') },
    wallet: { address: me },
    settlement: {
      getFunction:
        (name: string) =>
        async (...args: unknown[]) => {
          if (name in known) return known[name];
          sent.push([name, ...args]);
          return { hash: '0x1', wait: async () => ({ hash: '0x1' }) };
        },
    },
  } as unknown as Chain;
  return { sent, run: (wanted: Wanted) => moveMoney(store, chain, wanted) };
}

describe('a member’s money, moved from its own folder', () => {
  it('reads amounts as people write them, and nothing else', () => {
    expect(['12.5', '0.00000001', '100', '1.50'].map(amountOf)).toEqual([1_250_000_000n, 1n, 10_000_000_000n, 150_000_000n]);
    expect(['0', '0.0', '-1', '1,5', '1.', '1.123456789', '', '1e3', 'all'].map(amountOf)).toEqual(Array(9).fill(null));
  });
  it('asks for a payout of its own place', async () => {
    const { sent, run } = chainWith({});
    expect(await run({ kind: 'withdraw', amount: 5n })).toMatchObject({ problems: [], steps: [{ step: 'withdraw', transaction: '0x1' }] });
    expect(sent).toEqual([['requestWithdrawal', 4, 5n]]);
  });
  it('takes what is granted, also after rounds have ended', async () => {
    const { sent, run } = chainWith({ claimable: 30n, head: { escaped: true } });
    expect((await run({ kind: 'claim' })).problems).toEqual([]);
    expect(sent).toEqual([['claim']]);
  });
  it('hands its place on to an account', async () => {
    const { sent, run } = chainWith({});
    expect((await run({ kind: 'move', to: other })).steps[0]?.detail).toMatch(/belongs to 0x2222/);
    expect(sent).toEqual([['moveAccount', 4, other]]);
  });
  it.each<[string, Record<string, unknown>, Wanted, RegExp]>([
    ['without a place', { accountOf: `0x${'0'.repeat(40)}` }, { kind: 'withdraw', amount: 5n }, /knows no account/],
    ['with a place that was handed on', { accountOf: other }, { kind: 'move', to: other }, /pays this member to 0x2222/],
    ['after rounds have ended', { head: { escaped: true } }, { kind: 'deposit', amount: 5n }, /busbar member exit/],
    ['when nothing is granted', {}, { kind: 'claim' }, /nothing is granted/],
    ['to a contract', {}, { kind: 'move', to: `0x${'33'.repeat(20)}` }, /is a contract/],
    ['to itself', {}, { kind: 'move', to: me }, /already/],
  ])('sends nothing %s', async (_, answers, wanted, sentence) => {
    const { sent, run } = chainWith(answers);
    expect((await run(wanted)).problems.join()).toMatch(sentence);
    expect(sent).toEqual([]);
  });
  it('sends nothing when the account cannot pay the chain’s fees', async () => {
    const { sent, run } = chainWith({ claimable: 30n }, 0n);
    expect((await run({ kind: 'claim' })).problems.join()).toMatch(/cannot pay the chain’s fees/);
    expect(sent).toEqual([]);
  });
});
