/**
 * The grid as it is: each second positions, measurements and power flow become one state; mode, alarms and computed points follow from it.
 * Owns lock-out tags, unit modes and two-step switching.
 */
import type { z } from 'zod';
import type { GridState, GridTopology, PointInfo, SourceKind } from '../../shared/contract/grid.ts';
import type { AlarmRow } from '../../shared/contract/operations.ts';
import type { Value } from '../../shared/values.ts';
import type { FieldService } from '../field/field-service.ts';
import type { Kernel, Service } from '../kernel/ports.ts';
import { computedPoints } from './computed-points.ts';
import { createEstimator, type Estimate, type FormingSource, withoutNumbers } from './estimator.ts';
import { defineGridAlarms, raiseGridAlarms } from './grid-alarms.ts';
import { gridHandlers } from './grid-handlers.ts';
import { gridMeasurements } from './grid-measurements.ts';
import { createLockout, type Lockout } from './lockout.ts';
import { type Mode, plantMode } from './plant-mode.ts';
import { type PlantNetwork, plantNetwork } from './plant-network.ts';
import { gridStateOf } from './state-view.ts';
import { slope, sumOf, total } from './sums.ts';
import { topologyView } from './topology-view.ts';
import { type UnitPower, unitMeasurement } from './unit-power.ts';

export interface GridService extends Service {
  state(): GridState;
  topology(): GridTopology;
  mode(): Mode;
  frequency(): Value;
  rocof(): Value;
  /** At the interconnection, + = import. */
  exchange(): Value;
  supply(): Value;
  demand(): Value;
  loss(): Value;
  supplyByKind(): { source: SourceKind; label: string; powerW: Value }[];
  unitPower(unit: string): Value;
  unitMode(unit: string): 'auto' | 'manual' | 'passive';
  readonly lockout: Lockout;
  readonly network: PlantNetwork;
  /** Latest estimate, for those that need more than the state shows. */
  estimate(): Estimate | null;
  position(switchId: string): 'open' | 'closed' | 'unknown';
  gridAlive(): boolean | null;
  syncOk(): boolean | null;
  forming(): FormingSource[];
  /** Computed points (`grid.…`). */
  read(point: string): Value;
  points(): z.infer<typeof PointInfo>[];
  setEmergency(active: boolean, recovering: boolean): void;
  emergency(): { active: boolean; recovering: boolean };
  /** The breaker is about to be operated by a person or a procedure: the island that follows is no surprise. */
  expectIsland(): void;
  /** The breaker waits for synchronism. */
  setClosing(closing: boolean): void;
  closing(): boolean;
  activeAlarms(): readonly z.infer<typeof AlarmRow>[];
  setActiveAlarms(alarms: () => readonly z.infer<typeof AlarmRow>[]): void;
  /** Computes now instead of at the next second, after a switching act. */
  refresh(): void;
}

const MISSING = (reason: string): Value => ({ value: null, quality: 'missing', timeMs: null, reason });
const EXPECTED_ISLAND_MS = 15_000;

