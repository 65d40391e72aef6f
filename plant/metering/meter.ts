/**
 * A revenue meter: two cumulative registers, one reading per interval, kept until the broker acknowledged it. What it shows and signs
 * never runs ahead of what is on disk, so that a restart cannot roll a register back. Pure data and steps; I/O is elsewhere.
 */
import type { MeterReading } from '../../drivers/mqtt/messages.ts';

export interface Meter {
  readonly deviceId: string;
  readonly meterId: number;
  importWh: number;
  exportWh: number;
  /** As on disk; what the display, the Modbus registers and readings show at most. */
  storedImportWh: number;
  storedExportWh: number;
  sequence: number;
  /** Last interval a reading was made for; null before the first. */
  lastInterval: number | null;
  /** Readings not acknowledged yet, oldest first. */
  pending: MeterReading[];
  coverOpen: boolean;
  activePowerW: number;
}

/** A meter just out of the box carries some energy from its tests and from the years before. */
export function createMeter(deviceId: string, meterId: number, initialImportWh: number, initialExportWh: number): Meter {
  return {
    deviceId,
    meterId,
    importWh: initialImportWh,
    exportWh: initialExportWh,
    storedImportWh: initialImportWh,
    storedExportWh: initialExportWh,
    sequence: 0,
    lastInterval: null,
    pending: [],
    coverOpen: false,
    activePowerW: 0,
  };
}

/** Registers at the end of an interval that ended inside this step. */
export interface IntervalEnd {
  interval: number;
  importWh: number;
  exportWh: number;
}

/**
 * Books one step and says whether an interval ended in it: power is constant within the step, so the registers at the boundary
 * are the share of the step before it. A step over several boundaries (a clock jump) reports the last one.
 */
export function bookMeter(meter: Meter, activePowerW: number, fromMs: number, toMs: number, intervalMs: number): IntervalEnd | null {
  const wh = (activePowerW * (toMs - fromMs)) / 3_600_000;
  const importWh = Math.max(wh, 0);
  const exportWh = Math.max(-wh, 0);
  const before = Math.floor(fromMs / intervalMs);
  const after = Math.floor(toMs / intervalMs);
  let end: IntervalEnd | null = null;
  if (after > before && toMs > fromMs) {
    const share = (after * intervalMs - fromMs) / (toMs - fromMs);
    end = { interval: after - 1, importWh: meter.importWh + importWh * share, exportWh: meter.exportWh + exportWh * share };
  }
  meter.importWh += importWh;
  meter.exportWh += exportWh;
  meter.activePowerW = activePowerW;
  return end;
}

/** An unsigned reading for an interval's end; null when that interval was read before. Whole Wh, rounded down. */
export function takeReading(meter: Meter, end: IntervalEnd): Omit<MeterReading, 'signature'> | null {
  if (meter.lastInterval !== null && end.interval <= meter.lastInterval) return null;
  meter.lastInterval = end.interval;
  meter.sequence += 1;
  return {
    schema: 'meter-reading/1',
    meter: meter.meterId,
    interval: end.interval,
    importWh: Math.floor(end.importWh),
    exportWh: Math.floor(end.exportWh),
    sequence: meter.sequence,
  };
}
