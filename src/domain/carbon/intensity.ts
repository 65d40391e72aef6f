/** How much CO2 a kWh of a mix carries, and the location-based account of a site. */
import { EMISSION_FACTORS, type Technology } from './emission-factors.ts';

export type MixPart =
  | { readonly technology: Technology; readonly energyWh: number }
  | { readonly gCo2PerKWh: number; readonly energyWh: number };

export interface MixIntensity {
  /** Null when there is no energy to speak of. */
  readonly gCo2PerKWh: number | null;
  readonly energyWh: number;
  readonly gCo2: number;
}

export const mixIntensity = (parts: readonly MixPart[]): MixIntensity => {
  let energyWh = 0;
  let gCo2 = 0;
  for (const part of parts) {
    if (!(part.energyWh >= 0)) throw new RangeError(`energy in a mix must be at least 0 Wh, not ${part.energyWh}`);
    const factor = 'technology' in part ? EMISSION_FACTORS[part.technology].gCo2PerKWh.median : part.gCo2PerKWh;
    energyWh += part.energyWh;
    gCo2 += (part.energyWh * factor) / 1000;
  }
  return { gCo2PerKWh: energyWh > 0 ? (gCo2 / energyWh) * 1000 : null, energyWh, gCo2 };
};

export interface SiteStep {
  /** What the site used and made itself in the step, both positive. */
  readonly loadWh: number;
  readonly generationWh: number;
  /** Intensity of the grid in the step. */
  readonly gridGCo2PerKWh: number;
}

export interface SiteAccount {
  readonly importWh: number;
  readonly exportWh: number;
  readonly selfConsumedWh: number;
  /** Location-based emissions of what was imported, and of the whole load had nothing been generated. */
  readonly importGCo2: number;
  readonly withoutGenerationGCo2: number;
  /** At the grid's intensity of the same step: what the export displaced elsewhere. */
  readonly exportGCo2: number;
}

/** Steps are netted one by one: generation at noon does not undo an evening's import. */
export const siteAccount = (steps: readonly SiteStep[]): SiteAccount => {
  const account = { importWh: 0, exportWh: 0, selfConsumedWh: 0, importGCo2: 0, withoutGenerationGCo2: 0, exportGCo2: 0 };
  for (const step of steps) {
    const net = step.loadWh - step.generationWh;
    const importWh = Math.max(net, 0);
    const exportWh = Math.max(-net, 0);
    account.importWh += importWh;
    account.exportWh += exportWh;
    account.selfConsumedWh += Math.min(step.loadWh, step.generationWh);
    account.importGCo2 += (importWh * step.gridGCo2PerKWh) / 1000;
    account.exportGCo2 += (exportWh * step.gridGCo2PerKWh) / 1000;
    account.withoutGenerationGCo2 += (step.loadWh * step.gridGCo2PerKWh) / 1000;
  }
  return account;
};
