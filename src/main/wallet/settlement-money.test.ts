import { describe, expect, it } from 'vitest';
import { reserveOf } from './reserve.ts';
import { entryOf, grantedTo, seatOf, settlementMoney } from './settlement-money.ts';
import { eventsOf } from './testing-events.ts';

const [ann, ben, other] = ['0xAa', '0xBb', '0xCc'];
const queued = (position: string, index: string, account: string, withdrawal: string, amount: string) =>
  ['FlowQueued', { position, index, account, withdrawal, amount }] as const;
const applied = (position: string, index: string, withdrawal: string, amount: string, was = 'true') =>
  ['FlowApplied', { position, index, withdrawal, amount, applied: was }] as const;
const seats = [
  ['AccountSet', { index: '0', account: ann }],
  ['AccountSet', { index: '1', account: ben }],
] as const;

describe('money in the settlement, from its events', () => {
  it('keeps the queue in its order, one entry a member', () => {
    const now = settlementMoney(
      eventsOf('Settlement', [
        ...seats,
        queued('7', '4', other, 'false', '10'),
        queued('8', '0', ann, 'false', '500'),
        queued('9', '1', ben, 'true', '70'),
        applied('7', '4', 'false', '10'),
      ]),
    );
    expect(now.waiting.map((e) => [e.position, e.place, e.payout, e.amount])).toEqual([
      [8n, 0, false, 500n],
      [9n, 1, true, 70n],
    ]);
    expect(entryOf(now, 1)).toMatchObject({ before: 1, entry: { account: ben } });
    expect(entryOf(now, 4)).toBeNull();
  });
  it('grants a payout to the account that asked for it, once, though the place has moved on', () => {
    const now = settlementMoney(
      eventsOf('Settlement', [
        ...seats,
        queued('1', '1', ben, 'true', '70'),
        ['AccountSet', { index: '1', account: other }],
        applied('1', '1', 'true', '70'),
        ['Claimed', { account: ben, amount: '30' }],
      ]),
    );
    expect([grantedTo(now, '0xbb'), grantedTo(now, other)]).toEqual([40n, 0n]);
    expect([seatOf(now, 1, ben), seatOf(now, 1, '0xcC'), seatOf(now, 2, ann), seatOf(now, 0, ann)]).toEqual([
      'moved',
      'own',
      'none',
      'own',
    ]);
  });
  it('says that a payout was not covered until another one is asked for', () => {
    const first = [...seats, queued('1', '0', ann, 'true', '70'), applied('1', '0', 'true', '70', 'false')] as const;
    const now = settlementMoney(eventsOf('Settlement', first));
    expect(now.notCovered.get(0)).toMatchObject({ amount: 70n });
    expect(grantedTo(now, ann)).toBe(0n);
    expect(settlementMoney(eventsOf('Settlement', [...first, queued('2', '0', ann, 'true', '5')])).notCovered.size).toBe(0);
  });
  it('gives back in an escape what no round applied, and what a member leaves with', () => {
    const now = settlementMoney(
      eventsOf('Settlement', [
        ...seats,
        queued('1', '0', ann, 'false', '500'),
        ['Escaped', { root: '1' }],
        ['Exited', { index: '1', account: ben, amount: '90' }],
        ['Reclaimed', { position: '1', account: ann, amount: '500' }],
      ]),
    );
    expect(now).toMatchObject({ state: 'ended', waiting: [] });
    expect([grantedTo(now, ann), grantedTo(now, ben)]).toEqual([500n, 90n]);
  });
  it('is paused between the two words of the council', () => {
    expect(settlementMoney(eventsOf('Settlement', [['Paused', { account: ann }]])).state).toBe('paused');
    expect(
      settlementMoney(
        eventsOf('Settlement', [
          ['Paused', { account: ann }],
          ['Unpaused', { account: ann }],
        ]),
      ).state,
    ).toBe('running');
  });
});

describe('what the contract holds', () => {
  it('is short of what the grid’s supplier and debtors have not paid', () => {
    expect(reserveOf({ held: 100n, grid: -30n, laidOut: -5n, waiting: 10n, granted: 20n })).toEqual({
      held: '100',
      balances: '105',
      waiting: '10',
      granted: '20',
      grid: '-30',
      laidOut: '-5',
      short: '35',
    });
    expect(reserveOf({ held: 100n, grid: 30n, laidOut: -5n, waiting: 0n, granted: 0n })).toMatchObject({ balances: '75', short: '0' });
  });
});
