import { describe, expect, it } from 'vitest';
import { RoundLine } from '../../shared/round-line.ts';
import { FIELD } from './field.ts';
import { NO_ORDER, orderLeaf, registryLeaf, stateLeaf } from './leaves.ts';
import { merklePath } from './merkle.ts';
import { type RoundInput, settleRound } from './settle-round.ts';
import { baselineRound, onlyBatch, order, roundInput, signedReading } from './testing/community.ts';
import { verifyRound } from './verify-round.ts';

function input(): RoundInput {
  const base = settleRound(baselineRound(4, 100n));
  if (base.kind !== 'settled') throw new Error(base.detail);
  return roundInput({
    size: 4,
    interval: 101n,
    state: base.newState,
    orders: [order('buy', 400, 20_000), order('sell', 400, 10_000), null, null],
    readings: [signedReading(0, { interval: 101n, importWh: 1_450n, exportWh: 500n, sequence: 2n })],
    flows: [{ kind: 'withdrawal', index: 0, amount: 1_000n }],
  });
}

function exported(index: number): Record<string, unknown> {
  const given = input();
  const round = settleRound(given);
  if (round.kind !== 'settled') throw new Error(round.detail);
  const line = round.lines[index];
  const places = [0, 1, 2, 3];
  const document = {
    schema: 'round-line/1',
    round: 101,
    member: `m${index}`,
    index,
    capacity: 4,
    meter: given.meters[index],
    registryPath: merklePath(
      given.meters.map((m) => (m === null ? 0n : registryLeaf(m))),
      index,
    ),
    order: given.orders[index] ?? null,
    orderPath: merklePath(
      places.map((i) => orderLeaf(given.meters[i]?.meterId ?? 0n, given.orders[i] ?? NO_ORDER)),
      index,
    ),
    reading: given.readings[index] ?? null,
    previous: line?.previous,
    previousPath: merklePath(given.state.members.map(stateLeaf), index),
    next: line?.next,
    nextPath: merklePath(round.newState.members.map(stateLeaf), index),
    filledWh: given.clearing.filledWh[index],
    price: round.terms.price,
    buyTariff: given.buyTariff,
    sellTariff: given.sellTariff,
    money: line?.delivery.money,
    publicSignals: onlyBatch(round).publicSignals,
    proof: null,
  };
  return JSON.parse(JSON.stringify(document, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))) as Record<
    string,
    unknown
  >;
}

const failing = (document: unknown) =>
  verifyRound(RoundLine.parse(document))
    .checks.filter((check) => !check.ok)
    .map((check) => check.name);

describe('a member that checks its own line', () => {
  it.each([0, 1, 2])('finds nothing wrong with an honest one (member %i) in under a second', (index) => {
    const document = RoundLine.parse(exported(index));
    const start = performance.now();
    const result = verifyRound(document);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(result.checks.filter((check) => !check.ok)).toEqual([]);
    expect(result.valid).toBe(true);
    expect(result.needsFromChain).toHaveLength(8);
  });

  it.each([
    ['a changed limit price', { order: { ...(exported(0).order as object), limitPrice: '21000' } }, ['Order']],
    ['a changed reading', { reading: { ...(exported(0).reading as object), importWh: '1451' } }, ['Reading', 'Money', 'Account after']],
    ['a price of its own', { price: '14000' }, ['Terms', 'Trade', 'Money', 'Account after']],
    ['a smaller fill', { filledWh: '399' }, ['Trade', 'Money', 'Account after']],
    ['a bill of 1 micro-cent more', { money: '7600001' }, ['Money']],
    ['a richer new account', { next: { ...(exported(0).next as object), balance: '1' } }, ['Account after', 'New root']],
    ['a poorer old account', { previous: { ...(exported(0).previous as object), balance: '1' } }, ['Account before', 'Account after']],
    ['a foreign key', { meter: { ...(exported(0).meter as object), flags: 0 } }, ['Registry', 'Account after']],
  ])('sees %s', (_name, change, expected) => {
    const found = failing({ ...exported(0), ...change });
    expect(found.length).toBeGreaterThan(0);
    expect(found).toEqual(expect.arrayContaining([expected[0] as string]));
  });

  it('takes no number beyond the field or its width, though the hashes would be the same', () => {
    const honest = exported(0) as { next: Record<string, string>; nextPath: string[] };
    const beyond = (value: string | undefined) => (BigInt(value ?? 0) + FIELD).toString();
    for (const name of ['salt', 'balance', 'epoch'])
      expect(() => RoundLine.parse({ ...honest, next: { ...honest.next, [name]: beyond(honest.next[name]) } })).toThrow(
        /order of the field/,
      );
    expect(() => RoundLine.parse({ ...honest, nextPath: honest.nextPath.map(beyond) })).toThrow(/order of the field/);
    expect(() => RoundLine.parse({ ...honest, next: { ...honest.next, balance: (2n ** 96n).toString() } })).toThrow(/more than 96 bits/);
    expect(() => RoundLine.parse({ ...honest, next: { ...honest.next, carriedWh: (-(2n ** 48n) - 1n).toString() } })).toThrow(/48 bits/);
  });
});
