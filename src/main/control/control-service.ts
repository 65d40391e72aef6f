/**
 * The control cycle. Once a second: gather fresh readings, let each function decide, settle who has the last word on a device, hand the
 * set-points over. Decisions are pure and synchronous; commands run beside the cycle and are read back before they count as done.
 */

import type { z } from 'zod';
import { dispatchBattery, initialDispatch, shavePeak } from '../../domain/control/battery-dispatch.ts';
import { curtail, initialCurtailment } from '../../domain/control/curtailment.ts';
import { initialFrequency, restoreFrequency } from '../../domain/control/frequency-restoration.ts';
import { initialGenset, runGenset } from '../../domain/control/genset-start.ts';
import { initialShedding, type SheddingState, shed } from '../../domain/control/load-shedding.ts';
import { clamp } from '../../domain/control/types.ts';
import type { Balance as BalanceSchema, FunctionState } from '../../shared/contract/grid.ts';
import type { Value } from '../../shared/values.ts';
import { type CycleTimer, startCycle } from '../field/cycle-timer.ts';
import type { FieldService } from '../field/field-service.ts';
import type { GridService } from '../grid/grid-service.ts';
import type { Kernel, Service } from '../kernel/ports.ts';
import { defineControlAlarms } from './control-alarms.ts';
import { controlHandlers } from './control-handlers.ts';
import { type CycleInputs, createInputs } from './control-inputs.ts';
import { outputsOf } from './control-outputs.ts';
import { createRunner, FUNCTIONS, type Runner } from './function-runner.ts';
import { createGensetOrders } from './genset-orders.ts';
import { type Reserve, reserveOf } from './reserve.ts';
import { createSetPoints, type SetPoints } from './set-points.ts';

type Balance = z.infer<typeof BalanceSchema>;

export interface ControlService extends Service {
  functions(): FunctionState[];
  cycle(): Balance['cycle'];
  reserve(): Balance['reserve'];
  /** Battery power the market wants (+ charge); null = none, self-consumption. Kept inside the state-of-charge band and below the peak. */
  planBattery(powerW: number | null): void;
  /** Called at each beat with how late it began; for measuring. */
  setOnBeat(listener: ((jitterMs: number) => void) | null): void;
  readonly runner: Runner;
  readonly setPoints: SetPoints;
  /** Set-points people gave to units in manual mode. */
  readonly manual: Map<string, number>;
}

