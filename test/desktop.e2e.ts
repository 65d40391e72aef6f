/**
 * The built desktop entry and preload, unchanged. Under the stand-in of the `electron` module the window is a page in a real Chromium; what only the
 * real binary can show (sandbox, context isolation, navigation guards) is tested where that binary is.
 */
import { _electron, type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { electronBinary, root } from '../build/lib/paths.mjs';
import { chromiumPath, NO_CHROMIUM } from './support/browser.ts';
import { newDataDir, removeDataDir } from './support/console-process.ts';
import { type RunningDesktop, startDesktop } from './support/desktop-process.ts';
import { ownProcesses } from './support/own-processes.ts';
import { goTo, pagesSuite } from './support/pages-suite.ts';

if (chromiumPath) describe('the desktop entry, with the stand-in of electron', throughStandIn);
else it.skip(`the desktop entry through the stand-in: ${NO_CHROMIUM}`, () => {});

const binary = electronBinary();
if (binary) describe('the desktop entry, with the real electron', throughElectron);
else it.skip("the pages in the real desktop console: needs Electron's binary", () => {});

function throughStandIn(): void {
  const dataDir = newDataDir();
  let desktop: RunningDesktop;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    desktop = await startDesktop(dataDir, ['--speed', '45']);
    browser = await chromium.connectOverCDP(desktop.endpoint);
    page = browser.contexts()[0]?.pages()[0] as Page;
  });
  afterAll(async () => {
    desktop?.child.kill('SIGKILL');
    await browser?.close().catch(() => {});
    removeDataDir(dataDir);
  });

  it('hardens the window: sandbox, isolation, no Node, permissions and new windows refused', () => {
    const { record } = desktop;
    expect(record.sandboxed).toBe(true);
    expect(record.windowOptions).toHaveLength(1);
    expect(record.windowOptions[0]?.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      allowRunningInsecureContent: false,
    });
    expect(record.permissionHandlers).toBe(2);
    expect(record.windowOpen).toEqual([{ action: 'deny' }]);
    expect(record.schemes).toEqual([{ scheme: 'busbar', privileges: expect.objectContaining({ standard: true, secure: true }) }]);
    expect(record.schemes[0]?.privileges).not.toHaveProperty('bypassCSP');
  });

  it('gives the page three functions and nothing of Node', async () => {
    await page.locator('main h1').waitFor();
    const seen = await page.evaluate(() => {
      const bridge = (globalThis as unknown as { busbar: object }).busbar;
      const g = globalThis as unknown as Record<string, unknown>;
      return {
        names: Object.keys(bridge).sort(),
        frozen: Object.isFrozen(bridge),
        node: typeof g.process + typeof g.require + typeof g.Buffer,
      };
    });
    expect(seen).toEqual({ names: ['onFrame', 'onState', 'send', 'transport'], frozen: true, node: 'undefinedundefinedundefined' });
  });

  pagesSuite({ name: 'desktop', stage: () => ({ page, dataDir }), allShots: false });

  it('asks before it closes, says what stops and what goes on, and leaves nothing running', { timeout: 60_000 }, async () => {
    await goTo(page, 'overview');
    const { asked, code } = await desktop.close();
    expect(asked?.message).toMatch(/Close the console/);
    expect(asked?.detail).toMatch(/Stops:[\s\S]*market[\s\S]*Goes on:[\s\S]*Devices keep/i);
    expect(code).toBe(0);
    await expect.poll(() => ownProcesses(dataDir).map((p) => p.command), { timeout: 10_000 }).toEqual([]);
  });
}

function throughElectron(): void {
  const dataDir = newDataDir();
  let app: Awaited<ReturnType<typeof _electron.launch>>;
  let page: Page;
  beforeAll(async () => {
    app = await _electron.launch({ executablePath: binary ?? '', args: [root, '--data', dataDir, '--speed', '45'], timeout: 90_000 });
    page = await app.firstWindow({ timeout: 90_000 });
  });
  afterAll(async () => {
    await app?.evaluate(({ app: electron }) => electron.exit(0)).catch(() => {});
    removeDataDir(dataDir);
  });

  it('keeps the page from Node and from navigating away', async () => {
    expect(await page.evaluate(() => typeof (globalThis as unknown as Record<string, unknown>).require)).toBe('undefined');
    await page.evaluate("open('https://example.org/') === null");
    await page.evaluate("location.href = 'https://example.org/'").catch(() => {});
    await page.waitForTimeout(500);
    expect(page.url()).toMatch(/^busbar:\/\/console\//);
    expect(app.windows()).toHaveLength(1);
  });

  pagesSuite({ name: 'electron', stage: () => ({ page, dataDir }), allShots: false });
}
