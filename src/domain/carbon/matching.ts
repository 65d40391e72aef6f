/** Hourly matching: how much of what was used was covered by certificates of the same hour (24/7 carbon-free energy score). */

export interface HourEnergy {
  /** Any whole number that names the hour (or interval), the same for both sides. */
  readonly hour: number;
  readonly energyWh: number;
}

export interface MatchedHour {
  readonly hour: number;
  readonly certificatesWh: number;
  readonly consumptionWh: number;
  readonly matchedWh: number;
}

export interface Matching {
  /** Matched over consumed, 0 to 1; null when nothing was consumed. */
  readonly score: number | null;
  readonly matchedWh: number;
  readonly consumptionWh: number;
  /** What a yearly account would have claimed: surplus of one hour counted for another. */
  readonly volumetricScore: number | null;
  readonly perHour: MatchedHour[];
}

const sumByHour = (entries: readonly HourEnergy[]): Map<number, number> => {
  const sums = new Map<number, number>();
  for (const { hour, energyWh } of entries) sums.set(hour, (sums.get(hour) ?? 0) + energyWh);
  return sums;
};

export const matchHourly = (certificates: readonly HourEnergy[], consumption: readonly HourEnergy[]): Matching => {
  const made = sumByHour(certificates);
  const used = sumByHour(consumption);
  const hours = [...new Set([...made.keys(), ...used.keys()])].sort((a, b) => a - b);
  const perHour = hours.map((hour): MatchedHour => {
    const certificatesWh = made.get(hour) ?? 0;
    const consumptionWh = used.get(hour) ?? 0;
    return { hour, certificatesWh, consumptionWh, matchedWh: Math.min(certificatesWh, consumptionWh) };
  });
  const total = (key: 'certificatesWh' | 'consumptionWh' | 'matchedWh'): number => perHour.reduce((sum, h) => sum + h[key], 0);
  const consumptionWh = total('consumptionWh');
  const matchedWh = total('matchedWh');
  return {
    score: consumptionWh > 0 ? matchedWh / consumptionWh : null,
    matchedWh,
    consumptionWh,
    volumetricScore: consumptionWh > 0 ? Math.min(1, total('certificatesWh') / consumptionWh) : null,
    perHour,
  };
};
