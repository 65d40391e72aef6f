import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBlocks, type Span, sliceOf } from './blocks.ts';

const span = (address: number, count = 1, table: Span['table'] = 'holding'): Span => ({ table, address, count });

describe('joining spans into reads', () => {
  it('joins neighbours and small gaps, never tables', () => {
    expect(planBlocks([span(12, 2), span(10, 2), span(0), span(15), span(10, 1, 'input')], { maxGap: 2 })).toEqual([
      span(0),
      span(10, 6),
      span(10, 1, 'input'),
    ]);
  });

  it('reads no register that was not asked for when the device bears no gaps', () => {
    expect(planBlocks([span(0), span(2)], { maxGap: 0 })).toEqual([span(0), span(2)]);
  });

  it('starts a new read at the limit, at the border of a point', () => {
    const points = Array.from({ length: 70 }, (_, i) => span(i * 2, 2));
    expect(planBlocks(points)).toEqual([span(0, 124), span(124, 16)]);
  });

  it('covers every span by exactly one block within the limits, and finds its words again', () => {
    const spans = fc.array(
      fc.record({
        table: fc.constant('holding' as const),
        address: fc.integer({ min: 0, max: 600 }),
        count: fc.integer({ min: 1, max: 8 }),
      }),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(spans, fc.integer({ min: 8, max: 125 }), fc.integer({ min: 0, max: 20 }), (wanted, maxRegisters, maxGap) => {
        const blocks = planBlocks(wanted, { maxRegisters, maxGap });
        const results = blocks.map(({ address, count }) => Array.from({ length: count }, (_, i) => address + i));
        for (const block of blocks) expect(block.count).toBeLessThanOrEqual(maxRegisters);
        for (const { table, address, count } of wanted) {
          expect(sliceOf({ table, address, count }, blocks, results)).toEqual(Array.from({ length: count }, (_, i) => address + i));
        }
      }),
    );
  });

  it('refuses a span that no read can hold', () => expect(() => planBlocks([span(0, 126)])).toThrow(RangeError));
});
