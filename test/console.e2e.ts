/** The pages in a real Chromium against the headless host. */
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchBrowser, NO_CHROMIUM, screenshot } from './support/browser.ts';
import { type RunningConsole, removeDataDir, startConsole } from './support/console-process.ts';
import { goTo, pagesSuite } from './support/pages-suite.ts';

if (chromiumPath) describe('the console in a browser', inBrowser);
else it.skip(`the pages in Chromium: ${NO_CHROMIUM}`, () => {});

function inBrowser(): void {
  let busbar: RunningConsole;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  beforeAll(async () => {
    busbar = await startConsole({ speed: 45 });
    browser = await launchBrowser();
    context = await browser.newContext({ viewport: { width: 1920, height: 1080 }, acceptDownloads: true });
    page = await context.newPage();
    await page.goto(busbar.address);
  });
  afterAll(async () => {
    await browser?.close();
    await busbar?.stop();
    if (busbar) removeDataDir(busbar.dataDir);
  });

  it('loads its first page with less than 400 kB of JavaScript, gzipped', async () => {
    const fresh = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
    const first = await fresh.newPage();
    const sizes: Promise<[string, number]>[] = [];
    first.on('response', (response) => {
      if (response.url().endsWith('.js'))
        sizes.push(response.body().then((body) => [new URL(response.url()).pathname, gzipSync(body, { level: 9 }).length]));
    });
    await first.goto(await busbar.newAddress());
    await first.locator('main h1', { hasText: 'Overview' }).waitFor();
    await first.waitForTimeout(2000);
    const files = await Promise.all(sizes);
    await fresh.close();
    const total = files.reduce((n, [, size]) => n + size, 0);
    const charts = files.filter(([name]) => /echart/.test(name)).reduce((n, [, size]) => n + size, 0);
    process.stdout.write(
      `first page: ${(total / 1000).toFixed(0)} kB of JavaScript gzipped in ${files.length} files, ${(charts / 1000).toFixed(0)} kB of it charts loaded when needed\n`,
    );
    expect(files.length).toBeGreaterThan(0);
    expect(total).toBeLessThan(400_000);
  });

  pagesSuite({ name: 'browser', stage: () => ({ page, dataDir: busbar.dataDir }), allShots: true });

  it('paints soon after a key is pressed while every value changes (printed, not asserted)', { timeout: 90_000 }, async () => {
    await goTo(page, 'grid');
    // From the key event's own time to the frame after the one it was handled in.
    await page.evaluate(`
      globalThis.__delays = [];
      addEventListener('keydown', (event) =>
        requestAnimationFrame(() => setTimeout(() => __delays.push(performance.now() - event.timeStamp), 0)), true);
    `);
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('g');
      await page.keyboard.press(i % 2 === 0 ? 'd' : 'g');
      await page.waitForTimeout(150);
    }
    const delays = ((await page.evaluate('__delays')) as number[]).sort((a, b) => a - b);
    const at = (q: number) => delays[Math.min(delays.length - 1, Math.floor(delays.length * q))] ?? 0;
    process.stdout.write(
      `key to paint over ${delays.length} keys: median ${at(0.5).toFixed(0)} ms, p95 ${at(0.95).toFixed(0)} ms (goal 100 ms)\n`,
    );
    expect(delays.length).toBeGreaterThan(100);
  });

  it('freezes and says so when the engine is killed, and comes back by itself', { timeout: 120_000 }, async () => {
    await goTo(page, 'overview');
    const { dataDir, port } = busbar;
    await busbar.kill();
    const band = page.locator('.lost-band');
    await band.waitFor({ timeout: 15_000 });
    expect(await band.textContent()).toMatch(/stopped answering.*frozen/);
    expect(await page.locator('html').getAttribute('data-link')).toBe('lost');
    await screenshot(page, 'browser-overview-lost');
    busbar = await startConsole({ dataDir, args: ['--port', String(port)] });
    await page.goto(busbar.address);
    await page.locator('main h1', { hasText: 'Overview' }).waitFor();
    await expect.poll(() => page.locator('html').getAttribute('data-link')).toBe('connected');
    expect(await band.count()).toBe(0);
  });
}
