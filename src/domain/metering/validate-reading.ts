/**
 * Rules a signed register reading must pass before it may be traded on. Registers are cumulative and only grow, so a missed interval is
 * made good by the next reading, and a replay or a roll-back shows itself.
 */

export interface RegisterReading {
  readonly meter: number;
  /** The market interval at whose end the registers stood so. */
  readonly interval: number;
  readonly importWh: number;
  readonly exportWh: number;
  /** Strictly increasing per meter. */
  readonly sequence: number;
}

export interface MeterLimits {
  /** Ratings of the connection, as positive numbers. */
  readonly maxImportW: number;
  readonly maxExportW: number;
  readonly intervalMs: number;
  /** How far a full interval at the rating may be exceeded. Default 1.1. */
  readonly toleranceRatio?: number;
  /** How far the meter's clock may run ahead of the market clock. Default 5 % of the interval. */
  readonly maxClockDriftMs?: number;
}

export type RefusalReason =
  | 'malformed'
  | 'wrong-meter'
  | 'sequence-not-increasing'
  | 'sequence-reused'
  | 'interval-not-increasing'
  | 'register-ran-backwards'
  | 'implausible-import'
  | 'implausible-export'
  | 'from-the-future';

export interface ReadingWarning {
  readonly code: 'gap' | 'late' | 'sequence-skipped';
  readonly detail: string;
}

export type ReadingVerdict =
  | {
      readonly kind: 'accepted';
      /** True for a meter's first reading: it sets the registers and moves no energy. */
      readonly baseline: boolean;
      readonly importDeltaWh: number;
      readonly exportDeltaWh: number;
      /** Intervals the deltas stretch over; 1 without a gap, 0 for a baseline. */
      readonly intervalsCovered: number;
      /** Intervals without a reading of their own, both ends included. */
      readonly gap: { readonly fromInterval: number; readonly toInterval: number } | null;
      readonly warnings: readonly ReadingWarning[];
    }
  /** The very reading accepted last, sent again: acknowledge it, store nothing. */
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly detail: string };

const refused = (reason: RefusalReason, detail: string): ReadingVerdict => ({ kind: 'refused', reason, detail });

/**
 * @param previous the last accepted reading of this meter, or null
 * @param times where the market clock stood when the reading came, to judge the meter's clock
 */
export const validateReading = (
  previous: RegisterReading | null,
  reading: RegisterReading,
  limits: MeterLimits,
  times: { readonly receivedPlantTimeMs?: number } = {},
): ReadingVerdict => {
  for (const [name, value] of Object.entries(reading)) {
    if (!Number.isSafeInteger(value) || value < 0)
      return refused('malformed', `${name} must be a whole number of at least 0, not ${value}`);
  }
  const { receivedPlantTimeMs } = times;
  const driftMs = limits.maxClockDriftMs ?? limits.intervalMs * 0.05;
  const endsAtMs = (reading.interval + 1) * limits.intervalMs;
  if (receivedPlantTimeMs !== undefined && endsAtMs > receivedPlantTimeMs + driftMs) {
    const aheadS = Math.round((endsAtMs - receivedPlantTimeMs) / 1000);
    return refused('from-the-future', `interval ${reading.interval} ends ${aheadS} s from now: check the clock of meter ${reading.meter}`);
  }
  const warnings: ReadingWarning[] = [];
  if (receivedPlantTimeMs !== undefined && receivedPlantTimeMs - endsAtMs > limits.intervalMs) {
    const late = Math.floor((receivedPlantTimeMs - endsAtMs) / limits.intervalMs);
    warnings.push({ code: 'late', detail: `the reading of interval ${reading.interval} came ${late} intervals late` });
  }
  if (previous === null) {
    return { kind: 'accepted', baseline: true, importDeltaWh: 0, exportDeltaWh: 0, intervalsCovered: 0, gap: null, warnings };
  }
  return orderProblem(previous, reading) ?? accept(previous, reading, limits, warnings);
};

const orderProblem = (previous: RegisterReading, reading: RegisterReading): ReadingVerdict | null => {
  if (reading.meter !== previous.meter)
    return refused('wrong-meter', `the reading is of meter ${reading.meter}, not of meter ${previous.meter}`);
  if (reading.sequence === previous.sequence) {
    const same = reading.interval === previous.interval && reading.importWh === previous.importWh && reading.exportWh === previous.exportWh;
    if (same) return { kind: 'duplicate' };
    return refused(
      'sequence-reused',
      `meter ${reading.meter} sent two different readings as number ${reading.sequence}: look for tampering`,
    );
  }
  if (reading.sequence < previous.sequence) {
    return refused('sequence-not-increasing', `number ${reading.sequence} came after ${previous.sequence}: an old reading was sent again`);
  }
  if (reading.interval <= previous.interval) {
    return refused(
      'interval-not-increasing',
      `interval ${reading.interval} was already read (last was ${previous.interval}): check the meter's clock`,
    );
  }
  for (const [name, register] of [
    ['import', 'importWh'],
    ['export', 'exportWh'],
  ] as const) {
    if (reading[register] < previous[register]) {
      const detail = `the ${name} register of meter ${reading.meter} went from ${previous[register]} back to ${reading[register]} Wh: look for tampering or a replaced meter`;
      return refused('register-ran-backwards', detail);
    }
  }
  return null;
};

const accept = (previous: RegisterReading, reading: RegisterReading, limits: MeterLimits, warnings: ReadingWarning[]): ReadingVerdict => {
  const intervalsCovered = reading.interval - previous.interval;
  const importDeltaWh = reading.importWh - previous.importWh;
  const exportDeltaWh = reading.exportWh - previous.exportWh;
  // One Wh more, because registers are cut to whole Wh at both ends.
  const most = (ratingW: number): number =>
    ((ratingW * limits.intervalMs) / 3_600_000) * intervalsCovered * (limits.toleranceRatio ?? 1.1) + 1;
  const implausible = (direction: 'import' | 'export', deltaWh: number, ratingW: number): ReadingVerdict | null =>
    deltaWh <= most(ratingW)
      ? null
      : refused(
          `implausible-${direction}`,
          `meter ${reading.meter} reports ${deltaWh} Wh of ${direction} over ${intervalsCovered} interval(s), but its connection carries at most ${Math.floor(most(ratingW))} Wh`,
        );
  const beyond = implausible('import', importDeltaWh, limits.maxImportW) ?? implausible('export', exportDeltaWh, limits.maxExportW);
  if (beyond !== null) return beyond;

  const gap = intervalsCovered > 1 ? { fromInterval: previous.interval + 1, toInterval: reading.interval - 1 } : null;
  if (gap !== null) {
    const missed = gap.toInterval - gap.fromInterval + 1;
    warnings.push({
      code: 'gap',
      detail: `${missed} interval(s) from ${gap.fromInterval} on have no reading of their own; their energy is in this one`,
    });
  }
  const skipped = reading.sequence - previous.sequence - 1;
  if (skipped > 0) warnings.push({ code: 'sequence-skipped', detail: `${skipped} reading(s) of meter ${reading.meter} never arrived` });
  return { kind: 'accepted', baseline: false, importDeltaWh, exportDeltaWh, intervalsCovered, gap, warnings };
};
