/** What each unit draws or gives, from the best measurement there is: its controller, its meter, or meter less the others behind it. */
import type { PlantFile, PlantUnit } from '../../shared/plant-file.ts';
import type { Value } from '../../shared/values.ts';

export interface UnitPower {
  readonly powerW: Value;
  readonly reactiveVar: number;
}

const MISSING = (reason: string): Value => ({ value: null, quality: 'missing', timeMs: null, reason });
const usable = (v: Value): boolean => v.value !== null && v.quality === 'good';

export type UnitMeasurement = (read: (point: string) => Value) => Map<string, UnitPower>;

export function unitMeasurement(plant: PlantFile): UnitMeasurement {
  const { units } = plant.grid;
  const behind = new Map<string, PlantUnit[]>();
  for (const u of units) if (u.meter) behind.set(u.meter, [...(behind.get(u.meter) ?? []), u]);

  return (read) => {
    const result = new Map<string, UnitPower>();
    const ofController = (u: PlantUnit): Value | null => (u.controller ? read(`${u.controller}.W`) : null);
    const reactive = (point: string): number => {
      const v = read(point);
      return v.value !== null && v.quality !== 'bad' ? v.value : 0;
    };
    for (const u of units) {
      const own = ofController(u);
      if (own && usable(own)) {
        result.set(u.id, { powerW: own, reactiveVar: reactive(`${u.controller}.VAR`) });
        continue;
      }
      result.set(u.id, byMeter(u, own, read, behind, ofController, reactive));
    }
    return result;
  };
}

function byMeter(
  u: PlantUnit,
  own: Value | null,
  read: (point: string) => Value,
  behind: ReadonlyMap<string, PlantUnit[]>,
  ofController: (u: PlantUnit) => Value | null,
  reactive: (point: string) => number,
): UnitPower {
  if (!u.meter) return { powerW: own ?? MISSING('It has neither meter nor controller'), reactiveVar: 0 };
  const metered = read(`${u.meter}.W`);
  if (metered.value === null) return { powerW: own?.value != null ? own : { ...metered, value: null }, reactiveVar: 0 };
  const others = (behind.get(u.meter) ?? []).filter((o) => o.id !== u.id);
  let powerW = metered.value;
  let reactiveVar = reactive(`${u.meter}.VAR`);
  let quality = metered.quality;
  let reason = metered.reason;
  for (const o of others) {
    const theirs = ofController(o);
    if (!theirs || theirs.value === null) {
      // Two unknowns behind one meter: the meter alone cannot tell them apart.
      return { powerW: own?.value != null ? own : MISSING(`Its meter also carries ${o.name}, whose power is unknown`), reactiveVar: 0 };
    }
    powerW -= theirs.value;
    reactiveVar -= o.controller ? reactive(`${o.controller}.VAR`) : 0;
    if (theirs.quality !== 'good') {
      quality = theirs.quality;
      reason = theirs.reason;
    }
  }
  // Meter and inverter are not read in the same instant: what a load seems to give is that difference.
  if (u.kind === 'load') powerW = Math.max(0, powerW);
  const computed = others.length > 0 || own !== null;
  const shown = quality === 'good' && computed ? 'estimated' : quality;
  const why =
    shown === 'estimated' ? (own !== null ? 'From its meter: its controller does not answer' : 'Meter less the sources behind it') : reason;
  return { powerW: { value: powerW, quality: shown, timeMs: metered.timeMs, ...(why !== undefined && { reason: why }) }, reactiveVar };
}
