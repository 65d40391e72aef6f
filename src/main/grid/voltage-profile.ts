/** Voltage along each feeder, from the busbar outwards on the closed lines. */
import type { PlantFile } from '../../shared/plant-file.ts';
import type { Position } from './estimator.ts';
import type { PlantNetwork } from './plant-network.ts';

export interface Profile {
  readonly feeder: string;
  readonly points: { bus: string; distanceKm: number; vmPu: number | null }[];
}

export function voltageProfiles(
  plant: PlantFile,
  net: PlantNetwork,
  position: (switchId: string) => Position,
  vmPu: (bus: string) => number | null,
): Profile[] {
  const closed = (k: number): boolean => (net.branches[k]?.switches ?? []).every((s) => position(s.id) !== 'open');
  const heads = plant.grid.switches.filter((s) => s.kind === 'feeder' && s.on.kind === 'line');
  const headBranches = new Set(heads.map((s) => net.branchIndex.get(s.on.id)));
  const busId = (i: number): string => plant.grid.buses[i]?.id ?? '';
  return heads.map((s) => {
    const head = net.branchIndex.get(s.on.id) as number;
    const first = net.branches[head];
    if (!first) return { feeder: s.name, points: [] };
    // The side with more feeder heads on it is the busbar.
    const heads = (bus: number) => net.branches.filter((b, k) => headBranches.has(k) && (b.from === bus || b.to === bus)).length;
    const root = heads(first.from) >= heads(first.to) ? first.from : first.to;
    const points = [{ bus: busId(root), distanceKm: 0, vmPu: vmPu(busId(root)) }];
    if (!closed(head)) return { feeder: s.name, points };
    const seen = new Set([root]);
    const queue: { bus: number; km: number }[] = [];
    const step = (k: number, at: number, km: number): void => {
      const b = net.branches[k];
      if (b?.kind !== 'line' || !closed(k)) return;
      const far = b.from === at ? b.to : b.from;
      if (seen.has(far)) return;
      seen.add(far);
      queue.push({ bus: far, km: km + b.lengthKm });
    };
    step(head, root, 0);
    while (queue.length > 0) {
      const { bus, km } = queue.shift() as { bus: number; km: number };
      points.push({ bus: busId(bus), distanceKm: km, vmPu: vmPu(busId(bus)) });
      net.branches.forEach((b, k) => {
        // Another feeder's head leads back to the busbar, not further along this one.
        if ((b.from === bus || b.to === bus) && !headBranches.has(k)) step(k, bus, km);
      });
    }
    return { feeder: s.name, points: points.sort((a, b) => a.distanceKm - b.distanceKm) };
  });
}
