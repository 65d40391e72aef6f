/** Alarms of the grid: what they mean once, and which are active now. Alarms whose cause is upstream stay quiet: a dead bus has no low voltage. */
import type { PlantFile } from '../../shared/plant-file.ts';
import type { AlarmSink } from '../kernel/ports.ts';
import type { Estimate } from './estimator.ts';
import type { Mode } from './plant-mode.ts';
import type { PlantNetwork } from './plant-network.ts';

export interface GridFacts {
  readonly estimate: Estimate;
  readonly mode: Mode;
  readonly vmPu: readonly (number | null)[];
  readonly frequencyHz: number | null;
  readonly exchangeW: number | null;
  /** Measured exchange less what units and losses add up to; null while readings are missing or the plant is islanded. */
  readonly residualW: number | null;
  readonly throughputW: number;
  readonly unplannedIsland: boolean;
  readonly backfed: readonly number[];
  readonly gridAlive: boolean | null;
}

export function defineGridAlarms(alarms: AlarmSink): void {
  alarms.define({
    kind: 'grid.islanded',
    priority: 1,
    title: 'Microgrid islanded by itself',
    cause: 'The interconnection opened without a command: loss of the main grid or a protection trip',
    consequence: 'The community lives on its own sources; the battery carries the difference',
    action: 'Watch frequency and state of charge; find out from the grid operator how long it will last',
    respondWithinS: 60,
  });
  alarms.define({
    kind: 'grid.criticalDead',
    priority: 1,
    title: 'Critical load without supply',
    cause: 'No source reaches it: a switch is open, or its part of the network is dead',
    consequence: 'A critical consumer is dark',
    action: 'Restore its supply over another path or start a source; call the consumer',
    respondWithinS: 60,
    onDelayMs: 1500,
  });
  alarms.define({
    kind: 'grid.frequency',
    priority: 1,
    title: 'Frequency outside its limits',
    cause: 'Sources and loads of the island do not balance',
    consequence: 'Under-frequency relays open loads; inverters trip',
    action: 'Check battery and genset; let shedding act, or open loads by hand',
    respondWithinS: 30,
    onDelayMs: 1000,
    offDelayMs: 3000,
  });
  alarms.define({
    kind: 'grid.voltage',
    priority: 2,
    title: 'Voltage outside its limits',
    cause: 'Too much load, or too much generation, far from the transformer',
    consequence: 'Appliances suffer; inverters switch off',
    action: 'Look at the feeder’s voltage profile; curtail or shift load',
    respondWithinS: 300,
    onDelayMs: 3000,
    offDelayMs: 5000,
  });
  alarms.define({
    kind: 'grid.loading',
    priority: 2,
    title: 'Overload',
    cause: 'More current flows than the element is rated for',
    consequence: 'It heats up; its protection may trip',
    action: 'Reduce load or generation behind it, or feed it from another side',
    respondWithinS: 600,
    onDelayMs: 5000,
    offDelayMs: 5000,
  });
  alarms.define({
    kind: 'grid.exchange',
    priority: 2,
    title: 'Exchange above its limit',
    cause: 'Import or export at the interconnection exceeds the agreed limit',
    consequence: 'The grid operator may disconnect or bill the excess',
    action: 'Check peak shaving and curtailment on the Balance page',
    respondWithinS: 600,
    onDelayMs: 10_000,
    offDelayMs: 10_000,
  });
  alarms.define({
    kind: 'grid.balance',
    priority: 3,
    title: 'Energy balance does not close',
    cause: 'The exchange does not fit the sum of units and losses: a meter is wrong, or somebody draws unmetered',
    consequence: 'Settlement may rest on wrong readings',
    action: 'Compare meters on the Devices page, feeder by feeder',
    respondWithinS: 3600,
    onDelayMs: 20_000,
    offDelayMs: 20_000,
  });
  alarms.define({
    kind: 'grid.backfed',
    priority: 2,
    title: 'Voltage on a part that should be dead',
    cause: 'A meter shows voltage where no source should reach',
    consequence: 'Danger to people who work there',
    action: 'Treat the part as live; find the source before anybody touches it',
    respondWithinS: 60,
    onDelayMs: 8000,
  });
  alarms.define({
    kind: 'grid.noSolution',
    priority: 3,
    title: 'Grid state cannot be computed',
    cause: 'Measurements contradict each other or the network cannot carry them',
    consequence: 'Flows, losses and unmetered voltages are unknown',
    action: 'Look for devices with implausible values',
    respondWithinS: 1800,
    onDelayMs: 5000,
  });
}

export function raiseGridAlarms(alarms: AlarmSink, plant: PlantFile, net: PlantNetwork, f: GridFacts): void {
  const { limits, grid } = plant;
  const breaker = grid.switches.find((s) => s.kind === 'interconnection');
  const at = breaker?.id ?? 'interconnection';
  const atName = breaker?.name ?? 'Interconnection';
  alarms.set('grid.islanded', at, f.unplannedIsland, { sourceName: atName, page: `grid:${at}` });
  alarms.set('grid.noSolution', 'grid', !f.estimate.converged, { sourceName: 'Grid', page: 'grid' });

  grid.buses.forEach((bus, i) => {
    const v = f.estimate.busState[i] === 'energised' ? (f.vmPu[i] ?? null) : null;
    const bad = v !== null && (v < limits.voltageMinPu || v > limits.voltageMaxPu);
    alarms.set('grid.voltage', bus.id, bad, {
      sourceName: bus.name,
      page: `grid:${bus.id}`,
      ...(v !== null && { value: `${v.toFixed(3)} pu` }),
    });
    alarms.set('grid.backfed', bus.id, f.backfed.includes(i), { sourceName: bus.name, page: `grid:${bus.id}` });
  });
  net.branches.forEach((branch, k) => {
    const loading = f.estimate.branches[k]?.loadingPercent ?? null;
    alarms.set('grid.loading', branch.id, loading !== null && loading > 100, {
      sourceName: branch.name,
      page: `grid:${branch.id}`,
      ...(loading !== null && { value: `${loading.toFixed(0)} %` }),
    });
  });
  for (const u of grid.units) {
    if (!u.critical) continue;
    alarms.set('grid.criticalDead', u.id, f.estimate.unitState.get(u.id) === 'dead', { sourceName: u.name, page: `grid:${u.id}` });
  }
  const hz = f.frequencyHz;
  const offBand = hz !== null && hz > 1 && (hz < limits.frequencyMinHz || hz > limits.frequencyMaxHz);
  alarms.set('grid.frequency', 'frequency', offBand, {
    sourceName: 'Frequency',
    page: 'balance:frequency',
    ...(hz !== null && { value: `${hz.toFixed(2)} Hz` }),
  });
  const x = f.exchangeW;
  alarms.set('grid.exchange', at, x !== null && (x > limits.importMaxW || x < -limits.exportMaxW), {
    sourceName: atName,
    page: `grid:${at}`,
    ...(x !== null && { value: `${(Math.abs(x) / 1000).toFixed(1)} kW ${x > 0 ? 'import' : 'export'}` }),
  });
  const r = f.residualW;
  alarms.set('grid.balance', at, r !== null && Math.abs(r) > Math.max(4000, f.throughputW * 0.1), {
    sourceName: atName,
    page: 'balance',
    ...(r !== null && { value: `${(r / 1000).toFixed(1)} kW unaccounted` }),
  });
}
