import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CREDIT_PERIOD_S, expiresAtS } from '../../domain/wallet/vintages.ts';
import { type TestKernel, testKernel } from '../settlement/testing/test-kernel.ts';
import { testPlant } from '../settlement/testing/test-plant.ts';
import { certificatesView, stateAt } from './certificates-view.ts';
import { creditsHeld, creditsView } from './credits-view.ts';

let dataDir: string;
let kernel: TestKernel;
let block = 0;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-expiry-'));
  kernel = testKernel({ dataDir, plant: testPlant() });
});
afterEach(() => {
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});
const event = (contract: string, name: string, args: Record<string, string>): void =>
  kernel.store.write((db) => {
    block++;
    db.prepare('INSERT INTO chain_event VALUES (?, 0, ?, ?, ?, ?, 10)').run(block, contract, name, JSON.stringify(args), '0x');
    db.prepare('INSERT INTO chain_block VALUES (?, ?)').run(block, `hash ${block}`);
  });
const expiryOfVintage = (vintage: number) => expiresAtS(vintage, CREDIT_PERIOD_S);
const zero = `0x${'0'.repeat(40)}`;

it('counts as held what can still be spent, lot by lot, and the rest as expired before anybody sweeps it', () => {
  // Solar credits of two periods of 91 days, as the contract numbers them: the first expires on 3 October 2025.
  const [old, young] = [1_785, 1_793];
  expect(expiryOfVintage(old)).toBe((223 + 4) * 91 * 86_400);
  event('CarbonCredit', 'VintageMinted', { vintage: String(old), to: '0xA', amount: '5' });
  event('CarbonCredit', 'VintageMinted', { vintage: String(young), to: '0xA', amount: '7' });
  event('CarbonCredit', 'VintageMoved', { vintage: String(young), from: '0xA', to: '0xB', amount: '3' });
  event('CarbonCredit', 'VintageMoved', { vintage: String(young), from: '0xB', to: zero, amount: '1' });
  const picture = creditsView(kernel.store).now();
  const held = (nowS: number) => creditsHeld(picture, nowS);
  expect(held(expiryOfVintage(old) - 1)).toEqual({
    holders: new Map([
      ['0xA', 9n],
      ['0xB', 2n],
    ]),
    unsweptMg: 0n,
  });
  expect(held(expiryOfVintage(old))).toEqual({
    holders: new Map([
      ['0xA', 4n],
      ['0xB', 2n],
    ]),
    unsweptMg: 5n,
  });
  event('CarbonCredit', 'VintageExpired', { vintage: String(old), holder: '0xA', amount: '5' });
  const swept = creditsView(kernel.store).now();
  expect(swept.expiredMg).toBe(5n);
  expect(creditsHeld(swept, expiryOfVintage(young))).toEqual({ holders: new Map(), unsweptMg: 6n });
});

it('knows the accounts of orders, bundles and pools, each once', () => {
  event('CarbonMarket', 'OrderPlaced', { orderId: '4', pairId: '1' });
  event('CarbonCredit', 'CreditsBundled', { bundleId: '2' });
  event('CarbonCredit', 'LevyCollected', { period: '9', owner: '0xA' });
  event('CarbonCredit', 'LevyCollected', { period: '9', owner: '0xB' });
  expect(creditsView(kernel.store).now().escrows).toEqual([
    { contract: 'CarbonMarket', id: '4' },
    { contract: 'CarbonCredit', id: '2' },
    { contract: 'CarbonCredit', id: String((1n << 128n) + 9n) },
  ]);
});

it('tells a certificate that outlived its time as expired, as the contract does', () => {
  const issued = { bundleId: '1', owner: '0xA', interval: '5', energyWh: '10', firstSerial: '0', technology: '1', source: '0x1' };
  event('GranularCertificate', 'CertificateIssued', { ...issued, expiresAt: '1000', issuanceId: '1' });
  const bundle = certificatesView(kernel.store).now().bundles.get(1);
  if (!bundle) throw new Error('no bundle');
  expect(stateAt(bundle, 999)).toBe('active');
  expect(stateAt(bundle, 1000)).toBe('expired');
  expect(stateAt({ ...bundle, state: 'claimed' }, 1000)).toBe('claimed');
});
