/** The field against real Modbus servers. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFieldService, type FieldService } from './field-service.ts';
import { openTestField, type TestField } from './test-plant.ts';
import { type TestKernel, testKernel } from './testing.ts';

let field: TestField;
let kernel: TestKernel;
let service: FieldService;

const until = async (what: string, condition: () => boolean, withinMs = 6000): Promise<void> => {
  const end = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const device = (id: string) => service.summaries().find((s) => s.id === id);
const settled = () => until('all devices online', () => service.summaries().every((s) => s.state === 'online'));

beforeEach(async () => {
  field = await openTestField();
  kernel = testKernel(field.plant);
  service = createFieldService(kernel, { addresses: field.addresses });
  await service.start();
  await settled();
});
afterEach(async () => {
  await service.stop();
  await field.close();
  kernel.close();
});

it('reads every device and turns generation to negative', () => {
  expect(service.fresh('meter-load.W')).toBe(1000);
  expect(service.fresh('inverter.W')).toBe(-5000);
  expect(service.fresh('battery.W')).toBe(2000);
  expect(service.fresh('battery.SoC')).toBe(55);
  expect(service.fresh('q-pcc.closed')).toBe(1);
  expect(service.fresh('q-tie.closed')).toBe(0);
  expect(service.fresh('relay-pcc.gridHealthy')).toBe(1);
  expect(device('meter-load')?.firmware).toBe('1.2.3');
});

it('keeps the others fresh while one device is silent, and raises one alarm for it', async () => {
  field.faults['meter-load'] = { kind: 'silent' };
  await until('the silent device is named', () => kernel.active.has('device.silent@meter-load'));
  expect(service.image.read('meter-load.W')).toMatchObject({ quality: 'stale', value: 1000 });
  expect(service.fresh('meter-load.W')).toBeNull();
  for (const other of ['meter-pcc', 'inverter', 'battery', 'relay-1']) expect(device(other)?.oldestAgeMs).toBeLessThan(800);
  expect([...kernel.active].filter((a) => a.includes('meter-load'))).toHaveLength(1);
  field.faults['meter-load'] = { kind: 'none' };
  await until('it comes back and the alarm clears', () => !kernel.active.has('device.silent@meter-load'), 10_000);
});

it('refuses what cannot be, as bad and not as zero', async () => {
  field.sunspec['meter-load']?.set(203, 'Hz', 99);
  await until('the value is bad', () => service.image.read('meter-load.Hz').quality === 'bad');
  expect(service.image.read('meter-load.Hz')).toMatchObject({ value: null });
  await until('the device is named', () => kernel.active.has('device.garbage@meter-load'));
});

it('tells a device that answers nonsense from a silent one', async () => {
  field.faults['meter-load'] = { kind: 'garbage' };
  await until('the device is named', () => kernel.active.has('device.garbage@meter-load'), 15_000);
  expect(kernel.active.has('device.silent@meter-load')).toBe(false);
  expect(device('meter-load')).toMatchObject({ state: 'garbage', why: expect.stringMatching(/not Modbus/) });
});

it('verifies a switching act by the position feedback and answers the same id with the same outcome', async () => {
  const act = { id: 'act-1', switchId: 'q-load', closed: false, by: 'Test' };
  const [first, twin] = await Promise.all([service.commands.switchRelay(act), service.commands.switchRelay(act)]);
  expect(first).toMatchObject({ state: 'verified' });
  expect(twin).toEqual(first);
  expect(service.fresh('q-load.closed')).toBe(0);
  expect(await service.commands.switchRelay(act)).toMatchObject({ state: 'verified' });
  expect(field.coilWrites).toEqual(['relay-1/2=0']);
  expect(kernel.entries.at(-1)).toMatchObject({ target: 'q-load', outcome: 'done', who: 'Test' });
});

it('says mismatch when the contacts do not follow', async () => {
  field.stuck.add('relay-1/2');
  const outcome = await service.commands.switchRelay({ switchId: 'q-load', closed: false, by: 'Test', verifyWithinMs: 200 });
  expect(outcome.state).toBe('mismatch');
  expect(service.fresh('q-load.closed')).toBe(1);
});

it('says unknown when the relay takes the command and then falls silent', async () => {
  field.faults['relay-1'] = { kind: 'silent' };
  const outcome = await service.commands.switchRelay({ switchId: 'q-load', closed: false, by: 'Test', verifyWithinMs: 300 });
  expect(outcome.state).toBe('unknown');
});

it('sets the battery’s power with revert time, and reads it back in the house sign', async () => {
  const outcome = await service.commands.setPower({ deviceId: 'battery', powerW: 3000, by: 'Test' });
  expect(outcome.state).toBe('verified');
  expect(field.sunspec.battery?.get(704, 'WSet')).toBe(-3000);
  expect(field.sunspec.battery?.get(704, 'WSetEna')).toBe(1);
  expect(field.sunspec.battery?.get(704, 'WSetRvrtTms')).toBe(30);
  await until('the set-point is polled', () => service.fresh('battery.setW') === 3000);
});

it('limits an inverter and lifts the limit', async () => {
  expect((await service.commands.setLimit({ deviceId: 'inverter', limitPercent: 40, by: 'Test' })).state).toBe('verified');
  expect(field.sunspec.inverter?.get(123, 'WMaxLim_Ena')).toBe(1);
  await until('the limit is polled', () => service.fresh('inverter.limitPercent') === 40);
  expect((await service.commands.setLimit({ deviceId: 'inverter', limitPercent: null, by: 'Test' })).state).toBe('verified');
  expect(field.sunspec.inverter?.get(123, 'WMaxLim_Ena')).toBe(0);
});

it('finds the plant again at new addresses', async () => {
  const other = await openTestField();
  other.sunspec['meter-load']?.set(203, 'W', 2222);
  service.setAddresses(other.addresses);
  await until('the new plant is read', () => service.fresh('meter-load.W') === 2222);
  await until('all devices online', () => service.summaries().every((s) => s.state === 'online'));
  await service.stop();
  await other.close();
});

it('writes each new value to the historian, and one null where a gap begins', async () => {
  await until('it is recorded', () => kernel.samples.some((s) => s.point === 'meter-clinic.W'));
  field.faults['meter-clinic'] = { kind: 'silent' };
  await until('the gap is marked', () => kernel.samples.some((s) => s.point === 'meter-clinic.W' && s.value === null), 8000);
  await new Promise((resolve) => setTimeout(resolve, 2200));
  expect(kernel.samples.filter((s) => s.point === 'meter-clinic.W' && s.value === null)).toHaveLength(1);
  expect(kernel.samples.filter((s) => s.point === 'meter-load.W').length).toBeGreaterThan(2);
});

it('shows raw registers beside scaled values', async () => {
  const detail = await service.handlers?.['devices.get']?.({ id: 'battery' }, { sessionId: 's', person: null });
  const soc = detail?.registers.find((r) => r.point === 'SoC');
  expect(soc).toMatchObject({ value: 55, raw: '0226', writable: false });
});
