/** What could still be added or taken away within seconds, and how long the stored energy lasts. Powers are magnitudes, W ≥ 0. */
import { type BatteryReading, batteryRange, type GensetReading, type SourceReading, type Trusted } from '../../domain/control/types.ts';

export interface ReserveInput {
  readonly connected: boolean;
  readonly exchangeW: Trusted;
  readonly importMaxW: number;
  readonly exportMaxW: number;
  readonly battery: BatteryReading | null;
  readonly batteryCapacityWh: number;
  readonly genset: GensetReading | null;
  readonly sources: readonly SourceReading[];
  readonly demandW: Trusted;
}
export interface Reserve {
  readonly upW: number | null;
  readonly downW: number | null;
  readonly secondsAtPresentLoad: number | null;
}

export function reserveOf(i: ReserveInput): Reserve {
  let up: number | null = 0;
  let down: number | null = 0;
  const { battery, genset } = i;
  if (battery?.controllable) {
    const range = batteryRange(battery);
    if (range === null || battery.powerW === null) {
      up = null;
      down = null;
    } else {
      up += Math.max(0, battery.powerW - range.minW);
      down += Math.max(0, range.maxW - battery.powerW);
    }
  }
  if (genset?.running && genset.powerW !== null) {
    if (up !== null) up += Math.max(0, genset.ratedW + genset.powerW);
    if (down !== null) down += Math.max(0, -genset.powerW - genset.ratedW * 0.3);
  }
  for (const s of i.sources) if (s.controllable && s.powerW !== null && down !== null) down += Math.max(0, -s.powerW);
  if (i.connected) {
    if (i.exchangeW === null) {
      up = null;
      down = null;
    } else {
      if (up !== null) up += Math.max(0, i.importMaxW - i.exchangeW);
      if (down !== null) down += Math.max(0, i.exportMaxW + i.exchangeW);
    }
  }
  const energyWh =
    battery?.socPercent == null ? null : (i.batteryCapacityWh * Math.max(0, battery.socPercent - battery.socMinPercent)) / 100;
  const generationW = i.sources.reduce((sum, s) => sum + Math.max(0, -(s.powerW ?? 0)), 0) + Math.max(0, -(genset?.powerW ?? 0));
  const netW = i.demandW === null ? null : i.demandW - generationW;
  const secondsAtPresentLoad = energyWh === null || netW === null || netW <= 100 ? null : (energyWh / netW) * 3600;
  return { upW: up, downW: down, secondsAtPresentLoad };
}
