/**
 * One suite over a page of the console, whoever shows it: every page opened by keyboard and by mouse, its main act performed with a visible
 * result, an automated accessibility check in light and dark, and nothing said on the browser's console.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ConsoleMessage, Locator, Page } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { screenshot } from './browser.ts';
import { plantTruth } from './plant-truth.ts';

export interface Stage {
  readonly page: Page;
  readonly dataDir: string;
}
export interface SuiteOptions {
  /** Name of the stage, first part of its screenshots. */
  readonly name: string;
  readonly stage: () => Stage;
  /** All pages in four sizes and shades; else only the alarm state. */
  readonly allShots: boolean;
}

export const PAGES = [
  { id: 'overview', key: 'o', title: 'Overview' },
  { id: 'grid', key: 'g', title: 'Grid' },
  { id: 'balance', key: 'b', title: 'Balance' },
  { id: 'market', key: 'm', title: 'Market' },
  { id: 'settlement', key: 's', title: 'Settlement' },
  { id: 'carbon', key: 'c', title: 'Carbon' },
  { id: 'devices', key: 'd', title: 'Devices' },
  { id: 'participants', key: 'p', title: 'Participants' },
  { id: 'alarms', key: 'a', title: 'Alarms' },
  { id: 'journal', key: 'j', title: 'Journal' },
  { id: 'settings', key: 't', title: 'Settings' },
  { id: 'emergency', key: 'e', title: 'Emergency' },
] as const;
type PageId = (typeof PAGES)[number]['id'];

const SIZES = [
  { width: 1920, height: 1080 },
  { width: 1366, height: 768 },
];
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SLOW = 60_000;
/** A switch whose opening darkens nobody but one roof's panels. */
const SWITCH = { id: 'q-pv-church-6', name: 'Nr. 6, Church Street – PV' };
const SILENT_DEVICE = 'meter-shop';
/** The member whose account is the operator's own. */
const COMMUNITY_ACCOUNT = 'Community Energy Centre';

