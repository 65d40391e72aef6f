import { describe, expect, it } from 'vitest';
import { endOf, gateOf, intervalAt, openInterval, startOf } from './market-times.ts';

const rules = { intervalMs: 900_000, gateClosesBeforeEndMs: 180_000 };

describe('market times', () => {
  it('closes the gate of the next interval three minutes before the running one ends', () => {
    expect(gateOf(11, rules)).toBe(endOf(10, rules) - 180_000);
    expect(startOf(11, rules)).toBe(endOf(10, rules));
    expect(intervalAt(endOf(10, rules) - 1, rules)).toBe(10);
  });
  it('takes orders for the next interval until its gate, and then for the one after', () => {
    expect(openInterval(startOf(10, rules), rules)).toBe(11);
    expect(openInterval(gateOf(11, rules) - 1, rules)).toBe(11);
    expect(openInterval(gateOf(11, rules), rules)).toBe(12);
    expect(openInterval(endOf(10, rules) - 1, rules)).toBe(12);
  });
});
