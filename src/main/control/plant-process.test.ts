/** The console’s plant side against the simulated plant as a process of its own: the story of a loss of the main grid, and an emergency. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Caller } from '../../shared/contract/contract.ts';
import { createEmergencyService, type EmergencyService } from '../emergency/emergency-service.ts';
import { createFieldService, type FieldService } from '../field/field-service.ts';
import { type PlantProcess, startPlantProcess } from '../field/plant-harness.ts';
import { type TestKernel, testKernel } from '../field/testing.ts';
import { createTrainingService, type TrainingService } from '../field/training-service.ts';
import { createGridService, type GridService } from '../grid/grid-service.ts';
import { type ControlService, createControlService } from './control-service.ts';

const ann: Caller = { sessionId: 's', person: { id: 'p1', name: 'Ann', role: 'operator' } };
let plant: PlantProcess;
let kernel: TestKernel;
let field: FieldService;
let grid: GridService;
let control: ControlService;
let emergency: EmergencyService;
let training: TrainingService;

const until = async (what: string, condition: () => boolean, withinMs: number): Promise<number> => {
  const started = Date.now();
  while (!condition()) {
    if (Date.now() - started > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return Date.now() - started;
};

beforeAll(async () => {
  plant = await startPlantProcess({ speed: 1, seed: 7 });
  kernel = testKernel(plant.plant);
  field = createFieldService(kernel, { addresses: plant.addresses });
  grid = createGridService(kernel, { field });
  control = createControlService(kernel, { field, grid });
  emergency = createEmergencyService(kernel, { field, grid });
  training = createTrainingService(kernel, { control: plant.control });
  for (const service of [field, grid, control, emergency, training]) await service.start();
  await until('all devices are online', () => field.summaries().every((s) => s.state === 'online'), 15_000);
  await until('the grid is seen', () => grid.mode() === 'connected', 5000);
});
afterAll(async () => {
  for (const service of [training, emergency, control, grid, field]) await service?.stop();
  await plant?.close();
  kernel?.close();
});

it('estimates voltages and flows as the plant has them', async () => {
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const truth = (await plant.call('GET', '/state')) as { buses: Record<string, { vmPu: number }>; lossesW: number };
  const state = grid.state();
  expect(state.converged).toBe(true);
  for (const [id, bus] of Object.entries(truth.buses))
    expect(Math.abs((state.buses[id]?.vmPu.value ?? 0) - bus.vmPu), id).toBeLessThan(0.01);
  expect(Math.abs((state.totalLossW ?? 0) - truth.lossesW)).toBeLessThan(300);
  expect([...kernel.active].filter((a) => a.startsWith('grid.'))).toEqual([]);
});

it('carries a loss of the main grid and brings the frequency back', { timeout: 60_000 }, async () => {
  const list = await training.handlers?.['training.list']?.({}, ann);
  const loss = list?.faults.find((f) => f.kind === 'grid-loss');
  await training.handlers?.['training.inject']?.({ kind: 'grid-loss', target: loss?.targets[0]?.id ?? '', seconds: 20 }, ann);
  await until('it is islanded', () => grid.mode() === 'islanded', 5000);
  expect(kernel.active.has('grid.islanded@q-pcc')).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 8000));
  expect(Math.abs((grid.frequency().value ?? 0) - 50)).toBeLessThan(0.1);
  const frequency = control.functions().find((f) => f.id === 'frequency');
  expect(frequency?.state).toBe('acting');
  expect(frequency?.outputs[0]?.verified).toBe(true);
});

it('goes back to the main grid when the two are in step', { timeout: 100_000 }, async () => {
  await until('the main grid is healthy', () => grid.gridAlive() === true, 30_000);
  const check = await grid.handlers?.['grid.checkSwitch']?.({ id: 'q-pcc', position: 'closed' }, ann);
  expect(check?.blockedBy).toEqual([]);
  const outcome = await grid.handlers?.['grid.switch']?.({ id: 'q-pcc', position: 'closed', token: check?.token ?? '' }, ann);
  expect(['verified', 'unknown']).toContain(outcome?.state);
  await until('it is connected', () => grid.mode() === 'connected', 62_000);
  expect(kernel.active.has('grid.islanded@q-pcc')).toBe(false);
});

it('shuts everything down within the deadline and comes back step by step', { timeout: 60_000 }, async () => {
  const armed = await emergency.handlers?.['emergency.arm']?.({ level: 'everything', drill: false }, ann);
  await emergency.handlers?.['emergency.execute']?.({ token: armed?.token ?? '' }, ann);
  await until('it is done', () => emergency.state().phase === 'done', 3000);
  expect(emergency.state().unverified).toEqual([]);
  expect(emergency.state().elapsedMs).toBeLessThan(plant.plant.emergency.deadlineMs);
  const truth = (await plant.call('GET', '/state')) as { switches: Record<string, { closed: boolean }> };
  expect(Object.values(truth.switches).every((s) => !s.closed)).toBe(true);
  for (const step of emergency.state().recovery) await emergency.handlers?.['emergency.recover']?.({ step: step.id }, ann);
  expect(emergency.state().phase).toBe('ready');
  await until('it is connected', () => grid.mode() === 'connected', 5000);
  expect(grid.state().units['load-clinic']?.state).toBe('energised');
});

it('names a device that is made silent from the training menu', { timeout: 40_000 }, async () => {
  const fault = await training.handlers?.['training.inject']?.({ kind: 'device-silent', target: 'meter-shop', seconds: 60 }, ann);
  await until('it is named', () => kernel.active.has('device.silent@meter-shop'), 12_000);
  await training.handlers?.['training.clear']?.({ id: fault?.id ?? '' }, ann);
  await until('it is back', () => !kernel.active.has('device.silent@meter-shop'), 20_000);
});
