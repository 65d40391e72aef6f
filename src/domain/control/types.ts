/**
 * What a control function sees and says. Functions are pure: the same state and the same readings give the same decision, so that a
 * shift can be replayed. Power is positive for import and consumption, negative for export and generation; `null` is a reading nobody
 * may trust (stale, refused or never made), and no function may treat it as 0.
 */
export type Trusted = number | null;

export type FunctionId = 'frequency' | 'battery' | 'peak' | 'curtailment' | 'shedding' | 'genset';

/** idle: nothing to do · acting · limited: wants more than it may or can · blind: readings missing, holds. */
export type FunctionStatus = 'idle' | 'acting' | 'limited' | 'blind';

export interface Verdict {
  readonly status: FunctionStatus;
  /** What was decided, in words. */
  readonly decision: string;
  readonly why: string;
}

export interface BatteryReading {
  readonly id: string;
  readonly name: string;
  readonly ratedW: number;
  readonly powerW: Trusted;
  readonly socPercent: Trusted;
  readonly socMinPercent: number;
  readonly socMaxPercent: number;
  /** In automatic mode, energised, without a lock-out tag. */
  readonly controllable: boolean;
}

export interface GensetReading {
  readonly id: string;
  readonly name: string;
  readonly ratedW: number;
  readonly powerW: Trusted;
  /** Loaded or ready to be loaded; null = unknown. */
  readonly running: boolean | null;
  readonly controllable: boolean;
}

export interface SourceReading {
  readonly id: string;
  readonly name: string;
  readonly ratedW: number;
  readonly powerW: Trusted;
  readonly controllable: boolean;
}

export const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** Battery power allowed by its state of charge: at the lower edge it may not discharge, at the upper edge it may not charge. */
export function batteryRange(battery: BatteryReading): { minW: number; maxW: number } | null {
  if (battery.socPercent === null) return null;
  // The last two percent are a ramp, so that the power fades instead of switching.
  const roomDown = clamp((battery.socPercent - battery.socMinPercent) / 2, 0, 1);
  const roomUp = clamp((battery.socMaxPercent - battery.socPercent) / 2, 0, 1);
  return { minW: roomDown === 0 ? 0 : -battery.ratedW * roomDown, maxW: roomUp === 0 ? 0 : battery.ratedW * roomUp };
}

export const kilowatts = (powerW: number): string => `${(powerW / 1000).toFixed(1)} kW`;
export const flow = (powerW: number): string => (powerW < 0 ? `discharge ${kilowatts(-powerW)}` : `charge ${kilowatts(powerW)}`);

/** What a function says when readings show neither the main grid nor an island: nothing is fed, or its relays and meters are silent. */
export const NEITHER = 'The plant is neither surely on the main grid nor surely an island';
