import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrations } from '../historian/migrations/index.ts';
import { type OpenStore, openStore } from '../historian/store.ts';
import { createHub } from '../kernel/hub.ts';
import { silentLog } from '../kernel/log.ts';
import type { Clock } from '../kernel/ports.ts';
import { type AlarmService, createAlarmService } from './alarm-service.ts';

let dir: string;
let store: OpenStore;
let nowMs = 1_700_000_000_000;
let tick: () => void = () => {};
const clock: Clock = {
  nowMs: () => nowMs,
  monotonicMs: () => nowMs,
  setTimeout: () => () => {},
  setInterval: (fn) => {
    tick = fn;
    return () => {};
  },
};
const caller = { sessionId: 's', person: { id: 'p', name: 'Ada', role: 'operator' as const } };
const where = { sourceName: 'Bus 4', page: 'grid:b4' };

function make(): AlarmService {
  const service = createAlarmService({ store, clock, hub: createHub(() => {}), log: silentLog() });
  const meaning = { cause: 'c', consequence: 'k', action: 'a', respondWithinS: 60 };
  service.define({ kind: 'voltage.low', priority: 2, title: 'Voltage low', onDelayMs: 2000, ...meaning });
  service.define({ kind: 'grid.lost', priority: 1, title: 'Main grid lost', ...meaning });
  void service.start();
  return service;
}
const wait = (ms: number) => {
  nowMs += ms;
  tick();
};
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'busbar-alarms-'));
  store = openStore(join(dir, 'console.sqlite'), migrations);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('alarms', () => {
  it('suppresses one kind at a source, also when it is raised later, and tells what still stands when that ends', () => {
    const alarms = make();
    alarms.suppress('b4', 'Its cause is told elsewhere', 'grid.lost');
    alarms.raise('grid.lost', 'b4', where);
    alarms.raise('voltage.low', 'b4', where);
    wait(2500);
    expect(alarms.active()).toMatchObject([
      { title: 'Main grid lost', state: 'suppressed', shelveReason: 'Its cause is told elsewhere' },
      { title: 'Voltage low', state: 'unacknowledged' },
    ]);
    expect(alarms.summary().unacknowledged).toMatchObject({ p1: 0, p2: 1 });
    alarms.suppress('b4', null, 'grid.lost');
    expect(alarms.summary().unacknowledged).toMatchObject({ p1: 1, p2: 1 });
  });

  it('waits out the on-delay, so that a dip does not ring', () => {
    const alarms = make();
    alarms.raise('voltage.low', 'b4', where);
    expect(alarms.active()).toEqual([]);
    wait(1000);
    alarms.clear('voltage.low', 'b4');
    wait(5000);
    expect(alarms.active()).toEqual([]);
    alarms.raise('voltage.low', 'b4', where);
    wait(2500);
    expect(alarms.active()).toMatchObject([{ title: 'Voltage low', state: 'unacknowledged', active: true }]);
  });

  it('stays until somebody acknowledges it, even when its cause is gone', async () => {
    const alarms = make();
    alarms.raise('grid.lost', 'pcc', where);
    alarms.clear('grid.lost', 'pcc');
    expect(alarms.active()).toMatchObject([{ state: 'returned-unacknowledged', active: false }]);
    await alarms.handlers?.['alarms.acknowledge']?.({ ids: ['grid.lost@pcc'] }, caller);
    expect(alarms.active()).toEqual([]);
    const history = await alarms.handlers?.['alarms.history']?.({ limit: 10 }, caller);
    expect(history?.events.map((e) => e.event)).toEqual(['acknowledged', 'cleared', 'raised']);
    expect(history?.events[0]?.by).toBe('Ada');
  });

  it('comes back from shelving by itself', async () => {
    const alarms = make();
    alarms.raise('grid.lost', 'pcc', where);
    await alarms.handlers?.['alarms.shelve']?.({ id: 'grid.lost@pcc', minutes: 10, reason: 'works at the substation' }, caller);
    expect(alarms.active()).toMatchObject([{ state: 'shelved', shelveReason: 'works at the substation' }]);
    expect(alarms.summary()).toMatchObject({ shelved: 1, strip: [] });
    wait(11 * 60_000);
    expect(alarms.active()[0]?.state).not.toBe('shelved');
  });

  it('is still there after a restart', () => {
    make().raise('grid.lost', 'pcc', where);
    expect(make().active()).toMatchObject([{ id: 'grid.lost@pcc', state: 'unacknowledged' }]);
  });

  it('marks the first of an upset', () => {
    const alarms = make();
    alarms.raise('grid.lost', 'pcc', where);
    nowMs += 500;
    alarms.raise('voltage.low', 'b4', where);
    wait(2500);
    expect(alarms.active().find((a) => a.id === 'grid.lost@pcc')?.firstOut).toBe(true);
    expect(alarms.active().find((a) => a.id === 'voltage.low@b4')?.firstOut).toBe(false);
  });

  it('puts the highest priority first on the strip', () => {
    const alarms = make();
    alarms.raise('voltage.low', 'b4', where);
    wait(3000);
    alarms.raise('grid.lost', 'pcc', where);
    expect(alarms.summary().strip.map((a) => a.priority)).toEqual([1, 2]);
  });

  it('refuses a kind nobody defined: that is a bug', () => {
    expect(() => make().raise('no.such', 'x', where)).toThrow(/never defined/);
  });
});
