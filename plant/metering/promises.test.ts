import { expect, it } from 'vitest';
import { testPlant } from '../../src/main/settlement/testing/test-plant.ts';
import { createPromises } from './promises.ts';

const enrol = { kind: 'enrol', request: 1, node: 2, offeredW: 600, fromS: 100, untilS: 200 } as const;

it('draws less while the event lasts, and not before or after it', () => {
  let now = 0;
  const promises = createPromises(testPlant(), () => now);
  promises.signed('church-2', enrol);
  promises.signed('church-4', { kind: 'collect-response' });
  const at = (s: number): number => {
    now = s * 1000;
    return promises.reductionW('load-church-2');
  };
  expect([at(99), at(100), at(199), at(200)]).toEqual([0, 600, 600, 0]);
  now = 150_000;
  expect(promises.reductionW('load-church-4')).toBe(0);
});