export function createControlService(kernel: Kernel, deps: { field: FieldService; grid: GridService }): ControlService {
  const { plant, clock } = kernel;
  const { field, grid } = deps;
  const log = kernel.log.child('control');
  defineControlAlarms(kernel.alarms);
  const runner = createRunner(kernel, clock);
  const inputs = createInputs(plant, {
    field,
    grid,
    inService: field.inService,
  });
  const revertS = plant.control.setpointRevertS;
  const setPoints = createSetPoints(clock, (revertS * 1000) / 3, (target, value) =>
    target.kind === 'power'
      ? field.commands.setPower({ deviceId: target.device, powerW: value ?? 0, by: 'Busbar', revertS, record: false })
      : field.commands.setLimit({ deviceId: target.device, limitPercent: value, by: 'Busbar', revertS, record: false }),
  );
  const periodMs = plant.control.cycleMs;
  const dtS = periodMs / 1000;
  const manual = new Map<string, number>();

  let frequency = initialFrequency;
  let dispatch = initialDispatch;
  let curtailment = initialCurtailment;
  let genset = initialGenset;
  let shedding: SheddingState = { ...initialShedding, shed: remembered() };
  let plannedW: number | null = null;
  let wasIslanded = false;
  let wasConnected = false;
  let reserve: Reserve = { upW: null, downW: null, secondsAtPresentLoad: null };
  let lastMs = 0;
  /** Why blindness is suppressed; undefined = not told to the alarms yet. */
  let blindHidden: string | null | undefined;
  let timer: CycleTimer | null = null;
  let onBeat: ((jitterMs: number) => void) | null = null;
  const gensetOrders = createGensetOrders(clock, field.commands, log);
  const switching = new Set<string>();

  function remembered(): SheddingState['shed'] {
    const row = kernel.store.read.prepare("SELECT json FROM control_memory WHERE key = 'shed'").get() as { json: string } | undefined;
    return row ? (JSON.parse(row.json) as SheddingState['shed']) : [];
  }
  function remember(list: SheddingState['shed']): void {
    kernel.store.write((db) =>
      db
        .prepare("INSERT INTO control_memory VALUES ('shed', ?) ON CONFLICT (key) DO UPDATE SET json = excluded.json")
        .run(JSON.stringify(list)),
    );
  }

  function cycle(): void {
    const startedMs = clock.monotonicMs();
    const now = inputs.gather();
    takeOver(now);
    reserve = reserveOf({
      connected: now.connected,
      exchangeW: now.exchangeW,
      importMaxW: plant.limits.importMaxW,
      exportMaxW: plant.limits.exportMaxW,
      battery: now.battery,
      batteryCapacityWh: inputs.battery?.capacityWh ?? 0,
      genset: now.genset,
      sources: now.sources,
      demandW: now.demandW,
    });
    commandBattery(now);
    commandSources(now);
    commandGenset(now);
    commandLoads(now);
    renewManual();
    alarmsOf(now);
    lastMs = clock.monotonicMs() - startedMs;
  }

  /** A function that takes over starts from what the device does now, so that nothing jumps. */
  function takeOver(now: CycleInputs): void {
    const b = inputs.battery?.controller;
    const g = inputs.genset?.controller;
    if (now.islanded && !wasIslanded) {
      const batterySetW = (b ? field.fresh(`${b}.setW`) : null) ?? 0;
      const gensetSetW = (g ? (field.fresh(`${g}.setW`) ?? field.fresh(`${g}.W`)) : null) ?? 0;
      frequency = { batterySetW, gensetSetW, blindS: 0 };
    }
    if (now.connected && !wasConnected)
      dispatch = { setW: (b ? (field.fresh(`${b}.setW`) ?? field.fresh(`${b}.W`)) : null) ?? 0, blindS: 0 };
    if (now.islanded && !now.genset?.running) frequency = { ...frequency, gensetSetW: 0 };
    wasIslanded = now.islanded;
    wasConnected = now.connected;
  }

  function commandBattery(now: CycleInputs): void {
    const f = runner.run('frequency', () =>
      restoreFrequency(frequency, {
        islanded: now.islanded,
        connected: now.connected,
        frequencyHz: now.frequencyHz,
        targetHz: now.targetHz,
        nominalHz: plant.nominal.frequencyHz,
        battery: now.battery,
        genset: now.genset,
        dtS,
      }),
    );
    if (f.fresh && f.decision) frequency = f.decision.state;
    const d = runner.run('battery', () =>
      dispatchBattery(dispatch, {
        connected: now.connected,
        islanded: now.islanded,
        exchangeW: now.exchangeW,
        battery: now.battery,
        plannedW,
        dtS,
      }),
    );
    if (d.fresh && d.decision) dispatch = d.decision.state;
    const p = runner.run('peak', () =>
      shavePeak({
        connected: now.connected,
        islanded: now.islanded,
        exchangeW: now.exchangeW,
        peakImportW: plant.control.peakImportW,
        battery: now.battery,
      }),
    );
    const battery = now.battery;
    if (battery && inputs.battery && grid.lockout.unitMode(inputs.battery.id) === 'auto') {
      let wanted: number | null = null;
      if (now.islanded) wanted = f.mayCommand ? (f.decision?.batterySetW ?? null) : null;
      else if (now.connected) {
        wanted = d.mayCommand ? (d.decision?.batterySetW ?? null) : null;
        const cap = p.mayCommand ? (p.decision?.batteryCapW ?? null) : null;
        // The peak has the last word: it may lower what the battery does, down to what the battery can.
        if (cap !== null && (wanted ?? 0) > cap) {
          wanted = clamp(cap, -battery.ratedW, battery.ratedW);
          dispatch = { ...dispatch, setW: wanted };
        }
      }
      setPoints.want(powerTarget(battery.id, battery.ratedW), battery.controllable ? wanted : null);
    } else if (battery && inputs.battery && !manual.has(inputs.battery.id)) setPoints.forget(battery.id, 'power');
    const g = now.genset;
    if (g && inputs.genset && grid.lockout.unitMode(inputs.genset.id) === 'auto') {
      const wanted = now.islanded && f.mayCommand && g.running === true ? (f.decision?.gensetSetW ?? null) : null;
      setPoints.want(powerTarget(g.id, g.ratedW), g.controllable ? wanted : null);
    } else if (g && inputs.genset && !manual.has(inputs.genset.id)) setPoints.forget(g.id, 'power');
  }

  const powerTarget = (device: string, ratedW: number) => ({ device, kind: 'power' as const, tolerance: ratedW * 0.0025 });
  const limitTarget = (device: string) => ({ device, kind: 'limit' as const, tolerance: 0.5 });

  function commandSources(now: CycleInputs): void {
    const c = runner.run('curtailment', () =>
      curtail(curtailment, {
        connected: now.connected,
        islanded: now.islanded,
        exchangeW: now.exchangeW,
        exportMaxW: plant.limits.exportMaxW,
        frequencyHz: now.frequencyHz,
        nominalHz: plant.nominal.frequencyHz,
        highestVoltagePu: now.highestVoltagePu,
        voltageMaxPu: plant.limits.voltageMaxPu,
        battery: now.battery,
        sources: now.sources,
        dtS,
      }),
    );
    if (c.fresh && c.decision) curtailment = c.decision.state;
    for (const u of inputs.sources) {
      const device = u.controller as string;
      if (grid.lockout.unitMode(u.id) !== 'auto' || grid.lockout.blocking(u.id).length > 0) {
        if (!manual.has(u.id)) setPoints.forget(device, 'limit');
        continue;
      }
      setPoints.want(limitTarget(device), c.mayCommand ? (c.decision?.limitPercent.get(device) ?? null) : null);
    }
  }

  function commandGenset(now: CycleInputs): void {
    if (now.emergency) return;
    const g = runner.run('genset', () =>
      runGenset(genset, { islanded: now.islanded, connected: now.connected, battery: now.battery, genset: now.genset, dtS }),
    );
    if (!g.fresh || !g.decision) return;
    genset = g.decision.state;
    const { run, failedToStart } = g.decision;
    if (now.genset) {
      kernel.alarms.set('control.gensetFailed', now.genset.id, failedToStart && g.mayCommand, {
        sourceName: now.genset.name,
        page: `grid:${inputs.genset?.id}`,
      });
    }
    if (run !== null && g.mayCommand && now.genset && now.genset.running !== null)
      gensetOrders.want(now.genset.id, run, now.genset.running);
  }

  function commandLoads(now: CycleInputs): void {
    if (now.emergency) return;
    const soc = now.battery?.socPercent ?? null;
    const energyShort = now.battery !== null && soc !== null && soc <= now.battery.socMinPercent + 0.5 && now.genset?.running !== true;
    const s = runner.run('shedding', () =>
      shed(shedding, {
        connected: now.connected,
        islanded: now.islanded,
        frequencyHz: now.frequencyHz,
        nominalHz: plant.nominal.frequencyHz,
        frequencyMinHz: plant.limits.frequencyMinHz,
        energyShort,
        reserveUpW: reserve.upW,
        loads: now.loads,
        dtS,
      }),
    );
    if (!s.fresh || !s.decision || !s.mayCommand) return;
    const { open, close } = s.decision;
    const id = open ?? close;
    if (id !== null && switching.has(id)) return;
    const before = shedding.shed.length;
    shedding = s.decision.state;
    if (shedding.shed.length !== before) remember(shedding.shed);
    kernel.alarms.set('control.shed', 'shedding', shedding.shed.length > 0, {
      sourceName: 'Load shedding',
      page: 'balance:shedding',
      value: `${shedding.shed.length} shed`,
    });
    if (id === null) return;
    switching.add(id);
    void field.commands
      .switchRelay({ switchId: id, closed: close !== null, by: 'Busbar' })
      .then((outcome) => {
        if (outcome.state !== 'verified') log.warn('shedding was not verified', { switch: id, message: outcome.message });
      })
      .catch((cause: unknown) => log.error('shedding command failed', { cause: String(cause) }))
      .finally(() => switching.delete(id));
  }

  function renewManual(): void {
    for (const [unitId, powerW] of manual) {
      const unit = plant.grid.units.find((u) => u.id === unitId);
      if (!unit?.controller || grid.lockout.unitMode(unitId) !== 'manual' || grid.lockout.blocking(unitId).length > 0) continue;
      if (unit.kind === 'battery' || unit.kind === 'genset') setPoints.want(powerTarget(unit.controller, unit.ratedW), powerW);
      else setPoints.want(limitTarget(unit.controller), clamp((-powerW / unit.ratedW) * 100, 0, 100));
    }
  }

  function alarmsOf(now: CycleInputs): void {
    const hidden = field.plantVisible() ? null : 'The plant as a whole is not visible';
    for (const record of runner.records.values()) {
      if (hidden !== blindHidden) kernel.alarms.suppress(record.id, hidden, 'control.blind');
      kernel.alarms.set('control.blind', record.id, record.mode === 'auto' && record.state === 'blind', {
        sourceName: record.name,
        page: `balance:${record.id}`,
        value: record.why,
      });
    }
    blindHidden = hidden;
    for (const device of [now.battery?.id, now.genset?.id, ...now.sources.map((s) => s.id)]) {
      if (!device) continue;
      const kind = device === now.battery?.id || device === now.genset?.id ? 'power' : 'limit';
      const status = setPoints.status(device, kind);
      kernel.alarms.set('control.unverified', device, status.unverifiedSinceMs !== null, {
        sourceName: plant.devices.find((d) => d.id === device)?.name ?? device,
        page: `devices:${device}`,
        ...(status.message !== null && { value: status.message }),
      });
    }
  }

  const stated = (value: number | null, reason: string): Value =>
    value === null
      ? { value: null, quality: 'missing', timeMs: clock.nowMs(), reason }
      : { value, quality: 'estimated', timeMs: clock.nowMs() };

  const service: ControlService = {
    name: 'control',
    functions: () =>
      FUNCTIONS.map(({ id }) => {
        const r = runner.records.get(id) as NonNullable<ReturnType<Runner['records']['get']>>;
        return {
          id,
          name: r.name,
          mode: r.mode,
          state: r.state,
          decision: r.decision,
          why: r.why,
          sinceMs: r.sinceMs,
          outputs: outputsOf(
            id,
            { plant, field, grid, setPoints, ...inputs },
            {
              islanded: wasIslanded,
              connected: wasConnected,
              peakActs: runner.records.get('peak')?.state === 'acting',
              shed: shedding.shed,
            },
          ),
        };
      }),
    cycle: () => ({ periodMs, lastMs, jitterP99Ms: timer?.jitterP99Ms() ?? 0, overruns: runner.overruns() + (timer?.missed() ?? 0) }),
    reserve: () => ({
      upW: stated(reserve.upW, 'The sources’ readings are missing'),
      downW: stated(reserve.downW, 'The sources’ readings are missing'),
      secondsAtPresentLoad: reserve.secondsAtPresentLoad,
    }),
    planBattery(powerW) {
      plannedW = powerW;
    },
    setOnBeat(listener) {
      onBeat = listener;
    },
    runner,
    setPoints,
    manual,
    get handlers() {
      return handlers;
    },
    async start() {
      const beat = (): void => {
        try {
          cycle();
        } catch (cause) {
          log.error('the control cycle failed; the next one goes on', {
            cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
          });
        }
      };
      timer = startCycle(clock, periodMs, beat, (jitterMs) => onBeat?.(jitterMs));
    },
    async stop() {
      timer?.stop();
      timer = null;
    },
  };
  const handlers = controlHandlers(kernel, { field, grid, control: service });
  return service;
}
