/** Emergency shutdown on real relays: verified, stuck, silent, drill, and the console's crash in between. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Caller } from '../../shared/contract/contract.ts';
import { createFieldService, type FieldService } from '../field/field-service.ts';
import { openTestField, type TestField } from '../field/test-plant.ts';
import { type TestKernel, testKernel } from '../field/testing.ts';
import { createGridService, type GridService } from '../grid/grid-service.ts';
import { createEmergencyService, type EmergencyService } from './emergency-service.ts';

const ann: Caller = { sessionId: 's', person: { id: 'p1', name: 'Ann', role: 'operator' } };
let plant: TestField;
let kernel: TestKernel;
let field: FieldService;
let grid: GridService;
let emergency: EmergencyService;
const told: { level: string; by: string; startedMs: number; inForce: boolean }[] = [];

const until = async (what: string, condition: () => boolean, withinMs = 8000): Promise<void> => {
  const end = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
async function startConsole(db?: TestKernel['store']['read']): Promise<void> {
  kernel = testKernel(plant.plant, db ? { db } : {});
  field = createFieldService(kernel, { addresses: plant.addresses });
  grid = createGridService(kernel, { field });
  emergency = createEmergencyService(kernel, {
    field,
    grid,
    executed({ level, by, startedMs }) {
      told.push({ level: level.id, by, startedMs, inForce: grid.emergency().active });
      throw new Error('the listener is out of order');
    },
  });
  await field.start();
  await grid.start();
  await until('positions are read', () => plant.plant.grid.switches.every((s) => grid.position(s.id) !== 'unknown'));
  await emergency.start();
}
const stopConsole = async (): Promise<void> => {
  await emergency.stop();
  await grid.stop();
  await field.stop();
};
const shutDown = async (level: string, drill = false): Promise<void> => {
  const armed = await emergency.handlers?.['emergency.arm']?.({ level, drill }, ann);
  await emergency.handlers?.['emergency.execute']?.({ token: armed?.token ?? '' }, ann);
};
const recover = (step: string) => emergency.handlers?.['emergency.recover']?.({ step }, ann);

beforeEach(async () => {
  told.length = 0;
  plant = await openTestField();
  await startConsole();
});
afterEach(async () => {
  await stopConsole();
  await plant.close();
  kernel.close();
});

it('opens every relay of the level, reads each back within the deadline, and keeps the clinic fed', async () => {
  await shutDown('keep-clinic');
  await until('it is done', () => emergency.state().phase === 'done');
  const state = emergency.state();
  expect(state.relays.map((r) => r.state)).toEqual(['verified', 'verified']);
  expect(state.unverified).toEqual([]);
  expect(state.elapsedMs).toBeLessThan(plant.plant.emergency.deadlineMs);
  expect(grid.mode()).toBe('emergency');
  expect(grid.state().units.clinic?.state).toBe('energised');
  expect(grid.state().units.load?.state).toBe('dead');
});

it('needs to be armed, and the token works once', async () => {
  const armed = await emergency.handlers?.['emergency.arm']?.({ level: 'keep-clinic', drill: true }, ann);
  expect(() => emergency.handlers?.['emergency.execute']?.({ token: 'guess' }, ann)).toThrow(/not armed/);
  await emergency.handlers?.['emergency.execute']?.({ token: armed?.token ?? '' }, ann);
  expect(() => emergency.handlers?.['emergency.execute']?.({ token: armed?.token ?? '' }, ann)).toThrow(/not armed/);
});

it('tells others of a real execution once, never of a drill, and goes on when they fail', async () => {
  await shutDown('everything', true);
  await until('the drill is done', () => emergency.state().phase === 'done');
  expect(told).toEqual([]);
  for (const step of emergency.state().recovery) await recover(step.id);
  await shutDown('keep-clinic');
  await until('it is done', () => emergency.state().phase === 'done');
  expect(told).toEqual([{ level: 'keep-clinic', by: 'Ann', startedMs: emergency.state().startedMs, inForce: true }]);
  expect(emergency.state().unverified).toEqual([]);
});

it('sends nothing in a drill and says so on every row', async () => {
  await shutDown('everything', true);
  await until('it is done', () => emergency.state().phase === 'done');
  expect(plant.coilWrites).toEqual([]);
  expect(emergency.state().drill).toBe(true);
  expect(emergency.state().relays.every((r) => r.message?.includes('Drill'))).toBe(true);
  expect(grid.mode()).toBe('connected');
});

it('names a stuck relay, goes on trying, and verifies it when it moves', async () => {
  plant.stuck.add('relay-1/2');
  await shutDown('keep-clinic');
  await until('it is named', () => emergency.state().unverified.includes('q-load'));
  await until('the alarm stands', () => kernel.active.has('emergency.unverified@q-load'));
  expect(emergency.state().relays.find((r) => r.switch === 'q-pv')?.state).toBe('verified');
  plant.stuck.delete('relay-1/2');
  await until('it is verified', () => emergency.state().unverified.length === 0);
  expect(kernel.active.has('emergency.unverified@q-load')).toBe(false);
});

it('goes on after a crash of the console', async () => {
  plant.faults['relay-1'] = { kind: 'silent' };
  await shutDown('keep-clinic');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(emergency.state().phase).toBe('acting');
  const disk = kernel.store.read;
  await stopConsole();
  plant.faults['relay-1'] = { kind: 'none' };
  plant.coilWrites.length = 0;
  // The crash: a new console on the same disk. The relays it left are read and commanded again.
  await startConsole(disk);
  await until('it is done', () => emergency.state().phase === 'done');
  await until('all are verified', () => emergency.state().relays.every((r) => r.state === 'verified' || r.state === 'already-open'));
  expect(field.fresh('q-load.closed')).toBe(0);
  expect(emergency.state().by).toBe('Ann');
});

it('recovers step by step: nothing before the all-clear, closing read back, functions resume at the end', async () => {
  await shutDown('keep-clinic');
  await until('it is done', () => emergency.state().phase === 'done');
  await expect(recover('q-load')).rejects.toThrow(/cause is gone/);
  await recover('all-clear');
  await recover('q-load');
  expect(field.fresh('q-load.closed')).toBe(1);
  expect(emergency.state().phase).toBe('recovering');
  await recover('q-pv');
  await recover('finish');
  expect(emergency.state().phase).toBe('ready');
  expect(grid.mode()).toBe('connected');
});

it('shows after a restart in the middle of recovery what is closed again, and reads the rest', async () => {
  await shutDown('keep-clinic');
  await until('it is done', () => emergency.state().phase === 'done');
  await recover('all-clear');
  await recover('q-load');
  const disk = kernel.store.read;
  await stopConsole();
  await startConsole(disk);
  await until('nothing waits to be read', () => emergency.state().relays.every((r) => r.state === 'verified'));
  const relay = (id: string) => emergency.state().relays.find((r) => r.switch === id);
  expect(relay('q-load')?.message).toMatch(/Closed again/);
  expect(relay('q-pv')?.message).toBeNull();
  expect(field.fresh('q-load.closed')).toBe(1);
});

it('brings back what a lower level had opened when a higher one followed', async () => {
  await shutDown('keep-clinic');
  await until('it is done', () => emergency.state().phase === 'done');
  await shutDown('everything');
  await until('it is done', () => emergency.state().phase === 'done');
  const steps = emergency.state().recovery.map((s) => s.id);
  expect(steps).toEqual(['all-clear', 'q-pcc', 'q-battery', 'q-clinic', 'q-load', 'q-pv', 'finish']);
});

it('shows before arming what opens, what stays fed and what goes dark', async () => {
  const levels = await emergency.handlers?.['emergency.levels']?.({}, ann);
  const level = levels?.find((l) => l.id === 'keep-clinic');
  expect(level?.remainsFed).toEqual(['Clinic (critical)']);
  expect(level?.goesDark).toEqual(['Load']);
  expect(level?.opens.map((o) => [o.number, o.position])).toEqual([
    [4, 'closed'],
    [6, 'closed'],
  ]);
  expect(levels?.find((l) => l.id === 'everything')?.remainsFed).toEqual([]);
});

it('names a unit that does not confirm its stop, and forgets it when the emergency ends', async () => {
  await emergency.stop();
  const levels = plant.plant.emergency.levels.map((l) => (l.id === 'keep-clinic' ? { ...l, stopsUnits: ['battery'] } : l));
  const stopping = { ...kernel, plant: { ...plant.plant, emergency: { ...plant.plant.emergency, levels } } };
  emergency = createEmergencyService(stopping, { field, grid });
  await emergency.start();
  plant.faults.battery = { kind: 'silent' };
  await shutDown('keep-clinic');
  await until('the unit is named', () => kernel.active.has('emergency.notStopped@battery'));
  expect(kernel.entries).toContainEqual(expect.objectContaining({ title: 'Emergency shutdown: unit not stopped', outcome: 'failed' }));
  await until('the relays are done', () => emergency.state().phase === 'done');
  await recover('all-clear');
  await recover('finish');
  expect(kernel.active.has('emergency.notStopped@battery')).toBe(false);
});
