import { describe, expect, it } from 'vitest';
import type { Wallet, WalletSettlement } from '../../shared/contract/wallet.ts';
import { moneyRefusal } from './settlement-rules.ts';

const settlement: WalletSettlement = {
  place: 4,
  account: 'own',
  state: 'running',
  balance: '300000000',
  debt: '0',
  settledStartMs: 0,
  waiting: null,
  notCovered: null,
  claimable: '0',
  queueLength: 0,
  entriesARound: 3,
};
const payIn = { kind: 'pay-in', place: 4, amount: '500000000' } as const;
const payOut = { kind: 'pay-out', place: 4, amount: '300000000' } as const;
const refusal = (act: Parameters<typeof moneyRefusal>[0], part: Partial<WalletSettlement> = {}, wallet: Partial<Wallet> = {}) =>
  moneyRefusal(
    act,
    { name: 'Mill 1', operatorOwned: false, money: '500000000', settlement: { ...settlement, ...part }, ...wallet } as Wallet,
    'CHF',
  );

describe('money in and out of the settlement', () => {
  it('has nothing against what the account and the balance cover', () => {
    expect(refusal(payIn)).toBeNull();
    expect(refusal(payOut)).toBeNull();
    expect(refusal({ kind: 'collect' }, { claimable: '1' })).toBeNull();
  });
  it.each([
    ['more than the account holds', { ...payIn, amount: '500000001' }, {}, /holds 5.00 CHF.*less than 5.00000001 CHF/],
    ['more than the settled balance', { ...payOut, amount: '300000001' }, {}, /is 3.00 CHF; a payout cannot be more/],
    ['a payout before the first round', payOut, { balance: null }, /is 0.00 CHF/],
    ['a second entry', payOut, { waiting: { payout: false, amount: '100000000', before: 2 } }, /a payment of 1.00 CHF.*one at a time/],
    ['another’s place', { ...payIn, place: 5 }, {}, /another member’s/],
    ['a member without an account there', payIn, { account: 'none' }, /no account for Mill 1 yet/],
    ['a place handed on', payOut, { account: 'moved' }, /handed its place on/],
    ['a paused contract', payIn, { state: 'paused' }, /paused/],
    ['after the last round', payOut, { state: 'ended' }, /busbar member exit/],
    ['nothing granted', { kind: 'collect' }, {}, /nothing is granted/],
    ['a member for the grid', { kind: 'pay-in-grid', amount: '5' }, {}, /only the operator/],
  ] as const)('refuses %s', (_what, act, part, sentence) => {
    expect(refusal(act, part)).toMatch(sentence);
  });
  it('says what becomes of the money of the community’s own assets', () => {
    expect(refusal(payIn, { account: 'none' }, { operatorOwned: true })).toMatch(/paid in for the grid/);
    expect(refusal({ kind: 'pay-in-grid', amount: '500000000' }, {}, { operatorOwned: true })).toBeNull();
    expect(refusal({ kind: 'pay-in-grid', amount: '5' }, {}, { operatorOwned: true, money: null })).toMatch(/less than/);
    expect(refusal(payIn, {}, { settlement: null })).toMatch(/not deployed/);
  });
  it('still collects after the last round, and while the contract is paused', () => {
    for (const state of ['ended', 'paused'] as const) expect(refusal({ kind: 'collect' }, { state, claimable: '9' })).toBeNull();
  });
});
