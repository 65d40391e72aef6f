import { describe, expect, it } from 'vitest';
import { bondOf, fromShortText, metricCode, metricOf, shareOf, shortText } from './terms.ts';

describe('terms of trade', () => {
  it('keeps a short text in 32 bytes and reads it again', () => {
    expect(shortText('half arrived')).toBe(`0x${'68616c662061727269766564'.padEnd(64, '0')}`);
    for (const text of ['', 'x', 'half arrived', 'a'.repeat(31)]) expect(fromShortText(shortText(text))).toBe(text);
    expect(() => shortText('ü')).toThrow(RangeError);
    expect(() => shortText('a'.repeat(32))).toThrow(RangeError);
  });
  it('shows bytes that are no letters as they are', () => {
    const bytes = `0x${'ff'.repeat(32)}`;
    expect(fromShortText(bytes)).toBe(bytes);
  });
  it('numbers what a condition looks at as the contract does', () => {
    expect(metricCode('frequency')).toBe(1);
    expect(metricOf(5)).toBe('imbalance');
    expect(metricOf(0)).toBeNull();
  });
  it('rounds bonds and fees down, as the contract does', () => {
    expect(bondOf(300, 4, 20_001, 1000)).toBe(2_400_120n);
    expect(bondOf(1, 1, 19, 1000)).toBe(1n);
    expect(shareOf(9_999n, 20)).toBe(19n);
  });
});
