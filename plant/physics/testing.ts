/** Bench for tests: the rural1 plant without devices, stepped by hand. */
import { readFileSync } from 'node:fs';
import { type PlantFile, parsePlantFile } from '../../src/shared/plant-file.ts';
import { parseSimulation } from '../simulation-file.ts';
import { loadProfiles } from './profiles.ts';
import { createPlantState, type PlantState } from './state.ts';
import { stepPlant } from './step.ts';
import { commandSwitch, type SwitchState } from './switchgear.ts';
import { createWeather } from './weather.ts';

const STEP_S = 0.1;

export interface Bench {
  readonly file: PlantFile;
  readonly state: PlantState;
  readonly overrides: { cloudDepth: number; loads: Map<string, number> };
  /** Steps of 100 ms; `speed` times faster for weather and energy. `watch` sees each step. */
  run(seconds: number, watch?: () => void): void;
  close(switchId: string): void;
  open(switchId: string): void;
  switch(id: string): SwitchState;
  frequencyHz(busId?: string): number;
  voltagePu(busId: string): number;
  loadW(): number;
  advanceTo(iso: string): void;
}

export function rural1(): PlantFile {
  const parsed = parsePlantFile(JSON.parse(readFileSync(new URL('../plants/rural1.json', import.meta.url), 'utf8')));
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join('\n'));
  return parsed.plant;
}

export function bench(options: { at?: string; speed?: number; seed?: number } = {}): Bench {
  const file = rural1();
  const simulation = parseSimulation(file);
  if (simulation.kind === 'invalid') throw new Error(simulation.problems.join('\n'));
  const overrides = { cloudDepth: 0, loads: new Map<string, number>() };
  const seed = options.seed ?? 7;
  const weather = createWeather({
    simulation: simulation.simulation,
    profiles: loadProfiles(new URL('../data/rural1-profiles.csv', import.meta.url)),
    ratedW: new Map(file.grid.units.map((u) => [u.id, u.ratedW])),
    seed,
    overrides: { cloudDepth: () => overrides.cloudDepth, loadFactor: (id) => overrides.loads.get(id) ?? 1 },
  });
  const state = createPlantState({ file, simulation: simulation.simulation, weather, seed });
  const speed = options.speed ?? 30;
  let plantTimeMs = Date.parse(options.at ?? '2025-06-17T10:00:00Z');
  const find = (id: string): SwitchState => {
    const s = state.switchById.get(id);
    if (!s) throw new Error(`no switch ${id}`);
    return s;
  };
  return {
    file,
    state,
    overrides,
    run(seconds, watch) {
      for (let i = 0; i < Math.round(seconds / STEP_S); i++) {
        plantTimeMs += STEP_S * 1000 * speed;
        stepPlant(state, plantTimeMs, STEP_S, STEP_S * speed);
        watch?.();
      }
    },
    close: (id) => commandSwitch(find(id), true, 0.08),
    open: (id) => commandSwitch(find(id), false, 0.08),
    switch: find,
    frequencyHz: (busId = 'b4') => state.busFrequencyHz[state.wires.busIndex.get(busId) as number] as number,
    voltagePu: (busId) => state.busVoltagePu[state.wires.busIndex.get(busId) as number] as number,
    loadW: () => state.units.filter((u) => u.definition.kind === 'load').reduce((sum, u) => sum + u.activePowerW, 0),
    advanceTo(iso) {
      plantTimeMs = Date.parse(iso);
    },
  };
}
