/** The `simulation` part of a plant file: what the simulated field needs beyond what the console is told. */
import { z } from 'zod';
import type { PlantFile } from '../src/shared/plant-file.ts';

const positive = z.number().positive();
const percent = z.number().min(0).max(100);

export const Simulation = z.strictObject({
  schema: z.literal('simulation/1'),
  startPlantTime: z.iso.datetime().describe('plant time when no clock is followed'),
  profileFile: z.string().describe('relative to the plant file'),
  loads: z.record(z.string(), z.strictObject({ profile: z.string(), activePowerW: positive, reactivePowerVar: z.number() })),
  solar: z.record(z.string(), z.string()).describe('unit → column of the profile file'),
  wind: z.strictObject({ unit: z.string(), cutInMs: positive, ratedMs: positive, cutOutMs: positive, meanMs: positive }).optional(),
  hydro: z
    .strictObject({
      unit: z.string(),
      headM: positive,
      ratedFlowM3s: positive,
      efficiency: positive,
      inertiaS: positive,
      droopPercent: positive,
    })
    .optional(),
  battery: z
    .strictObject({
      unit: z.string(),
      initialSocPercent: percent,
      socMinPercent: percent,
      socMaxPercent: percent,
      chargeEfficiency: positive,
      dischargeEfficiency: positive,
      standbyW: z.number().nonnegative(),
      virtualInertiaS: positive,
      droopPercent: positive,
      timeConstantS: positive,
    })
    .optional(),
  genset: z
    .strictObject({
      unit: z.string(),
      crankS: positive,
      warmUpS: positive,
      coolDownS: positive,
      minLoadPercent: percent,
      rampWPerS: positive,
      inertiaS: positive,
      droopPercent: positive,
      timeConstantS: positive,
      tankL: positive,
      idleLPerH: positive,
      fullLPerH: positive,
    })
    .optional(),
  loadDampingPerHz: z.number().nonnegative().describe('relative change of the load per hertz'),
  mainGrid: z.strictObject({ frequencyNoiseHz: z.number().nonnegative() }),
  inverter: z.strictObject({
    enterServiceS: positive,
    enterServiceMinHz: positive,
    enterServiceMaxHz: positive,
    enterServiceMinPu: positive,
    enterServiceMaxPu: positive,
    freqWattStartHz: positive,
    freqWattPercentPerHz: positive,
    voltWattStartPu: positive,
    voltWattEndPu: positive,
    rampPercentPerS: positive,
  }),
  underFrequencyRelays: z.array(z.strictObject({ thresholdHz: positive, delayS: positive, switches: z.array(z.string()) })),
  lossOfMains: z.strictObject({ delayS: positive }),
  syncCheck: z.strictObject({ frequencyHz: positive, voltagePu: positive, angleDeg: positive, waitS: positive }),
  relay: z.strictObject({ minMs: positive, maxMs: positive }),
});
export type Simulation = z.infer<typeof Simulation>;

export type SimulationResult = { kind: 'ok'; simulation: Simulation } | { kind: 'invalid'; problems: string[] };

/** Parses the `simulation` part and checks it against the plant file it stands in; every problem is one sentence. */
export function parseSimulation(file: PlantFile): SimulationResult {
  if (file.simulation === undefined) {
    return { kind: 'invalid', problems: ['the plant file has no "simulation" part: it describes a real plant and cannot be simulated'] };
  }
  const parsed = Simulation.safeParse(file.simulation);
  if (!parsed.success) {
    return { kind: 'invalid', problems: parsed.error.issues.map((i) => `simulation.${i.path.join('.')}: ${i.message}`) };
  }
  const problems = crossCheck(file, parsed.data);
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'ok', simulation: parsed.data };
}

/** One wind turbine, hydro set, battery and genset at most: what the simulated plant can play. */
const SINGLE = ['wind', 'hydro', 'battery', 'genset'] as const;

function crossCheck(file: PlantFile, simulation: Simulation): string[] {
  const problems: string[] = [];
  const { units, switches } = file.grid;
  for (const unit of units) {
    if (unit.kind === 'load' && !simulation.loads[unit.id]) problems.push(`simulation.loads: the load ${unit.id} has no profile`);
    if (unit.kind === 'solar' && !simulation.solar[unit.id]) problems.push(`simulation.solar: ${unit.id} has no profile column`);
    if (unit.kind === 'biomass') problems.push(`unit ${unit.id}: the simulated plant cannot play a biomass unit; leave it out`);
  }
  for (const kind of SINGLE) {
    const ofKind = units.filter((u) => u.kind === kind).map((u) => u.id);
    const played = simulation[kind]?.unit;
    for (const id of ofKind) {
      if (id !== played) problems.push(`simulation.${kind}: ${id} is not played; the simulated plant plays one ${kind} unit, named there`);
    }
    if (played !== undefined && !ofKind.includes(played)) problems.push(`simulation.${kind}: there is no ${kind} unit ${played}`);
  }
  for (const id of simulation.underFrequencyRelays.flatMap((stage) => stage.switches)) {
    if (!switches.some((s) => s.id === id)) problems.push(`simulation.underFrequencyRelays: there is no switch ${id}`);
  }
  for (const id of [...Object.keys(simulation.loads), ...Object.keys(simulation.solar)]) {
    if (!units.some((u) => u.id === id)) problems.push(`simulation: there is no unit ${id}`);
  }
  if (switches.filter((s) => s.kind === 'interconnection').length > 1) {
    problems.push('grid.switches: the simulated plant plays one interconnection breaker');
  }
  return problems;
}
