/** What to read from a SunSpec device of a kind, whichever of the model families it speaks, and how its tags become points. */
import type { DiscoveredModel } from '../../../drivers/modbus/sunspec/discover.ts';
import type { PointReference } from '../../../drivers/modbus/sunspec/tags.ts';
import type { PlantDevice } from '../../shared/plant-file.ts';

/** Numbers by tag; a tag the device does not give is null. */
export type Tags = ReadonlyMap<string, number | null>;
export type Derived = Record<string, number | null>;
export interface SunSpecMap {
  readonly references: PointReference[];
  derive(tags: Tags): Derived;
}

const METERS = [203, 201, 202, 204, 213, 211, 212, 214];
const INVERTERS = [103, 101, 102, 113, 111, 112];

const tag = (modelId: number, path: string): PointReference => ({ tag: path, modelId, path });
/** SunSpec sources and stores count generation positive. */
const turned = (value: number | null | undefined): number | null => (value == null ? null : value === 0 ? 0 : -value);
const at = (tags: Tags, name: string): number | null => tags.get(name) ?? null;

/** null when the device lacks a model without which it cannot be what the plant file says. */
export function sunspecMap(kind: PlantDevice['kind'], models: readonly Pick<DiscoveredModel, 'id'>[]): SunSpecMap | null {
  const has = (id: number) => models.some((m) => m.id === id);
  if (kind === 'meter') {
    const id = METERS.find(has);
    return id === undefined ? null : meterMap(id);
  }
  if (kind === 'battery') return batteryMap(has);
  if (kind === 'solar-inverter' || kind === 'wind-inverter' || kind === 'hydro-controller') return inverterMap(has);
  return null;
}

const meterMap = (id: number): SunSpecMap => ({
  references: ['W', 'VAR', 'PhV', 'PhVphA', 'Hz', 'TotWhImp', 'TotWhExp', 'Evt'].map((path) => tag(id, path)),
  derive: (t) => {
    const events = at(t, 'Evt');
    return {
      W: at(t, 'W'),
      VAR: at(t, 'VAR'),
      V: at(t, 'PhV') ?? at(t, 'PhVphA'),
      Hz: at(t, 'Hz'),
      importWh: at(t, 'TotWhImp'),
      exportWh: at(t, 'TotWhExp'),
      // Bit 16 (OEM01) of the meter event word.
      coverOpen: events === null ? null : (events >>> 16) & 1,
    };
  },
});

function acPart(has: (id: number) => boolean): SunSpecMap | null {
  const id = INVERTERS.find(has);
  if (id !== undefined) {
    return {
      references: ['W', 'VAr', 'VAR', 'PhVphA', 'Hz', 'St'].map((path) => tag(id, path)),
      derive: (t) => ({
        W: turned(at(t, 'W')),
        VAR: turned(at(t, 'VAr') ?? at(t, 'VAR')),
        V: at(t, 'PhVphA'),
        Hz: at(t, 'Hz'),
        state: at(t, 'St'),
      }),
    };
  }
  if (!has(701)) return null;
  return {
    references: ['W', 'Var', 'LNV', 'VL1', 'Hz', 'InvSt', 'DERMode'].map((path) => tag(701, path)),
    derive: (t) => {
      const mode = at(t, 'DERMode');
      return {
        W: turned(at(t, 'W')),
        VAR: turned(at(t, 'Var')),
        V: at(t, 'LNV') ?? at(t, 'VL1'),
        Hz: at(t, 'Hz'),
        state: at(t, 'InvSt'),
        // Bit 1: grid forming.
        forming: mode === null ? null : (mode >>> 1) & 1,
      };
    },
  };
}

function inverterMap(has: (id: number) => boolean): SunSpecMap | null {
  const ac = acPart(has);
  if (!ac) return null;
  const [limitModel, limit, enabled] = has(123)
    ? ([123, 'WMaxLimPct', 'WMaxLim_Ena'] as const)
    : has(704)
      ? ([704, 'WMaxLimPct', 'WMaxLimPctEna'] as const)
      : ([0, '', ''] as const);
  return {
    references: limitModel === 0 ? ac.references : [...ac.references, tag(limitModel, limit), tag(limitModel, enabled)],
    derive: (t) => {
      const derived = ac.derive(t);
      delete derived.forming;
      const on = at(t, enabled);
      return { ...derived, limitPercent: limitModel === 0 || on === null ? null : on === 1 ? at(t, limit) : 100 };
    },
  };
}

function batteryMap(has: (id: number) => boolean): SunSpecMap | null {
  const ac = acPart(has);
  if (has(713) && ac) {
    return {
      references: [...ac.references, tag(713, 'SoC'), ...(has(704) ? [tag(704, 'WSetEna'), tag(704, 'WSet')] : [])],
      derive: (t) => ({ ...ac.derive(t), SoC: at(t, 'SoC'), setW: at(t, 'WSetEna') === 1 ? turned(at(t, 'WSet')) : null }),
    };
  }
  if (!has(802)) return null;
  const own: PointReference[] = [tag(802, 'SoC'), { tag: 'StoreW', modelId: 802, path: 'W' }];
  const control = has(124) ? ['WChaMax', 'StorCtl_Mod', 'InWRte'].map((path) => tag(124, path)) : [];
  return {
    references: [...(ac?.references ?? []), ...own, ...control],
    derive: (t) => {
      const mode = at(t, 'StorCtl_Mod');
      const rate = at(t, 'InWRte');
      const maxW = at(t, 'WChaMax');
      const base: Derived = ac ? ac.derive(t) : { W: turned(at(t, 'StoreW')) };
      return { ...base, SoC: at(t, 'SoC'), setW: mode === 3 && rate !== null && maxW !== null ? (rate * maxW) / 100 : null };
    },
  };
}
