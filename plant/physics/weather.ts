/**
 * What sun, wind and water offer, and what the members draw, at a plant time. Means come from the profiles; everything faster than 15 minutes,
 * and all wind and flow, is synthetic: a pure function of the seed and the plant time.
 */
import type { Simulation } from '../simulation-file.ts';
import { channelOf, smoothNoise } from './noise.ts';
import { createProfileReader, type Profiles } from './profiles.ts';

const WATER_DENSITY = 1000;
const GRAVITY = 9.81;

export interface Weather {
  /** Works out everything for this time; then the maps below hold it (the same objects every time). */
  moveTo(plantTimeMs: number): void;
  readonly loadW: Map<string, number>;
  readonly loadVar: Map<string, number>;
  /** Power a source could give, positive W. */
  readonly availableW: Map<string, number>;
  readonly windSpeedMs: () => number;
  readonly flowM3s: () => number;
}

/** `overrides` are the training faults (cloud depth 0..1, factors on single loads) and what members leave out on purpose, W. */
export function createWeather(options: {
  simulation: Simulation;
  profiles: Profiles;
  ratedW: ReadonlyMap<string, number>;
  seed: number;
  overrides?: { cloudDepth(): number; loadFactor(unit: string): number; reductionW?(unit: string): number };
}): Weather {
  const { simulation, seed, ratedW } = options;
  const overrides = { cloudDepth: () => 0, loadFactor: () => 1, reductionW: () => 0, ...options.overrides };
  const reader = createProfileReader(options.profiles);
  const loads = Object.entries(simulation.loads).map(([id, load]) => ({ id, ...load, channel: channelOf(id) }));
  const solar = Object.entries(simulation.solar).map(([id, column]) => ({
    id,
    column,
    channel: channelOf(id),
    ratedW: ratedW.get(id) ?? 0,
  }));
  const { wind, hydro } = simulation;
  let windSpeed = 0;
  let flow = 0;
  const weather: Weather = {
    loadW: new Map(),
    loadVar: new Map(),
    availableW: new Map(),
    windSpeedMs: () => windSpeed,
    flowM3s: () => flow,
    moveTo(plantTimeMs) {
      const t = plantTimeMs / 1000;
      reader.moveTo(plantTimeMs);
      for (const load of loads) {
        const flutter = 1 + 0.06 * smoothNoise(seed, load.channel, t, 40) + 0.03 * smoothNoise(seed, load.channel + 1, t, 7);
        const factor = flutter * overrides.loadFactor(load.id);
        const drawnW = load.activePowerW * reader.value(`${load.profile}_p`) * factor;
        weather.loadW.set(load.id, Math.max(0, drawnW - overrides.reductionW(load.id)));
        weather.loadVar.set(load.id, load.reactivePowerVar * reader.value(`${load.profile}_q`) * factor);
      }
      const shade = 1 - overrides.cloudDepth();
      for (const source of solar) {
        const share = reader.value(source.column);
        weather.availableW.set(source.id, Math.min(source.ratedW, source.ratedW * share * cloud(seed, source.channel, t, share) * shade));
      }
      if (wind) {
        windSpeed = windSpeedAt(seed, t, wind.meanMs);
        weather.availableW.set(wind.unit, (ratedW.get(wind.unit) ?? 0) * windShare(windSpeed, wind));
      }
      if (hydro) {
        flow = flowAt(seed, plantTimeMs, hydro.ratedFlowM3s);
        const power = WATER_DENSITY * GRAVITY * hydro.headM * Math.min(flow, hydro.ratedFlowM3s) * hydro.efficiency;
        weather.availableW.set(hydro.unit, Math.min(ratedW.get(hydro.unit) ?? 0, power));
      }
    },
  };
  return weather;
}

/** Passing clouds around the 15-minute mean: nearly neutral on average, gone at night. The village shares the large ones. */
function cloud(seed: number, channel: number, t: number, share: number): number {
  if (share <= 0) return 0;
  const large = smoothNoise(seed, 7001, t, 420);
  const own = smoothNoise(seed, channel, t, 45);
  return 1 + 0.14 * large + 0.06 * own;
}

/** Synthetic wind speed at hub height: slow weather, hours, gusts. Never negative. */
export function windSpeedAt(seed: number, t: number, meanMs: number): number {
  const weather = smoothNoise(seed, 8001, t, 40 * 3600) * 0.55 + smoothNoise(seed, 8002, t, 7 * 3600) * 0.35;
  const gusts = smoothNoise(seed, 8003, t, 600) * 0.12 + smoothNoise(seed, 8004, t, 45) * 0.07;
  return Math.max(0, meanMs * (1 + weather) * (1 + gusts));
}

/** Share of rated power at a wind speed: cubic between cut-in and rated, zero beyond cut-out. */
export function windShare(speedMs: number, turbine: { cutInMs: number; ratedMs: number; cutOutMs: number }): number {
  if (speedMs < turbine.cutInMs || speedMs > turbine.cutOutMs) return 0;
  if (speedMs >= turbine.ratedMs) return 1;
  return (speedMs ** 3 - turbine.cutInMs ** 3) / (turbine.ratedMs ** 3 - turbine.cutInMs ** 3);
}

/** Synthetic stream flow: high in early spring, low in late summer, with slow freshets. */
export function flowAt(seed: number, plantTimeMs: number, ratedM3s: number): number {
  const yearMs = 365.2425 * 86_400_000;
  const season = 0.72 + 0.25 * Math.cos((2 * Math.PI * (plantTimeMs - 75 * 86_400_000)) / yearMs);
  return ratedM3s * Math.max(0.08, season + 0.15 * smoothNoise(seed, 9001, plantTimeMs / 1000, 3 * 86_400));
}
