/** The state of the grid as it goes over the wire. */
import type { GridState } from '../../shared/contract/grid.ts';
import type { PlantFile } from '../../shared/plant-file.ts';
import type { Value } from '../../shared/values.ts';
import type { Estimate, Position } from './estimator.ts';
import type { Lockout } from './lockout.ts';
import type { PlantNetwork } from './plant-network.ts';
import type { UnitPower } from './unit-power.ts';

export function gridStateOf(d: {
  plant: PlantFile;
  net: PlantNetwork;
  estimate: Estimate;
  nowMs: number;
  voltages: ReadonlyMap<number, Value>;
  unitPowers: ReadonlyMap<string, UnitPower>;
  position: (switchId: string) => Position;
  read: (point: string) => Value;
  lockout: Lockout;
}): GridState {
  const { plant, net, estimate, nowMs } = d;
  const blind = [...d.unitPowers.values()].every((u) => u.powerW.value === null);
  const unknown = !estimate.converged ? 'The grid state has no solution' : blind ? 'No unit’s power is known' : 'Not fed';
  const estimated = (value: number | null): Value =>
    value === null ? { value: null, quality: 'missing', timeMs: nowMs, reason: unknown } : { value, quality: 'estimated', timeMs: nowMs };
  const stale = [...d.unitPowers.values()].filter((u) => u.powerW.quality === 'stale' || u.powerW.quality === 'missing').length;
  const message = !estimate.converged
    ? 'The power flow has no solution with these measurements; flows and unmetered voltages are unknown.'
    : blind
      ? 'No unit’s power is known; flows and unmetered voltages are unknown.'
      : stale > 0
        ? `Computed with ${stale} ${stale === 1 ? 'unit' : 'units'} whose power is old or unknown.`
        : null;
  return {
    timeMs: nowMs,
    converged: estimate.converged,
    message,
    buses: Object.fromEntries(
      plant.grid.buses.map((b, i) => {
        const measured = d.voltages.get(i);
        const state = estimate.busState[i] ?? 'unknown';
        const live = measured && measured.value !== null && measured.value > 0.3 && state !== 'dead';
        return [b.id, { vmPu: live ? measured : estimated(estimate.vmPu[i] ?? null), state }];
      }),
    ),
    branches: Object.fromEntries(
      net.branches.map((b, k) => {
        const e = estimate.branches[k];
        return [
          b.id,
          {
            powerW: estimated(e?.powerW ?? null),
            reactiveVar: estimated(e?.reactiveVar ?? null),
            loadingPercent: estimated(e?.loadingPercent ?? null),
            lossW: e?.lossW ?? null,
            state: e?.state ?? 'unknown',
          },
        ];
      }),
    ),
    switches: Object.fromEntries(
      plant.grid.switches.map((s) => [
        s.id,
        { position: d.position(s.id), quality: d.read(`${s.id}.closed`).quality, tagged: d.lockout.blocking(s.id).length > 0 },
      ]),
    ),
    units: Object.fromEntries(
      plant.grid.units.map((u) => [
        u.id,
        {
          powerW: d.unitPowers.get(u.id)?.powerW ?? estimated(null),
          state: estimate.unitState.get(u.id) ?? 'unknown',
          mode: d.lockout.unitMode(u.id),
        },
      ]),
    ),
    totalLossW: estimate.totalLossW,
  };
}
