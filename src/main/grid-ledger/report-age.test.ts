/** The chain judges conditions of offers on the last report; the console makes one for each market interval. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');
const venue = readFileSync(join(root, 'contracts', 'trade', 'EnergyTrade.sol'), 'utf8');
const maxAgeS = Number(/uint256 public constant GRID_MAX_AGE_S = (\d+);/.exec(venue)?.[1]);
/** For a report to be sent, mined and seen. */
const MARGIN_S = 60;

it('keeps an offer with a condition open to be taken from one report of an interval to the next', () => {
  const plants = readdirSync(join(root, 'plant', 'plants')).filter((name) => name.endsWith('.json'));
  expect(plants.length).toBeGreaterThan(0);
  for (const name of plants) {
    const plant = JSON.parse(readFileSync(join(root, 'plant', 'plants', name), 'utf8')) as { market: { intervalMs: number } };
    const intervalS = plant.market.intervalMs / 1000;
    expect(maxAgeS, name).toBeGreaterThanOrEqual(intervalS + MARGIN_S);
    // Not so old that a report of the interval before the last would do.
    expect(maxAgeS, name).toBeLessThan(2 * intervalS);
  }
});
