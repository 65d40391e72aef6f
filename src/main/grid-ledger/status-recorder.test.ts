import { describe, expect, it } from 'vitest';
import type { Value } from '../../shared/values.ts';
import { testPlant } from '../settlement/testing/test-plant.ts';
import { createStatusRecorder } from './status-recorder.ts';

const plant = testPlant();
const good = (value: number): Value => ({ value, quality: 'good', timeMs: 1 });
const calm: Record<string, Value> = {
  'grid.frequencyHz': good(50.0124),
  [`${plant.grid.interconnectionMeter}.V`]: good(400),
  'grid.demandW': good(20_000.4),
  'grid.supplyW': good(21_000),
  'grid.exchangeW': good(-3_000),
};
const image = (values: Record<string, Value>) => ({
  read: (point: string) => values[point] ?? { value: null, quality: 'missing' as const, timeMs: null },
  ids: () => Object.keys(values),
});
const stale = (v: Value | undefined): Value => ({ ...(v as Value), quality: 'stale' });

describe('the report of an interval', () => {
  it('is the mean of the good values, in whole mHz, mV and W, phase to neutral', () => {
    const recorder = createStatusRecorder(plant);
    recorder.sample(1, image(calm));
    recorder.sample(2, image(calm));
    recorder.sample(2, image({ ...calm, 'grid.frequencyHz': good(49.9924) }));
    expect(recorder.sample(3, image(calm))).toEqual({
      kind: 'known',
      interval: 2,
      means: { frequencyMHz: 50_002, voltageMV: 230_940, demandW: 20_000, supplyW: 21_000 },
      exchangeW: 3_000,
    });
  });
  it('is not made when a value was unknown for most of it, and says which', () => {
    const recorder = createStatusRecorder(plant);
    recorder.sample(1, image(calm));
    recorder.sample(2, image(calm));
    for (let i = 0; i < 3; i++) recorder.sample(2, image({ ...calm, 'grid.demandW': stale(calm['grid.demandW']) }));
    expect(recorder.sample(3, image(calm))).toMatchObject({
      kind: 'unknown',
      interval: 2,
      why: expect.stringMatching(/: demand was not known/),
    });
  });
  it('goes on without the exchange, which is then not reported as the interconnection’s load', () => {
    const recorder = createStatusRecorder(plant);
    recorder.sample(1, image(calm));
    recorder.sample(2, image({ ...calm, 'grid.exchangeW': { ...good(0), quality: 'estimated' } }));
    expect(recorder.sample(3, image(calm))).toMatchObject({ kind: 'known', exchangeW: null });
  });
  it('leaves out an interval it did not see from beginning to end', () => {
    const recorder = createStatusRecorder(plant);
    expect(recorder.sample(1, image(calm))).toBeNull();
    expect(recorder.sample(2, image(calm))).toBeNull();
    expect(recorder.sample(5, image(calm))).toBeNull();
    expect(recorder.sample(6, image(calm))).toBeNull();
    expect(recorder.sample(7, image(calm))).toMatchObject({ interval: 6 });
  });
});
