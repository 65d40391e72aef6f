import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type PlantFile, parsePlantFile } from '../../shared/plant-file.ts';
import { endOf, gateOf, gateState, halfTimeOf, intervalAt, openInterval, ordersCloseAt, startOf } from './market-times.ts';

const rules = { intervalMs: 900_000, ordersCloseBeforeGateMs: 120_000, gateClosesBeforeEndMs: 60_000 };

describe('market times', () => {
  it('closes orders for the next interval three minutes before the running one ends, and its gate a minute before', () => {
    expect(ordersCloseAt(11, rules)).toBe(endOf(10, rules) - 180_000);
    expect(gateOf(11, rules)).toBe(endOf(10, rules) - 60_000);
    expect(halfTimeOf(11, rules)).toBe(endOf(10, rules) - 120_000);
    expect(startOf(11, rules)).toBe(endOf(10, rules));
    expect(intervalAt(endOf(10, rules) - 1, rules)).toBe(10);
  });
  it('takes orders for the next interval until they close, and then for the one after', () => {
    expect(openInterval(startOf(10, rules), rules)).toBe(11);
    expect(openInterval(ordersCloseAt(11, rules) - 1, rules)).toBe(11);
    expect(openInterval(ordersCloseAt(11, rules), rules)).toBe(12);
    expect(openInterval(endOf(10, rules) - 1, rules)).toBe(12);
  });
  it('is open, then binds, then is closed', () => {
    expect(gateState(11, ordersCloseAt(11, rules) - 1, rules)).toBe('open');
    expect(gateState(11, ordersCloseAt(11, rules), rules)).toBe('binding');
    expect(gateState(11, gateOf(11, rules) - 1, rules)).toBe('binding');
    expect(gateState(11, gateOf(11, rules), rules)).toBe('closed');
  });
});

describe('the market’s times in a plant file', () => {
  const rural1 = JSON.parse(readFileSync(new URL('../../../plant/plants/rural1.json', import.meta.url), 'utf8')) as PlantFile;
  const parse = (change: object) => parsePlantFile({ ...rural1, market: { ...rural1.market, ...change } });

  it('leave two minutes to bind unless it says otherwise', () => {
    expect(parse({ ordersCloseBeforeGateMs: undefined })).toMatchObject({
      kind: 'ok',
      plant: { market: { ordersCloseBeforeGateMs: 120_000 } },
    });
  });
  it('leave time to bind, and time to take orders', () => {
    for (const none of [0, -1, 10_000.5]) expect(parse({ ordersCloseBeforeGateMs: none })).toMatchObject({ kind: 'invalid' });
    expect(parse({ ordersCloseBeforeGateMs: 10_000 })).toMatchObject({ kind: 'ok' });
    expect(parse({ ordersCloseBeforeGateMs: 9_999 })).toMatchObject({
      kind: 'invalid',
      problems: [expect.stringMatching(/ordersCloseBeforeGateMs.*must be at least 10000 ms: freezing the book/)],
    });
    expect(parse({ ordersCloseBeforeGateMs: 839_999, gateClosesBeforeEndMs: 60_000 })).toMatchObject({ kind: 'ok' });
    expect(parse({ ordersCloseBeforeGateMs: 840_000, gateClosesBeforeEndMs: 60_000 })).toMatchObject({
      kind: 'invalid',
      problems: [expect.stringMatching(/orders close 840000 ms before a gate that closes 60000 ms before delivery.*900000 ms/)],
    });
  });
});
