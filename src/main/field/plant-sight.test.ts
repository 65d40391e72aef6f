/** One alarm for a plant that is silent as a whole, told by the real alarm service. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AlarmService, createAlarmService } from '../alarms/alarm-service.ts';
import { migrations } from '../historian/migrations/index.ts';
import { type OpenStore, openStore } from '../historian/store.ts';
import { createHub } from '../kernel/hub.ts';
import { silentLog } from '../kernel/log.ts';
import { createPlantSight, type PlantSight } from './plant-sight.ts';
import { testPlantFile } from './test-plant.ts';
import { steppedClock } from './testing.ts';

const plant = testPlantFile();
const ids = plant.devices.map((d) => d.id);
let dir: string;
let store: OpenStore;
let clock: ReturnType<typeof steppedClock>;
let alarms: AlarmService;
let sight: PlantSight;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'busbar-sight-'));
  store = openStore(join(dir, 'console.sqlite'), migrations);
  clock = steppedClock();
  alarms = createAlarmService({ store, clock, hub: createHub(() => {}), log: silentLog() });
  const meaning = { cause: 'c', consequence: 'k', action: 'a', respondWithinS: 900 };
  alarms.define({ kind: 'device.silent', priority: 3, title: 'Device silent', onDelayMs: 4000, offDelayMs: 2000, ...meaning });
  await alarms.start();
  sight = createPlantSight({ alarms, clock, plant, log: silentLog() });
});
afterEach(async () => {
  await alarms.stop();
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A number of seconds in which these devices are silent. */
const pass = (seconds: number, silent: readonly string[]): void => {
  for (let s = 0; s < seconds; s += 1) {
    sight.look(ids.map((id) => ({ id, state: silent.includes(id) ? 'silent' : 'online' })));
    for (const id of ids) alarms.set('device.silent', id, silent.includes(id), { sourceName: id, page: `devices:${id}` });
    clock.step(1000);
  }
};
const told = () =>
  alarms
    .active()
    .filter((a) => a.active && a.state !== 'suppressed')
    .map((a) => `P${a.priority} ${a.title}`);

it('tells one alarm when devices fall silent one after the other until most are, and none of theirs when they come back', () => {
  pass(2, ids.slice(0, 2));
  pass(10, ids);
  expect(told()).toEqual(['P1 Plant not visible']);
  expect(alarms.active().find((a) => a.title === 'Plant not visible')?.value).toBe(`${ids.length} of ${ids.length} devices silent`);
  expect(sight.visible()).toBe(false);
  pass(4, []);
  expect(sight.visible()).toBe(false);
  pass(4, []);
  expect(sight.visible()).toBe(true);
  expect(told()).toEqual([]);
  expect(alarms.active().some((a) => a.title === 'Device silent' && a.state !== 'normal')).toBe(false);
});

it('tells by itself the device that stays silent when the others are back', () => {
  pass(5, ids);
  pass(10, ids.slice(0, 1));
  expect(told()).toEqual(['P3 Device silent']);
});

it('leaves single devices to their own alarms', () => {
  pass(8, ids.slice(0, 2));
  expect(told()).toEqual(['P3 Device silent', 'P3 Device silent']);
  expect(sight.visible()).toBe(true);
});