/** Everything the browser complained about since it was hooked. A refused style or script (the policy) is such a complaint too. */
export function complaintsOf(page: Page): string[] {
  const said: string[] = [];
  page.on('console', (message: ConsoleMessage) => {
    if (message.type() === 'error' || message.type() === 'warning') said.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => said.push(`exception: ${error.message}`));
  return said;
}

export async function goTo(page: Page, id: PageId): Promise<void> {
  await page.evaluate(`location.hash = '#/${id}'`);
  await shown(page, id);
}

/** The page's title stands and its first content has replaced the grey bones. */
export async function shown(page: Page, id: PageId): Promise<void> {
  const title = PAGES.find((p) => p.id === id)?.title ?? '';
  await page.locator('main h1', { hasText: new RegExp(`^${title}$`) }).waitFor({ timeout: 15_000 });
  await expect.poll(() => page.locator('main .loading').count(), { timeout: 20_000 }).toBe(0);
}

export async function setShade(page: Page, shade: 'dark' | 'light'): Promise<void> {
  await goTo(page, 'settings');
  await page.getByRole('tab', { name: 'Appearance and sound' }).click();
  await page.locator('label', { hasText: shade === 'dark' ? /^Dark$/ : /^Light$/ }).click();
  await expect.poll(() => page.locator('html').getAttribute('data-mantine-color-scheme')).toBe(shade);
}

interface Violation {
  id: string;
  impact: string | null;
  help: string;
  nodes: { target: unknown; failureSummary?: string }[];
}
/** Serious and critical findings of axe-core, one line each. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const violations = (await page.evaluate("axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations)")) as Violation[];
  return violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map(
      (v) =>
        `${v.id}: ${v.help}: ${v.nodes
          .slice(0, 3)
          .map((n) => `${JSON.stringify(n.target)} ${n.failureSummary?.split('\n')[1]?.trim() ?? ''}`)
          .join(' | ')}`,
    );
}

const row = (page: Page, text: string | RegExp): Locator => page.locator('main tbody tr', { hasText: text });

export async function openTraining(page: Page): Promise<Locator> {
  await page.locator('.topbar').getByRole('button', { name: 'Training faults' }).click();
  const drawer = page.getByRole('dialog', { name: 'Training faults' });
  await drawer.getByRole('button', { name: 'Start the fault' }).waitFor();
  return drawer;
}

export function pagesSuite({ name, stage, allShots }: SuiteOptions): void {
  describe(`the pages, ${name}`, () => {
    let page: Page;
    let said: string[];
    beforeAll(async () => {
      page = stage().page;
      page.setDefaultTimeout(15_000);
      said = complaintsOf(page);
      await page.setViewportSize(SIZES[0] as { width: number; height: number });
      await page.reload();
      await page.locator('main h1').waitFor({ timeout: SLOW });
    }, 120_000);

    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail')
        await screenshot(page, `failed-${name}-${task.name.replaceAll(/\W+/g, '-').slice(0, 40)}`).catch(() => {});
    });

    it('offers a tour once, and lets it be declined', async () => {
      const tour = page.getByRole('complementary', { name: 'Tour' });
      await tour.getByRole('button', { name: 'No, thanks' }).click();
      await tour.waitFor({ state: 'detached' });
    });

    it('says what is not real: simulated plant, development keys', async () => {
      const bands = page.getByRole('complementary', { name: 'What is not real here' });
      await expect.poll(() => bands.textContent()).toMatch(/SIMULATED PLANT.*DEVELOPMENT KEYS/);
    });

    it('shows live values: the frequency in the status bar is the plant’s', async () => {
      const cell = page.locator('.topbar a', { hasText: 'Frequency' }).locator('.cell-value');
      await expect
        .poll(
          async () => {
            const hz = Number.parseFloat((await cell.textContent()) ?? '');
            return Math.abs(hz - (await plantTruth(stage().dataDir)).grid.frequencyHz);
          },
          { timeout: 20_000 },
        )
        .toBeLessThan(0.1);
    });

    it('opens every page by keyboard', async () => {
      for (const { id, key } of PAGES) {
        await page.keyboard.press('g');
        await page.keyboard.press(key);
        await shown(page, id);
      }
      await page.keyboard.press('g');
      await page.keyboard.press('o');
      await shown(page, 'overview');
      await page.keyboard.press('e');
      await shown(page, 'emergency');
    });

    it('opens every page by mouse, and marks where one is', async () => {
      for (const { id } of PAGES) {
        const link = page.locator(`nav[aria-label="Pages"] a[href="#/${id}"]`);
        await link.click();
        await shown(page, id);
        expect(await link.getAttribute('aria-current')).toBe('page');
      }
    });

    it('lists its keys', async () => {
      await page.keyboard.press('?');
      const help = page.getByRole('dialog', { name: 'Help and shortcuts' });
      await help.getByText('Go to Emergency').waitFor();
      await page.keyboard.press('Escape');
      await help.waitFor({ state: 'detached' });
    });

    for (const shade of ['dark', 'light'] as const) {
      it(`has no serious accessibility fault on any page, ${shade}`, { timeout: 240_000 }, async () => {
        await page.setViewportSize(SIZES[0] as { width: number; height: number });
        await setShade(page, shade);
        const found: string[] = [];
        for (const { id } of PAGES) {
          await goTo(page, id);
          await page.waitForTimeout(300);
          for (const problem of await accessibilityProblems(page)) found.push(`${id}: ${problem}`);
          if (!allShots) continue;
          for (const size of SIZES) {
            await page.setViewportSize(size);
            await page.waitForTimeout(250);
            await screenshot(page, `${name}-${id}-${shade}-calm-${size.width}x${size.height}`);
          }
          await page.setViewportSize(SIZES[0] as { width: number; height: number });
        }
        expect(found).toEqual([]);
      });
    }

    it('Grid: a switch is opened by select, check, confirm, is verified, and is closed again', { timeout: 90_000 }, async () => {
      await goTo(page, 'grid');
      await page.locator('main label', { hasText: /^Table$/ }).click();
      await page.getByRole('tab', { name: /^Switches/ }).click();
      await row(page, SWITCH.name).getByRole('button').first().click();
      const plate = page.getByRole('complementary', { name: 'Face-plate' });
      for (const [act, closed] of [
        ['Open', false],
        ['Close', true],
      ] as const) {
        await plate.getByRole('button', { name: new RegExp(`^${act}…?$`) }).click({ timeout: 30_000 });
        const dialog = page.getByRole('dialog', { name: `${act} ${SWITCH.name}?` });
        await dialog.getByText('What it will do').waitFor();
        expect(await dialog.locator('ul.dots li').count()).toBeGreaterThan(0);
        await dialog.getByRole('button', { name: `${act} now` }).click();
        await dialog.getByText('Verified', { exact: true }).waitFor({ timeout: 20_000 });
        expect((await plantTruth(stage().dataDir)).switches[SWITCH.id]?.closed).toBe(closed);
        await dialog.getByRole('button', { name: 'Done' }).click();
        await dialog.waitFor({ state: 'detached' });
      }
      await plate.getByRole('button', { name: 'Close the face-plate' }).click();
    });

    it('Grid: the diagram draws every bus and opens a face-plate from the keyboard', async () => {
      await goTo(page, 'grid');
      await page.locator('main label', { hasText: /^Diagram$/ }).click();
      const diagram = page.getByRole('group', { name: /^One-line diagram/ });
      const elements = diagram.getByRole('button');
      await expect.poll(() => elements.count()).toBeGreaterThan(20);
      await elements.first().focus();
      await page.keyboard.press('Enter');
      await page.getByRole('complementary', { name: 'Face-plate' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('complementary', { name: 'Face-plate' }).waitFor({ state: 'detached' });
    });

    it('Balance: control functions say what they decide, trends zoom and give CSV', { timeout: 60_000 }, async () => {
      await goTo(page, 'balance');
      await expect
        .poll(() => page.getByRole('region', { name: 'Control functions' }).locator('tbody tr').count())
        .toBeGreaterThanOrEqual(5);
      const trends = page.getByRole('region', { name: 'Trends' });
      const canvas = trends.locator('canvas').first();
      await canvas.waitFor({ timeout: 30_000 });
      const download = page.waitForEvent('download', { timeout: 20_000 });
      await trends.getByRole('button', { name: 'CSV' }).click();
      const file = await download;
      expect(file.suggestedFilename()).toMatch(/\.csv$/);
      const path = await file.path();
      const csv = readFileSync(path, 'utf8').trim().split('\n');
      expect(csv.length).toBeGreaterThan(10);
      expect(csv[0]).toMatch(/time/i);
      await canvas.scrollIntoViewIfNeeded();
      const box = await canvas.boundingBox();
      await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) * 0.7, (box?.y ?? 0) + (box?.height ?? 0) * 0.25);
      await page.keyboard.down('Control');
      for (let i = 0; i < 4; i++) await page.mouse.wheel(0, -240);
      await page.keyboard.up('Control');
      await trends.getByRole('button', { name: 'Live again' }).click();
      await trends.getByRole('button', { name: 'Live again' }).waitFor({ state: 'detached' });
    });

    it('Balance: a demand-response event is called with its cost shown, and a member’s gateway enrols', { timeout: 240_000 }, async () => {
      await goTo(page, 'balance');
      const call = page.getByRole('button', { name: 'Call an event…' });
      await expect.poll(() => call.isEnabled(), { timeout: 90_000 }).toBe(true);
      await call.click();
      const poor = page.getByRole('dialog', { name: 'Call a demand-response event' });
      await poor.getByRole('button', { name: 'Check' }).click();
      await poor.getByText(/does not hold that much money/).waitFor();
      await poor.getByRole('button', { name: 'Cancel' }).click();

      await goTo(page, 'participants');
      await row(page, COMMUNITY_ACCOUNT).first().getByRole('button').first().click();
      await page.getByRole('tab', { name: 'Wallet' }).click();
      await page.getByRole('button', { name: 'Issue test money…' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Issue', exact: true }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click();
      await page.getByRole('table', { name: 'Transfers' }).getByText('Issued or taken back').first().waitFor({ timeout: 30_000 });

      await goTo(page, 'balance');
      await call.click();
      const dialog = page.getByRole('dialog', { name: 'Call a demand-response event' });
      await dialog.getByRole('button', { name: 'Check' }).click();
      await dialog.getByText('The contracts would do this now.').waitFor();
      expect(await dialog.textContent()).toMatch(/Cost at most\s*0\.25/);
      expect(await accessibilityProblems(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Call the event' }).click();
      await dialog.getByRole('button', { name: 'Done' }).click();
      const ask = page.getByRole('button', { name: 'Ask a member to enrol…' });
      await ask.waitFor({ timeout: 60_000 });
      const enrol = page.getByRole('dialog', { name: /^Ask a member to enrol in event/ });
      const willing = page.locator('[role="option"]:not([data-combobox-disabled])');
      // Until validated readings show what members draw, nobody can be asked.
      await expect
        .poll(
          async () => {
            await ask.click();
            await enrol.getByRole('combobox', { name: 'Member' }).click();
            const n = await willing.count();
            if (n > 0) return n;
            await enrol.getByRole('button', { name: 'Close' }).click();
            await enrol.waitFor({ state: 'detached' });
            return 0;
          },
          { timeout: 180_000, interval: 5_000 },
        )
        .toBeGreaterThan(0);
      await willing.first().click();
      expect(await enrol.textContent()).toMatch(/Not what the member draws/);
      const check = enrol.getByRole('button', { name: 'Check' });
      expect(await check.isEnabled(), 'without consent').toBe(false);
      await enrol.getByRole('checkbox', { name: /knows this and agrees/ }).check();
      await check.click();
      await enrol.getByText('The contracts would do this now.').waitFor();
      await enrol.getByRole('button', { name: 'Ask the gateway' }).click();
      await enrol.getByText(/signed 2 transactions/).waitFor({ timeout: 15_000 });
      await enrol.getByRole('button', { name: 'Done' }).click();
      const enrolments = page.getByRole('table', { name: 'Enrolments of event 1' }).locator('tbody tr');
      await enrolments.first().waitFor({ timeout: 30_000 });
      expect(await enrolments.count()).toBe(1);
      expect(await accessibilityProblems(page)).toEqual([]);
    });

    it('Market: an offer of the community is placed and stands in the book', { timeout: 120_000 }, async () => {
      await goTo(page, 'market');
      await page.getByRole('button', { name: /^Place an offer/ }).click();
      const dialog = page.getByRole('dialog', { name: 'Place an offer for the community' });
      await dialog.getByLabel('Energy in kWh').fill('0.75');
      await dialog.getByLabel('At least, ct/kWh').fill('19.5');
      const place = dialog.getByRole('button', { name: 'Place the offer' });
      // Between two gates the button waits.
      await expect.poll(() => place.isEnabled(), { timeout: 60_000 }).toBe(true);
      await place.click();
      await dialog.waitFor({ state: 'detached' });
      await row(page, /Community.*Sells\s*0[.,]75\s*kWh\s*19[.,]50/)
        .first()
        .waitFor({ timeout: 10_000 });
    });

    it('Settlement: a settled round is verified again', { timeout: 240_000 }, async () => {
      await goTo(page, 'settlement');
      const settled = row(page, /Settled/i).first();
      await settled.waitFor({ timeout: 200_000 });
      await settled.click();
      await page.getByRole('button', { name: 'Verify again' }).click();
      const verdict = page.locator('.verify [role="status"]');
      await verdict.waitFor({ timeout: 30_000 });
      expect(await verdict.textContent()).toMatch(/^Everything holds/);
      expect(await verdict.locator('li').count()).toBeGreaterThanOrEqual(4);
    });

    it('Carbon: a certificate leads back to the readings its meter signed', { timeout: 120_000 }, async () => {
      await goTo(page, 'carbon');
      const ledger = page.getByRole('table', { name: 'Certificates' }).locator('tbody tr');
      await ledger.first().waitFor({ timeout: 100_000 });
      await ledger.first().getByRole('button').click();
      const drawer = page.getByRole('dialog', { name: /^Certificate / });
      const readings = drawer.getByRole('table', { name: 'Readings' }).locator('tbody tr');
      await readings.first().waitFor();
      expect(await readings.first().textContent()).toMatch(/Wh/);
      expect(await drawer.locator('ol.provenance > li').count()).toBeGreaterThanOrEqual(4);
      await page.keyboard.press('Escape');
      await drawer.waitFor({ state: 'detached' });
    });

    it('Carbon: the chain’s copy holds the round’s bundle, and the certificate agrees with it', { timeout: 120_000 }, async () => {
      await goTo(page, 'carbon');
      const chain = page.getByRole('region', { name: 'On the chain' });
      const bundles = chain.getByRole('table', { name: 'Bundles on the chain' }).locator('tbody tr');
      await bundles.first().waitFor({ timeout: 60_000 });
      expect(await bundles.first().textContent()).toMatch(/Settled round of interval \d+.*kWh.*Community/);
      await page
        .getByRole('table', { name: 'Certificates' })
        .locator('tbody tr', { hasText: 'Agrees' })
        .first()
        .waitFor({ timeout: 60_000 });
      await chain.getByRole('tab', { name: 'Achievements' }).click();
      await chain.getByRole('table', { name: 'Milestones' }).locator('tbody tr').first().waitFor();
    });

    it('Devices: the public meter’s readings became tokens on the chain; an act is checked, confirmed and done', {
      timeout: 400_000,
    }, async () => {
      await goTo(page, 'devices');
      await page.getByRole('searchbox', { name: 'Find a device' }).fill('Meter Carport');
      await row(page, /Meter Carport/)
        .first()
        .getByRole('button')
        .first()
        .click();
      const plate = page.getByRole('complementary', { name: 'Device' });
      await plate.getByRole('tab', { name: 'On the chain' }).click();
      await plate.getByText('In service').waitFor({ timeout: 60_000 });
      await plate
        .getByRole('table', { name: /^Readings on the chain/ })
        .locator('tbody tr', { hasText: 'tokens' })
        .first()
        .waitFor({ timeout: 300_000 });
      await plate.getByRole('button', { name: 'Record firmware…' }).click();
      const dialog = page.getByRole('dialog', { name: /^Record the firmware of Meter Carport/ });
      await dialog.getByLabel(/^Version/).fill('1.0.0');
      await dialog.getByLabel(/^SHA-256/).fill('0f'.repeat(32));
      await dialog.getByRole('button', { name: 'Check' }).click();
      await dialog.getByText('The contracts would do this now.').waitFor({ timeout: 15_000 });
      await dialog.getByRole('button', { name: 'Confirm' }).click();
      await dialog.getByRole('button', { name: 'Done' }).click();
      await plate
        .getByRole('table', { name: 'Acts for the chain' })
        .locator('tbody tr', { hasText: 'Done' })
        .first()
        .waitFor({ timeout: 60_000 });
      await plate.getByText('Firmware 1.0.0 recorded.').waitFor({ timeout: 30_000 });
    });

    it('Devices: a device is read now', async () => {
      await goTo(page, 'devices');
      await page.getByRole('searchbox', { name: 'Find a device' }).fill('battery');
      await row(page, /battery/i)
        .first()
        .getByRole('button')
        .first()
        .click();
      await page.getByRole('button', { name: 'Test read' }).click();
      const outcome = page.locator('.outcome', { hasText: 'Answered' });
      await outcome.waitFor({ timeout: 15_000 });
      expect(await outcome.textContent()).toMatch(/\d+ points/);
    });

    it('Participants: a member’s statement shows its settled intervals', { timeout: 60_000 }, async () => {
      await goTo(page, 'participants');
      await page.locator('main tbody tr').first().getByRole('button').first().click();
      await page.getByRole('table', { name: 'Statement' }).locator('tbody tr').first().waitFor({ timeout: 30_000 });
    });

    it('Participants: a transfer from a member’s wallet is checked, signed by its gateway and final on the chain', {
      timeout: 120_000,
    }, async () => {
      await goTo(page, 'participants');
      await page.locator('main tbody tr').first().getByRole('button').first().click();
      await page.getByRole('tab', { name: 'Wallet' }).click();
      const issue = page.getByRole('button', { name: 'Issue test money…' });
      await expect.poll(() => issue.isEnabled(), { timeout: 60_000 }).toBe(true);
      await issue.click();
      await page.getByRole('dialog').getByRole('button', { name: 'Issue', exact: true }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click();
      await page.getByRole('table', { name: 'Transfers' }).getByText('Issued or taken back').first().waitFor({ timeout: 30_000 });

      await page.getByRole('button', { name: 'Transfer…' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('combobox', { name: 'To' }).click();
      await page.getByRole('option').first().click();
      await dialog.getByRole('button', { name: 'Check' }).click();
      await dialog.getByText('The contracts would do this now.').waitFor();
      await dialog.getByRole('button', { name: 'Ask the gateway' }).click();
      await dialog.getByText(/signed it; the console relays/).waitFor({ timeout: 15_000 });
      await dialog.getByRole('button', { name: 'Done' }).click();
      const row = page.getByRole('table', { name: 'Transactions' }).locator('tbody tr', { hasText: 'Transfer money' }).first();
      await row.getByText('Final').waitFor({ timeout: 30_000 });
      expect(await row.locator('.hash').getAttribute('title')).toMatch(/^0x[0-9a-f]{64}/);
      expect(await accessibilityProblems(page)).toEqual([]);
    });

    it('Participants: an offer with a condition of the grid is checked, signed by the member’s gateway and shown with its terms', {
      timeout: 120_000,
    }, async () => {
      await page.getByRole('link', { name: /^Trades/ }).click();
      await page.locator('main h1', { hasText: /^Trades of / }).waitFor();
      await page.getByRole('button', { name: 'Place an offer…' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('With a condition or for one partner').click();
      await dialog.getByLabel(/^Only while it helps the grid/).click();
      await dialog.getByRole('button', { name: 'Check' }).click();
      await dialog.getByText('The contracts would do this now.').waitFor();
      await dialog.getByRole('button', { name: 'Ask the gateway' }).click();
      await dialog.getByText(/the console relays/).waitFor({ timeout: 15_000 });
      await dialog.getByRole('button', { name: 'Done' }).click();
      const offer = page.getByRole('table', { name: 'Offers of energy tokens' }).locator('tbody tr', { hasText: 'this member' });
      await offer.first().waitFor({ timeout: 30_000 });
      expect(await offer.first().textContent()).toMatch(/Buys.*1\.000\s*kWh.*15\.00.*while supply exceeds demand/);
      await offer.first().getByRole('button', { name: 'Close…' }).waitFor();
      expect(await accessibilityProblems(page)).toEqual([]);
    });

    it('Alarms: a silent device raises an alarm that is acknowledged, shelved and found again', { timeout: 180_000 }, async () => {
      const drawer = await openTraining(page);
      await drawer.getByLabel('Fault').selectOption('device-silent');
      await drawer.getByLabel('Where').selectOption(SILENT_DEVICE);
      await drawer.getByLabel('For how many seconds').fill('90');
      await drawer.getByRole('button', { name: 'Start the fault' }).click();
      await drawer.getByRole('button', { name: 'End it' }).waitFor();
      await page.keyboard.press('Escape');
      await drawer.waitFor({ state: 'detached' });

      await page.locator('.strip-item').first().waitFor({ timeout: 40_000 });
      for (const id of ['overview', 'grid', 'alarms'] as const) {
        for (const shade of ['dark', 'light'] as const) {
          await setShade(page, shade);
          await goTo(page, id);
          for (const size of allShots ? SIZES : SIZES.slice(0, 1)) {
            await page.setViewportSize(size);
            await page.waitForTimeout(250);
            await screenshot(page, `${name}-${id}-${shade}-alarm-${size.width}x${size.height}`);
          }
          await page.setViewportSize(SIZES[0] as { width: number; height: number });
        }
      }
      await goTo(page, 'alarms');
      expect(await accessibilityProblems(page)).toEqual([]);
      const alarm = page.locator('tr[data-alarm*="meter-shop"]').first();
      await alarm.waitFor({ timeout: 20_000 });
      for (const text of [/s left|min left|over/]) expect(await alarm.textContent()).toMatch(text);
      await alarm.getByRole('button', { name: 'Acknowledge' }).click();
      await expect.poll(() => alarm.textContent()).toContain('Acknowledged');
      await alarm.getByRole('button', { name: 'Shelve…' }).click();
      const dialog = page.getByRole('dialog', { name: /^Shelve/ });
      await dialog.getByLabel('Why').fill('known, the meter is being exchanged');
      await dialog.getByRole('button', { name: 'Shelve', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      await page.getByRole('tab', { name: /^Shelved \([1-9]/ }).click();
      const shelved = page.locator('tr[data-alarm*="meter-shop"]').first();
      await shelved.getByRole('button', { name: 'Unshelve' }).click();
      const again = await openTraining(page);
      await again.getByRole('button', { name: 'End it' }).first().click();
      await again.getByText('No training fault is running.').waitFor();
      await page.keyboard.press('Escape');
      await again.waitFor({ state: 'detached' });
      await goTo(page, 'devices');
      await page.locator('main .page-about', { hasText: /^(\d+) of \1 online/ }).waitFor({ timeout: 60_000 });
    });

    it('Emergency: a drill is armed by holding, executed, and every relay is accounted for; nothing is switched', {
      timeout: 90_000,
    }, async () => {
      const before = (await plantTruth(stage().dataDir)).switches;
      await page.keyboard.press('e');
      await shown(page, 'emergency');
      expect(await page.locator('.emergency-note').textContent()).toMatch(/not a certified safety function/);
      await page.getByRole('switch', { name: 'Drill: rehearse, switch nothing' }).click();
      const hold = page.getByRole('button', { name: 'Hold to arm the drill' });
      const box = await hold.boundingBox();
      await page.mouse.move((box?.x ?? 0) + 20, (box?.y ?? 0) + 10);
      await page.mouse.down();
      await page.waitForTimeout(600);
      await page.mouse.up();
      expect(await page.getByRole('alertdialog').count(), 'let go early').toBe(0);
      await page.mouse.down();
      await page.getByRole('alertdialog').waitFor({ timeout: 10_000 });
      await page.mouse.up();
      await page.getByRole('button', { name: /Start the drill/ }).click();
      await page.getByRole('heading', { name: 'All relays rehearsed' }).waitFor({ timeout: 30_000 });
      await page.getByText('DRILL. No relay was switched.').waitFor();
      await screenshot(page, `${name}-emergency-drill`);
      const record = page.getByRole('region', { name: 'Record on the chain' });
      expect(await record.textContent()).toMatch(/Level on the chain\s*normal/);
      expect(await record.locator('.chain-record').count(), 'a drill is not recorded').toBe(0);
      const after = (await plantTruth(stage().dataDir)).switches;
      const positions = (s: typeof before) => Object.entries(s).map(([id, { closed }]) => `${id} ${closed}`);
      expect(positions(after)).toEqual(positions(before));
    });

    it('Journal: holds what was done here, and verifies', async () => {
      await goTo(page, 'journal');
      for (const act of ['Operate a switch', 'Place an offer', 'Shelve an alarm'])
        await expect.poll(() => row(page, act).count(), { message: act }).toBeGreaterThan(0);
      await page.getByRole('button', { name: 'Verify' }).click();
      await page.locator('.outcome', { hasText: 'Whole' }).waitFor();
    });

    it('Settings: every connection answers its test', { timeout: 60_000 }, async () => {
      await goTo(page, 'settings');
      await page.getByRole('tab', { name: 'Connections' }).click();
      const tests = page.getByRole('button', { name: /^Test the connection/ });
      await tests.first().waitFor();
      const n = await tests.count();
      expect(n).toBe(5);
      for (let i = 0; i < n; i++) await tests.nth(i).click();
      await expect.poll(() => page.locator('.outcome').count(), { timeout: 30_000 }).toBe(n);
      for (const text of await page.locator('.outcome').allTextContents()) expect(text).toMatch(/^Answered/);
    });

    it('Settings: a parameter is proposed, approved by another member of the council, and a veto signed', { timeout: 90_000 }, async () => {
      await goTo(page, 'settings');
      await page.getByRole('tab', { name: 'Ledger' }).click();
      const contracts = page.getByRole('table', { name: 'Contracts' });
      await contracts.locator('tbody tr', { hasText: 'GridManagement' }).getByText('Running').waitFor({ timeout: 60_000 });
      await page
        .getByRole('table', { name: 'Roles on the chain' })
        .locator('tbody tr', { hasText: 'Guardian' })
        .getByText('Council member 2')
        .waitFor();
      await page.getByRole('button', { name: 'Propose another value of Fee: trade…' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(/^New value/).fill('25');
      await dialog.getByLabel(/^Where the new value comes from/).fill('Community assembly, 1 March');
      await dialog.getByRole('button', { name: 'Check' }).click();
      await dialog.getByText('The contracts would do this now.').waitFor();
      await dialog.getByText(/1 more of 3 must approve/).waitFor();
      await dialog.getByRole('button', { name: 'Confirm' }).click();
      await dialog.getByRole('button', { name: 'Done' }).click();
      const proposal = page.getByRole('region', { name: 'Proposal 0' });
      await proposal.getByText('Approvals missing').waitFor({ timeout: 30_000 });
      await proposal.getByRole('button', { name: 'Play: approve' }).first().click();
      await proposal.getByText('Waits for its delay').waitFor({ timeout: 30_000 });
      expect(await accessibilityProblems(page)).toEqual([]);
      await proposal.getByRole('button', { name: 'Veto proposal 0…' }).click();
      await dialog.getByRole('button', { name: 'Check' }).click();
      await dialog.getByRole('button', { name: 'Confirm' }).click();
      await dialog.getByRole('button', { name: 'Done' }).click();
      // One veto of the two it takes.
      await proposal.getByText(/^1 of 2: /).waitFor({ timeout: 30_000 });
    });

    it('Settings: a person is added', async () => {
      await goTo(page, 'settings');
      await page.getByRole('tab', { name: 'People and roles' }).click();
      await page.getByRole('button', { name: 'Add a person…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Add a person' });
      await dialog.getByLabel('Name').fill('Ines Night');
      await dialog.getByLabel('Role').selectOption('auditor');
      await dialog.getByRole('textbox', { name: /First password/ }).fill('a quiet night shift');
      await dialog.getByRole('button', { name: 'Add', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      await row(page, 'Ines Night').waitFor();
    });

    it('says nothing on the browser’s console: no error, no breach of the policy', () => {
      expect(said).toEqual([]);
    });
  });
}
