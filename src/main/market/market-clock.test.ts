import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stepClock } from '../settlement/testing/step-clock.ts';
import { testKernel } from '../settlement/testing/test-kernel.ts';
import { testPlant } from '../settlement/testing/test-plant.ts';
import { createMarketClock } from './market-clock.ts';

const START = Date.parse('2025-06-17T05:00:00Z');
let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-clock-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

function build(simulated = true) {
  const clock = stepClock();
  const kernel = testKernel({ dataDir, plant: testPlant({ simulated }), clock });
  return { clock, kernel, market: createMarketClock(kernel, { speed: 30, startPlantTimeMs: START }) };
}

describe('the market clock', () => {
  it('runs thirty times faster than the wall on a simulated plant', async () => {
    const { clock, market } = build();
    await market.start();
    expect(market.plantNowMs()).toBe(START);
    clock.advance(10_000);
    expect(market.plantNowMs()).toBe(START + 300_000);
    expect(market.wallMsUntil(START + 900_000)).toBeCloseTo(20_000, 0);
  });

  it('does not notice when somebody sets the wall clock', async () => {
    const { clock, market } = build();
    await market.start();
    clock.advance(1_000);
    clock.stepWall(-3_600_000);
    clock.advance(1_000);
    expect(market.plantNowMs()).toBe(START + 60_000);
  });

  it('goes on exactly where a clean stop left it', async () => {
    const first = build();
    await first.market.start();
    first.clock.advance(7_000);
    await first.market.stop();
    first.kernel.store.close();
    const second = build();
    await second.market.start();
    expect(second.market.plantNowMs()).toBe(START + 210_000);
    second.kernel.store.close();
  });

  it('never goes back behind what it told before a crash, at any moment', async () => {
    let told = 0;
    for (const wallMs of [10, 4_999, 5_001, 12_345, 60_000]) {
      const { clock, kernel, market } = build();
      await market.start();
      expect(market.plantNowMs()).toBeGreaterThanOrEqual(told);
      clock.advance(wallMs);
      told = market.plantNowMs();
      kernel.store.close(); // no stop: killed
    }
  });

  it('slows down for a slow prover, says so in the journal, and recovers', async () => {
    const { kernel, market, clock } = build();
    await market.start();
    let changes = 0;
    market.onChange(() => changes++);
    market.requireIntervalAtLeastMs(60_000);
    expect(market.speed()).toBe(15);
    clock.advance(1_000);
    expect(market.plantNowMs()).toBe(START + 15_000);
    market.setLeastIntervalMs(20_000);
    expect(market.speed()).toBe(30);
    expect(changes).toBe(2);
    const titles = kernel.store.read.prepare('SELECT title FROM journal ORDER BY sequence').all();
    expect(titles).toEqual([{ title: 'Slow the market' }, { title: 'Let the market run faster' }]);
  });

  it('is the wall clock on a real plant, held while that steps back', async () => {
    const { clock, market } = build(false);
    await market.start();
    clock.advance(5_000);
    const before = market.plantNowMs();
    expect(before).toBe(clock.nowMs());
    clock.stepWall(-60_000);
    expect(market.plantNowMs()).toBe(before);
    clock.advance(61_000);
    expect(market.plantNowMs()).toBe(clock.nowMs());
    expect(market.speed()).toBe(1);
  });

  it('is believed again after a restart when it had jumped ahead on a real plant and was set right, killed or stopped', async () => {
    const DAY_MS = 86_400_000;
    for (const end of ['killed before it was right', 'killed', 'stopped'] as const) {
      const first = build(false);
      await first.market.start();
      first.clock.stepWall(365 * DAY_MS);
      first.clock.advance(5_000);
      expect(first.market.plantNowMs()).toBe(first.clock.nowMs());
      const titles = first.kernel.store.read.prepare('SELECT title FROM journal ORDER BY sequence DESC LIMIT 1').all();
      expect(titles).toEqual([{ title: 'The wall clock jumped ahead' }]);
      if (end !== 'killed before it was right') {
        const told = first.market.plantNowMs();
        first.clock.stepWall(-365 * DAY_MS);
        first.clock.advance(5_000);
        expect(first.market.plantNowMs()).toBe(told);
        expect(first.kernel.raised).toContain('market.clockHeld@market');
      }
      if (end === 'stopped') await first.market.stop();
      first.kernel.store.close();
      const second = build(false);
      await second.market.start();
      expect(second.market.plantNowMs() - second.clock.nowMs()).toBeLessThan(60_000);
      second.clock.advance(5_000);
      expect(second.kernel.raised).not.toContain('market.clockHeld@market');
      await second.market.stop();
      second.kernel.store.close();
    }
  });

  it('is held over a restart on a real plant while the wall clock is behind by less than an interval', async () => {
    const first = build(false);
    await first.market.start();
    first.clock.advance(120_000);
    const told = first.market.plantNowMs();
    await first.market.stop();
    first.kernel.store.close();
    const second = build(false);
    await second.market.start();
    expect(second.market.plantNowMs()).toBe(told);
    second.kernel.store.close();
  });
});
