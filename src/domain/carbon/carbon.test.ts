import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allocateCertificates,
  avoidedGrams,
  type CertificateRange,
  countsNothingTwice,
  energyOf,
  provenanceOf,
  takeEnergy,
} from './certificates.ts';
import { creditRule } from './credit-rule.ts';
import { EMISSION_FACTORS, meterFlags, type Technology } from './emission-factors.ts';
import { mixIntensity, siteAccount } from './intensity.ts';
import { matchHourly } from './matching.ts';

describe('an emission factor', () => {
  it('names its source and year, and its median lies within its range', () => {
    for (const factor of Object.values(EMISSION_FACTORS)) {
      expect(factor.source).not.toBe('');
      expect(factor.year).toBeGreaterThan(2000);
      expect(factor.gCo2PerKWh.median).toBeGreaterThanOrEqual(factor.gCo2PerKWh.min);
      expect(factor.gCo2PerKWh.median).toBeLessThanOrEqual(factor.gCo2PerKWh.max);
    }
  });

  it('of diesel is the carbon of its fuel over the efficiency of the set', () => {
    expect(EMISSION_FACTORS.diesel.gCo2PerKWh.median).toBe(Math.round((74.1 * 3.6) / 0.35));
  });
});

describe('the flags of a registered meter', () => {
  it('tell whether its export is certified and what makes it', () => {
    expect(meterFlags(0b00011)).toEqual({ renewableOnly: true, technologyCode: 1, technology: 'solar-rooftop' });
    expect(meterFlags(0b01010)).toEqual({ renewableOnly: false, technologyCode: 5, technology: 'diesel' });
    expect(meterFlags(0b01100)).toMatchObject({ technologyCode: 6, technology: null });
    expect(() => meterFlags(32)).toThrow(RangeError);
  });
});

describe('the intensity of a mix', () => {
  it('is that of the German year 2023 from IPCC medians', () => {
    const twh = (energy: number): number => energy * 1e12;
    const mix = mixIntensity([
      { technology: 'coal', energyWh: twh(135.35) },
      { technology: 'gas', energyWh: twh(76) },
      { gCo2PerKWh: 650, energyWh: twh(20.13) },
      { technology: 'nuclear', energyWh: twh(8.75) },
      { technology: 'hydro', energyWh: twh(19.48) },
      { technology: 'wind-onshore', energyWh: twh(137.29) },
      { technology: 'solar-utility', energyWh: twh(61.56) },
      { technology: 'biomass', energyWh: twh(46.02) },
    ]);
    expect(mix.gCo2PerKWh).toBeCloseTo(350.655377, 5);
  });

  it('of nothing is not zero but unknown', () => {
    expect(mixIntensity([]).gCo2PerKWh).toBeNull();
  });
});

describe('the account of a site', () => {
  it('nets step by step, so that noon does not pay for the evening', () => {
    const account = siteAccount([
      { loadWh: 500, generationWh: 2000, gridGCo2PerKWh: 100 },
      { loadWh: 1500, generationWh: 0, gridGCo2PerKWh: 300 },
    ]);
    expect(account).toEqual({
      importWh: 1500,
      exportWh: 1500,
      selfConsumedWh: 500,
      importGCo2: 450,
      withoutGenerationGCo2: 500,
      exportGCo2: 150,
    });
  });
});

