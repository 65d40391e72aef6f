/** The `simulation` part of a plant file: what the simulated field needs beyond what the console is told. */
import { z } from 'zod';

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

export function parseSimulation(json: unknown): SimulationResult {
  if (json === undefined) {
    return { kind: 'invalid', problems: ['the plant file has no "simulation" part: it describes a real plant and cannot be simulated'] };
  }
  const parsed = Simulation.safeParse(json);
  if (parsed.success) return { kind: 'ok', simulation: parsed.data };
  return { kind: 'invalid', problems: parsed.error.issues.map((i) => `simulation.${i.path.join('.')}: ${i.message}`) };
}
