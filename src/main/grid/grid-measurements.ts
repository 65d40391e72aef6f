/** Frequency, exchange, bus voltages and sources alive, each from the best measurement there is. */
import type { PlantFile } from '../../shared/plant-file.ts';
import type { Value } from '../../shared/values.ts';
import type { FormingSource, Position } from './estimator.ts';
import type { PlantNetwork } from './plant-network.ts';

export type Read = (point: string) => Value;
const good = (v: Value): v is Value & { value: number } => v.quality === 'good' && v.value !== null;

export interface GridMeasurements {
  position(read: Read, switchId: string, nowMs: number): Position;
  gridAlive(read: Read): boolean | null;
  syncOk(read: Read): boolean | null;
  forming(read: Read): FormingSource[];
  voltages(read: Read): Map<number, Value>;
  frequency(read: Read): Value;
  /** Measured at the interconnection, or null when nothing there can be trusted. */
  exchange(read: Read): Value | null;
}

const POSITION_KEPT_MS = 60_000;
/** Share of nominal voltage from which a source counts as alive. */
const ALIVE_SHARE = 0.5;
const FREQUENCY_FLOOR_HZ = 20;

export function gridMeasurements(plant: PlantFile, net: PlantNetwork): GridMeasurements {
  const { grid, nominal } = plant;
  const phaseV = nominal.voltageV / Math.sqrt(3);
  const breaker = grid.switches.find((s) => s.kind === 'interconnection');
  const relay = breaker?.relay ?? null;
  /** Devices tell line to neutral or line to line; the two are too far apart to be confused. */
  const perUnit = (v: number): number => v / (v > phaseV * 1.4 ? nominal.voltageV : phaseV);
  const frequencyPoints = [
    ...(relay ? [`${relay}.busHz`] : []),
    ...grid.units.filter((u) => u.kind === 'battery' || u.kind === 'genset').flatMap((u) => (u.controller ? [`${u.controller}.Hz`] : [])),
    ...plant.devices.filter((d) => d.kind === 'meter').map((d) => `${d.id}.Hz`),
  ];
  const voltagePoints = plant.members
    .map((m) => ({ point: `${m.meter}.V`, bus: net.busIndex.get(m.bus) as number }))
    .filter(({ bus }) => Math.abs((grid.buses[bus]?.nominalKv ?? 0) * 1000 - nominal.voltageV) < 1);

  return {
    position(read, switchId, nowMs) {
      const v = read(`${switchId}.closed`);
      if (v.value === null || v.quality === 'bad' || v.quality === 'missing') return 'unknown';
      // A relay that has been silent for long may have moved: after a minute its last word is no position any more.
      if (v.timeMs === null || nowMs - v.timeMs > POSITION_KEPT_MS) return 'unknown';
      return v.value === 1 ? 'closed' : 'open';
    },
    gridAlive(read) {
      if (!relay) return null;
      const healthy = read(`${relay}.gridHealthy`);
      return good(healthy) ? healthy.value === 1 : null;
    },
    syncOk(read) {
      if (!relay) return null;
      const ok = read(`${relay}.syncOk`);
      return good(ok) ? ok.value === 1 : null;
    },
    forming(read) {
      const sources: FormingSource[] = [];
      const order = ['battery', 'genset'];
      const units = grid.units.filter((u) => order.includes(u.kind)).sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
      for (const u of units) {
        if (!u.controller) continue;
        const v = read(`${u.controller}.V`);
        const vmPu = good(v) ? perUnit(v.value) : 0;
        const running = u.kind === 'genset' ? read(`${u.controller}.running`).value === 1 : !faulty(read(`${u.controller}.state`));
        sources.push({
          unit: u.id,
          bus: net.busIndex.get(u.bus) as number,
          alive: running && vmPu > ALIVE_SHARE,
          vmPu: vmPu > ALIVE_SHARE ? vmPu : 1,
        });
      }
      return sources;
    },
    voltages(read) {
      const map = new Map<number, Value>();
      for (const { point, bus } of voltagePoints) {
        const v = read(point);
        if (!good(v) || map.has(bus)) continue;
        map.set(bus, { value: perUnit(v.value), quality: 'good', timeMs: v.timeMs });
      }
      return map;
    },
    frequency(read) {
      for (const point of frequencyPoints) {
        const v = read(point);
        if (good(v) && v.value > FREQUENCY_FLOOR_HZ) return v;
      }
      const first = frequencyPoints[0] ? read(frequencyPoints[0]) : null;
      return { value: null, quality: 'missing', timeMs: first?.timeMs ?? null, reason: 'No device shows a frequency that can be trusted' };
    },
    exchange(read) {
      const meter = read(`${grid.interconnectionMeter}.W`);
      if (good(meter)) return meter;
      const own = relay ? read(`${relay}.W`) : null;
      if (own && good(own)) return { ...own, reason: 'From the interconnection relay: the meter does not answer' };
      return meter.quality === 'stale' ? meter : null;
    },
  };
}

/** SunSpec 701.InvSt 6 is FAULT, 0 is OFF. */
const faulty = (state: Value): boolean => state.quality === 'good' && (state.value === 6 || state.value === 0);
