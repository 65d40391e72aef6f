import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import rural1 from '../../../plant/plants/rural1.json' with { type: 'json' };
import { createFakeEngine } from '../../../test/fake-engine/engine.ts';
import { fakeTransport } from '../../../test/fake-engine/frames.ts';
import { PlantFile } from '../../shared/plant-file.ts';
import { createLink, LinkFault, SILENCE_MS } from './link.ts';
import { createLiveStore } from './live.ts';

const plant = PlantFile.parse(rural1);
function rig(scenario: 'calm' | 'alarm' = 'calm') {
  const engine = createFakeEngine({ plant, scenario });
  const transport = fakeTransport(engine);
  const link = createLink(transport);
  const frames: (() => void)[] = [];
  const live = createLiveStore(link, (run) => frames.push(run), 1000);
  const paint = () => {
    for (const run of frames.splice(0)) run();
  };
  return {
    engine,
    transport,
    link,
    live,
    paint,
    end: () => {
      link.dispose();
      transport.close();
      engine.dispose();
    },
  };
}

beforeEach(() => vi.useFakeTimers({ now: Date.UTC(2026, 10, 21, 12) }));
afterEach(() => vi.useRealTimers());

describe('link to the engine', () => {
  it('answers calls and carries faults with code, sentence and trace', async () => {
    const r = rig();
    await expect(r.link.call('session.get', {})).resolves.toMatchObject({ demo: true });
    await expect(r.link.call('devices.get', { id: 'nobody' })).rejects.toBeInstanceOf(LinkFault);
    await expect(r.link.call('alarms.acknowledge', { ids: [] })).rejects.toMatchObject({ code: 'input.invalid', traceId: 'fake' });
    r.end();
  });
  it('refuses calls while the engine is away, and fails those under way', async () => {
    const r = rig();
    const underWay = r.link.call('settlement.verifyAgain', { interval: 1_979_300 });
    underWay.catch(() => {});
    r.transport.cut();
    await expect(underWay).rejects.toMatchObject({ code: 'timeout' });
    await expect(r.link.call('session.get', {})).rejects.toMatchObject({ code: 'engine.starting' });
    r.end();
  });
  it('counts as lost when the carrier stands but nothing is heard', async () => {
    const r = rig();
    r.link.subscribe('status', {}, () => {});
    await vi.advanceTimersByTimeAsync(1200);
    expect(r.link.getState().state).toBe('connected');
    r.engine.dispose();
    await vi.advanceTimersByTimeAsync(SILENCE_MS + 2000);
    expect(r.link.getState().state).toBe('lost');
    r.end();
  });
  it('subscribes again by itself when the engine is back', async () => {
    const r = rig();
    let heard = 0;
    r.link.subscribe('status', {}, () => heard++);
    await vi.advanceTimersByTimeAsync(1500);
    r.transport.cut();
    const before = heard;
    await vi.advanceTimersByTimeAsync(3000);
    expect(heard).toBe(before);
    r.transport.restore();
    await vi.advanceTimersByTimeAsync(1500);
    expect(heard).toBeGreaterThan(before);
    r.end();
  });
});

describe('live values', () => {
  it('shares one subscription among all viewers of the same topic and parameters', async () => {
    const r = rig();
    const subscribe = vi.spyOn(r.link, 'subscribe');
    const live = createLiveStore(r.link, (run) => run(), 1000);
    const a = live.topic('points', { points: ['plant.frequency'] }).onChange(() => {});
    const b = live.topic('points', { points: ['plant.frequency'] }).onChange(() => {});
    const c = live.topic('points', { points: ['battery.soc'] }).onChange(() => {});
    expect(subscribe).toHaveBeenCalledTimes(2);
    for (const off of [a, b, c]) off();
    r.end();
  });
  it('paints what came between two frames once, with the newest value', async () => {
    const r = rig();
    let painted = 0;
    const entry = r.live.topic('points', { points: ['plant.frequency'] });
    const off = entry.onChange(() => painted++);
    await vi.advanceTimersByTimeAsync(2000);
    expect(painted).toBe(0);
    expect(entry.get()).toBeUndefined();
    r.paint();
    expect(painted).toBe(1);
    expect(entry.get()?.['plant.frequency']?.quality).toBe('good');
    off();
    r.end();
  });
  it('keeps a topic for a moment after its last viewer left, then lets it go', async () => {
    const r = rig();
    const entry = r.live.topic('status', {});
    entry.onChange(() => {})();
    await vi.advanceTimersByTimeAsync(500);
    r.paint();
    expect(entry.get()).toBeDefined();
    await vi.advanceTimersByTimeAsync(1500);
    expect(entry.get()).toBeUndefined();
    r.end();
  });
});
