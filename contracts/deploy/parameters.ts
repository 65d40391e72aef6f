/** Initial values and bounds of every governed parameter. Units are the last part of the name. */
export type ParameterDefinition = {
  readonly key: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly source: string;
};

const ipcc = 'IPCC AR5 WG3 Annex III table A.III.2 (2014), lifecycle median';

export const parameterDefinitions: readonly ParameterDefinition[] = [
  // Emission factors, gCO2e per kWh. Bounds are the minimum and maximum of the same table.
  { key: 'factor.solar.gPerKWh', value: 41, min: 18, max: 180, source: ipcc },
  { key: 'factor.wind.gPerKWh', value: 11, min: 7, max: 56, source: ipcc },
  { key: 'factor.hydro.gPerKWh', value: 24, min: 1, max: 2200, source: ipcc },
  { key: 'factor.biomass.gPerKWh', value: 230, min: 130, max: 420, source: ipcc },
  { key: 'factor.grid.gPerKWh', value: 344, min: 0, max: 1500, source: 'Our World in Data, carbon intensity of electricity, Germany 2024' },
  // Credits a non-renewable producer owes, milligrams of CO2e per Wh.
  { key: 'levy.diesel.mgPerWh', value: 200, min: 0, max: 2000, source: 'Community assembly, founding tariff' },
  // Tariffs, milli-cents per kWh.
  { key: 'tariff.import.mcPerKWh', value: 32_000, min: 0, max: 500_000, source: 'Community assembly, founding tariff' },
  { key: 'tariff.export.mcPerKWh', value: 8_000, min: 0, max: 500_000, source: 'Community assembly, founding tariff' },
  // Fees, hundredths of a per cent of the money that changes hands.
  { key: 'fee.trade.bps', value: 20, min: 0, max: 500, source: 'Community assembly, founding tariff' },
  { key: 'fee.close.bps', value: 500, min: 0, max: 2000, source: 'Community assembly, founding tariff' },
  { key: 'bond.future.bps', value: 1000, min: 0, max: 5000, source: 'Community assembly, founding tariff' },
  // What is handed to a standing order must still live this long, seconds. The youngest energy lives for three weeks at least.
  { key: 'life.least.s', value: 86_400, min: 3600, max: 604_800, source: 'Community assembly, founding tariff' },
];
