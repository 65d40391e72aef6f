/** The running cycle: beat, cut-off, set-points, and control against real Modbus devices. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../shared/contract/contract.ts';
import type { CommandOutcome } from '../../shared/contract/grid.ts';
import { startCycle } from '../field/cycle-timer.ts';
import { createFieldService, type FieldService } from '../field/field-service.ts';
import { openTestField, type TestField, testPlantFile } from '../field/test-plant.ts';
import { steppedClock, type TestKernel, testKernel } from '../field/testing.ts';
import { createGridService, type GridService } from '../grid/grid-service.ts';
import { type ControlService, createControlService } from './control-service.ts';
import { createRunner } from './function-runner.ts';
import { reserveOf } from './reserve.ts';
import { createSetPoints } from './set-points.ts';

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const until = async (what: string, condition: () => boolean, withinMs = 9000): Promise<void> => {
  const end = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

describe('beat', () => {
  it('keeps to the multiples of the period when a cycle starts late, and counts what it missed', () => {
    const base = steppedClock();
    let lateMs = 0;
    const clock = { ...base, setTimeout: (fn: () => void, ms: number) => base.setTimeout(fn, ms + lateMs) };
    const starts: number[] = [];
    const timer = startCycle(clock, 1000, () => starts.push(base.monotonicMs()));
    base.step(2000);
    lateMs = 300;
    base.step(1000);
    base.step(1000);
    lateMs = 2500;
    base.step(4000);
    timer.stop();
    expect(starts.slice(0, 4)).toEqual([1000, 2000, 3000, 4300]);
    expect(timer.jitterP99Ms()).toBeGreaterThanOrEqual(300);
    expect(timer.missed()).toBeGreaterThan(0);
  });
});

describe('cut-off', () => {
  const verdict = (decision: string) => ({ status: 'acting' as const, decision, why: 'test' });

  it('throws away what came too late, holds the last safe output, and says so', () => {
    const clock = steppedClock();
    const kernel = testKernel(testPlantFile(), { clock });
    kernel.alarms.define({ kind: 'control.overrun' } as never);
    const runner = createRunner(kernel, clock, clock.monotonicMs);
    expect(runner.run('battery', () => verdict('safe')).decision?.decision).toBe('safe');
    const late = runner.run('battery', () => {
      clock.step(50);
      return verdict('late');
    });
    expect(late).toMatchObject({ fresh: false, decision: { decision: 'safe' } });
    expect(runner.records.get('battery')?.state).toBe('overrun');
    expect(kernel.active.has('control.overrun@battery')).toBe(true);
    expect(runner.run('peak', () => verdict('others go on')).fresh).toBe(true);
    let ran = 0;
    for (let cycle = 0; cycle < 11; cycle += 1) {
      runner.run('battery', () => {
        ran += 1;
        return verdict('again');
      });
    }
    expect(ran).toBe(1);
    expect(kernel.active.has('control.overrun@battery')).toBe(false);
    kernel.close();
  });

  it('does not blame a function that the machine only kept waiting, yet never uses what came later than a cycle', () => {
    const clock = steppedClock();
    const kernel = testKernel(testPlantFile(), { clock });
    kernel.alarms.define({ kind: 'control.overrun' } as never);
    const runner = createRunner(kernel, clock, () => 0);
    const waited = (ms: number, decision: string) =>
      runner.run('battery', () => {
        clock.step(ms);
        return verdict(decision);
      });
    expect(waited(300, 'kept waiting')).toMatchObject({ fresh: true, decision: { decision: 'kept waiting' } });
    expect(waited(kernel.plant.control.cycleMs + 1, 'old')).toMatchObject({ fresh: false, decision: { decision: 'kept waiting' } });
    expect(waited(0, 'again')).toMatchObject({ fresh: true });
    expect(kernel.active.size).toBe(0);
    expect(runner.overruns()).toBe(0);
    kernel.close();
  });

  it('cuts off what computes too long on the real thread', () => {
    const kernel = testKernel(testPlantFile());
    kernel.alarms.define({ kind: 'control.overrun' } as never);
    const runner = createRunner(kernel, kernel.clock);
    const busy = runner.run('battery', () => {
      const end = process.threadCpuUsage().user + process.threadCpuUsage().system + 40_000;
      while (process.threadCpuUsage().user + process.threadCpuUsage().system < end);
      return verdict('late');
    });
    expect(busy.fresh).toBe(false);
    expect(kernel.active.has('control.overrun@battery')).toBe(true);
    kernel.close();
  });

  it('does the same with a function that fails', () => {
    const clock = steppedClock();
    const kernel = testKernel(testPlantFile(), { clock });
    kernel.alarms.define({ kind: 'control.overrun' } as never);
    const runner = createRunner(kernel, clock);
    const failed = runner.run('battery', () => {
      throw new Error('divided by zero');
    });
    expect(failed.decision).toBeNull();
    expect(runner.records.get('battery')?.why).toContain('divided by zero');
    kernel.close();
  });

  it('remembers over a restart that a function is off', () => {
    const kernel = testKernel(testPlantFile());
    createRunner(kernel, kernel.clock).setMode('shedding', 'off');
    const again = createRunner(kernel, kernel.clock);
    expect(again.run('shedding', () => verdict('never')).decision).toBeNull();
    kernel.close();
  });
});

describe('set-points', () => {
  const target = { device: 'battery', kind: 'power' as const, tolerance: 100 };
  const verified: CommandOutcome = { state: 'verified', message: '', sentMs: 1, verifiedMs: 1 };

  it('sends changes, renews before the device reverts, and leaves small changes alone', async () => {
    const clock = steppedClock();
    const sent: (number | null)[] = [];
    const points = createSetPoints(clock, 10_000, async (_, value) => {
      sent.push(value);
      return verified;
    });
    for (let second = 0; second < 25; second += 1) {
      points.want(target, second < 3 ? 5000 : 5050);
      await settle();
      clock.step(1000);
    }
    expect(sent).toEqual([5000, 5050, 5050]);
  });

  it('has one command under way at a time and repeats what was not verified', async () => {
    const clock = steppedClock();
    let answer: (outcome: CommandOutcome) => void = () => {};
    let sends = 0;
    const points = createSetPoints(clock, 10_000, () => {
      sends += 1;
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    points.want(target, 1000);
    points.want(target, 9000);
    expect(sends).toBe(1);
    answer({ state: 'mismatch', message: 'shows 0', sentMs: 1, verifiedMs: null });
    await settle();
    expect(points.status('battery', 'power')).toMatchObject({ verified: false, message: 'shows 0' });
    clock.step(3000);
    points.want(target, 1000);
    expect(sends).toBe(2);
  });

  it('lifts a limit when nobody wants it any more', async () => {
    const sent: (number | null)[] = [];
    const clock = steppedClock();
    const points = createSetPoints(clock, 10_000, async (_, value) => {
      sent.push(value);
      return verified;
    });
    const limit = { device: 'pv', kind: 'limit' as const, tolerance: 0.5 };
    points.want(limit, 40);
    await settle();
    for (let second = 0; second < 5; second += 1) {
      clock.step(1000);
      points.want(limit, null);
      await settle();
    }
    expect(sent).toEqual([40, null]);
  });
});

it('reckons reserve from what the sources can still do, and has none to tell when readings are missing', () => {
  const battery = {
    id: 'b',
    name: 'B',
    ratedW: 40_000,
    powerW: 10_000,
    socPercent: 50,
    socMinPercent: 15,
    socMaxPercent: 95,
    controllable: true,
  };
  const base = {
    connected: false,
    exchangeW: 0,
    importMaxW: 50_000,
    exportMaxW: 30_000,
    battery,
    batteryCapacityWh: 80_000,
    genset: null,
    sources: [],
    demandW: 14_000,
  };
  expect(reserveOf(base)).toMatchObject({ upW: 50_000, downW: 30_000, secondsAtPresentLoad: 7200 });
  expect(reserveOf({ ...base, battery: { ...battery, socPercent: null } }).upW).toBeNull();
});

describe('on the plant', () => {
  const ann: Caller = { sessionId: 's', person: { id: 'p1', name: 'Ann', role: 'operator' } };
  let plant: TestField;
  let kernel: TestKernel;
  let field: FieldService;
  let grid: GridService;
  let control: ControlService;

  beforeEach(async () => {
    plant = await openTestField();
    kernel = testKernel(plant.plant);
    field = createFieldService(kernel, { addresses: plant.addresses });
    grid = createGridService(kernel, { field });
    control = createControlService(kernel, { field, grid });
    await field.start();
    await grid.start();
    await until('all is read', () => field.summaries().every((s) => s.state === 'online'));
    grid.refresh();
    await control.start();
  });
  afterEach(async () => {
    await control.stop();
    await grid.stop();
    await field.stop();
    await plant.close();
    kernel.close();
  });
  const batterySet = () => plant.sunspec.battery?.get(704, 'WSet') as number;

  it('discharges the battery against the import, and reads back what it set', async () => {
    plant.sunspec['meter-pcc']?.set(203, 'W', 9000);
    await until('the battery is told to discharge', () => batterySet() > 3000);
    await until('it is read back', () => {
      const out = control.functions().find((f) => f.id === 'battery')?.outputs[0];
      return out?.verified === true && out.readBackW !== null && Math.abs(out.readBackW - (out.setW ?? 0)) < 4500;
    });
  });

  it('limits the inverter when the export is above its limit', async () => {
    plant.sunspec['meter-pcc']?.set(203, 'W', -32_000);
    await until('the limit is on', () => plant.sunspec.inverter?.get(123, 'WMaxLim_Ena') === 1);
    expect(plant.sunspec.inverter?.get(123, 'WMaxLimPct')).toBeLessThan(20);
  });

  it('never commands a tagged battery', async () => {
    await grid.handlers?.['grid.tag']?.({ id: 'battery', text: 'Cells being changed' }, ann);
    plant.sunspec['meter-pcc']?.set(203, 'W', 20_000);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(plant.sunspec.battery?.get(704, 'WSetEna')).toBe(0);
  });

  it('sheds the first load of the order when an island’s frequency falls, and remembers that it did', async () => {
    plant.relays['relay-pcc']?.setAll({ breakerClose: 0, breakerClosed: 0, gridHealthy: 0, busFrequencyHz: 49.1, gridFrequencyHz: 0 });
    await until('the load is open', () => field.fresh('q-load.closed') === 0);
    expect(plant.coilWrites).toContain('relay-1/2=0');
    expect(field.fresh('q-clinic.closed')).toBe(1);
    await until('the alarm stands', () => kernel.active.has('control.shed@shedding'));
    const row = kernel.store.read.prepare("SELECT json FROM control_memory WHERE key = 'shed'").get() as { json: string };
    expect(JSON.parse(row.json)).toMatchObject([{ switchId: 'q-load' }]);
    expect(kernel.entries.some((e) => e.kind === 'decision' && e.text.includes('Sheds Load'))).toBe(true);
  });

  it('goes blind and holds when the exchange meter falls silent, and says which', async () => {
    await until('it has decided', () => control.functions().find((f) => f.id === 'battery')?.state !== 'blind');
    plant.faults['meter-pcc'] = { kind: 'silent' };
    plant.faults['relay-pcc'] = { kind: 'silent' };
    await until('it is blind', () => control.functions().find((f) => f.id === 'battery')?.state === 'blind');
    expect(control.functions().find((f) => f.id === 'battery')?.why).toContain('exchange meter');
  });

  it('is silent about its blindness while the whole plant is not visible, and not longer', async () => {
    for (const device of plant.plant.devices) plant.faults[device.id] = { kind: 'silent' };
    await until('one alarm tells it', () => kernel.active.has('field.notVisible@plant'));
    await until('blindness is suppressed', () => kernel.suppressed.has('control.blind@battery'));
    await until('a function is blind', () => control.functions().some((f) => f.state === 'blind'));
    expect(plant.plant.devices.every((d) => kernel.suppressed.has(`device.silent@${d.id}`))).toBe(true);
    expect([...kernel.suppressed].filter((s) => s.startsWith('*'))).toEqual([]);
    for (const device of plant.plant.devices) plant.faults[device.id] = { kind: 'none' };
    await until('the alarm clears', () => !kernel.active.has('field.notVisible@plant'), 15_000);
    await until('nothing is suppressed any more', () => kernel.suppressed.size === 0);
  }, 30_000);

  it('lets a person set a unit by hand only in manual mode, and renews what he set', async () => {
    await expect(control.handlers?.['control.setPower']?.({ unit: 'battery', powerW: 5000 }, ann)).rejects.toThrow(/manual/);
    await control.handlers?.['control.setUnitMode']?.({ unit: 'battery', mode: 'manual' }, ann);
    await until('no automatic command is under way', () => control.setPoints.status('battery', 'power').value === null);
    const outcome = await control.handlers?.['control.setPower']?.({ unit: 'battery', powerW: 5000 }, ann);
    expect(outcome).toMatchObject({ state: 'verified' });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(batterySet()).toBe(-5000);
    await expect(control.handlers?.['control.setPower']?.({ unit: 'battery', powerW: 90_000 }, ann)).rejects.toThrow(/can do/);
  });
});
