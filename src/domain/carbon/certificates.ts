/**
 * Certificates as ranges of single Wh (EnergyTag's bundles): the Wh a renewable-only meter exported in an interval are numbered from 0,
 * and a certificate is a stretch of them. Splitting and moving never makes or loses a Wh, and every Wh leads back to its reading.
 */
import { EMISSION_FACTORS, meterFlags, type Technology } from './emission-factors.ts';

export interface MeteredExport {
  readonly meter: number;
  readonly interval: number;
  /** Difference of the export register over the interval. */
  readonly exportWh: number;
  /** The registered flags of the meter. */
  readonly flags: number;
}

/** Wh number `fromWh` up to (not with) `toWh` of what `meter` exported in `interval`. */
export interface CertificateRange {
  readonly meter: number;
  readonly interval: number;
  readonly fromWh: number;
  readonly toWh: number;
}

export const energyOf = (ranges: readonly CertificateRange[]): number => ranges.reduce((sum, r) => sum + r.toWh - r.fromWh, 0);

/** One certificate per renewable-only meter and interval with an export. The same meter and interval twice is a bug of the caller. */
export const allocateCertificates = (exports: readonly MeteredExport[]): { certificates: CertificateRange[]; totalWh: number } => {
  const seen = new Set<string>();
  const certificates: CertificateRange[] = [];
  for (const { meter, interval, exportWh, flags } of exports) {
    const key = `${meter}/${interval}`;
    if (seen.has(key)) throw new RangeError(`meter ${meter} is given twice for interval ${interval}: its energy would be certified twice`);
    seen.add(key);
    if (!Number.isSafeInteger(exportWh) || exportWh < 0) throw new RangeError(`export of meter ${meter} must be whole Wh, not ${exportWh}`);
    if (meterFlags(flags).renewableOnly && exportWh > 0) certificates.push({ meter, interval, fromWh: 0, toWh: exportWh });
  }
  return { certificates, totalWh: energyOf(certificates) };
};

/** Takes `energyWh` from the front of a holding, splitting the range it ends in; null when the holding has less. */
export const takeEnergy = (
  holding: readonly CertificateRange[],
  energyWh: number,
): { taken: CertificateRange[]; rest: CertificateRange[] } | null => {
  if (!Number.isSafeInteger(energyWh) || energyWh < 0 || energyOf(holding) < energyWh) return null;
  const taken: CertificateRange[] = [];
  const rest: CertificateRange[] = [];
  let missingWh = energyWh;
  for (const range of holding) {
    const part = Math.min(missingWh, range.toWh - range.fromWh);
    missingWh -= part;
    if (part > 0) taken.push({ ...range, toWh: range.fromWh + part });
    if (range.fromWh + part < range.toWh) rest.push({ ...range, fromWh: range.fromWh + part });
  }
  return { taken, rest };
};

/** The readings a holding goes back to, with the Wh of each. */
export const provenanceOf = (holding: readonly CertificateRange[]): { meter: number; interval: number; energyWh: number }[] => {
  const origins = new Map<string, { meter: number; interval: number; energyWh: number }>();
  for (const { meter, interval, fromWh, toWh } of holding) {
    const key = `${meter}/${interval}`;
    const origin = origins.get(key) ?? { meter, interval, energyWh: 0 };
    origins.set(key, { ...origin, energyWh: origin.energyWh + toWh - fromWh });
  }
  return [...origins.values()];
};

/** True when no Wh occurs twice in the holdings together. */
export const countsNothingTwice = (holdings: readonly (readonly CertificateRange[])[]): boolean => {
  const byOrigin = Map.groupBy(holdings.flat(), (r) => `${r.meter}/${r.interval}`);
  for (const ranges of byOrigin.values()) {
    const sorted = [...ranges].sort((a, b) => a.fromWh - b.fromWh);
    for (let i = 1; i < sorted.length; i += 1) {
      if ((sorted[i] as CertificateRange).fromWh < (sorted[i - 1] as CertificateRange).toWh) return false;
    }
  }
  return true;
};

/**
 * Grams of CO2 avoided against a reference intensity, rounded down: what credits may be issued for.
 * Never negative: a source dirtier than the reference avoids nothing.
 */
export const avoidedGrams = (energyWh: number, technology: Technology, referenceGCo2PerKWh: number): number =>
  Math.max(0, Math.floor((energyWh * (referenceGCo2PerKWh - EMISSION_FACTORS[technology].gCo2PerKWh.median)) / 1000));
