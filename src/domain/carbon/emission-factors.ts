/**
 * Emission factors with their source and date. Life-cycle figures in gCO2eq per kWh of electricity:
 * IPCC AR5 WG3 Annex III, Table A.III.2 (Schlömer et al., 2014).
 */

export type Technology =
  | 'coal'
  | 'gas'
  | 'diesel'
  | 'biomass-cofiring'
  | 'biomass'
  | 'geothermal'
  | 'hydro'
  | 'nuclear'
  | 'solar-concentrated'
  | 'solar-rooftop'
  | 'solar-utility'
  | 'wind-onshore'
  | 'wind-offshore';

export interface EmissionFactor {
  readonly technology: Technology;
  readonly gCo2PerKWh: { readonly min: number; readonly median: number; readonly max: number };
  readonly renewable: boolean;
  readonly source: string;
  readonly year: number;
}

const AR5 = 'IPCC AR5 WG3 Annex III, Table A.III.2, life cycle';

const ar5 = (technology: Technology, min: number, median: number, max: number, renewable: boolean): EmissionFactor => ({
  technology,
  gCo2PerKWh: { min, median, max },
  renewable,
  source: AR5,
  year: 2014,
});

export const EMISSION_FACTORS: Readonly<Record<Technology, EmissionFactor>> = {
  coal: ar5('coal', 740, 820, 910, false),
  gas: ar5('gas', 410, 490, 650, false),
  'biomass-cofiring': ar5('biomass-cofiring', 620, 740, 890, false),
  biomass: ar5('biomass', 130, 230, 420, true),
  geothermal: ar5('geothermal', 6, 38, 79, true),
  hydro: ar5('hydro', 1, 24, 2200, true),
  nuclear: ar5('nuclear', 3.7, 12, 110, false),
  'solar-concentrated': ar5('solar-concentrated', 8.8, 27, 63, true),
  'solar-rooftop': ar5('solar-rooftop', 26, 41, 60, true),
  'solar-utility': ar5('solar-utility', 18, 48, 180, true),
  'wind-onshore': ar5('wind-onshore', 7, 11, 56, true),
  'wind-offshore': ar5('wind-offshore', 8, 12, 35, true),
  // Not in AR5: 74.1 kg CO2 per GJ of fuel at 42, 35 and 25 % electrical efficiency of small sets; combustion only.
  diesel: {
    technology: 'diesel',
    gCo2PerKWh: { min: 635, median: 762, max: 1067 },
    renewable: false,
    source: 'IPCC 2006 Guidelines vol. 2 ch. 2 Table 2.2 (gas/diesel oil, 74.1 kg/GJ), combustion, at 35 % (25 to 42 %) set efficiency',
    year: 2006,
  },
};

/** Technology codes of a registered meter; storage and mixed sites have no factor of their own. */
const TECHNOLOGY_OF_CODE: readonly (Technology | null)[] = [
  null,
  'solar-rooftop',
  'wind-onshore',
  'hydro',
  'biomass',
  'diesel',
  null,
  null,
];

/** What a registered meter's flags word says: bit 0 renewable only, bits 1 to 4 the technology code. */
export interface MeterFlags {
  /** Its export yields certificates. */
  readonly renewableOnly: boolean;
  readonly technologyCode: number;
  /** Null for consumers, storage and mixed sites. */
  readonly technology: Technology | null;
}

export const meterFlags = (flags: number): MeterFlags => {
  if (!Number.isInteger(flags) || flags < 0 || flags > 31) throw new RangeError(`meter flags must be 0 to 31, not ${flags}`);
  const technologyCode = flags >> 1;
  return { renewableOnly: (flags & 1) === 1, technologyCode, technology: TECHNOLOGY_OF_CODE[technologyCode] ?? null };
};