export function createGridService(
  kernel: Kernel,
  deps: { field: FieldService; activeAlarms?: () => readonly z.infer<typeof AlarmRow>[] },
): GridService {
  const { plant, clock } = kernel;
  const { field } = deps;
  const net = plantNetwork(plant);
  const measure = gridMeasurements(plant, net);
  const powers = unitMeasurement(plant);
  const estimator = createEstimator(plant, net);
  const lockout = createLockout(kernel.store, plant);
  const topology = topologyView(plant);
  const computed = computedPoints();
  const breaker = plant.grid.switches.find((s) => s.kind === 'interconnection');
  const read = (point: string): Value => field.image.read(point);
  defineGridAlarms(kernel.alarms);

  let activeAlarms = deps.activeAlarms ?? (() => []);
  let estimate: Estimate | null = null;
  let unitPowers: Map<string, UnitPower> = new Map();
  let voltages: Map<number, Value> = new Map();
  let mode: Mode = 'unknown';
  let emergency = { active: false, recovering: false };
  let closing = false;
  let expectedIslandUntilMs = Number.NEGATIVE_INFINITY;
  let unplannedIsland = false;
  let frequency: Value = MISSING('Not computed yet');
  let rocof: Value = MISSING('Not computed yet');
  let exchange: Value = MISSING('Not computed yet');
  let demand: Value = MISSING('Not computed yet');
  let supply: Value = MISSING('Not computed yet');
  let loss: Value = MISSING('Not computed yet');
  let stopTick: (() => void) | null = null;
  let state: GridState | null = null;

  const position = (id: string) => measure.position(read, id, clock.nowMs());

  function run(): void {
    const nowMs = clock.nowMs();
    unitPowers = powers(read);
    voltages = measure.voltages(read);
    const gridAlive = measure.gridAlive(read);
    const solved = estimator.run({
      position,
      unitPower: unitPowers,
      gridAlive,
      forming: measure.forming(read),
      measuredPu: voltages,
      timeMs: nowMs,
    });
    // A power flow in which nothing was measured is a drawing, not an estimate.
    estimate = [...unitPowers.values()].some((u) => u.powerW.value !== null) ? solved : withoutNumbers(solved);
    const before = frequency;
    frequency = measure.frequency(read);
    rocof = slope(before, frequency, rocof);
    const breakerAt = breaker ? position(breaker.id) : 'closed';
    setMode(breakerAt, gridAlive);
    exchange = exchangeNow(breakerAt, nowMs);
    sums(nowMs);
    computed.set('frequencyHz', frequency);
    computed.set('exchangeW', exchange);
    computed.set('demandW', demand);
    computed.set('supplyW', supply);
    computed.set('lossW', loss);
    const shown = busVoltages();
    const live = shown.filter((v): v is number => v !== null && v > 0.3);
    const estimatedVoltage = (value: number): Value => ({ value, quality: 'estimated', timeMs: nowMs });
    computed.set('vMinPu', live.length > 0 ? estimatedVoltage(Math.min(...live)) : MISSING('Nothing is fed'));
    computed.set('vMaxPu', live.length > 0 ? estimatedVoltage(Math.max(...live)) : MISSING('Nothing is fed'));
    for (const s of supplyByKind()) computed.set(`${s.source}W`, s.powerW);
    state = null;
    raiseGridAlarms(kernel.alarms, plant, net, {
      estimate,
      mode,
      vmPu: shown,
      frequencyHz: frequency.quality === 'good' ? frequency.value : null,
      exchangeW: exchange.quality === 'good' ? exchange.value : null,
      residualW: residual(),
      throughputW: (demand.value ?? 0) + Math.abs(exchange.value ?? 0),
      unplannedIsland,
      backfed: backfed(),
      gridAlive,
    });
  }

  function setMode(breakerAt: 'open' | 'closed' | 'unknown', gridAlive: boolean | null): void {
    const local = (estimate as Estimate).busState.filter((_, i) => i !== net.gridBus);
    const next = plantMode({
      emergency: emergency.active,
      breaker: breakerAt,
      gridAlive,
      localAlive: local.includes('energised'),
      localUnknown: local.includes('unknown'),
      closing,
    });
    if (next === mode) return;
    const was = mode;
    mode = next;
    const nowMs = clock.monotonicMs();
    if (next === 'islanded' && was === 'connected' && nowMs > expectedIslandUntilMs) unplannedIsland = true;
    if (next === 'connected') unplannedIsland = false;
    kernel.journal.record({
      who: 'Busbar',
      kind: 'event',
      title: 'Mode of the plant',
      text: `From ${was} to ${next}${next === 'islanded' && unplannedIsland ? ', without a command' : ''}`,
      target: breaker?.id ?? null,
      outcome: 'noted',
    });
  }

  function exchangeNow(breakerAt: 'open' | 'closed' | 'unknown', nowMs: number): Value {
    const measured = measure.exchange(read);
    if (measured && measured.quality === 'good') return measured;
    if (breakerAt === 'open') return { value: 0, quality: 'estimated', timeMs: nowMs, reason: 'The interconnection is open' };
    const computedW = estimate?.slackW.get(net.gridBus);
    if (computedW !== undefined && Number.isFinite(computedW)) {
      const blind = [...unitPowers.values()].filter((u) => u.powerW.value === null).length;
      const without = blind > 0 ? `, without ${blind} ${blind === 1 ? 'unit' : 'units'} whose power is unknown` : '';
      return {
        value: computedW,
        quality: 'estimated',
        timeMs: nowMs,
        reason: `Computed: the interconnection is not measured now${without}`,
      };
    }
    return measured ?? MISSING('The interconnection is not measured');
  }

  function sums(nowMs: number): void {
    const loads = plant.grid.units.filter((u) => u.kind === 'load').map((u) => unitPowers.get(u.id)?.powerW);
    demand = total(loads, nowMs, (v) => Math.max(0, v));
    const sources = plant.grid.units.filter((u) => u.kind !== 'load').map((u) => unitPowers.get(u.id)?.powerW);
    supply = sumOf(
      [...sources.map((v) => ({ part: v, of: (w: number) => Math.max(0, -w) })), { part: exchange, of: (w: number) => Math.max(0, w) }],
      nowMs,
    );
    const lossW = estimate?.totalLossW ?? null;
    loss =
      lossW === null
        ? MISSING(estimate?.converged ? 'No unit’s power is known' : 'The grid state has no solution')
        : { value: lossW, quality: 'estimated', timeMs: nowMs };
  }

  /** Measured exchange against units and losses; only while everything is measured and fresh. */
  function residual(): number | null {
    if (mode !== 'connected' || exchange.quality !== 'good' || exchange.value === null || estimate?.totalLossW == null) return null;
    let sum = estimate.totalLossW;
    for (const u of plant.grid.units) {
      const p = unitPowers.get(u.id)?.powerW;
      if (!p || p.value === null || (p.quality !== 'good' && p.quality !== 'estimated')) return null;
      if (estimate.unitState.get(u.id) !== 'dead') sum += p.value;
    }
    return exchange.value - sum;
  }

  function busVoltages(): (number | null)[] {
    return (estimate as Estimate).vmPu.map((v, i) => {
      const m = voltages.get(i);
      return m && m.value !== null && m.value > 0.3 && estimate?.busState[i] !== 'dead' ? m.value : v;
    });
  }

  const backfed = (): number[] => {
    const list: number[] = [];
    for (const [bus, v] of voltages) if (estimate?.busState[bus] === 'dead' && (v.value ?? 0) > 0.5) list.push(bus);
    return list;
  };

  const LABEL: Record<SourceKind, string> = {
    solar: 'Solar',
    wind: 'Wind',
    hydro: 'Hydro',
    biomass: 'Biomass',
    genset: 'Genset',
    battery: 'Battery',
    grid: 'Main grid',
    load: 'Load',
  };

  function supplyByKind(): { source: SourceKind; label: string; powerW: Value }[] {
    const kinds: SourceKind[] = ['solar', 'wind', 'hydro', 'biomass', 'genset', 'battery'];
    const list = kinds
      .map((source) => ({ source, units: plant.grid.units.filter((u) => u.kind === source) }))
      .filter(({ units }) => units.length > 0)
      .map(({ source, units }) => {
        const sum = total(
          units.map((u) => unitPowers.get(u.id)?.powerW),
          clock.nowMs(),
          (v) => -v,
        );
        return { source, label: LABEL[source], powerW: sum };
      });
    return [...list, { source: 'grid', label: LABEL.grid, powerW: exchange }];
  }

  const currentState = (): GridState => {
    if (!estimate) run();
    state ??= gridStateOf({
      plant,
      net,
      estimate: estimate as Estimate,
      nowMs: clock.nowMs(),
      voltages,
      unitPowers,
      position,
      read,
      lockout,
    });
    return state;
  };

  const service: GridService = {
    name: 'grid',
    state: currentState,
    topology: () => topology,
    mode: () => mode,
    frequency: () => frequency,
    rocof: () => rocof,
    exchange: () => exchange,
    supply: () => supply,
    demand: () => demand,
    loss: () => loss,
    supplyByKind,
    unitPower: (unit) => unitPowers.get(unit)?.powerW ?? MISSING('There is no such unit'),
    unitMode: (unit) => lockout.unitMode(unit),
    lockout,
    network: net,
    estimate: () => estimate,
    position,
    gridAlive: () => measure.gridAlive(read),
    syncOk: () => measure.syncOk(read),
    forming: () => measure.forming(read),
    read: (point) => computed.read(point),
    points: () => computed.points(),
    setEmergency(active, recovering) {
      emergency = { active, recovering };
      run();
    },
    emergency: () => emergency,
    expectIsland() {
      expectedIslandUntilMs = clock.monotonicMs() + EXPECTED_ISLAND_MS;
    },
    setClosing(next) {
      closing = next;
    },
    closing: () => closing,
    activeAlarms: () => activeAlarms(),
    setActiveAlarms(next) {
      activeAlarms = next;
    },
    refresh: run,
    get handlers() {
      return handlers;
    },
    async start() {
      stopTick = field.onTick((nowMs) => {
        run();
        kernel.historian.append(computed.samples(nowMs));
        if (kernel.hub.hasListeners('grid')) kernel.hub.publish('grid', currentState());
      });
    },
    async stop() {
      stopTick?.();
      stopTick = null;
    },
  };
  const handlers = gridHandlers(kernel, { field, grid: service });
  return service;
}
