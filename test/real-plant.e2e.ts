/** A real plant: nothing is simulated, nobody is signed in by himself, and devices that do not answer leave the console clear and usable. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchBrowser, NO_CHROMIUM, screenshot } from './support/browser.ts';
import { type RunningConsole, removeDataDir, startConsole } from './support/console-process.ts';

let dir: string;
let busbar: RunningConsole;
let browser: Browser;
let page: Page;
let devices: number;

/** The same village, but its devices are said to be at ports where nobody listens. */
function realPlantFile(): string {
  const { simulation: _none, ...plant } = JSON.parse(
    readFileSync(join(import.meta.dirname, '..', 'plant', 'plants', 'rural1.json'), 'utf8'),
  );
  plant.devices.forEach((device: { connection: { host: string; port: number } }, i: number) => {
    device.connection.host = '127.0.0.1';
    device.connection.port = 2 + i;
  });
  devices = plant.devices.length;
  const file = join(dir, 'village.json');
  writeFileSync(file, JSON.stringify(plant));
  return file;
}

beforeAll(async () => {
  if (!chromiumPath) return;
  dir = mkdtempSync(join(tmpdir(), 'busbar-real-'));
  process.env.BUSBAR_KEYSTORE_PASSPHRASE = 'only for this test run';
  busbar = await startConsole({ plantFile: realPlantFile() });
  browser = await launchBrowser();
  const context = await browser.newContext({ viewport: { width: 1600, height: 900 } });
  page = await context.newPage();
  await page.goto(busbar.address);
});
afterAll(async () => {
  delete process.env.BUSBAR_KEYSTORE_PASSPHRASE;
  await browser?.close();
  await busbar?.stop();
  if (busbar) removeDataDir(busbar.dataDir);
  if (dir) rmSync(dir, { recursive: true, force: true });
});

describe.skipIf(!chromiumPath)(`a real plant${chromiumPath ? '' : `: ${NO_CHROMIUM}`}`, () => {
  it('asks for the first supervisor before it shows anything', async () => {
    await page.getByRole('heading', { name: 'Create the first supervisor' }).waitFor();
    expect(await page.getByRole('navigation', { name: 'Pages' }).count()).toBe(0);
    await page.getByLabel('Name').fill('Ada');
    await page.locator('input[type=password]').first().fill('a long first password');
    await page.getByLabel('Password again').fill('a long first password');
    await page.getByRole('button', { name: 'Create supervisor and sign in' }).click();
    await page.getByRole('navigation', { name: 'Pages' }).waitFor();
    await screenshot(page, 'real-plant-overview');
    expect(await page.getByText('SIMULATED PLANT').count()).toBe(0);
  });

  it('locks, and opens again for the right password only', async () => {
    await page.getByRole('button', { name: 'Lock the screen' }).click();
    await page.getByRole('heading', { name: 'Locked' }).waitFor();
    await page.locator('input[type=password]').fill('something else');
    await page.getByRole('button', { name: 'Unlock' }).click();
    await page.getByText(/not right/).waitFor();
    await page.locator('input[type=password]').fill('a long first password');
    await page.getByRole('button', { name: 'Unlock' }).click();
    await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  });

  it('says which devices are silent instead of showing numbers', async () => {
    await page.getByRole('link', { name: 'Devices' }).click();
    await page.getByText(`0 of ${devices} online`).waitFor({ timeout: 30_000 });
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    expect(await page.locator('main').textContent()).toContain('— No device shows a frequency that can be trusted');
    await screenshot(page, 'real-plant-silent');
  });

  it('lets in a person that was added, with his own role and no more', async () => {
    await page.goto(`${busbar.origin}/#/settings/people`);
    await page.getByRole('button', { name: 'Add a person…' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('Bob');
    await page.getByRole('dialog').locator('select').selectOption('auditor');
    await page.locator('input[type=password]').fill('another long password');
    await page.getByRole('dialog').getByRole('button', { name: /^Add/ }).click();
    await page.getByRole('cell', { name: 'Bob' }).waitFor();

    const second = await (await browser.newContext({ viewport: { width: 1600, height: 900 } })).newPage();
    await second.goto(await busbar.newAddress());
    await second.getByRole('heading', { name: 'Sign in' }).waitFor();
    await second.getByLabel('Name').fill('Bob');
    await second.locator('input[type=password]').fill('another long password');
    await second.getByRole('button', { name: 'Sign in' }).click();
    await second.getByRole('navigation', { name: 'Pages' }).waitFor();
    await second.goto(`${busbar.origin}/#/settings/people`);
    await second
      .getByText(/supervisor/i)
      .first()
      .waitFor();
    const add = second.getByRole('button', { name: 'Add a person…' });
    expect((await add.count()) === 0 || (await add.isDisabled())).toBe(true);
  });
});
