/**
 * Curtailment of renewable sources: on the main grid to the export limit, on an island when frequency, voltage or a full battery leave no
 * room. One level, in percent of each source's own rating, holds for all: who gives most of his rating is cut first, who gives less than the
 * level is not touched. It falls at once and is lifted slowly.
 */
import { type BatteryReading, clamp, kilowatts, type SourceReading, type Trusted, type Verdict } from './types.ts';

export interface CurtailmentInput {
  readonly connected: boolean;
  readonly islanded: boolean;
  readonly exchangeW: Trusted;
  readonly exportMaxW: number;
  readonly frequencyHz: Trusted;
  readonly nominalHz: number;
  readonly highestVoltagePu: Trusted;
  readonly voltageMaxPu: number;
  readonly battery: BatteryReading | null;
  readonly sources: readonly SourceReading[];
  readonly dtS: number;
}
/** `levelPercent` of rating for every controllable source; null = no limit in force. */
export interface CurtailmentState {
  readonly levelPercent: number | null;
  readonly blindS: number;
}
export interface CurtailmentDecision extends Verdict {
  readonly state: CurtailmentState;
  /** Limit per source in percent of its rating; null = no limit. Sources that may not be commanded are missing. */
  readonly limitPercent: ReadonlyMap<string, number | null>;
}
export const initialCurtailment: CurtailmentState = { levelPercent: null, blindS: 0 };

const LIFT_PERCENT_PER_S = 1;
/** Acts a little before the limit itself, so that the limit is kept and not only repaired. */
const EXPORT_MARGIN = 0.97;
const OVER_FREQUENCY_HZ = 0.2;

export function curtail(previous: CurtailmentState, input: CurtailmentInput): CurtailmentDecision {
  const sources = input.sources.filter((s) => s.controllable);
  const ratedW = sources.reduce((sum, s) => sum + s.ratedW, 0);
  const share = (levelPercent: number | null): Map<string, number | null> => new Map(sources.map((s) => [s.id, levelPercent]));
  const shown = (levelPercent: number): string => `${levelPercent.toFixed(0)} % of their rating`;
  if (sources.length === 0) {
    return {
      state: initialCurtailment,
      limitPercent: new Map(),
      status: 'idle',
      decision: 'Does nothing',
      why: 'No source may be commanded',
    };
  }
  const blindBecause = blindness(input, sources);
  if (blindBecause !== null) {
    return {
      state: { ...previous, blindS: previous.blindS + input.dtS },
      limitPercent: share(previous.levelPercent),
      status: 'blind',
      decision: previous.levelPercent === null ? 'Sets no limit' : `Holds the last limit, ${shown(previous.levelPercent)}`,
      why: blindBecause,
    };
  }
  const generationW = sources.reduce((sum, s) => sum + giving(s), 0);
  const excess = excessOf(input, generationW);
  if (excess.powerW > 0) {
    const levelPercent = Math.min(previous.levelPercent ?? 100, levelFor(sources, Math.max(0, generationW - excess.powerW)));
    return {
      state: { levelPercent, blindS: 0 },
      limitPercent: share(levelPercent),
      status: levelPercent === 0 ? 'limited' : 'acting',
      decision: `Limits the renewable sources to ${shown(levelPercent)}`,
      why: excess.why,
    };
  }
  const lift = (decision: string): CurtailmentDecision => ({
    state: initialCurtailment,
    limitPercent: share(null),
    status: 'idle',
    decision,
    why: 'There is room for all generation',
  });
  if (previous.levelPercent === null) return lift('Sets no limit');
  const room = -excess.powerW > ratedW * 0.01;
  const lifted = room ? previous.levelPercent + LIFT_PERCENT_PER_S * input.dtS : previous.levelPercent;
  if (lifted >= 100) return lift('Lifts the limit');
  return {
    state: { levelPercent: lifted, blindS: 0 },
    limitPercent: share(lifted),
    status: 'acting',
    decision: room ? `Raises the limit to ${shown(lifted)}` : `Keeps the limit at ${shown(lifted)}`,
    why: room ? 'There is room again; it is lifted slowly' : 'There is no room for more',
  };
}

const giving = (s: SourceReading): number => Math.max(0, -(s.powerW ?? 0));

/** The level at which the sources together give `targetW`: the sum of min(what it gives, level × rating) grows with the level. */
function levelFor(sources: readonly SourceReading[], targetW: number): number {
  let low = 0;
  let high = 100;
  for (let i = 0; i < 30; i += 1) {
    const level = (low + high) / 2;
    const sum = sources.reduce((w, s) => w + Math.min(giving(s), (level / 100) * s.ratedW), 0);
    if (sum > targetW) high = level;
    else low = level;
  }
  return clamp(low, 0, 100);
}

function blindness(input: CurtailmentInput, sources: readonly SourceReading[]): string | null {
  if (!input.connected && !input.islanded) return 'The plant’s mode is unknown';
  if (input.connected && input.exchangeW === null) return 'The exchange meter cannot be trusted';
  if (input.islanded && input.frequencyHz === null) return 'No frequency can be trusted';
  const blind = sources.filter((s) => s.powerW === null);
  return blind.length === sources.length ? 'No source’s power can be trusted' : null;
}

/** Positive: so much generation is too much. Negative: so much more would fit. */
function excessOf(input: CurtailmentInput, generationW: number): { powerW: number; why: string } {
  if (input.highestVoltagePu !== null && input.highestVoltagePu > input.voltageMaxPu) {
    return {
      powerW: Math.max(500, generationW * 0.1 * input.dtS),
      why: `Voltage is ${input.highestVoltagePu.toFixed(3)} pu, above ${input.voltageMaxPu}`,
    };
  }
  if (input.connected) {
    const exportW = -(input.exchangeW as number);
    return {
      powerW: exportW - input.exportMaxW * EXPORT_MARGIN,
      why: `Export is ${kilowatts(Math.max(0, exportW))}, the limit ${kilowatts(input.exportMaxW)}`,
    };
  }
  const overHz = (input.frequencyHz as number) - input.nominalHz - OVER_FREQUENCY_HZ;
  if (overHz > 0) {
    return {
      powerW: Math.max(500, generationW * Math.min(0.5, overHz) * input.dtS),
      why: `Frequency is ${(input.frequencyHz as number).toFixed(2)} Hz`,
    };
  }
  const battery = input.battery;
  if (battery === null || battery.powerW === null || battery.socPercent === null) return { powerW: 0, why: 'The battery is unknown' };
  if (battery.socPercent >= battery.socMaxPercent) {
    // A full battery must not be charged: all it takes in is too much. 1 kW of discharge is kept as room.
    return { powerW: battery.powerW + 1000, why: `The battery is full (${battery.socPercent.toFixed(0)} %)` };
  }
  return {
    powerW: battery.powerW - battery.ratedW * 0.9,
    why: `The battery takes in ${kilowatts(Math.max(0, battery.powerW))} of ${kilowatts(battery.ratedW)}`,
  };
}