describe('certificates', () => {
  const solar = 0b00011;

  it('are issued for every Wh renewable-only meters exported, and for no other', () => {
    const { certificates, totalWh } = allocateCertificates([
      { meter: 1, interval: 9, exportWh: 250, flags: solar },
      { meter: 2, interval: 9, exportWh: 400, flags: 0b01010 },
      { meter: 3, interval: 9, exportWh: 0, flags: solar },
    ]);
    expect(certificates).toEqual([{ meter: 1, interval: 9, fromWh: 0, toWh: 250 }]);
    expect(totalWh).toBe(250);
  });

  it('are never issued twice for the same energy', () => {
    const twice = { meter: 1, interval: 9, exportWh: 250, flags: solar };
    expect(() => allocateCertificates([twice, twice])).toThrow('certified twice');
  });

  it('can be taken in part, and what was taken leads back to its readings', () => {
    const holding: CertificateRange[] = [
      { meter: 1, interval: 9, fromWh: 0, toWh: 100 },
      { meter: 2, interval: 9, fromWh: 0, toWh: 50 },
    ];
    const split = takeEnergy(holding, 120);
    expect(split?.rest).toEqual([{ meter: 2, interval: 9, fromWh: 20, toWh: 50 }]);
    expect(provenanceOf(split?.taken ?? [])).toEqual([
      { meter: 1, interval: 9, energyWh: 100 },
      { meter: 2, interval: 9, energyWh: 20 },
    ]);
    expect(takeEnergy(holding, 151)).toBeNull();
    expect(takeEnergy(holding, 1.5)).toBeNull();
  });

  it('stay the same Wh, each once, through any run of transfers', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 500 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 }), fc.nat({ max: 600 })), { maxLength: 30 }),
        (exports, transfers) => {
          const { certificates, totalWh } = allocateCertificates(
            exports.map((exportWh, meter) => ({ meter, interval: 1, exportWh, flags: solar })),
          );
          const holders: CertificateRange[][] = [certificates, [], []];
          for (const [from, to, energyWh] of transfers) {
            const split = takeEnergy(holders[from] as CertificateRange[], energyWh);
            if (split === null) continue;
            holders[from] = split.rest;
            holders[to] = [...(holders[to] as CertificateRange[]), ...split.taken];
          }
          expect(energyOf(holders.flat())).toBe(totalWh);
          expect(countsNothingTwice(holders)).toBe(true);
          const origins = new Map(provenanceOf(holders.flat()).map((o) => [o.meter, o.energyWh]));
          for (const [meter, exportWh] of exports.entries()) expect(origins.get(meter) ?? 0).toBe(exportWh);
        },
      ),
    );
  });

  it('that overlap are found out', () => {
    const range = { meter: 1, interval: 1, fromWh: 0, toWh: 10 };
    expect(countsNothingTwice([[range], [{ ...range, fromWh: 9, toWh: 12 }]])).toBe(false);
    expect(
      countsNothingTwice([
        [range],
        [
          { ...range, fromWh: 10, toWh: 12 },
          { ...range, interval: 2 },
        ],
      ]),
    ).toBe(true);
  });
});

describe('credits', () => {
  it('for avoided emissions are cut to whole grams and never negative', () => {
    expect(avoidedGrams(1500, 'solar-rooftop', 380)).toBe(508);
    expect(avoidedGrams(1500, 'coal', 380)).toBe(0);
  });

  it('go from those above the reference to those below it, by what they avoided', () => {
    const entries = creditRule(
      [
        { producer: 'genset', technology: 'diesel', energyWh: 10_000 },
        { producer: 'roof', technology: 'solar-rooftop', energyWh: 10_000 },
        { producer: 'turbine', technology: 'wind-onshore', energyWh: 20_000 },
      ],
      380,
    );
    expect(entries).toEqual([
      { producer: 'genset', grams: -3820 },
      { producer: 'roof', grams: 1203 },
      { producer: 'turbine', grams: 2617 },
    ]);
  });

  it('are not credited beyond what was avoided, however much others emit', () => {
    const entries = creditRule(
      [
        { producer: 'genset', technology: 'diesel', energyWh: 100_000 },
        { producer: 'roof', technology: 'solar-rooftop', energyWh: 1_000 },
      ],
      380,
    );
    expect(entries).toEqual([
      { producer: 'genset', grams: -339 },
      { producer: 'roof', grams: 339 },
    ]);
  });

  it('add up to zero whoever produces what', () => {
    const technology = fc.constantFrom(...(Object.keys(EMISSION_FACTORS) as Technology[]));
    fc.assert(
      fc.property(
        fc.array(fc.record({ producer: fc.string(), technology, energyWh: fc.nat({ max: 1e8 }) }), { maxLength: 12 }),
        fc.integer({ min: 0, max: 1000 }),
        (productions, reference) => {
          const entries = creditRule(productions, reference);
          expect(entries.reduce((sum, e) => sum + e.grams, 0)).toBe(0);
          for (const [i, p] of productions.entries()) {
            const below = EMISSION_FACTORS[p.technology].gCo2PerKWh.median <= reference;
            if (below) expect(entries[i]?.grams).toBeGreaterThanOrEqual(0);
            else expect(entries[i]?.grams).toBeLessThanOrEqual(0);
          }
        },
      ),
    );
  });
});

describe('hourly matching', () => {
  it('counts only certificates of the hour in which the energy was used', () => {
    const matching = matchHourly(
      [
        { hour: 12, energyWh: 3000 },
        { hour: 20, energyWh: 100 },
      ],
      [
        { hour: 12, energyWh: 1000 },
        { hour: 20, energyWh: 1000 },
      ],
    );
    expect(matching).toMatchObject({ score: 0.55, volumetricScore: 1, matchedWh: 1100 });
    expect(matching.perHour[1]).toEqual({ hour: 20, certificatesWh: 100, consumptionWh: 1000, matchedWh: 100 });
  });

  it('has no score when nothing was used', () => {
    expect(matchHourly([{ hour: 1, energyWh: 5 }], []).score).toBeNull();
  });
});
