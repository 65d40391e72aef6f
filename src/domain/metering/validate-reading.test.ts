import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { energyBalance } from './energy-balance.ts';
import { type MeterLimits, type RegisterReading, validateReading } from './validate-reading.ts';

const limits: MeterLimits = { maxImportW: 17_000, maxExportW: 10_000, intervalMs: 900_000 };
const last: RegisterReading = { meter: 3, interval: 100, importWh: 50_000, exportWh: 7_000, sequence: 41 };
const next: RegisterReading = { meter: 3, interval: 101, importWh: 51_000, exportWh: 7_000, sequence: 42 };
const judge = (changes: Partial<RegisterReading>, times = {}) => validateReading(last, { ...next, ...changes }, limits, times);
const reason = (changes: Partial<RegisterReading>, times = {}) => {
  const verdict = judge(changes, times);
  return verdict.kind === 'refused' ? verdict.reason : verdict.kind;
};

describe('a register reading', () => {
  it('is accepted with the energy since the last one', () => {
    expect(judge({})).toEqual({
      kind: 'accepted',
      baseline: false,
      importDeltaWh: 1000,
      exportDeltaWh: 0,
      intervalsCovered: 1,
      gap: null,
      warnings: [],
    });
  });

  it('sets the registers and moves no energy when it is the first of its meter', () => {
    expect(validateReading(null, last, limits)).toMatchObject({ kind: 'accepted', baseline: true, importDeltaWh: 0, intervalsCovered: 0 });
  });

  it('covers the intervals that were missed, and says which', () => {
    expect(judge({ interval: 104, importWh: 60_000 })).toMatchObject({
      kind: 'accepted',
      importDeltaWh: 10_000,
      intervalsCovered: 4,
      gap: { fromInterval: 101, toInterval: 103 },
      warnings: [{ code: 'gap', detail: '3 interval(s) from 101 on have no reading of their own; their energy is in this one' }],
    });
  });

  it('is a duplicate when the very same comes twice, and tampering when the number comes back with other content', () => {
    expect(validateReading(last, last, limits)).toEqual({ kind: 'duplicate' });
    expect(reason({ sequence: 41 })).toBe('sequence-reused');
  });

  it.each<[string, Partial<RegisterReading>, string]>([
    ['an old number', { sequence: 40 }, 'sequence-not-increasing'],
    ['an interval already read', { interval: 100 }, 'interval-not-increasing'],
    ['an import register that ran backwards', { importWh: 49_999 }, 'register-ran-backwards'],
    ['an export register that ran backwards', { exportWh: 6_999 }, 'register-ran-backwards'],
    ['another meter', { meter: 4 }, 'wrong-meter'],
    ['a broken Wh', { importWh: 51_000.5 }, 'malformed'],
    ['a negative register', { exportWh: -1 }, 'malformed'],
    ['NaN', { importWh: Number.NaN }, 'malformed'],
  ])('is refused with %s', (_, changes, expected) => {
    expect(reason(changes)).toBe(expected);
  });

  it('is refused when the connection could not have carried it, to the Wh', () => {
    // 17 kW for a quarter of an hour is 4250 Wh; 10 % and one Wh of rounding on top is 4676.
    expect(reason({ importWh: 50_000 + 4676 })).toBe('accepted');
    expect(reason({ importWh: 50_000 + 4677 })).toBe('implausible-import');
    expect(reason({ exportWh: 7_000 + 2752 })).toBe('implausible-export');
    expect(reason({ importWh: 50_000 + 2 * 4676 - 2, interval: 102 })).toBe('accepted');
  });

  it('from the future is refused, allowing a little drift; a late one is accepted with a remark', () => {
    const end = 102 * 900_000;
    expect(reason({}, { receivedPlantTimeMs: end - 46_000 })).toBe('from-the-future');
    expect(reason({}, { receivedPlantTimeMs: end - 44_000 })).toBe('accepted');
    expect(judge({}, { receivedPlantTimeMs: end + 3 * 900_000 })).toMatchObject({ kind: 'accepted', warnings: [{ code: 'late' }] });
  });

  it('tells when numbers were skipped', () => {
    expect(judge({ sequence: 45 })).toMatchObject({
      warnings: [{ code: 'sequence-skipped', detail: '3 reading(s) of meter 3 never arrived' }],
    });
  });

  it('loses and invents no energy over any run of readings, whatever is refused on the way', () => {
    const changes = fc.record({
      interval: fc.integer({ min: -1, max: 4 }),
      importWh: fc.integer({ min: -200, max: 6000 }),
      exportWh: fc.integer({ min: -200, max: 3000 }),
      sequence: fc.integer({ min: -1, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 40 }), (steps) => {
        let accepted = last;
        let importWh = 0;
        let exportWh = 0;
        for (const step of steps) {
          const reading = {
            meter: 3,
            interval: accepted.interval + step.interval,
            importWh: accepted.importWh + step.importWh,
            exportWh: accepted.exportWh + step.exportWh,
            sequence: accepted.sequence + step.sequence,
          };
          const verdict = validateReading(accepted, reading, limits);
          if (verdict.kind !== 'accepted') continue;
          importWh += verdict.importDeltaWh;
          exportWh += verdict.exportDeltaWh;
          expect(reading.sequence).toBeGreaterThan(accepted.sequence);
          expect(reading.interval).toBeGreaterThan(accepted.interval);
          accepted = reading;
        }
        expect([importWh, exportWh]).toEqual([accepted.importWh - last.importWh, accepted.exportWh - last.exportWh]);
      }),
    );
  });
});

describe('the balance of a feeder', () => {
  const meters = [
    { meter: 1, netWh: 600 },
    { meter: 2, netWh: -200 },
  ];
  it('adds up with the loss, or says which way it does not', () => {
    const judgeUpstream = (upstreamNetWh: number) => energyBalance({ upstreamNetWh, meters, expectedLossWh: 10, toleranceWh: 20 });
    expect(judgeUpstream(415)).toEqual({ kind: 'balanced', unexplainedWh: 5 });
    expect(judgeUpstream(500)).toEqual({ kind: 'missing', unexplainedWh: 90 });
    expect(judgeUpstream(300)).toEqual({ kind: 'surplus', unexplainedWh: -110 });
  });
});
