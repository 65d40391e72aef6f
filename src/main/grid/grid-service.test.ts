/** Topology, estimate, mode, switching and tags, on real Modbus devices. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../shared/contract/contract.ts';
import { contract } from '../../shared/contract/contract.ts';
import { createControlService } from '../control/control-service.ts';
import { createFieldService, type FieldService } from '../field/field-service.ts';
import { openTestField, type TestField } from '../field/test-plant.ts';
import { type TestKernel, testKernel } from '../field/testing.ts';
import { createGridService, type GridService } from './grid-service.ts';
import { createOverviewService } from './overview-service.ts';

const ann: Caller = { sessionId: 's', person: { id: 'p1', name: 'Ann', role: 'operator' } };
let plant: TestField;
let kernel: TestKernel;
let field: FieldService;
let grid: GridService;

const until = async (what: string, condition: () => boolean, withinMs = 8000): Promise<void> => {
  const end = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const check = (id: string, position: 'open' | 'closed') => grid.handlers?.['grid.checkSwitch']?.({ id, position }, ann);
const operate = async (id: string, position: 'open' | 'closed', token: string) =>
  grid.handlers?.['grid.switch']?.({ id, position, token }, ann);

beforeEach(async () => {
  plant = await openTestField();
  kernel = testKernel(plant.plant);
  field = createFieldService(kernel, { addresses: plant.addresses });
  grid = createGridService(kernel, { field });
  await field.start();
  await grid.start();
  await until('all is read', () => field.summaries().every((s) => s.state === 'online'));
  grid.refresh();
});
afterEach(async () => {
  await grid.stop();
  await field.stop();
  await plant.close();
  kernel.close();
});

describe('state', () => {
  it('is connected, converged, and tells measured from computed', () => {
    const state = grid.state();
    expect(grid.mode()).toBe('connected');
    expect(state.converged).toBe(true);
    expect(state.buses.end?.vmPu).toMatchObject({ quality: 'good' });
    expect(state.buses.mv?.vmPu).toMatchObject({ quality: 'estimated' });
    expect(state.branches.l2?.state).toBe('dead');
    expect(state.branches.l1?.powerW.quality).toBe('estimated');
    // The load is what the meter tells less what the inverter behind it gives: 1000 W − (−5000 W).
    expect(state.units.load?.powerW).toMatchObject({ value: 6000, quality: 'estimated' });
    expect(state.units.pv?.powerW).toMatchObject({ value: -5000, quality: 'good' });
  });

  it('conserves energy: what the transformer carries is what units draw and lines lose', () => {
    const state = grid.state();
    const drawn = Object.values(state.units).reduce((sum, u) => sum + (u.powerW.value ?? 0), 0);
    const lines = (state.branches.l1?.lossW ?? 0) + (state.branches.tr?.lossW ?? 0);
    expect(state.branches.tr?.powerW.value).toBeCloseTo(drawn + lines, 0);
  });

  it('fits the contract', () => {
    expect(contract.topics.grid.payload.safeParse(grid.state()).error).toBeUndefined();
    expect(contract.queries['grid.topology'].output.safeParse(grid.topology()).error).toBeUndefined();
    for (const id of ['mv', 'l1', 'tr', 'q-load', 'battery']) {
      const plate = grid.handlers?.['grid.facePlate']?.({ id }, ann);
      expect(contract.queries['grid.facePlate'].output.safeParse(plate).error).toBeUndefined();
    }
  });

  it('says unknown for a part that is fed only through a relay that never answered', async () => {
    await grid.stop();
    await field.stop();
    kernel.close();
    plant.faults['relay-1'] = { kind: 'silent' };
    kernel = testKernel(plant.plant);
    field = createFieldService(kernel, { addresses: plant.addresses });
    grid = createGridService(kernel, { field });
    await field.start();
    await grid.start();
    await until('the others are read', () => field.fresh('q-pcc.closed') === 1 && field.fresh('battery.V') !== null);
    grid.refresh();
    const state = grid.state();
    expect(state.switches['q-line']?.position).toBe('unknown');
    expect(state.buses.lv?.state).toBe('energised');
    expect(state.buses.end?.state).toBe('unknown');
    expect(state.units.load?.state).toBe('unknown');
  });

  it('computes nothing while no unit’s power was ever read: exchange, losses and voltages are unknown, not some number', async () => {
    await grid.stop();
    await field.stop();
    kernel.close();
    for (const device of plant.plant.devices) plant.faults[device.id] = { kind: 'silent' };
    kernel = testKernel(plant.plant);
    field = createFieldService(kernel, { addresses: plant.addresses });
    grid = createGridService(kernel, { field });
    grid.refresh();
    expect(grid.exchange()).toMatchObject({ value: null, quality: 'missing' });
    expect(grid.loss().value).toBeNull();
    expect(grid.read('grid.vMinPu').value).toBeNull();
    const state = grid.state();
    expect(Object.values(state.branches).every((b) => b.powerW.value === null)).toBe(true);
    expect(state.message).toMatch(/No unit’s power is known/);
    await field.start();
    await grid.start();
  });

  it('islands on the battery when the breaker opens by itself, and raises the alarm', async () => {
    plant.relays['relay-pcc']?.setAll({ breakerClose: 0, breakerClosed: 0, breakerTripped: 1, gridHealthy: 0 });
    await until('it is islanded', () => grid.mode() === 'islanded');
    expect(kernel.active.has('grid.islanded@q-pcc')).toBe(true);
    expect(grid.state().buses.lv?.state).toBe('energised');
    expect(grid.state().buses.mv?.state).toBe('dead');
    expect(grid.state().converged).toBe(true);
  });

  it('raises the alarm for a critical load without supply', async () => {
    plant.relays['relay-1']?.setAll({ relay4Close: 0, relay4Closed: 0 });
    await until('the alarm stands', () => kernel.active.has('grid.criticalDead@clinic'));
  });

  it('raises the voltage alarm at the bus where it is measured', async () => {
    plant.sunspec['meter-load']?.set(203, 'PhV', 200);
    await until('the alarm stands', () => kernel.active.has('grid.voltage@end'));
    expect(kernel.active.has('grid.voltage@lv')).toBe(false);
  });
});

describe('switching', () => {
  it('says who loses supply, needs the token, and reads back', async () => {
    const result = await check('q-line', 'open');
    expect(result?.blockedBy).toEqual([]);
    expect(result?.effects.join(' ')).toMatch(/Loses supply: Load.*6\.0 kW/);
    const outcome = await operate('q-line', 'open', result?.token ?? '');
    expect(outcome).toMatchObject({ state: 'verified' });
    expect(grid.state().buses.end?.state).toBe('dead');
    await expect(operate('q-line', 'open', result?.token ?? '')).rejects.toThrow(/not checked/);
  });

  it('says that closing the tie closes a loop', async () => {
    expect((await check('q-tie', 'closed'))?.effects.join(' ')).toMatch(/loop/);
  });

  it('says that opening the interconnection leaves an island on the battery', async () => {
    expect((await check('q-pcc', 'open'))?.effects.join(' ')).toMatch(/island; Battery holds/);
  });

  it('tells before closing the interconnection whether both sides are in step', async () => {
    plant.relays['relay-pcc']?.setAll({ breakerClose: 0, breakerClosed: 0 });
    await until('it is islanded', () => grid.mode() === 'islanded');
    expect((await check('q-pcc', 'closed'))?.effects.join(' ')).toMatch(/in step/);
    plant.relays['relay-pcc']?.setAll({ syncCheckOk: 0 });
    await until('the check is read', () => grid.syncOk() === false);
    expect((await check('q-pcc', 'closed'))?.effects.join(' ')).toMatch(/waits for synchronism/);
  });

  it('blocks a tagged switch, for people too', async () => {
    await grid.handlers?.['grid.tag']?.({ id: 'load', text: 'People at work' }, ann);
    const result = await check('q-load', 'open');
    expect(result?.blockedBy.join(' ')).toMatch(/Ann: People at work/);
    await expect(operate('q-load', 'open', result?.token ?? '')).rejects.toThrow(/People at work/);
    const tag = grid.lockout.tags('load')[0];
    await grid.handlers?.['grid.untag']?.({ tag: tag?.id ?? '' }, ann);
    expect((await check('q-load', 'open'))?.blockedBy).toEqual([]);
  });

  it('refuses to act on a check that the grid has outrun', async () => {
    const result = await check('q-load', 'open');
    plant.relays['relay-1']?.setAll({ relay1Close: 0, relay1Closed: 0 });
    await until('the change is read', () => grid.position('q-line') === 'open');
    await expect(operate('q-load', 'open', result?.token ?? '')).rejects.toThrow(/changed since the check/);
  });
});

it('puts overview, balance and points together as the contract says', async () => {
  const control = createControlService(kernel, { field, grid });
  const overview = createOverviewService(kernel, {
    field,
    grid,
    control,
    day: () => [],
    carbonNow: () => ({ intensityGPerKwh: { value: null, quality: 'missing', timeMs: null }, mix: [] }),
    activeAlarms: () => [],
  });
  await control.start();
  await overview.start();
  await until(
    'topics are published',
    () => kernel.published.has('overview') && kernel.published.has('balance') && kernel.published.has('points'),
  );
  for (const name of ['overview', 'balance', 'points', 'grid', 'devices'] as const) {
    expect(contract.topics[name].payload.safeParse(kernel.published.get(name)).error, name).toBeUndefined();
  }
  const bars = (kernel.published.get('overview') as { bars: { id: string; value: { value: number | null } }[] }).bars;
  expect(bars.map((b) => b.id)).toEqual(['frequency', 'vMin', 'vMax', 'exchange', 'reserve', 'soc']);
  expect(bars.find((b) => b.id === 'soc')?.value.value).toBe(55);
  await overview.stop();
  await control.stop();
});
