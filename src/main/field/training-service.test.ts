/** How long a training fault lasts unless somebody says otherwise. */
import { expect, it } from 'vitest';
import { defaultSecondsOf } from './training-service.ts';

const at = (speed: number) => ({ intervalMs: () => 900_000, speed: () => speed });

it('lets faults of signed readings outlast the end of the running interval, within what the contract allows', () => {
  for (const speed of [0.3, 1, 7, 30, 60]) {
    const seconds = defaultSecondsOf('meter-rollback', at(speed));
    expect(Number.isInteger(seconds)).toBe(true);
    expect(seconds).toBeLessThanOrEqual(3600);
    if (speed >= 1) expect(seconds).toBeGreaterThanOrEqual((900 / speed) * 1.5);
  }
  expect(defaultSecondsOf('meter-bad-signature', at(1))).toBe(1350);
  expect(defaultSecondsOf('meter-clock-step', undefined)).toBe(120);
});

it('leaves the others at a minute', () => {
  expect(defaultSecondsOf('device-silent', at(1))).toBe(60);
  expect(defaultSecondsOf('meter-cover', at(1))).toBe(60);
});
