/** The topology as screens draw it, from the plant file. Buses without a place are set in rows below the placed ones. */
import type { GridTopology } from '../../shared/contract/grid.ts';
import type { PlantFile } from '../../shared/plant-file.ts';

export function topologyView(plant: PlantFile): GridTopology {
  const { grid } = plant;
  const lowest = Math.max(0, ...grid.buses.map((b) => b.y ?? 0));
  let unplaced = 0;
  const place = (b: PlantFile['grid']['buses'][number]): { x: number; y: number } => {
    if (b.x !== undefined && b.y !== undefined) return { x: b.x, y: b.y };
    const at = unplaced++;
    return { x: 1 + (at % 6) * 2, y: lowest + 2 + Math.floor(at / 6) * 2 };
  };
  const memberOf = new Map(plant.members.map((m) => [m.meter, m.id]));
  return {
    buses: grid.buses.map((b) => ({ id: b.id, name: b.name, nominalKv: b.nominalKv, ...place(b) })),
    branches: [
      ...grid.lines.map((l) => ({
        id: l.id,
        name: l.name,
        kind: 'line' as const,
        from: l.from,
        to: l.to,
        ratedA: l.ratedA,
        ratedVa: null,
        detail: `${l.type}, ${Math.round(l.lengthKm * 1000)} m, ${l.ratedA} A`,
      })),
      ...grid.transformers.map((t) => ({
        id: t.id,
        name: t.name,
        kind: 'transformer' as const,
        from: t.hv,
        to: t.lv,
        ratedA: null,
        ratedVa: t.snKva * 1000,
        detail: `${t.snKva} kVA, ${t.vnHvKv}/${t.vnLvKv} kV, ${t.vkPercent} %`,
      })),
    ],
    switches: grid.switches.map((s) => ({ id: s.id, name: s.name, kind: s.kind, on: s.on, normal: s.normal })),
    units: grid.units.map((u) => ({
      id: u.id,
      name: u.name,
      kind: u.kind,
      bus: u.bus,
      ratedW: u.ratedW,
      critical: u.critical,
      controller: u.controller ?? null,
      meter: u.meter ?? null,
      member: (u.meter && memberOf.get(u.meter)) ?? null,
    })),
    gridBus: grid.gridBus,
  };
}
