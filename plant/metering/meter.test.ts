import { describe, expect, it } from 'vitest';
import { bookMeter, createMeter, takeReading } from './meter.ts';

const INTERVAL = 900_000;

describe('a revenue meter', () => {
  it('splits the energy of a step at the boundary of the interval', () => {
    const meter = createMeter('m', 3, 1000, 500);
    const end = bookMeter(meter, 3600, 9 * INTERVAL - 1000, 9 * INTERVAL + 3000, INTERVAL);
    expect(end).toEqual({ interval: 8, importWh: 1001, exportWh: 500 });
    expect(meter.importWh).toBeCloseTo(1004, 9);
  });

  it('counts export apart from import, and neither ever falls', () => {
    const meter = createMeter('m', 3, 1000, 500);
    bookMeter(meter, -7200, 0, 1000, INTERVAL);
    expect(meter).toMatchObject({ importWh: 1000, exportWh: 502 });
    bookMeter(meter, 3600, 1000, 2000, INTERVAL);
    expect(meter).toMatchObject({ importWh: 1001, exportWh: 502 });
  });

  it('reports only the last boundary when the clock jumps over several', () => {
    const meter = createMeter('m', 3, 1000, 500);
    expect(bookMeter(meter, 1, 0.5 * INTERVAL, 4.5 * INTERVAL, INTERVAL)?.interval).toBe(3);
  });

  it('never makes two readings for one interval, and numbers them without a gap', () => {
    const meter = createMeter('m', 3, 1000.7, 500.2);
    const first = takeReading(meter, { interval: 8, importWh: 1000.7, exportWh: 500.2 });
    expect(first).toMatchObject({ meter: 3, interval: 8, importWh: 1000, exportWh: 500, sequence: 1 });
    expect(takeReading(meter, { interval: 8, importWh: 1001, exportWh: 500 })).toBeNull();
    expect(takeReading(meter, { interval: 7, importWh: 1001, exportWh: 500 })).toBeNull();
    expect(takeReading(meter, { interval: 9, importWh: 1001, exportWh: 500 })?.sequence).toBe(2);
  });
});
